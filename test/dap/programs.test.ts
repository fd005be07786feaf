/** Programs and modules: a session begins in their first statement, as in other debuggers, and not in front of all there is. */
import assert from 'node:assert/strict';
import { lineOf, onScenario, scenario } from './drive.js';
import { build } from './session.js';

const PROGRAM = scenario('program.mms');

describe('a program', function () {
  before(build);

  it('is entered at the first line of main(); a step over goes to the next one; back from there leads in front of it', () =>
    onScenario('program.mms', async (drive) => {
      const names = async (): Promise<readonly (readonly [string, number])[]> =>
        (await drive.frames()).map(({ name, line }) => [name, line] as const);
      assert.equal((await names())[0]?.[0], 'main');
      assert.equal((await names())[0]?.[1], lineOf(PROGRAM, 'first'));
      const entry = await drive.hash();
      await drive.go('next');
      assert.equal((await names())[0]?.[1], lineOf(PROGRAM, 'second'));
      assert.equal(await drive.value('a'), '4');
      await drive.go('stepBack');
      assert.equal(await drive.hash(), entry);
      assert.equal((await drive.go('reverseContinue')).reason, 'entry');
      await drive.go('stepIn');
      assert.equal((await names())[0]?.[1], lineOf(PROGRAM, 'first'));
    }));
});
