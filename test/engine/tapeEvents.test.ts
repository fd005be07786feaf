/** What the timeline reads off the tape, of single acts. */
import assert from 'node:assert/strict';
import { __count_vm_events } from '../../src/engine/kernel/include/linux/vmstat.h.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { FrameStates } from '../../src/engine/view/frameStates.js';
import { TapeEvents } from '../../src/engine/view/tapeEvents.js';
import { TIMELINE_CODES } from '../../src/engine/view/timelineCodes.js';

describe('events that are read off the tape', () => {
  for (const profile of ['x86_64-slub-smp', 'i386-pae-slab'] as const)
    it(`a page fault of a process: ${profile}`, () => {
      const image = bootMachine({ profile: loadProfile(profile), ramBytes: 128 << 20 });
      const { mm, tape } = image;
      const reader = new TapeEvents(image, new FrameStates(image), {
        held: undefined,
        failed: undefined,
      });
      const from = tape.cursor;
      __count_vm_events(mm, mm.PGFAULT, 1);
      __count_vm_events(mm, mm.PGFREE, 1);
      __count_vm_events(mm, mm.PGFAULT, 1);
      const found: number[] = [];
      reader.scan(from, tape.cursor, {
        event: (_, kind) => found.push(kind),
        free: () => assert.fail('no page was freed'),
        expect: () => assert.fail('nothing was expected'),
        cpu: () => assert.fail('the CPU is the same'),
      });
      assert.deepEqual(found, [TIMELINE_CODES.pageFault, TIMELINE_CODES.pageFault]);
    });
});
