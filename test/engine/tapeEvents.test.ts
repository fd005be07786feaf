/** What the timeline reads off the tape, of single acts. */
import assert from 'node:assert/strict';
import { __count_vm_events } from '../../src/engine/kernel/include/linux/vmstat.h.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { __mod_node_page_state } from '../../src/engine/kernel/mm/vmstat/node_stat.js';
import { refresh_cpu_vm_stats } from '../../src/engine/kernel/mm/vmstat/refresh.js';
import { asCell, asPfn } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { FrameStates } from '../../src/engine/view/frameStates.js';
import { TapeEvents } from '../../src/engine/view/tapeEvents.js';
import { codeOfMark, TIMELINE_CODES } from '../../src/engine/view/timelineCodes.js';

/** What is read off what was done. */
function eventsOf(image: KernelImage, act: () => void): number[] {
  const reader = new TapeEvents(image, new FrameStates(image), {
    held: undefined,
    failed: undefined,
  });
  const from = image.tape.cursor;
  act();
  const found: number[] = [];
  reader.scan(from, image.tape.cursor, {
    event: (_, kind) => found.push(kind),
    free: () => assert.fail('no page was freed'),
    expect: () => assert.fail('nothing was expected'),
    cpu: () => assert.fail('the CPU is the same'),
  });
  return found;
}

describe('events that are read off the tape', () => {
  for (const profile of ['x86_64-slub-smp', 'i386-pae-slab'] as const)
    it(`a page fault of a process: ${profile}`, () => {
      const image = bootMachine({ profile: loadProfile(profile), ramBytes: 128 << 20 });
      const { mm } = image;
      const found = eventsOf(image, () => {
        __count_vm_events(mm, mm.PGFAULT, 1);
        __count_vm_events(mm, mm.PGFREE, 1);
        __count_vm_events(mm, mm.PGFAULT, 1);
      });
      assert.deepEqual(found, [TIMELINE_CODES.pageFault, TIMELINE_CODES.pageFault]);
    });

  for (const profile of ['x86_64-slub-smp', 'i386-highmem4g-slub'] as const)
    it(`each pin, also where a CPU gives its pins to the node, and no unpin: ${profile}`, () => {
      const image = bootMachine({ profile: loadProfile(profile), ramBytes: 128 << 20 });
      const { mm } = image;
      const found = eventsOf(image, () => {
        for (let i = 0; i < 300; i++) {
          __mod_node_page_state(mm, mm.NR_FOLL_PIN_ACQUIRED, 1);
          if (i % 3 === 0) __mod_node_page_state(mm, mm.NR_FOLL_PIN_RELEASED, 3);
        }
        refresh_cpu_vm_stats(mm);
      });
      assert.equal(found.length, 300);
      assert.deepEqual(new Set(found), new Set([TIMELINE_CODES.pin]));
    });

  it('an entry that leads to another frame after a write, and not after a fault between', () => {
    const image = bootMachine({ profile: loadProfile('x86_64-slub'), ramBytes: 128 << 20 });
    const { mm, tape } = image;
    const entry = mm.pfn_to_page(asPfn(0x5000));
    const set = (value: number): void => tape.write(asCell(entry + 12), value);
    set(0x1234025);
    const found = eventsOf(image, () => {
      set(0);
      set(0x2345067);
      set(0x2345025);
      set(0);
      __count_vm_events(mm, mm.PGFAULT, 1);
      set(0x3456067);
      set(0x3456025);
      set(0);
      // The same frame: no copy.
      set(0x3456067);
    });
    assert.deepEqual(found, [TIMELINE_CODES.cow, TIMELINE_CODES.pageFault]);
  });

  it('a huge page that is split; a page that is migrated, by its mark', () => {
    const image = bootMachine({ profile: loadProfile('x86_64-slub'), ramBytes: 128 << 20 });
    const { mm } = image;
    const found = eventsOf(image, () => __count_vm_events(mm, mm.THP_SPLIT_PAGE, 1));
    assert.deepEqual(found, [TIMELINE_CODES.hugePage]);
    assert.equal(codeOfMark('migrate'), TIMELINE_CODES.migrate);
  });
});
