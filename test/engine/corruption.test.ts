/**
 * Memory that somebody overwrote: whatever list pointers, freelists, counts and flags hold, the kernel's functions end in a result, a
 * report or a fault of the kernel's, never in an exception of ours; nothing is read or written through NULL, and no frame number is none.
 */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { KernelFault } from '../../src/engine/machine/events.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { NULL, type Page, type Zone } from '../../src/engine/machine/ctypes.js';
import {
  asCell,
  asPhys,
  asVirt,
  WORDS_PER_FRAME,
  type VirtAddr,
} from '../../src/engine/memory/address.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { constantNamed } from '../../src/engine/types/named.js';
import { watchReads } from '../../src/engine/memory/readWatch.js';
import { freeArea, freeList, pcpList, zonePcp } from '../../src/engine/view/zoneLists.js';
import { describeMachines, type Machine } from './machines.js';
import { random } from './random.js';
import { openSlabMachine } from './slabMachines.js';

/** More of them, and others: `CORRUPTION_COUNT=1000 CORRUPTION_FIRST=10000 node scripts/mocha.mjs test/engine/corruption.test.ts`. */
const FIRST = Number(process.env['CORRUPTION_FIRST'] ?? 0);
const COUNT = Number(process.env['CORRUPTION_COUNT'] ?? 150);
/** These once read through what was no memory: a page whose migratetype leads beyond its zone, the last page as a compound one; the third never ended: free slabs whose list goes round. */
const TRIALS = [...Array.from({ length: COUNT }, (_, i) => FIRST + i), 20244, 20319, 60091];
const FAULT =
  /^(kernel NULL pointer dereference|unable to handle page fault|general protection fault|watchdog: BUG: soft lockup|kernel BUG at)/;

type Next = (below: number) => number;

/** A value that a stray store may leave where a pointer was. */
function strayWords(k: Kernel, next: Next, near: VirtAddr): readonly [number, number] {
  const any = (): number => next(0x1_0000_0000) | 0;
  const words = (va: number): readonly [number, number] => [
    va | 0,
    k.wide ? Math.floor(va / 2 ** 32) | 0 : 0,
  ];
  const page = (): number => k.va_of(k.pfn_to_page(next(k.memmap.endPfn)));
  switch (next(12)) {
    case 0:
      return [0, 0];
    case 1:
      return [-1, -1];
    case 2:
      return [k.LIST_POISON1.low, k.LIST_POISON1.high];
    case 3:
      return [k.LIST_POISON2.low, k.LIST_POISON2.high];
    case 4:
      return [any(), k.wide ? any() : 0];
    case 5:
      return [next(4096), 0];
    case 6:
      return words(page() + k.page.lru * 4);
    case 7:
      return words(page() + next(64));
    case 8:
      return words(k.linear.pageOffset + next(k.linear.directMapEndFrame) * 4096 + next(512) * 8);
    case 9:
      return words(near);
    case 10:
      return words(k.va_of(asCell(k.zones[next(k.zones.length)] ?? 0)) + next(400) * 4);
    default:
      return words(-next(4096));
  }
}

/**
 * Ends as a kernel may end, and leaves no trace of an access that hit nothing. Every third trial has its reads heard, which takes ten
 * times as long: the first one through NULL must be the fault.
 */
function endsAsAKernel(k: Kernel, seed: string, trial: number, act: () => void): void {
  let throughNull: { readonly address: number; readonly stack: string | undefined } | undefined;
  const hear = (cell: number): void => {
    if (cell < WORDS_PER_FRAME && throughNull === undefined)
      throughNull = { address: cell * 4, stack: new Error().stack };
  };
  let fault: KernelFault | undefined;
  try {
    if (trial % 3 === 0) watchReads(k.tape, hear, act);
    else act();
  } catch (error) {
    if (!(error instanceof KernelFault)) {
      if (error instanceof Error) error.message = `${seed}: ${error.message}`;
      throw error;
    }
    fault = error;
    assert.match(error.text, FAULT, `${seed}: ${error.text}`);
    assert.doesNotMatch(error.text, /0x-|NaN|undefined/, `${seed}: ${error.text}`);
  }
  if (throughNull !== undefined)
    assert.equal(
      fault?.access?.low,
      throughNull.address,
      `${seed}: a read through NULL did not fault: ${throughNull.stack}`,
    );
  const written = k.words.subarray(0, WORDS_PER_FRAME).findIndex((word) => word !== 0);
  assert.equal(written, -1, `${seed}: something was written through NULL`);
}

function checkReports({ tape }: Pick<Machine, 'tape'>, from: number, seed: string): void {
  for (const { event } of tape.marksBetween(from, tape.cursor + 1))
    if (event.kind === 'printk')
      assert.doesNotMatch(event.text, /NaN|undefined|0x-|pfn:-/, `${seed}: ${event.text}`);
}

function allocateAndFree(k: Kernel, next: Next, nrOps: number): void {
  const live: { readonly page: Page; readonly order: number }[] = [];
  const gfps = ['GFP_KERNEL', 'GFP_ATOMIC', 'GFP_HIGHUSER_MOVABLE'];
  for (let op = 0; op < nrOps; op++) {
    if (live.length > 0 && next(100) < 50) {
      const [block] = live.splice(next(live.length), 1);
      // Now and then with another order.
      const order = next(20) === 0 ? next(5) : block?.order;
      if (block !== undefined) kernel.__free_pages(k, block.page, order ?? 0);
      continue;
    }
    const order = next(3) === 0 ? next(10) : next(4);
    const gfp = constantNamed(k.profile, gfps[next(gfps.length)] ?? '') | k.__GFP_NOWARN;
    const page = kernel.alloc_pages(k, next(3) === 0 ? gfp | k.__GFP_COMP : gfp, order);
    if (page !== NULL) live.push({ page, order });
    if (next(12) === 0) kernel.drain_all_pages(k, NULL);
  }
}

/** Somewhere in what the page allocator keeps: a page of a list, a list's head, a count of a per-CPU page set. */
function strayPlace(k: Kernel, next: Next): number {
  const zones = k.zones.filter((zone) => k.read_ulong(zone + k.zone.present_pages) > 0);
  const zone = zones[next(zones.length)] as Zone;
  const heads: number[] = [];
  for (let pindex = 0; pindex < k.NR_PCP_LISTS; pindex++)
    heads.push(pcpList(k, zonePcp(k, zone, 0), pindex));
  for (let order = 0; order < k.MAX_ORDER; order++)
    for (let type = 0; type < k.MIGRATE_TYPES; type++)
      heads.push(freeList(k, freeArea(k, zone, order), type));
  const used = heads.filter((head) => k.read_ptr(head) !== head);
  const head = used[next(used.length)] ?? heads[0] ?? 0;
  const link = next(2) * k.list_head.prev;
  if (next(5) === 0) return head + link;
  let entry = head;
  for (let steps = next(3) + 1; steps > 0; steps--) {
    const at = k.read_ptr(entry);
    if (at === head) break;
    entry = at;
  }
  if (entry === head) return head + link;
  if (next(4) !== 0) return entry + link;
  const { page } = k;
  const members = [page.private, page.flags, page._mapcount, page._refcount, page.index];
  return entry - page.lru + (members[next(members.length)] ?? 0);
}

describeMachines('corrupted lists', (open, profile) => {
  it('end in a fault, a report or a result', () => {
    const { mm: k, tape } = open();
    allocateAndFree(k, random(7), 200);
    const start = tape.cursor;
    const ends = new Set<string>();
    for (const trial of TRIALS) {
      const next = random(trial * 31 + 1);
      const seed = `${profile}, trial ${trial}`;
      endsAsAKernel(k, seed, trial, () => {
        for (let stray = next(2) + 1; stray > 0; stray--) {
          const at = strayPlace(k, next);
          k.write_words(at, ...strayWords(k, next, k.va_of(asCell(at))));
        }
        try {
          allocateAndFree(k, next, 120);
          ends.add('result');
        } catch (error) {
          if (error instanceof KernelFault) ends.add(error.text.split(',')[0] ?? '');
          throw error;
        }
      });
      checkReports({ tape }, start, seed);
      tape.seek(start);
      tape.cut();
    }
    assert.ok(ends.has('result') && ends.has('kernel NULL pointer dereference'));
  });
});

for (const folder of [
  'x86_64-slub-512M',
  'i386-highmem4g-slub-1G',
  'x86_64-slab-512M',
  'i386-pae-slab-1536M',
])
  describe(`corrupted objects: ${folder}`, function () {
    it('end in a fault, a report or a result', () => {
      const { image } = openSlabMachine(folder);
      const { mm: k, tape } = image;
      const start = tape.cursor;
      for (const trial of TRIALS) {
        const next = random(trial * 17 + 5);
        const seed = `${folder}, trial ${trial}`;
        endsAsAKernel(k, seed, trial, () => {
          const live: VirtAddr[] = [];
          const sizes = [8, 32, 64, 128, 512, 1024];
          for (let op = 0; op < 300; op++) {
            const at = next(live.length + 1);
            const object = live[at];
            if (object !== undefined && next(2) === 0) {
              live.splice(at, 1);
              kernel.kfree(k, object);
              // A use after free.
              if (next(4) === 0) {
                const cell = k.cell_of(asVirt(object + next(8) * 4));
                if (cell !== 0) k.write_words(cell & ~1, ...strayWords(k, next, object));
              }
              if (next(12) === 0) kernel.kfree(k, object);
            } else {
              const made = kernel.kmalloc(k, sizes[next(sizes.length)] ?? 8, k.GFP_KERNEL);
              if (made !== 0) live.push(made);
            }
            if (next(25) === 0) {
              const page = k.pfn_to_page(
                Math.floor(asPhys(k.phys_of(object ?? asVirt(0)) ?? 0) / 4096),
              );
              const { page: at } = k;
              const words = [at.lru, at.lru + k.ptr_words, at.flags, at.index, at.mapping];
              if (page !== NULL)
                k.write_words(
                  page + (words[next(words.length)] ?? 0),
                  ...strayWords(k, next, object ?? asVirt(0)),
                );
            }
          }
        });
        checkReports({ tape }, start, seed);
        tape.seek(start);
        tape.cut();
      }
    });
  });

/**
 * Links of what vmalloc keeps: areas in use and free ones, in their lists and trees. With wrong addresses Linux unmaps for ever, or what
 * is somebody else's.
 */
function strayArea(k: Kernel, next: Next): number {
  const head = next(2) === 0 ? k.globals.vmap_area_list : k.globals.free_vmap_area_list;
  const areas: number[] = [];
  for (let pos = k.read_ptr(head); pos !== head; pos = k.read_ptr(pos))
    areas.push(pos - k.vmap_area.list);
  const va = areas[next(areas.length)];
  if (va === undefined) return head;
  const { vmap_area } = k;
  const members = [vmap_area.rb_node, vmap_area.list];
  const member = members[next(members.length)] ?? 0;
  const words = member === vmap_area.rb_node ? 3 : 2;
  return va + member + next(words) * k.ptr_words;
}

for (const name of ['x86_64-slub', 'i386-pae-slab'] as const)
  describe(`corrupted virtual areas: ${name}`, function () {
    it('end in a fault, a report or a result', () => {
      const { mm: k, tape } = bootMachine({ profile: loadProfile(name), ramBytes: 64 * 2 ** 20 });
      for (let i = 0; i < 12; i++) kernel.vmalloc(k, (1 + (i % 4)) * 4096, asVirt(0));
      const start = tape.cursor;
      for (const trial of TRIALS) {
        const next = random(trial * 13 + 3);
        const seed = `${name}, trial ${trial}`;
        endsAsAKernel(k, seed, trial, () => {
          const at = strayArea(k, next);
          k.write_words(at, ...strayWords(k, next, k.va_of(asCell(at))));
          const live: VirtAddr[] = [];
          for (let op = 0; op < 20; op++) {
            const [area] = next(2) === 0 ? live.splice(next(live.length + 1), 1) : [];
            if (area !== undefined) kernel.vfree(k, area);
            else {
              const made = kernel.vmalloc(k, (1 + next(6)) * 4096, asVirt(0));
              if (made !== 0) live.push(made);
            }
            if (next(8) === 0) kernel.vm_unmap_aliases(k);
          }
        });
        checkReports({ tape }, start, seed);
        tape.seek(start);
        tape.cut();
      }
    });
  });
