/** Breakpoints that the window Memory sets: they stop, are seen under Machine, survive a restart, and can be taken away. */
import assert from 'node:assert/strict';
import type { ChangeBreakpointsBody } from '../../src/engine/view/changeBreakpoints.js';
import { type Drive, onScenario } from './drive.js';
import { build } from './session.js';

const change = (drive: Drive, args: object = {}): Promise<ChangeBreakpointsBody> =>
  drive.client.body('mmscope/changeBreakpoints', args);

/** What blocks.mms locks: a page that is there once its line has run. */
const FLAGS = 'page->flags';

describe('breakpoints of the window Memory', function () {
  before(build);

  it('stop where what they denote changes, beside those of the client', () =>
    onScenario('blocks.mms', async (drive) => {
      for (let i = 0; i < 3; i++) await drive.go('next');
      assert.deepEqual(await change(drive), { breakpoints: [] });
      const { breakpoints } = await change(drive, { add: FLAGS });
      assert.equal(breakpoints.length, 1);
      const own = breakpoints[0] ?? assert.fail('none');
      assert.match(own.label, /^flags of page 0x/);
      assert.match(own.value ?? '', /0x/);
      // The client's own list is another one.
      await drive.setData([]);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'data breakpoint');
      assert.match(stop.text ?? '', /flags/);
      assert.notEqual((await change(drive)).breakpoints[0]?.value, own.value);
      const group = await drive.find('Machine', 'stops on change');
      assert.equal(group.value, '1, set in the window Memory');
      const [child] = await drive.variables(group.variablesReference);
      assert.equal(child?.name, own.label);
      // Set twice it is one; taken away it stops nothing.
      assert.equal((await change(drive, { add: FLAGS })).breakpoints.length, 1);
      assert.deepEqual(await change(drive, { remove: own.id }), { breakpoints: [] });
      assert.match(
        (await drive.client.failure('mmscope/changeBreakpoints', { remove: own.id })).sentence,
        /There is no breakpoint \d+ of the window Memory/,
      );
      assert.notEqual((await drive.go('next')).reason, 'data breakpoint');
    }));

  it('take bytes by address, and say why something cannot be watched', () =>
    onScenario('blocks.mms', async (drive) => {
      for (let i = 0; i < 3; i++) await drive.go('next');
      const { result } = await drive.evaluate(`&${FLAGS}`);
      const address = /0x[0-9a-f]+/.exec(result)?.[0];
      const { breakpoints } = await change(drive, { address, bytes: 8 });
      assert.match(breakpoints[0]?.label ?? '', /^8 bytes at 0x/);
      assert.equal((await drive.go('continue')).reason, 'data breakpoint');
      for (const add of ['1 + 1', 'nothing_such'])
        assert.notEqual(
          (await drive.client.failure('mmscope/changeBreakpoints', { add })).sentence,
          '',
        );
    }));
});
