/**
 * A real user program, from a core of the machine that it ran on: what it did between the recorder's operations (page faults, system
 * calls, forks) is performed, and every result, tracepoint, table and list is the kernel's. Then what must hold of any address space.
 */
import assert from 'node:assert/strict';
import { readLines, readText } from '../../src/cli/openFile.js';
import { judgeProgram } from '../../src/cli/replay/program/judgeProgram.js';
import { readProgram } from '../../src/cli/replay/program/readProgram.js';
import { openStart } from '../../src/cli/replay/replay.js';
import {
  __pa,
  current,
  follow_pte,
  get_mm_counter,
  page_mapcount,
  PageAnon,
  pte_page,
  pte_present,
  pte_special,
  sync_mm_rss,
} from '../../src/engine/entry/functions.js';
import { readTrace } from '../../src/engine/image/state/index.js';
import type { MmStruct, Page } from '../../src/engine/machine/ctypes.js';
import { MA_STATE, ULONG_MAX } from '../../src/engine/kernel/include/linux/maple_tree.h.js';
import { mas_find } from '../../src/engine/kernel/lib/maple_tree/find.js';
import { NO_PTE } from '../../src/engine/machine/pteWords.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { recordedPrograms } from './recordedPrograms.js';

/** What each program is about, and how many operations and events are compared at least; of other seeds {@link LEAST}. */
const PROGRAMS: Readonly<Record<string, { readonly ops: number; readonly events: number }>> = {
  usr: { ops: 140, events: 150 },
  // Random faults, forks, mremap, munmap, mprotect, madvise, mlock, brk, holes of a file, pins.
  'usr2-s3': { ops: 199, events: 1400 },
  // Pages of CMA that are migrated: by alloc_contig_range(), cma_alloc() and FOLL_LONGTERM; or stay, for a reference.
  'migr-s3': { ops: 50, events: 46_000 },
  // Pools of huge pages: reservations, faults, gets and pins, fork and copies, a file, surplus.
  'hugetlb-s1': { ops: 240, events: 110 },
  // Transparent huge pages: faults, the page of zeros, splits by munmap, mprotect, mremap, fork and writes, collapse.
  'thp-s1': { ops: 130, events: 5000 },
  // Transparent huge pages that move: by alloc_contig_range() and FOLL_LONGTERM, whole, or stay for a reference; MADV_COLD, MADV_FREE, mlock.
  'thpmigr-s1': { ops: 31, events: 3600 },
  // MADV_COLD, PAGEOUT and WILLNEED without swap: anonymous, given up, pinned, shared, huge; maps of a pool that move by mremap().
  'advise-s1': { ops: 80, events: 2000 },
};

const LEAST = { ops: 20, events: 100 };

describe('a user program', () => {
  for (const { machine, program: name, file } of recordedPrograms()) {
    it(`${name} does on ${machine} what it did in the kernel`, function () {
      const image = openStart(file('before.vmcore.gz'));
      const program = readProgram(readLines(file(`${name}.program.gz`)));
      const verdict = judgeProgram(image, readTrace(readText(file(`${name}.trace.gz`))), program);
      assert.equal(verdict.first, undefined);
      assert.equal(verdict.differ + verdict.stateDiffer, 0);
      assert.equal(verdict.unsupported, 0, verdict.notes.join('\n'));
      const least = PROGRAMS[name] ?? LEAST;
      assert.ok(verdict.ops >= least.ops && verdict.events >= least.events);

      const k = image.mm;
      const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
      assert.ok(__pa(k, k.read_ptr(k.plus(mm, k.mm_struct.pgd))) > 0);
      const mapped = new Map<Page, number>();
      let anon = 0;
      const mas = MA_STATE(k, k.plus(mm, k.mm_struct.mm_mt), 0, 0);
      let nrAreas = 0;
      for (
        let vma = mas_find(k, mas, ULONG_MAX(k));
        vma !== 0;
        vma = mas_find(k, mas, ULONG_MAX(k)), nrAreas++
      ) {
        const start = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
        const end = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
        for (let va = start; va < end; va += 4096) {
          const pte = follow_pte(k, mm, asVirt(va));
          const entry = pte === 0 ? NO_PTE : k.read_pte(pte);
          if (!pte_present(entry) || pte_special(entry)) continue;
          const page = pte_page(k, entry);
          mapped.set(page, (mapped.get(page) ?? 0) + 1);
          if (PageAnon(k, page)) anon++;
        }
      }
      assert.equal(nrAreas, k.read_int(k.plus(mm, k.mm_struct.map_count)), 'areas');
      // On SMP the task still has some of it to itself.
      if (k.task_struct.rss_stat >= 0) sync_mm_rss(k, mm);
      assert.equal(anon, get_mm_counter(k, mm, k.MM_ANONPAGES), 'rss');
      // Children have ended: each mapping is this address space's.
      for (const [page, nr] of mapped)
        assert.equal(page_mapcount(k, page), nr, `page ${k.page_to_pfn(page).toString(16)}`);
    });
  }
});
