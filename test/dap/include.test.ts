import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario } from './drive.js';

const MAIN = scenario('include.mms');
const HEADER = path.resolve('test/dap/scenarios/include/pages.h');

describe('a file that the scenario includes', () => {
  it('is stepped into, and its frames and source are its own', () =>
    onScenario('include.mms', async (drive) => {
      await drive.go('stepIn');
      const [inner, outer] = await drive.frames();
      assert.deepEqual([inner?.name, inner?.source?.path], ['take', HEADER]);
      assert.equal(inner?.line, lineOf(HEADER, 'allocation'));
      assert.equal(outer?.source?.path, MAIN);
      assert.equal(outer.line, lineOf(MAIN, 'taken'));
      const { content } = await drive.client.body<Dap.SourceResponse['body']>('source', {
        source: { path: HEADER },
        sourceReference: 0,
      });
      assert.equal(content, readFileSync(HEADER, 'utf8'));
      const { sources } = await drive.client.body<Dap.LoadedSourcesResponse['body']>(
        'loadedSources',
        {},
      );
      assert.deepEqual(
        sources.slice(0, 2).map((source) => source.path),
        [MAIN, HEADER],
      );
    }));

  it('has breakpoints of its own', () =>
    onScenario('include.mms', async (drive) => {
      const line = lineOf(HEADER, 'free');
      const { breakpoints } = await drive.client.body<Dap.SetBreakpointsResponse['body']>(
        'setBreakpoints',
        { source: { path: HEADER }, breakpoints: [{ line }] },
      );
      assert.deepEqual(
        breakpoints.map(({ verified, line: bound }) => [verified, bound]),
        [[true, line]],
      );
      await drive.go('continue');
      const [frame] = await drive.frames();
      assert.deepEqual([frame?.name, frame?.line, frame?.source?.path], ['give', line, HEADER]);
    }));
});
