/** Clients that write URIs, and count lines and columns from 0. */
import assert from 'node:assert/strict';
import { mkdtempSync, copyFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { fromUri, toUri } from '../../src/adapter/protocol/paths.js';
import { Drive, lineOf, scenario } from './drive.js';
import { build, CLIENT, withAdapter } from './session.js';

describe('paths of clients', function () {
  before(build);

  it('go from a file path to its URI and back', () => {
    const pairs: readonly (readonly [string, string])[] = [
      ['/home/me/a.mms', 'file:///home/me/a.mms'],
      ['/home/me/a b#1%.mms', 'file:///home/me/a%20b%231%25.mms'],
      ['/tmp/grüße/ß.mms', 'file:///tmp/gr%C3%BC%C3%9Fe/%C3%9F.mms'],
      ['mmscope-kernel/mm/cma.c', 'mmscope:/mmscope-kernel/mm/cma.c'],
    ];
    for (const [file, uri] of pairs) {
      assert.equal(toUri(file), uri);
      assert.equal(fromUri(uri), file);
      if (path.isAbsolute(file)) assert.equal(fromUri(pathToFileURL(file).href), file);
    }
    assert.equal(toUri('C:\\me\\a b.mms'), 'file:///C:/me/a%20b.mms');
    assert.equal(fromUri('file:///C:/me/a%20b.mms'), 'C:/me/a b.mms');
    assert.equal(fromUri('file:///c%3A/me/a.mms'), 'c:/me/a.mms');
    assert.equal(fromUri('file:/home/me/a.mms'), '/home/me/a.mms');
    assert.equal(fromUri('file://localhost/a.mms'), '/a.mms');
    assert.equal(fromUri('file://server/share/a.mms'), '//server/share/a.mms');
    for (const other of ['/no/uri', 'relative', 'https://example.org/a', 'file:///%zz'])
      assert.equal(fromUri(other).includes(other.replace('file://', '')), true);
  });

  it('as URIs, with lines and columns from 0: launched, set, stopped at, offered, printed', () =>
    withAdapter(async (client) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'mmscope paths #'));
      try {
        const file = path.join(folder, 'a b.mms');
        copyFileSync(scenario('lines.mms'), file);
        const uri = pathToFileURL(file).href;
        const drive = new Drive(client, uri);
        await drive.launch(
          { program: uri },
          { client: { pathFormat: 'uri', linesStartAt1: false, columnsStartAt1: false } },
        );
        const top = await drive.top();
        assert.equal(top.source?.path, uri);
        assert.equal(top.column, 0);
        const source = { path: uri };
        const { breakpoints: places } = await client.body<Dap.BreakpointLocationsResponse['body']>(
          'breakpointLocations',
          { source, line: 0, endLine: 50 },
        );
        assert.ok(places.length > 3);
        const several = places.filter(({ line }, i) => line === places[i - 1]?.line);
        const [other] = several;
        assert.ok(other?.column !== undefined);
        // From its column on, the first statement of the line is not meant.
        const behind = await client.body<Dap.BreakpointLocationsResponse['body']>(
          'breakpointLocations',
          { source, line: other.line, column: other.column },
        );
        assert.equal(behind.breakpoints[0]?.column, other.column);
        const [breakpoint] = await drive.setLines([{ line: other.line, column: other.column }]);
        assert.deepEqual([breakpoint?.verified, breakpoint?.line], [true, other.line]);
        assert.equal((await drive.go('continue')).reason, 'breakpoint');
        const here = await drive.top();
        assert.deepEqual([here.line, here.column], [other.line, other.column]);
        const { targets } = await client.body<Dap.GotoTargetsResponse['body']>('gotoTargets', {
          source,
          line: other.line,
        });
        assert.ok(targets.every(({ line }) => line === other.line));
        const { sources } = await client.body<Dap.LoadedSourcesResponse['body']>('loadedSources');
        assert.ok(sources.some((one) => one.path === uri));
        for (const one of sources) assert.match(one.path ?? '', /^(?:file:\/\/\/|mmscope:\/)/);
        const kernel = sources.find((one) => one.path?.endsWith('/mm/page_alloc.c'));
        const text = await client.body<Dap.SourceResponse['body']>('source', {
          source: { path: kernel?.path },
          sourceReference: 0,
        });
        assert.match(text.content, /__alloc_pages/);
        const own = await client.body<Dap.SourceResponse['body']>('source', {
          source,
          sourceReference: 0,
        });
        assert.match(own.content, /pragma/);
        const kernelLine = await client.body<Dap.SetBreakpointsResponse['body']>('setBreakpoints', {
          source: { path: kernel?.path },
          breakpoints: [
            {
              line:
                text.content
                  .split('\n')
                  .findIndex((one) => /^struct page \*__alloc_pages/.test(one)) + 4,
            },
          ],
        });
        assert.equal(kernelLine.breakpoints[0]?.verified, true);
        const { modules } = await client.body<Dap.ModulesResponse['body']>('modules', {});
        assert.ok(modules.some((one) => one.path === uri));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));

  it('counted from 0 or from 1, the same line is meant', async () => {
    const seen: (readonly [number, number])[] = [];
    for (const startAt1 of [true, false])
      await withAdapter(async (client) => {
        const drive = new Drive(client, scenario('blocks.mms'));
        await drive.launch(
          { program: drive.program },
          { client: { linesStartAt1: startAt1, columnsStartAt1: startAt1 } },
        );
        const line = lineOf(drive.program, 'lock');
        await drive.setLines([{ line: startAt1 ? line : line - 1 }]);
        await drive.go('continue');
        const { line: at, column } = await drive.top();
        seen.push(startAt1 ? [at, column] : [at + 1, column + 1]);
      });
    assert.deepEqual(seen[0], seen[1]);
  });

  it('in another format are refused', () =>
    withAdapter(async (client) => {
      const refused = await client.failure('initialize', { ...CLIENT, pathFormat: 'ncname' });
      assert.match(refused.message, /'pathFormat' must be 'path' or 'uri'/);
    }));
});
