/** Beginning, end, and beginning again: what a session is told of, and what it survives. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { createInlineAdapter, nodeHost } from '../../src/adapter/index.js';
import { scratchFolder } from '../scratch.js';
import { Drive, lineOf, onScenario, scenario } from './drive.js';
import { build, CLIENT, withAdapter } from './session.js';

const threadEvents = (drive: Drive): string[] =>
  drive.client
    .takeEvents('thread')
    .map((event) => (event as Dap.ThreadEvent).body)
    .map(({ reason, threadId }) => `${threadId} ${reason}`);

/** A scenario of its own, that a test may change. */
function copyOf(name: string): string {
  const file = path.join(scratchFolder(), name);
  copyFileSync(scenario(name), file);
  return file;
}

describe('restart', function () {
  before(build);

  it('of a text with an error leaves the machine that was there, and works once it is repaired', () =>
    withAdapter(async (client) => {
      const file = copyOf('blocks.mms');
      const text = readFileSync(file, 'utf8');
      const drive = new Drive(client, file);
      await drive.launch({ program: file });
      await drive.setLines([{ line: lineOf(file, 'print') }]);
      await drive.go('continue');
      const before = `${await drive.hash()} ${await drive.stack()}`;

      writeFileSync(file, `${text}\nint broken = ;\n`);
      assert.equal((await client.failure('restart', {})).short, 'scenarioHasErrors');
      assert.equal(`${await drive.hash()} ${await drive.stack()}`, before);
      assert.equal(await drive.value('counter'), '1');
      await drive.go('stepBack');

      writeFileSync(file, text.replace('int counter = 0', 'int counter = 41'));
      await client.send('restart', {});
      assert.equal((await drive.stopped()).reason, 'entry');
      await drive.go('continue');
      assert.equal(await drive.value('counter'), '42');
    }));

  it('works when the scenario is over, or was ended', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.finish();
      await drive.client.send('restart', {});
      assert.equal((await drive.stopped()).reason, 'entry');
      await drive.client.send('terminate', {});
      await drive.client.waitForEvent('terminated');
      await drive.client.send('restart', {});
      assert.equal((await drive.stopped()).reason, 'entry');
      assert.deepEqual(await drive.names(), ['main']);
    }));

  it('says that the machine runs, so that the old stop and its reason are gone', () =>
    onScenario('failures.mms', async (drive) => {
      await drive.client.send('setExceptionBreakpoints', { filters: ['bug'] });
      assert.equal((await drive.go('continue')).reason, 'exception');
      drive.client.takeEvents('continued');
      await drive.client.send('restart', {});
      const stop = await drive.stopped();
      assert.deepEqual([stop.reason, stop.description], ['entry', 'Paused on entry']);
      const [continued] = drive.client.takeEvents('continued') as Dap.ContinuedEvent[];
      assert.equal(continued?.body.allThreadsContinued, true);
      assert.equal(
        (await drive.client.failure('exceptionInfo', { threadId: 1 })).short,
        'noException',
      );
    }));

  it('needs something that was launched', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      assert.equal((await client.failure('restart', {})).short, 'notLaunched');
    }));
});

describe('the end of a scenario', function () {
  before(build);

  it('is a place: one can look, step back, and come again', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        const stop = await drive.go('continue');
        assert.deepEqual([stop.reason, stop.description], ['end', 'Paused at the end']);
        assert.match(drive.output(), /^End of the scenario\.$/m);
        assert.deepEqual(await drive.names(), ['main']);
        assert.equal(await drive.line(), lineOf(drive.program, 'last'));
        assert.equal(await drive.value('counter'), '1');
        const { threads } = await drive.client.body<Dap.ThreadsResponse['body']>('threads');
        assert.deepEqual(threads, [{ id: 1, name: 'main (ended)' }]);
        const hash = await drive.hash();
        await drive.go('stepBack');
        assert.equal(await drive.line(), lineOf(drive.program, 'last'));
        const again = await drive.go('next');
        assert.equal(again.reason, 'end');
        assert.equal(await drive.hash(), hash);
        // It is told once, until an edit makes it another end.
        assert.doesNotMatch(drive.output(), /End of the scenario/);
        await drive.go('reverseContinue');
        assert.equal((await drive.go('continue')).reason, 'end');
        const { exitCode } = await drive.finish();
        assert.equal(exitCode, 0);
      },
      { stopAtEnd: true },
    ));

  it('is where the default stops, and not without debugging', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, scenario('blocks.mms'));
      await client.send('initialize', CLIENT);
      const launch = client.send('launch', { program: drive.program });
      await client.send('configurationDone');
      await launch;
      assert.equal((await drive.stopped()).reason, 'end');
    }));

  it('says what the scenario has come to, edits included', () =>
    onScenario(
      'pair.mms',
      async (drive) => {
        await drive.evaluate('expect(a == 0)', 'repl');
        await drive.evaluate('expect(a == 1)', 'repl');
        assert.match(drive.output(), /expect\(a == 1\) does not hold: a is 0\n/);
        await drive.go('continue');
        assert.match(
          drive.output(),
          /^End of the scenario: 1 expect held, 1 failed; 1 page not given back: allocated at line 4 by alloc_page\(\)\.$/m,
        );
        await drive.evaluate('expect(a == 3)', 'repl');
        await drive.go('stepBack');
        await drive.go('stepBack');
        await drive.evaluate('b = 5', 'repl');
        assert.equal((await drive.go('continue')).reason, 'end');
        assert.match(
          drive.output(),
          /^End of the scenario: 1 expect held, 1 failed; 1 page not given back: allocated at line 4 by alloc_page\(\)\.$/m,
        );
      },
      { stopAtEnd: true },
    ));

  it('of a task is a place of that task', () =>
    onScenario(
      'tasks.mms',
      async (drive) => {
        assert.equal((await drive.go('continue')).reason, 'end');
        const [name] = await drive.names();
        const { threads } = await drive.client.body<Dap.ThreadsResponse['body']>('threads');
        assert.deepEqual(threads, [{ id: drive.threadId, name: `${name} (ended)` }]);
        assert.equal(await drive.value('order'), '21');
      },
      { stopAtEnd: true },
    ));

  it('is told truly to those that ask for more', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.finish();
      for (const command of ['continue', 'stepBack', 'stackTrace', 'exceptionInfo']) {
        const error = await drive.client.failure(command, { threadId: 1 });
        assert.equal(error.short, 'ended', command);
        assert.match(error.sentence, /^The scenario has ended/);
      }
      const { threads } = await drive.client.body<Dap.ThreadsResponse['body']>('threads');
      assert.equal(threads.length, 0);
    }));

  it('by a deadlock has an exception to tell of', () =>
    onScenario('deadlock.mms', async (drive) => {
      const stop = await drive.go('continue');
      const info = await drive.client.body<Dap.ExceptionInfoResponse['body']>('exceptionInfo', {
        threadId: drive.threadId,
      });
      assert.equal(info.exceptionId, 'deadlock');
      assert.equal(info.description, stop.text);
    }));
});

describe('events of the session', function () {
  before(build);

  it('name the process and its threads as they come and go, backward too', () =>
    onScenario('pair.mms', async (drive) => {
      const process: Dap.ProcessEvent = await drive.client.waitForEvent('process');
      assert.equal(process.body.name, drive.program);
      assert.equal(process.body.pointerSize, 32);
      assert.deepEqual(threadEvents(drive), ['1 started']);
      await drive.setLines([{ line: lineOf(drive.program, 'main: lock') }]);
      await drive.go('continue');
      assert.deepEqual(threadEvents(drive), ['2 started', '3 started']);
      await drive.setLines([{ line: lineOf(drive.program, 'one: third') }]);
      await drive.go('continue');
      assert.deepEqual(threadEvents(drive), ['1 exited']);
      await drive.setLines([]);
      await drive.go('reverseContinue');
      assert.deepEqual(threadEvents(drive), ['1 started', '2 exited', '3 exited']);
      await drive.finish();
      // Each that has begun is gone in the end.
      const told = threadEvents(drive).map((event) => event.split(' ')[1]);
      assert.deepEqual(told.sort(), ['exited', 'exited', 'exited', 'started', 'started']);
    }));

  it('show how long work goes on, to those that can show it', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        const start: Dap.ProgressStartEvent = await drive.client.waitForEvent('progressStart');
        assert.equal(start.body.title, 'Opening the machine');
        assert.equal(start.body.message, 'blocks.mms');
        assert.equal(start.body.cancellable, true);
        const end: Dap.ProgressEndEvent = await drive.client.waitForEvent('progressEnd');
        assert.equal(end.body.progressId, start.body.progressId);
      },
      { client: { supportsProgressReporting: true } },
    ));

  it('show a long run in reverse, which can be cancelled', () =>
    onScenario(
      'endless.mms',
      async (drive) => {
        await drive.setLines([{ line: lineOf(drive.program, 'turn'), condition: 'n == 150000' }]);
        await drive.go('continue');
        drive.client.takeEvents('progressStart');
        drive.client.takeEvents('progressEnd');
        // Its condition is looked at in each turn: that takes long.
        await drive.setLines([{ line: lineOf(drive.program, 'turn'), condition: 'n == -1' }]);
        await drive.client.send('reverseContinue', { threadId: 1 });
        const start: Dap.ProgressStartEvent = await drive.client.waitForEvent('progressStart');
        const update: Dap.ProgressUpdateEvent = await drive.client.waitForEvent('progressUpdate');
        const { progressId } = start.body;
        assert.equal(update.body.progressId, progressId);
        assert.ok((update.body.percentage ?? -1) >= 0 && (update.body.percentage ?? 101) <= 100);
        await drive.client.send('cancel', { progressId });
        assert.equal((await drive.stopped()).reason, 'pause');
        const end: Dap.ProgressEndEvent = await drive.client.waitForEvent('progressEnd');
        assert.equal(end.body.progressId, progressId);
        const n = Number(await drive.value('n'));
        assert.ok(n > 0 && n < 150_000, `n is ${n}`);
      },
      { client: { supportsProgressReporting: true } },
    ));

  it('a launch that is cancelled leaves nothing behind', () =>
    withAdapter(async (client) => {
      await client.send('initialize', { ...CLIENT, supportsProgressReporting: true });
      await client.send('configurationDone');
      const [launch, cancel] = client.atOnce(() => [
        client.failure('launch', { program: scenario('blocks.mms') }),
        client.send('cancel', { requestId: client.lastSeq }),
      ]);
      assert.equal((await launch).short, 'cancelled');
      await cancel;
      const start: Dap.ProgressStartEvent = await client.waitForEvent('progressStart');
      const end: Dap.ProgressEndEvent = await client.waitForEvent('progressEnd');
      assert.equal(end.body.progressId, start.body.progressId);
      assert.deepEqual(await client.body('threads'), { threads: [] });
      assert.deepEqual(client.takeEvents('stopped'), []);
      const drive = new Drive(client, scenario('blocks.mms'));
      await client.send('launch', { program: drive.program, stopOnEntry: true });
      assert.equal((await drive.stopped()).reason, 'entry');
    }));

  it('a boot is cancelled in the middle, and another one can begin', () =>
    withAdapter(async (client) => {
      await client.send('initialize', { ...CLIENT, supportsProgressReporting: true });
      await client.send('configurationDone');
      const program = scenario('large.mms');
      const launch = client.failure('launch', { program, stopOnEntry: true });
      const requestId = client.lastSeq;
      await client.waitForEvent('progressStart');
      await client.send('cancel', { requestId });
      assert.equal((await launch).short, 'cancelled');
      // At once: nobody waits for what was cancelled.
      await client.send('launch', { program: scenario('blocks.mms'), stopOnEntry: true });
      await client.waitForEvent('stopped');
    }));

  it('a boot hears in the middle that somebody waits', async () => {
    const program = scenario('blocks.mms');
    let looks = 0;
    let texts = 0;
    const adapter = createInlineAdapter({
      ...nodeHost,
      waits: () => (++looks === 100 ? 'urgent' : 'nobody'),
      readFile: (name) => {
        texts++;
        return nodeHost.readFile(name);
      },
    });
    const stopped = new Promise<void>((resolve) =>
      adapter.onDidSendMessage((message) => {
        if ((message as Dap.Event).event === 'stopped') resolve();
      }),
    );
    const requests = [
      ['initialize', CLIENT],
      ['launch', { program, stopOnEntry: true }],
      ['configurationDone', {}],
    ] as const;
    for (const [i, [command, args]] of requests.entries())
      adapter.handleMessage({ type: 'request', seq: i + 1, command, arguments: args });
    await stopped;
    adapter.dispose();
    // It was given up there; it was not meant, and so begun anew.
    assert.ok(looks > 200, `${looks}`);
    assert.equal(texts, 2);
  });

  it('terminate ends a launch that is under way', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      await client.send('configurationDone');
      const program = scenario('blocks.mms');
      const launch = client.failure('launch', { program, stopOnEntry: true });
      await client.send('terminate', {});
      assert.equal((await launch).short, 'cancelled');
      await client.waitForEvent('terminated');
      // It waits for the one before to be on its way out, and nothing of that comes after it.
      await client.send('launch', { program, stopOnEntry: true });
      await client.waitForEvent('stopped');
      assert.equal((await client.body<Dap.ThreadsResponse['body']>('threads')).threads.length, 1);
      assert.deepEqual(client.takeEvents('stopped'), []);
    }));
});
