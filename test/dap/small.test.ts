/** Small capabilities: modules, checksums, colours, exception options. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { sha256 } from '../../src/adapter/protocol/sha256.js';
import { MODULE_COLUMNS } from '../../src/adapter/topics/modules.js';
import { lineOf, onScenario, scenario } from './drive.js';
import { build } from './session.js';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('modules', function () {
  before(build);

  it('are the kernel build and the scenario, with columns of their own', () =>
    onScenario('blocks.mms', async (drive) => {
      const body: Dap.ModulesResponse['body'] = await drive.client.body('modules', {});
      assert.equal(body.totalModules, 2);
      const [kernel, own] = body.modules as (Dap.Module & Record<string, string>)[];
      assert.ok(kernel && own);
      assert.match(kernel.name, /^Linux 6\.1\.\d+ x86_64$/);
      assert.match(kernel.symbolStatus ?? '', /^\d+ symbols/);
      assert.match(kernel.addressRange ?? '', /^0x[0-9a-f]{16}-0x[0-9a-f]{16}$/);
      assert.equal(own.path, drive.program);
      for (const { attributeName } of MODULE_COLUMNS)
        for (const module of [kernel, own]) assert.ok(module[attributeName], attributeName);
      await drive.setFunctions([{ name: 'expand' }]);
      await drive.go('continue');
      const frames = await drive.frames();
      assert.deepEqual([frames[0]?.moduleId, frames.at(-1)?.moduleId], [kernel.id, own.id]);
      const second: Dap.ModulesResponse['body'] = await drive.client.body('modules', {
        startModule: 1,
        moduleCount: 5,
      });
      assert.deepEqual(second.modules, [own]);
    }));
});

describe('checksums', function () {
  before(build);

  it('are those of the texts', () => {
    for (const text of ['', 'abc', 'ä€😀', 'x'.repeat(55), 'y'.repeat(56), 'z'.repeat(1000)])
      assert.equal(sha256(text), sha(text));
  });

  it('come with every source that is loaded', () =>
    onScenario('blocks.mms', async (drive) => {
      const { sources }: Dap.LoadedSourcesResponse['body'] =
        await drive.client.body('loadedSources');
      const [own, kernel] = sources;
      const text = readFileSync(drive.program, 'utf8');
      assert.deepEqual(own?.checksums, [{ algorithm: 'SHA256', checksum: sha(text) }]);
      const { content }: Dap.SourceResponse['body'] = await drive.client.body('source', {
        source: kernel,
        sourceReference: kernel?.sourceReference,
      });
      assert.deepEqual(kernel?.checksums, [{ algorithm: 'SHA256', checksum: sha(content) }]);
    }));

  it('tell a file that has changed since it was loaded', () =>
    onScenario('blocks.mms', async (drive) => {
      const set = async (more: object, modified?: boolean): Promise<string | undefined> => {
        const body: Dap.SetBreakpointsResponse['body'] = await drive.client.body('setBreakpoints', {
          source: { path: drive.program, ...more },
          breakpoints: [{ line: lineOf(scenario('blocks.mms'), 'lock') }],
          ...(modified !== undefined && { sourceModified: modified }),
        });
        return body.breakpoints[0]?.message;
      };
      const checksum = sha(readFileSync(drive.program, 'utf8'));
      assert.equal(await set({ checksums: [{ algorithm: 'SHA256', checksum }] }), undefined);
      const other = { checksums: [{ algorithm: 'SHA256', checksum: sha('other') }] };
      assert.match((await set(other)) ?? '', /has changed .* restart/);
      assert.match((await set({}, true)) ?? '', /has changed .* restart/);
    }));
});

describe('colours', function () {
  before(build);

  const escape = String.fromCharCode(27);
  const anyCode = new RegExp(`${escape}\\[[\\d;]*m`, 'g');
  const beginCode = new RegExp(`${escape}\\[[1-9]`, 'g');
  const endCode = new RegExp(`${escape}\\[0m`, 'g');

  const outputs = (styled: boolean): Promise<string> => {
    let output = '';
    return onScenario(
      'failures.mms',
      async (drive) => {
        await drive.client.send('setExceptionBreakpoints', { filters: [] });
        output = (await drive.finish()).output;
      },
      { client: { supportsANSIStyling: styled } },
    ).then(() => output);
  };

  it('by severity, for clients that show them', async () => {
    const plain = await outputs(false);
    const styled = await outputs(true);
    assert.ok(!plain.includes('\x1b'));
    assert.ok(styled.includes('\x1b[31m') || styled.includes('\x1b[1;31m'), styled);
    assert.equal(styled.replace(anyCode, ''), plain);
    // Each line by itself.
    for (const line of styled.split('\n'))
      assert.equal(line.match(endCode)?.length, line.match(beginCode)?.length);
  });
});

describe('exception options', function () {
  before(build);

  it('choose filters by a path, and switch them off', () =>
    onScenario('failures.mms', async (drive) => {
      const set = async (args: object): Promise<Dap.Breakpoint[]> => {
        const body: NonNullable<Dap.SetExceptionBreakpointsResponse['body']> =
          await drive.client.body('setExceptionBreakpoints', { filters: [], ...args });
        return body.breakpoints ?? [];
      };
      const options = (names: string[], breakMode: string, negate?: boolean): object => ({
        exceptionOptions: [{ path: [{ names, ...(negate && { negate }) }], breakMode }],
      });
      const [wrong] = await set(options(['nonsense'], 'always'));
      assert.equal(wrong?.verified, false);
      assert.match(wrong.message ?? '', /'nonsense'.*allocation-failure/);
      const [chosen] = await set(options(['expect'], 'always'));
      assert.equal(chosen?.verified, true);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'exception');
      const info: Dap.ExceptionInfoResponse['body'] = await drive.client.body('exceptionInfo', {
        threadId: drive.threadId,
      });
      assert.equal(info.exceptionId, 'expect');
      await set({ filters: ['expect'], ...options(['expect'], 'never') });
      await drive.setLines([{ line: 1000 }]);
      await drive.finish();
    }));

  it('negated: all but those named', () =>
    onScenario('failures.mms', async (drive) => {
      await drive.client.send('setExceptionBreakpoints', {
        filters: [],
        exceptionOptions: [
          {
            path: [{ names: ['expect', 'inside', 'warn', 'bug'], negate: true }],
            breakMode: 'always',
          },
        ],
      });
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'exception');
      const info: Dap.ExceptionInfoResponse['body'] = await drive.client.body('exceptionInfo', {
        threadId: drive.threadId,
      });
      assert.equal(info.exceptionId, 'allocation-failure');
    }));
});

describe('clipboard', function () {
  before(build);

  it('a copied value is that of a watch', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(scenario('blocks.mms'), 'lock') }]);
      await drive.go('continue');
      for (const expression of ['counter', 'page', '*page'])
        assert.equal(
          (await drive.evaluate(expression, 'clipboard')).result,
          (await drive.evaluate(expression, 'watch')).result,
        );
    }));
});

describe('the console', function () {
  before(build);

  it('has what one statement prints much of as a group, which can be folded', () =>
    onScenario('failures.mms', async (drive) => {
      const { client } = drive;
      await drive.finish();
      const bodies = client.messages.flatMap(({ message }) =>
        'event' in message && message.event === 'output' ? [(message as Dap.OutputEvent).body] : [],
      );
      const groups = bodies.flatMap(({ group, output }, at) =>
        group === 'start' ? [{ at, name: output }] : [],
      );
      assert.ok(groups.some(({ name }) => /page allocation failure/.test(name)));
      for (const { at } of groups) {
        const end = bodies.findIndex(({ group }, i) => i > at && group === 'end');
        assert.ok(end - at >= 8, `${end - at} lines`);
        assert.equal(bodies[end]?.output, '');
        assert.ok(bodies.slice(at + 1, end).every(({ group }) => group === undefined));
      }
      assert.equal(bodies.filter(({ group }) => group === 'end').length, groups.length);
      // A line or two are no group.
      assert.ok(bodies.some(({ group }) => group === undefined));
    }));
});
