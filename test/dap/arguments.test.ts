/** Arguments of the wrong type are refused: every member that the protocol declares, of every request that there is. */
import assert from 'node:assert/strict';
import { checkArguments } from '../../src/adapter/protocol/arguments.js';
import type { Command } from '../../src/adapter/protocol/dap.js';
import { AdapterError } from '../../src/adapter/protocol/errors.js';
import { NEEDS } from '../../src/adapter/topics/table.js';
import { exampleOf } from './protocolSchema.js';

const refuses = (command: Command, args: unknown): boolean => {
  try {
    checkArguments(command, args);
    return false;
  } catch (error) {
    assert.ok(error instanceof AdapterError, `${command}: ${String(error)}`);
    assert.equal(error.code, 'badArguments');
    return true;
  }
};

describe('arguments', () => {
  const commands = Object.keys(NEEDS) as Command[];

  it('are taken as the protocol declares them, and with one member of another type they are refused', () => {
    let nrMembers = 0;
    for (const command of commands) {
      const example = exampleOf(command);
      if (example === undefined) continue;
      assert.ok(!refuses(command, example.whole), command);
      for (const { path, args } of example.wrong) {
        assert.ok(refuses(command, args), `${command}: ${path}`);
        nrMembers++;
      }
    }
    assert.ok(nrMembers > 500, `${nrMembers}`);
  });

  it("of mmscope's own requests are held to the same", () => {
    const at = { at: 0 };
    const write = { variablesReference: 1, frameId: 1, offset: -8, count: 4 };
    const cells = { firstPfn: 0, framesPerCell: 1, cells: 1 };
    const examples: Partial<Record<Command, Readonly<Record<string, number>>>> = {
      'mmscope/lastWrite': write,
      'mmscope/nextWrite': write,
      'mmscope/goToTime': { time: 0 },
      'mmscope/differences': { from: 0, to: 0, limit: 1 },
      'mmscope/frameChanges': { from: 0, to: 0 },
      'mmscope/timeline': { buckets: 1 },
      'mmscope/changeBreakpoints': { frameId: 1, bytes: 1, remove: 1 },
      'mmscope/map': cells,
      'mmscope/frameValues': cells,
      'mmscope/frameLabels': { firstPfn: 0, nrFrames: 1 },
      'mmscope/frame': { pfn: 0 },
      'mmscope/aliases': { pfn: 0 },
      'mmscope/locate': { pfn: 0, frameId: 1 },
      'mmscope/address': { frameId: 1 },
      'mmscope/virtual': at,
      'mmscope/virtualParts': { ...at, start: 0, count: 1 },
      'mmscope/virtualPages': { ...at, pagesPerCell: 1, cells: 1 },
      'mmscope/walk': { ...at, frameId: 1 },
      'mmscope/freeAreas': at,
      'mmscope/freeBlocks': {
        zone: 0,
        order: 0,
        migratetype: 0,
        cpu: 0,
        pindex: 0,
        start: 0,
        count: 1,
      },
      'mmscope/caches': at,
      'mmscope/slabs': { ...at, start: 0, count: 1, holding: 1 },
      'mmscope/slabObjects': at,
    };
    const texts = { by: '', expression: '', region: '', first: '', cache: '', pfns: [] };
    for (const [command, numbers] of Object.entries(examples) as [Command, object][]) {
      const whole = { ...texts, ...numbers };
      assert.ok(!refuses(command, whole), command);
      for (const member of Object.keys(numbers))
        for (const wrong of [0.5, 2 ** 53, 1e300, NaN, '5', true, null, [1]])
          assert.ok(refuses(command, { ...whole, [member]: wrong }), `${command}: ${member}`);
    }
    for (const member of ['zone', 'order', 'migratetype', 'cpu', 'pindex', 'start', 'count'])
      assert.ok(
        refuses('mmscope/freeBlocks', { ...examples['mmscope/freeBlocks'], [member]: -1 }),
        member,
      );
  });

  it('are an object, or none', () => {
    for (const args of [true, 'x', 7, ['x']])
      for (const command of commands) assert.ok(refuses(command, args), command);
    for (const args of [undefined, null, [], {}])
      assert.deepEqual(checkArguments('threads', args), {});
  });
});
