/**
 * What is evaluated on the way (conditions, log points, hit conditions, watches) may take long: it is given up in the middle for a
 * pause and for others, and worked out anew. Latencies are the adapter's own CPU time, for the machine may be busy.
 */
import assert from 'node:assert/strict';
import { RequestFailed } from './adapterClient.js';
import { Drive, lineOf, onScenario, scenario } from './drive.js';
import { build, withProcess } from './session.js';

const FILE = scenario('midway.mms');
const at = (marker: string): number => lineOf(FILE, marker);

/** Some hundred milliseconds; and a tenth of that. */
const LONG = 'strlen(p) + !memchr_inv(p, 1, 64 << 20)';
const SHORTER = 'strlen(p + (56 << 20))';
const MOST_MS = 100;

const onMidway = (test: (drive: Drive) => Promise<void>): Promise<void> =>
  onScenario('midway.mms', test);

async function goTo(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  assert.equal(await drive.line(), at(marker));
  await drive.setLines([]);
}

/** Until the adapter has been at it for a while. */
async function isBusy(drive: Drive): Promise<void> {
  const { cpuMs } = drive.client;
  while (drive.client.cpuMs < cpuMs + 40) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function pausesSoon(drive: Drive, motion: 'continue' | 'reverseContinue'): Promise<void> {
  const latencies: number[] = [];
  for (let i = 0; i < 2; i++) {
    await drive.client.send(motion, { threadId: drive.threadId });
    await isBusy(drive);
    const asked = drive.client.cpuMs;
    await drive.client.send('pause', { threadId: drive.threadId });
    const { reason } = await drive.stopped();
    latencies.push(drive.client.cpuMs - asked);
    assert.equal(reason, 'pause');
  }
  // One may fall on a collection of garbage.
  assert.ok(Math.min(...latencies) <= MOST_MS, `${latencies.join(', ')} ms`);
}

/** While the motion goes on, somebody asks again and again. */
async function whileAsked<T>(drive: Drive, motion: Promise<T>): Promise<T> {
  const over = motion.then(() => true);
  const later = (): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), 3));
  do await drive.client.send('threads');
  while (!(await Promise.race([over, later()])));
  return motion;
}

const failure = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'succeeded',
    (error: unknown) => {
      if (error instanceof RequestFailed) return error.short;
      throw error;
    },
  );

describe('what takes long on the way', function () {
  before(build);

  it('does not keep a pause waiting: conditions of every kind, hit conditions, log points', () =>
    onMidway(async (drive) => {
      await goTo(drive, 'again');
      const line = at('again');
      for (const breakpoint of [
        { line, condition: `${LONG} == 5` },
        { line, condition: LONG, hitCondition: '% 1000000' },
        { line, logMessage: `{${LONG}}` },
      ]) {
        await drive.setLines([breakpoint]);
        await pausesSoon(drive, 'continue');
      }
      await pausesSoon(drive, 'reverseContinue');
      await drive.setLines([]);
      const frameId = (await drive.top()).id;
      const { dataId } = await drive.client.body<{ dataId: string }>('dataBreakpointInfo', {
        name: 'n',
        frameId,
      });
      for (const accessType of ['write', 'read'] as const) {
        await drive.setData([{ dataId, accessType, condition: `${LONG} == 5` }]);
        await pausesSoon(drive, 'continue');
      }
    }));

  it('is decided and printed once, though others are answered in between', () =>
    onMidway(async (drive) => {
      await goTo(drive, 'first');
      await drive.setLines([
        { line: at('second'), logMessage: `second {n} {${SHORTER} > 5}` },
        { line: at('third'), condition: `${SHORTER} > 5` },
      ]);
      drive.output();
      const { reason } = await whileAsked(drive, drive.go('continue'));
      assert.equal(reason, 'breakpoint');
      assert.equal(await drive.line(), at('third'));
      assert.equal(drive.output(), 'second 1 1\n');
      await whileAsked(drive, drive.go('reverseContinue'));
      assert.equal(drive.output().match(/second/g)?.length, 1);
    }));

  it('that a pause has given up is decided when it goes on', () =>
    onMidway(async (drive) => {
      await goTo(drive, 'first');
      const before = await drive.hash();
      await drive.setLines([{ line: at('second'), condition: `${LONG} + ${LONG} > 5` }]);
      await drive.client.send('continue', { threadId: drive.threadId });
      await isBusy(drive);
      await drive.client.send('pause', { threadId: drive.threadId });
      assert.equal((await drive.stopped()).reason, 'pause');
      assert.equal(await drive.hash(), before);
      assert.equal((await drive.go('continue')).reason, 'breakpoint');
      assert.equal(await drive.line(), at('second'));
    }));

  it('does not lead a step astray that another task interrupts', () =>
    onMidway(async (drive) => {
      await goTo(drive, 'yields');
      const { reason } = await whileAsked(drive, drive.go('next'));
      assert.equal(reason, 'step');
      assert.equal(await drive.line(), at('third'));
    }));

  it('is cancelled in a watch, a hover, the console, with a question about time', () =>
    onMidway(async (drive) => {
      await goTo(drive, 'third');
      const frameId = (await drive.top()).id;
      const before = await drive.hash();
      const expression = Array(40).fill(LONG).join(' + ');
      const requests: readonly (readonly [string, object])[] = [
        ...['watch', 'hover', 'repl', 'clipboard'].map(
          (context) => ['evaluate', { expression, context, frameId }] as const,
        ),
        ['evaluate', { expression: `where(p + (${expression}))`, context: 'watch', frameId }],
        ['dataBreakpointInfo', { name: `*(p + (${expression}))`, frameId }],
        ['mmscope/walk', { expression: `p + (${expression})`, frameId }],
      ];
      for (const [command, args] of requests) {
        const asked = drive.client.cpuMs;
        const answer = failure(drive.client.send(command, args));
        const seq = drive.client.lastSeq;
        await new Promise((resolve) => setTimeout(resolve, 20));
        await drive.client.send('cancel', { requestId: seq });
        assert.equal(await answer, 'cancelled', `${command} ${JSON.stringify(args).slice(0, 60)}`);
        await drive.client.send('threads');
        const spent = drive.client.cpuMs - asked;
        assert.ok(spent < 500, `${command}: ${spent} ms`);
      }
      assert.equal(await drive.hash(), before);
      assert.equal(await drive.value('n'), '2');
    }));

  it('nor does it where the session itself reads its pipe, as an editor starts it', () =>
    withProcess(async (client) => {
      const drive = new Drive(client, FILE);
      await drive.launch({ program: FILE });
      await goTo(drive, 'again');
      await drive.setLines([{ line: at('again'), condition: `${LONG} == 5` }]);
      await pausesSoon(drive, 'continue');
      // Requests that come together are answered in their order.
      const asked = Array.from({ length: 50 }, (_, i) =>
        client.send(i % 2 ? 'threads' : 'mmscope/clock'),
      );
      const frameId = (await drive.top()).id;
      const expression = Array(40).fill(LONG).join(' + ');
      const answer = failure(client.send('evaluate', { expression, context: 'watch', frameId }));
      const seq = client.lastSeq;
      await isBusy(drive);
      await client.send('cancel', { requestId: seq });
      assert.equal(await answer, 'cancelled');
      await Promise.all(asked);
      const answered = client.messages.flatMap(({ direction, message }) =>
        direction === '<-' && 'request_seq' in message ? [Number(message.request_seq)] : [],
      );
      assert.deepEqual(
        answered.slice(0, -1).filter((one) => one !== seq),
        answered
          .slice(0, -1)
          .filter((one) => one !== seq)
          .toSorted((a, b) => a - b),
      );
    }));
});
