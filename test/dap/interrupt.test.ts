/**
 * One call that takes long: it can be paused in the middle, others are answered meanwhile, and what is evaluated can be cancelled. Also
 * where it is the kernel's, which is in no pieces: the thread that hears the client says that somebody waits.
 */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { RequestFailed } from './adapterClient.js';
import { build } from './session.js';

const FILE = scenario('long.mms');
const at = (marker: string): number => lineOf(FILE, marker);

const onLong = (test: (drive: Drive) => Promise<void>, historyMiB = 512): Promise<void> =>
  onScenario('long.mms', test, { args: { historyMiB }, isAlone: true });

async function goTo(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

const failure = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer;
  } catch (error) {
    if (error instanceof RequestFailed) return error.short;
    throw error;
  }
  return 'succeeded';
};

describe('one long call', function () {
  before(build);

  it('is paused in the middle: its statement is undone; and goes on to the same end', () =>
    onLong(async (drive) => {
      await goTo(drive, 'once');
      const before = await drive.hash();
      const started = drive.client.cpuMs;
      await drive.go('next');
      const whole = drive.client.cpuMs - started;
      assert.equal(await drive.value('p[0] + p[(64 << 20) - 1]'), '14');
      assert.equal(await drive.value('same'), '0');
      await goTo(drive, 'again');
      await drive.client.send('continue', { threadId: drive.threadId });
      await drive.client.send('threads');
      const asked = drive.client.cpuMs;
      await drive.client.send('pause', { threadId: drive.threadId });
      const stop = await drive.stopped();
      const latency = drive.client.cpuMs - asked;
      assert.equal(stop.reason, 'pause');
      assert.ok(latency < Math.max(100, whole / 2), `${latency} ms of ${whole}`);
      const line = await drive.line();
      assert.ok(line === at('again') || line === at('again') - 1, `${line}`);
      // All of the statement, or nothing.
      assert.equal(
        await drive.value('p[0] == p[12345] && p[0] == p[40 << 20] && p[0] == p[(64 << 20) - 1]'),
        '1',
      );
      assert.notEqual(await drive.hash(), before);
    }));

  it('lets others be answered, and changes nothing when it is cancelled in the console', () =>
    onLong(async (drive) => {
      await goTo(drive, 'once');
      const before = await drive.hash();
      const frameId = (await drive.top()).id;
      const order: string[] = [];
      const note = <T>(name: string, answer: Promise<T>): Promise<T> =>
        answer.finally(() => order.push(name));
      const called = failure(
        note(
          'memset',
          drive.client.send('evaluate', {
            expression: 'memset(p, 9, 64 << 20)',
            context: 'repl',
            frameId,
          }),
        ),
      );
      const seq = drive.client.lastSeq;
      const threads = note('threads', drive.client.send('threads'));
      const scopes = note(
        'scopes',
        drive.client.body<Dap.ScopesResponse['body']>('scopes', { frameId }),
      );
      await threads;
      await drive.client.send('cancel', { requestId: seq });
      assert.equal(await called, 'cancelled');
      assert.equal((await scopes).scopes[0]?.name, 'Locals');
      assert.deepEqual(order, ['threads', 'memset', 'scopes']);
      assert.equal(await drive.hash(), before);
      // The next one goes through.
      await drive.evaluate('memset(p, 9, 32 << 20)', 'repl');
      assert.equal(await drive.value('p[32 << 20] + p[(32 << 20) - 1]'), '9');
      await drive.go('stepBack');
      assert.equal(await drive.hash(), before);
    }));

  it('a watch that takes long can be cancelled', () =>
    onLong(async (drive) => {
      await goTo(drive, 'once');
      const frameId = (await drive.top()).id;
      const before = await drive.hash();
      const called = failure(
        drive.client.send('evaluate', {
          expression: Array(40).fill('!memchr_inv(p, 0, 64 << 20)').join(' + '),
          context: 'watch',
          frameId,
        }),
      );
      const seq = drive.client.lastSeq;
      await drive.client.send('threads');
      await drive.client.send('cancel', { requestId: seq });
      assert.equal(await called, 'cancelled');
      assert.equal(await drive.value('memchr_inv(p, 0, 4096) == NULL'), '1');
      assert.equal((await drive.evaluate('spin(10)', 'repl')).result, '45');
      await drive.go('stepBack');
      assert.equal(await drive.hash(), before);
    }));

  it('of which history does not hold the beginning cannot be undone: a pause comes behind it', () =>
    onLong(async (drive) => {
      await goTo(drive, 'again');
      await drive.client.send('continue', { threadId: drive.threadId });
      await drive.client.send('pause', { threadId: drive.threadId });
      assert.equal((await drive.stopped()).reason, 'pause');
      assert.equal(
        await drive.value('p[0] == p[12345] && p[0] == p[40 << 20] && p[0] == p[(64 << 20) - 1]'),
        '1',
      );
    }, 32));
});

describe('one long call of the kernel', function () {
  before(build);

  const onKernel = (test: (drive: Drive) => Promise<void>, historyMiB = 512): Promise<void> =>
    onScenario('kernelCall.mms', test, { args: { historyMiB }, isAlone: true });
  const FILE = scenario('kernelCall.mms');
  const line = (marker: string): number => lineOf(FILE, marker);

  async function to(drive: Drive, marker: string): Promise<void> {
    await drive.setLines([{ line: line(marker) }]);
    await drive.go('continue');
    await drive.setLines([]);
  }

  /** A statement run to its end, and begun anew and paused in the middle, when a part of the time has gone that it takes. */
  async function isPaused(drive: Drive, marker: string, part = 0.25): Promise<void> {
    await to(drive, marker);
    const before = await drive.hash();
    const { cpuMs } = drive.client;
    const started = Date.now();
    await drive.go('next');
    const wallMs = Date.now() - started;
    const whole = drive.client.cpuMs - cpuMs;
    const after = await drive.hash();
    await drive.go('stepBack');
    assert.equal(await drive.hash(), before);
    for (let waitMs = wallMs * part; ; waitMs /= 2) {
      // What it has left to the right is cut off: it runs anew.
      await drive.evaluate('turns += 7', 'repl');
      const edited = await drive.hash();
      await drive.client.send('continue', { threadId: drive.threadId });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const asked = drive.client.cpuMs;
      await drive.client.send('pause', { threadId: drive.threadId });
      const { reason } = await drive.stopped();
      const latency = drive.client.cpuMs - asked;
      if ((await drive.line()) === line(marker)) {
        assert.equal(reason, 'pause');
        assert.ok(latency < Math.max(100, whole / 2), `${latency} ms of ${whole}`);
        assert.equal(await drive.hash(), edited);
        break;
      }
      // The second time it may be much quicker, and the pause came behind it: once more, and sooner.
      assert.ok(waitMs > 1, `never paused in the middle of ${whole} ms`);
      await drive.client.send('restart', {});
      await drive.stopped();
      await to(drive, marker);
    }
    await drive.go('stepBack');
    assert.equal(await drive.hash(), before);
    await drive.go('next');
    await drive.go('next');
    assert.notEqual(await drive.hash(), after);
  }

  it('is given up where it is, and undone: vmalloc() of 512 MiB', () =>
    onKernel(async (drive) => {
      await isPaused(drive, 'kernel');
    }));

  it('also where it has written more than history has room for', () =>
    onKernel(async (drive) => {
      await isPaused(drive, 'kernel', 0.6);
    }, 16));

  it('so is a constructor of the scenario that runs inside of it', () =>
    onKernel(async (drive) => {
      await isPaused(drive, 'called back');
    }));

  it('others are answered meanwhile, and it comes to its end all the same', () =>
    onKernel(async (drive) => {
      await to(drive, 'kernel');
      await drive.setLines([{ line: line('between') }]);
      await drive.client.send('continue', { threadId: drive.threadId });
      const stopped = drive.stopped();
      const isOver = (): Promise<boolean> =>
        Promise.race([
          stopped.then(() => true),
          new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20)),
        ]);
      let answered = 0;
      while (!(await isOver())) {
        await drive.client.send('threads');
        answered++;
      }
      assert.equal((await stopped).reason, 'breakpoint');
      assert.equal(await drive.line(), line('between'));
      assert.ok(answered >= 3, `${answered}`);
      assert.equal(await drive.value('is_vmalloc_addr(p)'), 'true');
    }));

  it('with breakpoints in the kernel it is paused too', () =>
    onKernel(async (drive) => {
      await to(drive, 'kernel');
      await drive.client.send('setFunctionBreakpoints', {
        breakpoints: [{ name: '__vmalloc_node_range', condition: 'size == 1' }],
      });
      const before = await drive.hash();
      await drive.client.send('continue', { threadId: drive.threadId });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await drive.client.send('pause', { threadId: drive.threadId });
      assert.equal((await drive.stopped()).reason, 'pause');
      assert.equal(await drive.line(), line('kernel'));
      assert.equal(await drive.hash(), before);
    }));

  it('can be cancelled in the console', () =>
    onKernel(async (drive) => {
      await to(drive, 'kernel');
      const before = await drive.hash();
      const frameId = (await drive.top()).id;
      const called = failure(
        drive.client.send('evaluate', {
          expression: 'vmalloc(256 << 20)',
          context: 'repl',
          frameId,
        }),
      );
      const seq = drive.client.lastSeq;
      await new Promise((resolve) => setTimeout(resolve, 100));
      await drive.client.send('cancel', { requestId: seq });
      assert.equal(await called, 'cancelled');
      assert.equal(await drive.hash(), before);
    }));
});
