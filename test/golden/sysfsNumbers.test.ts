/** What a booted machine says of sysfs is what the recorded ones had in memory, whatever their RAM. */
import assert from 'node:assert/strict';
import { sysfsNumbers } from '../../src/cli/replay/sysfsNumbers.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { nextSysfsNode } from '../../src/engine/image/state/index.js';
import { recordedBytes } from '../recordings.js';

describe('the number of the next node of sysfs', () => {
  for (const core of ['x86_64-slub-192M', 'x86_64-slub-smp-192M', 'i386-highmem4g-slub-256M'])
    it(core, () => {
      const image = openCore(randomAccessOf(recordedBytes('cores', core, 'before.vmcore.gz')));
      const recorded = nextSysfsNode(image);
      assert.ok(recorded !== undefined && recorded > 3000);
      assert.equal(sysfsNumbers(image.profile), recorded);
    });
});
