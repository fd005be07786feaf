/** How far a step goes: by statement, by line, by instruction; out of a call that is its caller's last; log points on the way. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { Drive, lineOf, onScenario, scenario, type Motion } from './drive.js';
import { build, withAdapter } from './session.js';

const LINES = scenario('lines.mms');
const at = (marker: string): number => lineOf(LINES, marker);

async function move(drive: Drive, motion: Motion, granularity: Dap.SteppingGranularity) {
  await drive.client.send(motion, { threadId: drive.threadId, granularity });
  return drive.stopped();
}

/** `three 1`: line and column. */
async function place(drive: Drive): Promise<string> {
  const { line, column } = await drive.top();
  return `${line}:${column}`;
}

describe('granularity', function () {
  before(build);

  it('line: next goes over everything on the line, loops too', () =>
    onScenario('lines.mms', async (drive) => {
      await drive.setLines([{ line: at('three') }]);
      await drive.go('continue');
      await drive.setLines([]);
      await move(drive, 'next', 'line');
      assert.equal(await drive.line(), at('loop'));
      assert.equal(await drive.value('n'), '3');
      await move(drive, 'next', 'line');
      assert.equal(await drive.line(), at('last'));
      assert.equal(await drive.value('n'), '6');
    }));

  it('statement, or none: each one on the line', () =>
    onScenario('lines.mms', async (drive) => {
      await drive.setLines([{ line: at('three') }]);
      await drive.go('continue');
      const places = [await place(drive)];
      for (let i = 0; i < 3; i++) {
        await move(drive, 'next', 'statement');
        places.push(await place(drive));
      }
      assert.deepEqual(places, [
        `${at('three')}:1`,
        `${at('three')}:8`,
        `${at('three')}:22`,
        `${at('loop')}:6`,
      ]);
    }));

  it('line: step in enters what the line calls, out comes back to it', () =>
    onScenario('lines.mms', async (drive) => {
      await drive.setLines([{ line: at('three') }]);
      await drive.go('continue');
      await move(drive, 'stepIn', 'line');
      assert.deepEqual(await drive.names(), ['twice', 'main']);
      assert.equal(await drive.value('n'), '1');
      await move(drive, 'stepOut', 'line');
      assert.equal(await place(drive), `${at('three')}:22`);
    }));

  it('line: back goes to the beginning of the line before', () =>
    onScenario('lines.mms', async (drive) => {
      await drive.setLines([{ line: at('last') }]);
      await drive.go('continue');
      await drive.setLines([]);
      await move(drive, 'stepBack', 'line');
      assert.equal(await place(drive), `${at('loop')}:6`);
      assert.equal(await drive.value('n'), '3');
      await move(drive, 'stepBack', 'line');
      assert.equal(await place(drive), `${at('three')}:1`);
      assert.equal(await drive.value('n'), '0');
    }));

  it('a step back of the same granularity undoes exactly the last step', () =>
    onScenario('lines.mms', async (drive) => {
      for (const granularity of ['line', 'statement', 'instruction'] as const) {
        const seen: string[] = [];
        for (let i = 0; i < 3; i++) {
          seen.push(`${await drive.hash()} ${await drive.stack()}`);
          await move(drive, 'next', granularity);
        }
        for (const before of seen.toReversed()) {
          await move(drive, 'stepBack', granularity);
          assert.equal(`${await drive.hash()} ${await drive.stack()}`, before, granularity);
        }
      }
    }));

  it('instruction: each statement of a kernel function, where a step goes over lines', () =>
    onScenario('blocks.mms', async (drive) => {
      const stops = async (granularity: Dap.SteppingGranularity): Promise<number> => {
        await drive.setFunctions([{ name: 'prep_new_page' }]);
        await drive.go('continue');
        await drive.setFunctions([]);
        let count = 0;
        while ((await drive.names())[0] === 'prep_new_page' && count < 200) {
          await move(drive, 'next', granularity);
          count++;
        }
        await drive.go('reverseContinue');
        return count;
      };
      const lines = await stops('statement');
      assert.equal(await stops('line'), lines);
      assert.ok((await stops('instruction')) >= lines, 'instructions are no coarser than lines');
    }));

  it('that does not exist is refused', () =>
    onScenario('lines.mms', async (drive) => {
      drive.client.sendsWrongThings = true;
      const error = await drive.client.failure('next', { threadId: 1, granularity: 'function' });
      assert.equal(error.short, 'badArguments');
    }));
});

describe('step out', function () {
  before(build);

  it('of a call in tail position stops in its caller', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, path.resolve('examples/lock-and-wait.mms'));
      await drive.launch({ program: drive.program });
      await drive.setFunctions([{ name: 'folio_trylock' }]);
      await drive.go('continue');
      await drive.setFunctions([]);
      const seen = [await drive.names()];
      while ((seen.at(-1) ?? []).length > 1) {
        await drive.go('stepOut');
        seen.push(await drive.names());
      }
      // One function less each time: none is passed by.
      for (const [i, names] of seen.slice(1).entries()) assert.deepEqual(names, seen[i]?.slice(1));
      for (const names of seen.slice(0, -1).toReversed()) {
        await drive.go('stepBack');
        assert.deepEqual(await drive.names(), names);
      }
    }));
});

describe('a statement of a process', function () {
  before(build);

  it('that calls nothing of the kernel is not stepped into', () =>
    onScenario('processes.mms', async (drive) => {
      const behindFork = lineOf(drive.program, 'fork') + 1;
      await drive.setLines([{ line: behindFork }]);
      await drive.go('continue');
      await drive.go('stepIn');
      assert.deepEqual(await drive.names(), ['main']);
      assert.notEqual(await drive.line(), behindFork);
    }));

  it('out of the first call of a kernel statement, and into the second', () =>
    onScenario('processes.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(drive.program, 'anonymous') }]);
      await drive.setFunctions([{ name: 'is_vm_hugetlb_page' }]);
      await drive.go('continue');
      await drive.go('continue');
      const [, caller] = await drive.frames();
      assert.equal(caller?.name, 'handle_mm_fault');
      await drive.setFunctions([]);
      const inside = await drive.hash();
      // It has two lines: over these is out of it.
      for (const motions of [['stepOut'], ['next', 'next']] as const) {
        for (const motion of motions) await drive.go(motion);
        const top = await drive.top();
        assert.deepEqual([top.name, top.line], [caller.name, caller.line]);
        for (let back = 0; back < motions.length; back++) await drive.go('stepBack');
        assert.equal(await drive.hash(), inside);
      }
      await drive.go('stepOut');
      await drive.go('stepIn');
      assert.deepEqual((await drive.names()).slice(0, 2), ['__handle_mm_fault', 'handle_mm_fault']);
      await drive.go('stepBack');
      await drive.go('stepBack');
      assert.equal(await drive.hash(), inside);
    }));
});

describe('log points', function () {
  before(build);

  const loggedBy = async (drive: Drive, motion: Motion): Promise<string[]> => {
    drive.output();
    await drive.go(motion);
    return drive
      .output()
      .split('\n')
      .filter((line) => line.startsWith('i is '));
  };

  it('print going back, too, the latest first', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        await drive.setLines([
          { line: lineOf(drive.program, 'loop: free'), logMessage: 'i is {i}' },
        ]);
        const forward = await loggedBy(drive, 'continue');
        assert.equal(forward.length, 12);
        assert.deepEqual(await loggedBy(drive, 'reverseContinue'), forward.toReversed());
        assert.deepEqual(await loggedBy(drive, 'continue'), forward);
      },
      { stopAtEnd: true },
    ));

  it('print when a step is undone that went over them', () =>
    onScenario('lines.mms', async (drive) => {
      await drive.setLines([{ line: at('twice'), logMessage: 'i is {x}' }, { line: at('three') }]);
      await drive.go('continue');
      await drive.client.send('next', { threadId: 1, granularity: 'line' });
      await drive.stopped();
      assert.match(drive.output(), /^i is 1$/m);
      await drive.client.send('stepBack', { threadId: 1, granularity: 'line' });
      await drive.stopped();
      assert.match(drive.output(), /^i is 1$/m);
      assert.equal(await place(drive), `${at('three')}:1`);
    }));
});

describe('pause', function () {
  before(build);

  it('comes at once whatever a statement costs, and so do other answers', () =>
    onScenario(
      'heavy.mms',
      async (drive) => {
        const timed = async (action: () => Promise<unknown>): Promise<number> => {
          const begin = drive.client.cpuMs;
          await action();
          return drive.client.cpuMs - begin;
        };
        const pause = async (): Promise<void> => {
          await drive.client.send('pause', { threadId: 1 });
          await drive.stopped();
        };
        const times: number[] = [];
        const answers: number[] = [];
        const turns: number[] = [];
        for (let i = 0; i < 8; i++) {
          await new Promise((resolve) => setTimeout(resolve, 60));
          answers.push(await timed(() => drive.client.send('threads')));
          times.push(await timed(pause));
          turns.push(await timed(() => drive.go('next')));
          await drive.client.send('continue', { threadId: 1 });
        }
        // What the adapter computes meanwhile, by the measure of a statement. Before, a pause took up to 32 of them.
        const median = (values: number[]): number => values.sort((a, b) => a - b)[4] ?? Infinity;
        const soon = 100 + 3 * median(turns);
        assert.ok(median(times) < soon, `pause took ${times.map(Math.round).join(', ')} ms`);
        assert.ok(median(answers) < soon, `threads took ${answers.map(Math.round).join(', ')} ms`);
      },
      { stopOnEntry: false, isAlone: true },
    ));
});
