/** Functions of the scenario that the kernel calls back: constructors, RCU callbacks, a pool's functions. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const FILE = scenario('callbacks.mms');
const at = (marker: string): number => lineOf(FILE, marker);

/** Names, and of the scenario's functions the line. */
async function stack(drive: Drive): Promise<string[]> {
  const frames = await drive.frames();
  return frames.map(({ name, line, source }) =>
    source?.name === 'callbacks.mms' ? `${name}:${line}` : name,
  );
}

const evaluate = async (drive: Drive, expression: string, frame = 0): Promise<string> =>
  (await drive.evaluate(expression, 'watch', (await drive.frames())[frame]?.id)).result;

describe('functions that the kernel calls back', function () {
  before(build);

  it('a line in a constructor stops above the frames of the kernel, with its variables', () =>
    onScenario('callbacks.mms', async (drive) => {
      const [line] = await drive.setLines([{ line: at('calls') }]);
      assert.equal(line?.verified, true);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'breakpoint');
      assert.deepEqual(stop.hitBreakpointIds, [line.id]);
      assert.deepEqual(await stack(drive), [
        `build:${at('calls')}`,
        'setup_object',
        'allocate_slab',
        'new_slab',
        '___slab_alloc',
        'slab_alloc_node',
        'kmem_cache_alloc',
        `main:${at('alloc')}`,
      ]);
      const [locals, script] = await drive.scopes();
      assert.equal(locals?.name, 'Locals');
      const shown = await drive.variables(locals.variablesReference);
      assert.deepEqual(
        shown.map(({ name, value }) => (name === 'before' ? `${name} ${value}` : name)),
        ['before 0', 'item', 'object'],
      );
      assert.equal(script?.name, 'Scenario');
      assert.equal(await evaluate(drive, 'before + 5'), '5');
      assert.equal(await evaluate(drive, 'object == item'), '1');
      // The kernel's frames below it, and the scenario's own.
      assert.match(await evaluate(drive, 's->name', 1), /"items"/);
      assert.equal(await evaluate(drive, 'built', 7), '0');
      // Three objects: the second and third time.
      await drive.go('continue');
      assert.equal(await evaluate(drive, 'before'), '1');
      await drive.go('continue');
      assert.equal(await evaluate(drive, 'before'), '2');
      await drive.go('reverseContinue');
      assert.equal(await evaluate(drive, 'before'), '1');
      await drive.go('reverseContinue');
      assert.equal(await evaluate(drive, 'before'), '0');
      assert.equal((await drive.go('reverseContinue')).reason, 'entry');
    }));

  it('steps: over, into a function of the scenario, out to the kernel, and back', () =>
    onScenario('callbacks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'build' }]);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'function breakpoint');
      await drive.setFunctions([]);
      const top = async (): Promise<string> => (await stack(drive))[0] ?? '';
      assert.equal(await top(), `build:${at('ctor')}`);
      const start = await drive.hash();
      await drive.go('next');
      assert.equal(await top(), `build:${at('ctor') + 1}`);
      await drive.go('next');
      assert.equal(await top(), `build:${at('calls')}`);
      await drive.go('stepIn');
      assert.deepEqual((await stack(drive)).slice(0, 3), [
        `next_number:${at('helper')}`,
        `build:${at('calls')}`,
        'setup_object',
      ]);
      await drive.go('next');
      assert.equal(await evaluate(drive, 'number'), '1');
      await drive.go('stepOut');
      assert.equal(await top(), `build:${at('sets')}`);
      await drive.go('stepOut');
      assert.equal(await top(), 'setup_object');
      for (let i = 0; i < 6; i++) await drive.go('stepBack');
      assert.equal(await top(), `build:${at('ctor')}`);
      assert.equal(await drive.hash(), start);
    }));

  it('conditions, hit counts and log points see the frame', () =>
    onScenario('callbacks.mms', async (drive) => {
      const answers = await drive.setLines([
        { line: at('calls'), condition: 'before == 2 && built == before' },
        { line: at('helper'), hitCondition: '2' },
        { line: at('sets'), logMessage: 'item {item->n} of {built}' },
      ]);
      assert.ok(answers.every(({ verified }) => verified));
      await drive.go('continue');
      assert.equal((await drive.top()).name, 'next_number');
      assert.equal(await evaluate(drive, 'from'), '1');
      await drive.go('continue');
      assert.equal(await evaluate(drive, 'before'), '2');
      drive.output();
      await drive.setLines([{ line: at('sets'), logMessage: 'item {item->n} of {built}' }]);
      const { output, exitCode } = await drive.finish();
      assert.match(output, /item 0 of 3/);
      assert.equal(exitCode, 0);
      const refused = await drive.setLines([{ line: at('calls'), condition: 'nothing == 2' }]);
      assert.match(refused[0]?.message ?? '', /cannot be evaluated/);
    }));

  it('an RCU callback, and the functions of a pool', () =>
    onScenario('callbacks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'release' }, { name: 'take' }, { name: 'give' }]);
      await drive.go('continue');
      assert.deepEqual(
        (await stack(drive)).filter((name) => name.includes(':')),
        [`release:${at('callback')}`, `main:${at('grace')}`],
      );
      assert.ok((await drive.names()).includes('rcu_process_callbacks'));
      await drive.go('next');
      assert.equal(await evaluate(drive, 'gone->n'), '77');
      assert.equal(await evaluate(drive, 'gone == dead'), '1');
      // Into the kernel that the callback calls.
      await drive.go('next');
      await drive.go('stepIn');
      const names = await drive.names();
      assert.equal(names[0], 'kfree');
      assert.equal(names[1], 'release');
      await drive.go('continue');
      assert.deepEqual(
        (await stack(drive)).filter((name) => name.includes(':')),
        [`take:${at('pool')}`, `main:${at('mempool')}`],
      );
      await drive.go('continue');
      await drive.go('continue');
      assert.deepEqual(
        (await stack(drive)).filter((name) => name.includes(':')),
        [`give:${at('pool gives')}`, `main:${at('destroy')}`],
      );
    }));

  it('a variable is set, and the rest of the statement runs with it', () =>
    onScenario('callbacks.mms', async (drive) => {
      await drive.setLines([{ line: at('calls') }]);
      await drive.go('continue');
      const [locals] = await drive.scopes();
      await drive.client.send('setVariable', {
        variablesReference: locals?.variablesReference,
        name: 'before',
        value: '10',
      });
      assert.equal(await evaluate(drive, 'before'), '10');
      await drive.setLines([]);
      await drive.go('next');
      assert.equal(await evaluate(drive, 'built'), '11');
      // Going back and forth over the edit gives the same.
      await drive.go('stepBack');
      await drive.go('next');
      assert.equal(await evaluate(drive, 'built'), '11');
      await drive.setLines([{ line: at('end') }]);
      await drive.go('continue');
      assert.equal(await drive.value('built'), '13');
    }));

  it('the console calls without harm to the frame', () =>
    onScenario('callbacks.mms', async (drive) => {
      await drive.setLines([{ line: at('sets') }]);
      await drive.go('continue');
      const frame = (await drive.top()).id;
      const said = await drive.evaluate('next_number(40)', 'repl', frame);
      assert.equal(said.result, '41');
      assert.equal(await evaluate(drive, 'before'), '0');
      assert.equal(await evaluate(drive, 'object == item'), '1');
    }));

  it('a frame is gone back to, calls are offered, and who wrote is told', () =>
    onScenario('callbacks.mms', async (drive) => {
      await drive.setLines([{ line: at('sets') }]);
      await drive.go('continue');
      await drive.client.send('restartFrame', { frameId: (await drive.top()).id });
      await drive.stopped();
      assert.deepEqual((await stack(drive))[0], `build:${at('ctor')}`);
      await drive.go('next');
      await drive.go('next');
      const { targets } = await drive.client.body<Dap.StepInTargetsResponse['body']>(
        'stepInTargets',
        { frameId: (await drive.top()).id },
      );
      assert.deepEqual(
        targets.map(({ label }) => label),
        ['next_number()'],
      );
      await drive.go('next');
      const story = await drive.client.body<{
        text: string;
        frame?: { name: string; line: number };
      }>('mmscope/lastWrite', { name: 'built', frameId: (await drive.top()).id });
      assert.match(story.text, /built: 0 -> 1 in build\(\) <- setup_object\(\)/);
      assert.equal(story.frame?.name, 'build');
      assert.equal(story.frame.line, at('calls'));
    }));
});
