/** Tasks as threads: steps that begin where one begins, one that runs alone, one that is ended. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { Drive, lineOf, onScenario, scenario, type Motion } from './drive.js';
import { build, withAdapter } from './session.js';

const PAIR = scenario('pair.mms');
const at = (marker: string): number => lineOf(PAIR, marker);

const threadsOf = async (drive: Drive): Promise<Dap.Thread[]> =>
  (await drive.client.body<Dap.ThreadsResponse['body']>('threads')).threads;

/** Breaks at a line, goes there, and takes the breakpoint away. */
async function goTo(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: lineOf(drive.program, marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

const alone = { singleThread: true };

async function moveAlone(drive: Drive, motion: Motion, threadId: number) {
  await drive.client.send(motion, { threadId, ...alone });
  return drive.stopped();
}

describe('a task that begins', function () {
  before(build);

  it('is stepped back out of to what another task did before', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'one: first');
      assert.equal(drive.threadId, 2);
      await drive.go('stepBack');
      assert.deepEqual([drive.threadId, await drive.line()], [1, at('main: yield')]);
    }));

  it('is, too, when it was waited in', () =>
    onScenario('tasks.mms', async (drive) => {
      await goTo(drive, 'reader: in');
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(drive.program, 'reader: lock'));
      // Where it waited, its statement was undone: it stood there twice.
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(drive.program, 'reader: lock'));
      await drive.go('stepBack');
      assert.equal(await drive.line(), lineOf(drive.program, 'main: yield'));
    }));
});

describe('threads', function () {
  before(build);

  it('that stop are there, and have a stack', async () => {
    const motions: Motion[] = ['stepIn', 'stepIn', 'next', 'stepOut', 'stepBack', 'stepIn'];
    for (const file of ['examples/lock-and-wait.mms', PAIR])
      await withAdapter(async (client) => {
        const drive = new Drive(client, path.resolve(file));
        await drive.launch({ program: drive.program }, { stopAtEnd: true });
        let seed = 4;
        for (let i = 0; i < 250; i++) {
          seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
          const motion = motions[(seed >>> 8) % motions.length] ?? 'stepIn';
          const stop = await drive.go(motion);
          // Asked at once: the answers come in one go.
          const [threads, names] = await Promise.all([threadsOf(drive), drive.names()]);
          const ids = threads.map(({ id }) => id);
          assert.ok(
            ids.includes(drive.threadId),
            `${i} ${motion}: ${drive.threadId} of ${ids.join()}`,
          );
          assert.ok(names.length > 0, `${i} ${motion}: an empty stack`);
          assert.match(names.at(-1) ?? '', /^(main|writer|one|two)$/);
          if (stop.reason === 'end') await drive.go('reverseContinue');
        }
      });
  });

  it('say what they wait for, and not their names again', () =>
    onScenario('tasks.mms', async (drive) => {
      await goTo(drive, 'main: in');
      const [, reader] = await threadsOf(drive);
      assert.match(
        reader?.name ?? '',
        /^reader \(waits for the lock of page 0x\w+, which main holds\)$/,
      );
    }));

  it('that never were are refused, by every motion', () =>
    onScenario('pair.mms', async (drive) => {
      for (const motion of ['continue', 'next', 'stepBack', 'reverseContinue', 'pause'])
        assert.equal((await drive.client.failure(motion, { threadId: 77 })).short, 'noSuchThread');
    }));

  it('that have ended cannot go on, and say so; back they go', () =>
    onScenario('tasks.mms', async (drive) => {
      const { client } = drive;
      await drive.setLines([{ line: lineOf(drive.program, 'main: end') }]);
      await drive.go('continue');
      await drive.setLines([]);
      for (const motion of ['next', 'stepIn', 'stepOut']) {
        const { short, message } = await client.failure(motion, { threadId: 2 });
        assert.equal(short, 'noSuchThread');
        assert.match(message, /The task reader has ended/);
      }
      await client.failure('continue', { threadId: 2, singleThread: true });
      await client.send('stepBack', { threadId: 2 });
      assert.equal((await drive.stopped()).reason, 'step');
      // Where it was about to end.
      assert.equal(drive.threadId, 2);
      assert.equal(await drive.line(), lineOf(drive.program, 'reader: unlock') + 1);
    }));

  it('that wait have their next statement set by nobody else', () =>
    onScenario('tasks.mms', async (drive) => {
      const { client } = drive;
      const line = lineOf(drive.program, 'main: in');
      await drive.setLines([{ line }]);
      await drive.go('continue');
      const { targets } = await client.body<Dap.GotoTargetsResponse['body']>('gotoTargets', {
        source: { path: drive.program },
        line: lineOf(drive.program, 'main: unlock'),
      });
      const next = targets.find(({ label }) => label.startsWith('set as the next statement'));
      const targetId = next?.id ?? 0;
      assert.equal(
        (await client.failure('goto', { threadId: 77, targetId })).short,
        'noSuchThread',
      );
      const refused = await client.failure('goto', { threadId: 2, targetId });
      assert.match(refused.message, /step into reader first/);
      await client.send('goto', { threadId: 1, targetId });
      assert.equal((await drive.stopped()).reason, 'goto');
      assert.equal(await drive.line(), lineOf(drive.program, 'main: unlock'));
    }));
});

describe('a task that runs alone', function () {
  before(build);

  it('goes on where another one would have run', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'one: yield');
      const lines: number[] = [];
      for (let i = 0; i < 2; i++) {
        await moveAlone(drive, 'next', 2);
        assert.equal(drive.threadId, 2);
        lines.push(await drive.line());
      }
      assert.deepEqual(lines, [at('one: second'), at('one: lock')]);
      // main and two have not moved.
      assert.equal(await drive.value('b'), '0');
      assert.equal(await drive.value('a'), '2');
    }));

  it('stops where it has to wait, and says so', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'one: first');
      const stop = await moveAlone(drive, 'continue', 2);
      assert.equal(stop.reason, 'pause');
      assert.match(stop.text ?? '', /^one cannot run on alone: it waits for the lock of page/);
      assert.equal(await drive.value('a'), '2');
      assert.equal(await drive.value('b'), '0');
      // With the others it goes on.
      const { exitCode } = await drive.finish();
      assert.equal(exitCode, 0);
    }));

  it('may be another one than the one whose turn it is', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'main: yield');
      await moveAlone(drive, 'next', 3);
      assert.equal(drive.threadId, 3);
      assert.equal(await drive.value('b'), '1');
      assert.equal(await drive.value('a'), '0');
      // The choice is on the tape: back over it, and forward again.
      const hash = await drive.hash();
      await drive.go('stepBack');
      assert.deepEqual([drive.threadId, await drive.line()], [1, at('main: yield')]);
      await moveAlone(drive, 'next', 3);
      assert.equal(await drive.hash(), hash);
    }));

  it('stops at its breakpoints, and where it ends', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'main: yield');
      await drive.setLines([{ line: at('two: second') }]);
      const stop = await moveAlone(drive, 'continue', 3);
      assert.equal(stop.reason, 'breakpoint');
      assert.equal(await drive.line(), at('two: second'));
      const end = await moveAlone(drive, 'continue', 3);
      assert.equal(end.text, 'two cannot run on alone: it has ended');
    }));

  it('waits for a statement of another one that is under way', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'main: unlock');
      await drive.go('stepIn');
      assert.equal((await drive.names()).at(-1), 'main');
      const error = await drive.client.failure('next', { threadId: 2, ...alone });
      assert.equal(error.short, 'otherTaskInside');
    }));
});

describe('terminateThreads', function () {
  before(build);

  it('ends a task, as a step that can be taken back', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'main: yield');
      const hash = await drive.hash();
      await drive.client.send('terminateThreads', { threadIds: [2] });
      const stop = await drive.stopped();
      assert.equal(stop.text, 'one was ended');
      assert.deepEqual(
        (await threadsOf(drive)).map(({ name }) => name),
        ['main', 'two'],
      );
      await drive.go('stepBack');
      assert.equal(await drive.hash(), hash);
      assert.equal((await threadsOf(drive)).length, 3);
      await drive.client.send('terminateThreads', { threadIds: [2] });
      await drive.stopped();
      await drive.setLines([{ line: at('two: second') }]);
      await drive.go('continue');
      assert.equal(await drive.value('a'), '0');
    }));

  it('of the task that runs, inside of a kernel function: the statement never happened', () =>
    onScenario('pair.mms', async (drive) => {
      await goTo(drive, 'main: unlock');
      await drive.go('stepIn');
      await drive.client.send('terminateThreads', { threadIds: [1] });
      await drive.stopped();
      assert.notEqual(drive.threadId, 1);
      assert.equal(await drive.value('PageLocked(page)'), '1');
    }));

  it('of every task is the end', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.client.send('terminateThreads', { threadIds: [1] });
      const exited: Dap.ExitedEvent = await drive.client.waitForEvent('exited');
      assert.equal(exited.body.exitCode, 0);
    }));
});
