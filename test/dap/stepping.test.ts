/** Moving through time: between statements, into the kernel and out of it, and back the same way. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Drive, lineOf, onScenario, scenario, type Motion } from './drive.js';
import { build, withAdapter } from './session.js';

const BLOCKS = scenario('blocks.mms');

describe('stepping', function () {
  before(build);

  it('next goes over calls, of the script and of the kernel', () =>
    onScenario('blocks.mms', async (drive) => {
      const lines: number[] = [];
      for (let i = 0; i < 5; i++) {
        lines.push(await drive.line());
        assert.equal((await drive.go('next')).reason, 'step');
        assert.deepEqual(await drive.names(), ['main']);
      }
      const expected = ['first', 'page', 'lock', 'unlock'].map((marker) => lineOf(BLOCKS, marker));
      assert.deepEqual(lines.slice(1), expected);
    }));

  it('step in enters functions of the script, then of the kernel, line by line', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.go('next');
      await drive.go('stepIn');
      assert.deepEqual(await drive.names(), ['take', 'main']);
      assert.equal(await drive.line(), lineOf(BLOCKS, 'take: alloc'));
      await drive.go('stepIn');
      const names = await drive.names();
      assert.deepEqual(names.slice(-2), ['take', 'main']);
      assert.equal(names.length, 3);
      assert.equal(names[0], 'alloc_pages');
      const seen = new Set<string>();
      for (let i = 0; i < 2000; i++) {
        await drive.go('stepIn');
        const now = await drive.names();
        if (now.at(-1) !== 'main' || now.at(-2) !== 'take' || now.length === 2) break;
        seen.add(now[0] ?? '');
      }
      for (const name of ['__alloc_pages', 'get_page_from_freelist', 'rmqueue', 'prep_new_page'])
        assert.ok(seen.has(name), `${name} among ${[...seen].join(' ')}`);
    }));

  it('next stays in the kernel function, step out leaves it for its caller', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setFunctions([{ name: '__alloc_pages' }]);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'function breakpoint');
      const depth = (await drive.names()).length;
      const first = await drive.line();
      await drive.go('next');
      assert.equal((await drive.names()).length, depth);
      assert.notEqual(await drive.line(), first);
      await drive.setFunctions([]);
      // Its caller does nothing more, and is stopped in all the same.
      await drive.go('stepOut');
      assert.deepEqual(await drive.names(), ['alloc_pages', 'take', 'main']);
      await drive.go('stepOut');
      // Back in the statement of the script, which has not been finished.
      assert.deepEqual(await drive.names(), ['take', 'main']);
      assert.equal(await drive.line(), lineOf(BLOCKS, 'take: alloc'));
      await drive.go('next');
      assert.equal(await drive.line(), lineOf(BLOCKS, 'take: count'));
      assert.notEqual(await drive.value('got'), 'NULL');
      await drive.go('stepOut');
      assert.deepEqual(await drive.names(), ['main']);
    }));

  it('n steps forward, n back: the same states', () =>
    onScenario('blocks.mms', async (drive) => {
      let seed = 11;
      const random = (below: number): number => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return (seed >>> 8) % below;
      };
      const motions: Motion[] = ['next', 'next', 'stepIn', 'stepIn', 'stepOut'];
      /** Asked at once: the answers come in one go. */
      const places = async (): Promise<string> =>
        (await Promise.all([drive.hash(), drive.stack()])).join(' ');
      const move = async (from: string): Promise<string> => {
        const motion = motions[random(motions.length)] ?? 'next';
        // Out of the script itself would be its end.
        const inScript = !from.includes(' < ');
        await drive.go(inScript && motion === 'stepOut' ? 'stepIn' : motion);
        return places();
      };
      const seen = [await places()];
      for (let i = 0; i < 80; i++) seen.push(await move(seen[i] ?? ''));
      for (let i = seen.length - 2; i >= 0; i--) {
        assert.equal((await drive.go('stepBack')).reason, 'step');
        assert.equal(await places(), seen[i], `step ${i}`);
      }
      // And forward again, over the same tape.
      seed = 11;
      for (let i = 1; i <= 80; i++)
        assert.equal(await move(seen[i - 1] ?? ''), seen[i], `again, step ${i}`);
    }));

  it('steps back over calls without having stepped forward over them', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(BLOCKS, 'lock') }]);
      await drive.go('continue');
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(BLOCKS, 'page'));
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(BLOCKS, 'first'));
      assert.deepEqual(await drive.names(), ['main']);
    }));

  it('steps back through a kernel function line by line', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'prep_new_page' }]);
      await drive.go('continue');
      const stack = await drive.stack();
      await drive.setFunctions([]);
      // Back to the caller's line, and from there to a line of the same function before it.
      await drive.go('stepBack');
      const names = await drive.names();
      assert.equal(names[0], 'get_page_from_freelist');
      const line = await drive.line();
      await drive.go('stepBack');
      assert.equal((await drive.names())[0], 'get_page_from_freelist');
      assert.ok((await drive.line()) !== line);
      await drive.setFunctions([{ name: 'prep_new_page' }]);
      await drive.go('continue');
      assert.equal(await drive.stack(), stack);
    }));

  it('going back ends at the start of history, and says so', () =>
    onScenario('blocks.mms', async (drive) => {
      const start = `${await drive.hash()} ${await drive.stack()}`;
      for (let i = 0; i < 4; i++) await drive.go('next');
      const stop = await drive.go('reverseContinue');
      assert.equal(stop.reason, 'entry');
      assert.match(drive.output(), /beginning of the recorded history/);
      assert.equal(`${await drive.hash()} ${await drive.stack()}`, start);
      assert.equal((await drive.go('stepBack')).reason, 'entry');
      assert.equal((await drive.go('next')).reason, 'step');
    }));

  it('runs to the end: output once, exit code, the end of the session', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(BLOCKS, 'last') }]);
      await drive.go('continue');
      assert.match(drive.output(), /counter is 1\n/);
      await drive.go('reverseContinue');
      await drive.go('continue');
      const { output, exitCode } = await drive.finish();
      assert.equal(exitCode, 0);
      assert.doesNotMatch(output, /counter/);
    }));

  it('pauses a scenario that never ends, and takes breakpoints while it runs', () =>
    onScenario(
      'endless.mms',
      async (drive) => {
        await drive.client.send('threads');
        assert.equal(
          (await drive.client.failure('stackTrace', { threadId: 1 })).short,
          'notStopped',
        );
        assert.equal((await drive.client.failure('next', { threadId: 1 })).short, 'notStopped');
        await drive.client.send('pause', { threadId: 1 });
        assert.equal((await drive.stopped()).reason, 'pause');
        const before = Number(await drive.value('n'));
        assert.ok(before > 0);
        await drive.client.send('continue', { threadId: 1 });
        await drive.setLines([
          { line: lineOf(drive.program, 'turn'), condition: `n == ${before + 5000}` },
        ]);
        const stop = await drive.stopped();
        assert.equal(stop.reason, 'breakpoint');
        assert.equal(Number(await drive.value('n')), before + 5000);
        await drive.setLines([]);
        await drive.go('stepBack');
        await drive.client.send('continue', { threadId: 1 });
        await drive.client.send('disconnect', {});
      },
      { stopOnEntry: false },
    ));

  it('history is bounded: going back ends where it is forgotten', () =>
    onScenario(
      'endless.mms',
      async (drive) => {
        await drive.setLines([{ line: lineOf(drive.program, 'turn'), condition: 'n == 100000' }]);
        await drive.go('continue');
        const clock = await drive.client.body<{ start: number; now: number }>('mmscope/clock');
        assert.ok(clock.start > 0 && clock.now - clock.start < 300_000, JSON.stringify(clock));
        await drive.setLines([]);
        const stop = await drive.go('reverseContinue');
        assert.equal(stop.reason, 'entry');
        assert.equal(stop.description, 'Paused where history begins');
        assert.match(drive.output(), /History begins here: the older part was dropped/);
        const n = Number(await drive.value('n'));
        assert.ok(n > 1000 && n < 100_000, `n is ${n}`);
        await drive.setLines([{ line: lineOf(drive.program, 'turn'), condition: 'n == 100000' }]);
        await drive.go('continue');
        assert.equal(await drive.value('n'), '100000');
      },
      { args: { historyMiB: 1 } },
    ));

  it('tasks are threads; a step follows its task past the others', () =>
    onScenario('tasks.mms', async (drive) => {
      const file = drive.program;
      await drive.setLines([{ line: lineOf(file, 'main: yield') }]);
      await drive.go('continue');
      await drive.go('next');
      // The reader tried the lock, was parked, and the step ended in its own task.
      assert.equal(await drive.line(), lineOf(file, 'main: in'));
      const { threads } = await drive.client.body<{ threads: { id: number; name: string }[] }>(
        'threads',
      );
      assert.equal(threads.length, 2);
      assert.match(threads[1]?.name ?? '', /^reader \(waits for the lock of page .*main holds/);
      await drive.setLines([{ line: lineOf(file, 'reader: in') }]);
      await drive.go('continue');
      assert.equal(drive.threadId, 2);
      assert.deepEqual(await drive.names(), ['reader']);
      await drive.setLines([]);
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(file, 'reader: lock'));
      const { exitCode } = await drive.finish();
      assert.equal(exitCode, 0);
    }));

  it('a deadlock stops, says who waits for whom, and then ends', () =>
    onScenario('deadlock.mms', async (drive) => {
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'exception');
      assert.match(
        stop.text ?? '',
        /main waits for the lock of page 0x[0-9a-f]+, which it holds itself/,
      );
      assert.equal(await drive.line(), lineOf(drive.program, 'again'));
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(drive.program, 'again'));
      await drive.go('continue');
      assert.equal((await drive.finish()).exitCode, 1);
    }));

  /** Which task runs next is looked up on the plain kernel: that reads page locks, and is no part of any statement. */
  it('steps from task to task, never into the choice between them', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, path.resolve('examples/lock-and-wait.mms'));
      await drive.launch({ program: drive.program });
      await drive.setLines([{ line: lineStarting(drive.program, 'unlock_page(page);') }]);
      await drive.go('continue');
      const outermost = new Set<string | undefined>();
      const motions = [
        'stepIn',
        'stepOut',
        'stepIn',
        'next',
        'stepIn',
        'stepBack',
        'stepOut',
      ] as const;
      // The end of a task is the kernel's, too: there is something to step through before the other one's turn.
      for (let round = 0; round < 3; round++)
        for (const motion of motions) {
          if (outermost.size > 1) break;
          await drive.go(motion);
          outermost.add((await drive.names()).at(-1));
        }
      assert.deepEqual([...outermost], ['main', 'writer']);
    }));

  it('restart runs the scenario anew, with the breakpoints as they are', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(BLOCKS, 'print') }]);
      await drive.go('continue');
      const hash = await drive.hash();
      await drive.client.send('restart', {});
      assert.equal((await drive.stopped()).reason, 'entry');
      await drive.go('continue');
      assert.equal(await drive.line(), lineOf(BLOCKS, 'print'));
      assert.equal(await drive.hash(), hash);
    }));

  it('terminate ends the scenario, not the adapter', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.client.send('terminate', {});
      await drive.client.waitForEvent('terminated');
      assert.equal((await drive.client.failure('continue', { threadId: 1 })).short, 'notLaunched');
    }));

  it('runs without debugging when asked to', () =>
    onScenario(
      'failures.mms',
      async (drive) => {
        const exited = await drive.client.waitForEvent('exited');
        assert.equal((exited as { body: { exitCode: number } }).body.exitCode, 1);
        assert.equal(drive.client.takeEvents('stopped').length, 0);
      },
      {
        stopOnEntry: false,
        args: { noDebug: true },
        configure: async (drive) => {
          await drive.setLines([{ line: 4 }]);
          await drive.client.send('setExceptionBreakpoints', { filters: ['bug', 'expect'] });
        },
      },
    ));

  it('has a line for every function, also for one that checks before its first statement', () =>
    onScenario('misuse.mms', async (drive) => {
      await drive.setLines([{ line: 3 }]);
      await drive.go('continue');
      let deepest = 0;
      for (let left = 150; left > 0 && (await drive.line()) !== 4; left--) {
        deepest = Math.max(deepest, (await drive.names()).length);
        await drive.client.send('stepIn', {
          threadId: drive.threadId,
          granularity: 'instruction',
        });
        await drive.stopped();
      }
      assert.ok(deepest > 4, `${deepest}`);
    }));
});

function lineStarting(file: string, text: string): number {
  return readFileSync(file, 'utf8').split('\n').indexOf(text) + 1;
}
