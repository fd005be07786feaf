/** Line, function and log breakpoints; conditions and hit conditions; the same stops forward and backward. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario } from './drive.js';
import { build } from './session.js';

const BLOCKS = scenario('blocks.mms');
const at = (marker: string): number => lineOf(BLOCKS, marker);

describe('breakpoints', function () {
  before(build);

  it('stops at lines, also when set before anything runs', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        const stop = await drive.stopped();
        assert.equal(stop.reason, 'breakpoint');
        assert.equal(stop.hitBreakpointIds?.length, 1);
        assert.equal(await drive.line(), at('take: count'));
        assert.deepEqual(await drive.names(), ['take', 'main']);
      },
      {
        stopOnEntry: false,
        configure: async (drive) => {
          const [breakpoint] = await drive.setLines([{ line: at('take: count') }]);
          assert.equal(breakpoint?.verified, true);
        },
      },
    ));

  it('moves to the next statement, or says that there is none', () =>
    onScenario('blocks.mms', async (drive) => {
      const [comment, blank, after, exact] = await drive.setLines([
        { line: 1 },
        { line: at('page') + 1 },
        { line: 999 },
        { line: at('print') },
      ]);
      assert.equal(comment?.verified, true);
      assert.ok((comment.line ?? 0) > 1);
      assert.match(comment.message ?? '', /Moved to the next statement/);
      assert.equal(blank?.line, at('lock'));
      assert.equal(after?.verified, false);
      assert.equal(after.reason, 'failed');
      assert.equal(after.message, 'There is no statement at or after this line.');
      assert.equal(exact?.line, at('print'));
      assert.equal(exact.message, undefined);
      const [elsewhere] = await drive.setLines([{ line: 3 }], '/tmp/other.mms');
      assert.match(elsewhere?.message ?? '', /is not the scenario being debugged/);
    }));

  it('says where breakpoints can be', () =>
    onScenario('blocks.mms', async (drive) => {
      const ask = (
        line: number,
        endLine?: number,
      ): Promise<Dap.BreakpointLocationsResponse['body']> =>
        drive.client.body('breakpointLocations', { source: { path: BLOCKS }, line, endLine });
      assert.deepEqual(
        (await ask(at('lock'), at('unlock'))).breakpoints.map(({ line }) => line),
        [at('lock'), at('unlock')],
      );
      assert.deepEqual((await ask(1)).breakpoints, []);
    }));

  it('conditions are C, hit conditions count', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: at('loop: free'), condition: 'i % 3 == 2 && one != NULL' }]);
      const seen: string[] = [];
      for (let i = 0; i < 4; i++) {
        await drive.go('continue');
        seen.push(await drive.value('i'));
      }
      assert.deepEqual(seen, ['2', '5', '8', '11']);
      await drive.go('reverseContinue');
      assert.equal(await drive.value('i'), '8');
    }));

  const hitConditions: readonly [string, string[]][] = [
    ['4', ['3']],
    ['== 2', ['1']],
    ['>= 10', ['9', '10', '11']],
    ['> 10', ['10', '11']],
    ['% 5', ['4', '9']],
    ['< 3', ['0', '1']],
  ];
  for (const [hitCondition, expected] of hitConditions)
    it(`hit condition '${hitCondition}'`, () =>
      onScenario('blocks.mms', async (drive) => {
        await drive.setLines([{ line: at('loop: free'), hitCondition }, { line: at('print') }]);
        const seen: string[] = [];
        for (;;) {
          await drive.go('continue');
          if ((await drive.line()) === at('print')) break;
          seen.push(await drive.value('i'));
        }
        assert.deepEqual(seen, expected);
        // The same hits on the way back: a hit has its number, whichever way it is passed.
        for (const value of expected.toReversed()) {
          await drive.go('reverseContinue');
          assert.equal(await drive.value('i'), value);
        }
      }));

  it('refuses what is no hit condition', () =>
    onScenario('blocks.mms', async (drive) => {
      const [breakpoint] = await drive.setLines([{ line: at('print'), hitCondition: 'often' }]);
      assert.equal(breakpoint?.verified, false);
      assert.match(breakpoint.message ?? '', /'often' is not a hit condition/);
    }));

  it('a condition that faults where it is passed stops, and says why', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: at('print'), condition: '*(int *)0x10 > counter' }]);
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /condition '\*\(int \*\)0x10 > counter': .*NULL pointer/);
    }));

  it('log points print and do not stop', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([
        {
          line: at('loop: alloc'),
          logMessage: 'turn {i}: {{order}} {i % 3}, {what}',
          hitCondition: '% 6',
        },
        { line: at('print') },
      ]);
      await drive.go('continue');
      assert.equal(await drive.line(), at('print'));
      const lines = drive.output().trim().split('\n');
      assert.equal(lines.length, 2);
      assert.match(lines[0] ?? '', /^turn 5: \{order\} 2, <.*what/);
      assert.match(lines[1] ?? '', /^turn 11: \{order\} 2/);
    }));

  it('functions of the scenario and of the kernel', () =>
    onScenario('blocks.mms', async (drive) => {
      const answers = await drive.setFunctions([
        { name: 'take' },
        { name: 'get_page_from_freelist' },
        { name: 'alloc_pages_' },
      ]);
      assert.deepEqual(
        answers.map(({ verified }) => verified),
        [true, true, false],
      );
      assert.equal(answers[0]?.line, at('take: alloc'));
      assert.match(answers[1]?.source?.name ?? '', /^mm\/.*\.c$/);
      assert.match(answers[2]?.message ?? '', /Did you mean 'alloc_pages'/);
      const first = await drive.go('continue');
      assert.equal(first.reason, 'function breakpoint');
      assert.deepEqual(first.hitBreakpointIds, [answers[0].id]);
      assert.deepEqual(await drive.names(), ['take', 'main']);
      const second = await drive.go('continue');
      assert.deepEqual(second.hitBreakpointIds, [answers[1]?.id]);
      const names = await drive.names();
      assert.equal(names[0], 'get_page_from_freelist');
      assert.ok(names.includes('__alloc_pages'));
      assert.deepEqual(names.slice(-2), ['take', 'main']);
    }));

  it('conditions on kernel functions see their parameters', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setFunctions([{ name: '__free_pages', condition: 'order == 2' }]);
      const seen: string[] = [];
      for (let i = 0; i < 4; i++) {
        const stop = await drive.go('continue');
        assert.equal(stop.reason, 'function breakpoint');
        seen.push(`${await drive.value('order')} ${(await drive.names())[0] ?? ''}`);
      }
      assert.deepEqual(seen, Array(4).fill('2 __free_pages'));
      await drive.setLines([{ line: at('print') }]);
      await drive.go('continue');
      assert.equal(await drive.line(), at('print'));
      await drive.go('reverseContinue');
      assert.equal((await drive.names())[0], '__free_pages');
    }));

  it('stops at the same places forward and backward', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'rmqueue', condition: 'order > 0' }, { name: 'take' }]);
      await drive.setLines([
        { line: at('unlock') },
        { line: at('loop: free'), condition: 'i > 8' },
        { line: at('print') },
      ]);
      const there: string[] = [];
      const state = async (): Promise<string> => `${await drive.hash()} ${await drive.stack()}`;
      for (;;) {
        await drive.go('continue');
        there.push(await state());
        if ((await drive.line()) === at('print')) break;
      }
      assert.ok(there.length > 8, `${there.length} stops`);
      const back: string[] = [];
      for (;;) {
        const stop = await drive.go('reverseContinue');
        if (stop.reason === 'entry') break;
        back.push(await state());
      }
      assert.deepEqual(back, there.slice(0, -1).reverse());
    }));

  it("lines of the engine's kernel, by the source's reference", () =>
    onScenario('blocks.mms', async (drive) => {
      const { sources } = await drive.client.body<{ sources: Dap.Source[] }>('loadedSources', {});
      assert.equal(sources[0]?.path, BLOCKS);
      const source = sources.find(({ name }) => name === 'mm/filemap.c');
      assert.ok(source);
      const { content } = await drive.client.body<{ content: string }>('source', {
        source,
        sourceReference: source.sourceReference,
      });
      const lines = content.split('\n');
      const body = lines.findIndex((text) => text.startsWith('void lock_page(')) + 3;
      const { breakpoints } = await drive.client.body<{ breakpoints: Dap.Breakpoint[] }>(
        'setBreakpoints',
        { source, breakpoints: [{ line: body }, { line: lines.length + 10 }] },
      );
      assert.equal(breakpoints[0]?.verified, true);
      assert.equal(breakpoints[1]?.verified, false);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'breakpoint');
      const top = await drive.top();
      assert.equal(
        `${top.name} ${top.source?.name ?? ''}:${top.line}`,
        `lock_page mm/filemap.c:${body}`,
      );
      const locations = await drive.client.body<{ breakpoints: { line: number }[] }>(
        'breakpointLocations',
        { source, line: body, endLine: body + 3 },
      );
      assert.ok(locations.breakpoints.some(({ line }) => line === body));
    }));

  it("lines of the engine's kernel, kept from a build that numbered its files otherwise", () =>
    onScenario('blocks.mms', async (drive) => {
      const { sources } = await drive.client.body<{ sources: Dap.Source[] }>('loadedSources', {});
      const source = sources.find(({ name }) => name === 'mm/page_alloc.c');
      assert.ok(source?.sourceReference !== undefined);
      const set = async (changed: {
        path?: string | undefined;
        sourceReference?: number;
      }): Promise<(string | undefined)[]> => {
        const body = { source: { ...source, ...changed }, breakpoints: [{ line: 1 }] };
        const { breakpoints } = await drive.client.body<{ breakpoints: Dap.Breakpoint[] }>(
          'setBreakpoints',
          body,
        );
        return breakpoints.map((each) => each.source?.name);
      };
      assert.deepEqual(await set({ sourceReference: source.sourceReference + 1 }), [source.name]);
      assert.deepEqual(await set({ path: undefined }), [source.name]);
      assert.deepEqual(await set({ path: 'mmscope-kernel/mm/gone.c' }), [undefined]);
    }));

  it('counts lines as the client does', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        const [breakpoint] = await drive.setLines([{ line: at('lock') - 1 }]);
        assert.equal(breakpoint?.line, at('lock') - 1);
        await drive.go('continue');
        assert.equal(await drive.line(), at('lock') - 1);
      },
      { client: { linesStartAt1: false, columnsStartAt1: false } },
    ));

  it('breakpoints set before the launch are bound by it, and the client is told', async () =>
    onScenario('blocks.mms', async (drive) => {
      // The same client, a second time: nothing about the first session is left.
      assert.equal((await drive.line()) > 0, true);
    }));
});
