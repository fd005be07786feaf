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

  it('are an object, or none', () => {
    for (const args of [true, 'x', 7, ['x']])
      for (const command of commands) assert.ok(refuses(command, args), command);
    for (const args of [undefined, null, [], {}])
      assert.deepEqual(checkArguments('threads', args), {});
  });
});
