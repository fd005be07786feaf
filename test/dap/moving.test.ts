/** Motions that time makes possible: into a chosen call, back to the beginning of a frame, to a place in time. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const FILE = 'calls.mms';
const at = (marker: string): number => lineOf(scenario(FILE), marker);

async function reach(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

async function stepInTargets(drive: Drive, frame = 0): Promise<Dap.StepInTarget[]> {
  const frameId = (await drive.frames())[frame]?.id;
  const body: Dap.StepInTargetsResponse['body'] = await drive.client.body('stepInTargets', {
    frameId,
  });
  return body.targets;
}

async function stepInto(drive: Drive, label: string): Promise<Dap.StoppedEvent['body']> {
  const targets = await stepInTargets(drive);
  const found = targets.find((one) => one.label === label);
  assert.ok(found, `${label} is not among ${targets.map((one) => one.label).join(', ')}`);
  await drive.client.send('stepIn', { threadId: drive.threadId, targetId: found.id });
  return drive.stopped();
}

async function restartFrame(drive: Drive, frame: number): Promise<Dap.StoppedEvent['body']> {
  const frameId = (await drive.frames())[frame]?.id;
  await drive.client.send('restartFrame', { frameId });
  return drive.stopped();
}

async function gotoTargets(
  drive: Drive,
  line: number,
  source: Dap.Source = { path: drive.program },
): Promise<Dap.GotoTarget[]> {
  const body: Dap.GotoTargetsResponse['body'] = await drive.client.body('gotoTargets', {
    source,
    line,
  });
  return body.targets;
}

async function goTo(drive: Drive, target: Dap.GotoTarget | undefined): Promise<void> {
  assert.ok(target);
  await drive.client.send('goto', { threadId: drive.threadId, targetId: target.id });
  assert.equal((await drive.stopped()).reason, 'goto');
}

describe('step in targets', function () {
  before(build);

  it('offers the calls that a statement makes of the kernel, and goes into the one chosen', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: expect');
      const labels = (await stepInTargets(drive)).map(({ label }) => label);
      assert.ok(labels.includes('alloc_pages()'), labels.join());
      assert.ok(labels.includes('_compound_head()'), labels.join());
      const stop = await stepInto(drive, '_compound_head()');
      assert.equal(stop.reason, 'step');
      assert.deepEqual(await drive.names(), ['_compound_head', 'main']);
      // The step is one: a step back undoes it.
      await drive.go('stepBack');
      assert.deepEqual(await drive.names(), ['main']);
      assert.equal(await drive.line(), at('main: expect'));
    }));

  it('of a line of the kernel', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'page');
      await stepInto(drive, 'alloc_pages()');
      for (;;) {
        const targets = await stepInTargets(drive);
        if (targets.some(({ label }) => label === '__alloc_pages()')) break;
        assert.equal((await drive.go('next')).reason, 'step');
      }
      const line = await drive.line();
      await stepInto(drive, '__alloc_pages()');
      const [inner, outer] = await drive.frames();
      assert.equal(inner?.name, '__alloc_pages');
      assert.equal(outer?.line, line);
      // An outer frame waits for the call that is under way.
      assert.deepEqual(await stepInTargets(drive, 1), []);
    }));

  it('of functions of the scenario, those behind the first one, too', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'outer: calls');
      const labels = (await stepInTargets(drive)).map(({ label }) => label);
      assert.deepEqual(labels, ['twice(), call 1 of 2', 'spin()', 'twice(), call 2 of 2']);
      await stepInto(drive, 'spin()');
      assert.deepEqual([await drive.line(), await drive.value('n')], [at('spin: loop'), '2']);
      await drive.go('stepBack');
      assert.equal(await drive.line(), at('outer: calls'));
      await stepInto(drive, 'twice(), call 2 of 2');
      assert.deepEqual([await drive.line(), await drive.value('n')], [at('twice'), '4']);
    }));

  it('refuses a target from before the machine moved', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: expect');
      const [target] = await stepInTargets(drive);
      await drive.go('next');
      const error = await drive.client.failure('stepIn', {
        threadId: drive.threadId,
        targetId: target?.id,
      });
      assert.equal(error.short, 'noSuchTarget');
    }));
});

describe('restart frame', function () {
  before(build);

  it('goes back to where a function of the scenario was called', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'outer: count');
      const stop = await restartFrame(drive, 0);
      assert.equal(stop.reason, 'restart');
      assert.deepEqual([await drive.line(), await drive.value('n')], [at('outer: calls'), '3']);
      await reach(drive, 'outer: end');
      await restartFrame(drive, 1);
      assert.deepEqual(await drive.names(), ['main']);
      assert.equal(await drive.value('turns'), '0');
    }));

  it('tells a second call from a loop that leads back to the first statement', () =>
    onScenario(FILE, async (drive) => {
      await drive.setLines([{ line: at('spin: end'), hitCondition: '2' }]);
      await drive.go('continue');
      const late = await drive.hash();
      await restartFrame(drive, 0);
      assert.deepEqual([await drive.line(), await drive.value('n')], [at('spin: loop'), '1']);
      // The first call lies before that: its end is a hit of the line.
      const ends = await gotoTargets(drive, at('spin: end'));
      assert.match(ends[1]?.label ?? '', /hit 1 of 2 of this line, the previous and first one/);
      await drive.go('continue');
      assert.equal(await drive.hash(), late);
    }));

  it('goes back to the first line of a kernel function, at any depth', () =>
    onScenario(FILE, async (drive) => {
      await drive.setFunctions([{ name: 'get_page_from_freelist' }]);
      await drive.go('continue');
      await drive.setFunctions([]);
      await drive.go('next');
      await drive.go('next');
      const names = await drive.names();
      const stop = await restartFrame(drive, names.indexOf('__alloc_pages'));
      assert.equal(stop.reason, 'restart');
      assert.deepEqual(await drive.names(), names.slice(names.indexOf('__alloc_pages')));
      await drive.go('stepBack');
      assert.equal((await drive.names())[0], 'alloc_pages');
    }));
});

describe('goto', function () {
  before(build);

  it('offers the hits of a line in time, and goes there and back', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: schedule');
      const there = await drive.hash();
      const labels = (await gotoTargets(drive, at('main: turn'))).map(({ label }) => label);
      const hits = labels.filter((label) => label.startsWith('hit '));
      assert.equal(hits[0], 'hit 20 of 20 of this line, the previous and last one');
      assert.ok(hits.includes('hit 1 of 20 of this line, the first one'));
      assert.ok(hits.length < 20);
      const first = (await gotoTargets(drive, at('main: turn'))).find(({ label }) =>
        label.startsWith('hit 1 of'),
      );
      await goTo(drive, first);
      assert.deepEqual([await drive.line(), await drive.value('i')], [at('main: turn'), '0']);
      const back = await gotoTargets(drive, at('main: schedule'));
      await goTo(
        drive,
        back.find(({ label }) => label.startsWith('hit')),
      );
      assert.equal(await drive.hash(), there);
    }));

  it('the last change of what a line names', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: schedule');
      const targets = await gotoTargets(drive, at('outer: count'));
      await goTo(
        drive,
        targets.find(({ label }) => label === 'last change of turns'),
      );
      // Behind the newest turn of the loop, which is not on that line.
      assert.equal(await drive.value('turns'), '35');
    }));

  it('a line of the kernel in the statement under way', () =>
    onScenario(FILE, async (drive) => {
      await drive.setFunctions([{ name: 'get_page_from_freelist' }]);
      await drive.go('continue');
      const [, outer] = await drive.frames();
      assert.ok(outer?.source);
      const [hit] = await gotoTargets(drive, outer.line, outer.source);
      assert.match(hit?.label ?? '', /^hit 1 of 1 of this line in this statement/);
      await goTo(drive, hit);
      assert.equal((await drive.top()).name, outer.name);
    }));

  it('the start of a task', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: last');
      const targets = await gotoTargets(drive, at('worker: second'));
      await goTo(
        drive,
        targets.find(({ label }) => label === 'start of the task worker'),
      );
      assert.deepEqual([await drive.line(), drive.threadId], [at('worker: first'), 2]);
    }));

  it('sets the next statement of a function, as an edit that can be undone', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'outer: count');
      const before = await drive.hash();
      const targets = await gotoTargets(drive, at('outer: end'));
      assert.equal(targets[0]?.label, 'set as the next statement (an edit)');
      await goTo(drive, targets[0]);
      assert.equal(await drive.line(), at('outer: end'));
      await drive.go('next');
      assert.deepEqual([await drive.value('turns'), await drive.value('b')], ['0', '15']);
      await drive.go('stepBack');
      await drive.go('stepBack');
      assert.equal(await drive.hash(), before);
      // Only within the function that is active.
      const elsewhere = await drive.client.failure('gotoTargets', {
        source: { path: scenario(FILE) },
        line: at('main: last'),
      });
      assert.equal(elsewhere.short, 'notRecorded');
    }));

  it('offers nothing on a line without code, and refuses an old target', () =>
    onScenario(FILE, async (drive) => {
      assert.deepEqual(await gotoTargets(drive, 3), []);
      const ahead = await drive.client.failure('gotoTargets', {
        source: { path: scenario(FILE) },
        line: at('outer: end'),
      });
      assert.equal(ahead.short, 'notRecorded');
      assert.match(ahead.message, /Line \d+ was not passed in what is recorded so far/);
      await reach(drive, 'main: schedule');
      const [target] = await gotoTargets(drive, at('main: turn'));
      await drive.go('next');
      const error = await drive.client.failure('goto', { threadId: 1, targetId: target?.id });
      assert.equal(error.short, 'noSuchTarget');
    }));
});
