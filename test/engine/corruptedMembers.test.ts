/**
 * Any pointer of memory management's own structures overwritten: members of caches and their nodes, of zones and their node, of areas, of
 * sections; and any word of a struct page: its zone's number, its mapping. What is called then ends in a result, a report or a fault of the kernel's, never in an exception of ours.
 */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { KernelFault } from '../../src/engine/machine/events.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { asCell, asVirt, WORDS_PER_FRAME, type VirtAddr } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { CType } from '../../src/engine/types/model.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { random } from './random.js';

const TRIALS = Number(process.env['CORRUPTIONS'] ?? 150);
const FIRST = Number(process.env['CORRUPTIONS_FROM'] ?? 0);
/** One of these never ended: a list of slabs that goes round while its slabs are moved. */
const KNOWN = [8473];
const FAULT =
  /^(kernel NULL pointer dereference|unable to handle page fault|general protection fault|watchdog: BUG: soft lockup|kernel BUG at)/;

type Next = (below: number) => number;

/** Offsets in bytes of all pointers in a struct, those inside of it included. */
function pointersIn(type: CType, at = 0): number[] {
  if (type.kind === 'pointer') return [at];
  if (type.kind === 'typedef') return pointersIn(type.target, at);
  if (type.kind === 'struct' || type.kind === 'union')
    return type.members.flatMap((member) => pointersIn(member.type, at + member.offsetBits / 8));
  return [];
}

interface Places {
  readonly name: string;
  readonly struct: string;
  readonly cells: (k: Kernel) => readonly number[];
  /** Any word of the struct, not its pointers alone. */
  readonly anyWord?: true;
}

const listed = (k: Kernel, head: number, offset: number): number[] => {
  const found: number[] = [];
  for (let pos = k.read_ptr(head); pos !== head && found.length < 400; pos = k.read_ptr(pos))
    found.push(pos - offset);
  return found;
};

const caches = (k: Kernel): number[] => listed(k, k.globals.slab_caches, k.kmem_cache.list);

/** mem_section[0] leads to the sections of the first root; a build without SPARSEMEM has none. */
const sections = (k: Kernel): number[] => {
  const root = k.globals.mem_section === 0 ? 0 : k.read_ptr(k.read_ptr(k.globals.mem_section));
  return root === 0 ? [] : [root, k.read_ptr(k.globals.mem_section)];
};

/** Those that are taken next, those of objects, and some others. */
const pages = (k: Kernel): number[] => {
  const hot = Array.from({ length: 12 }, (_, i) => kernel.alloc_pages(k, k.GFP_KERNEL, i % 4));
  hot.forEach((page, i) => {
    kernel.__free_pages(k, page, i % 4);
  });
  const objects = [8, 64, 200, 1024, 4096].map((size) => kernel.kmalloc(k, size, k.GFP_KERNEL));
  const others = Array.from({ length: 10 }, (_, i) => Math.floor((i * k.memmap.endPfn) / 10));
  return [
    ...hot,
    ...objects.map((object) => kernel.virt_to_page(k, object)),
    ...others.map((pfn) => k.pfn_to_page(pfn)),
  ];
};

const PLACES: readonly Places[] = [
  { name: 'caches', struct: 'kmem_cache', cells: caches },
  {
    name: 'nodes of caches',
    struct: 'kmem_cache_node',
    cells: (k) => caches(k).map((s) => k.read_ptr(s + k.kmem_cache.node)),
  },
  { name: 'zones', struct: 'zone', cells: (k) => k.zones },
  { name: 'the node', struct: 'pglist_data', cells: (k) => [k.globals.contig_page_data] },
  { name: 'sections', struct: 'mem_section', cells: sections },
  { name: 'pages', struct: 'page', cells: pages, anyWord: true },
  {
    name: 'per-CPU lists',
    struct: 'per_cpu_pages',
    cells: (k) => k.zones.map((zone) => kernel.per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, 0)),
  },
  {
    name: 'areas',
    struct: 'vmap_area',
    cells: (k) => [
      ...listed(k, k.globals.vmap_area_list, k.vmap_area.list),
      ...listed(k, k.globals.free_vmap_area_list, k.vmap_area.list),
    ],
  },
];

function strayWords(k: Kernel, next: Next, near: VirtAddr): readonly [number, number] {
  const any = (): number => next(0x1_0000_0000) | 0;
  const words = (va: number): readonly [number, number] => [
    va | 0,
    k.wide ? Math.floor(va / 2 ** 32) | 0 : 0,
  ];
  switch (next(9)) {
    case 0:
      return [0, 0];
    case 1:
      return [-1, -1];
    case 2:
      return [k.LIST_POISON1.low, k.LIST_POISON1.high];
    case 3:
      return [any(), k.wide ? any() : 0];
    case 4:
      return [next(4096), 0];
    case 5:
      return words(k.va_of(k.pfn_to_page(next(k.memmap.endPfn))) + next(64));
    case 6:
      return words(k.linear.pageOffset + next(k.linear.directMapEndFrame) * 4096 + next(4096));
    case 7:
      return words(near);
    default:
      return words(-next(4096));
  }
}

function work(k: Kernel, next: Next): void {
  const objects: VirtAddr[] = [];
  const areas: VirtAddr[] = [];
  for (let op = 0; op < 60; op++) {
    switch (next(10)) {
      case 0: {
        const page = kernel.alloc_pages(k, k.GFP_KERNEL, next(4));
        if (page !== 0 && next(2) === 0) kernel.__free_pages(k, page, 0);
        break;
      }
      case 1: {
        const area = kernel.vmalloc(k, (1 + next(5)) * 4096, asVirt(0));
        if (area !== 0) areas.push(area);
        break;
      }
      case 2: {
        const area = areas.pop();
        if (area !== undefined) kernel.vfree(k, area);
        if (next(4) === 0) kernel.vm_unmap_aliases(k);
        break;
      }
      case 3: {
        const all = caches(k);
        const s = all[next(all.length)] ?? 0;
        const object = kernel.kmem_cache_alloc(k, asCell(s), k.GFP_KERNEL);
        if (object !== 0 && next(2) === 0) kernel.kmem_cache_free(k, asCell(s), object);
        break;
      }
      case 4:
        if (next(3) === 0) kernel.drain_all_pages(k, asCell(0));
        break;
      case 5: {
        const all = caches(k);
        kernel.kmem_cache_shrink(k, asCell(all[next(all.length)] ?? 0));
        break;
      }
      default: {
        const object = next(2) === 0 ? objects.pop() : undefined;
        if (object !== undefined) kernel.kfree(k, object);
        else {
          const made = kernel.kmalloc(k, [8, 64, 200, 1024, 4096][next(5)] ?? 8, k.GFP_KERNEL);
          if (made !== 0) objects.push(made);
        }
      }
    }
  }
}

for (const name of ['x86_64-slub', 'x86_64-slab', 'i386-highmem4g-slub'] as ProfileName[])
  describe(`overwritten pointers: ${name}`, function () {
    it('end in a fault, a report or a result', () => {
      const profile = loadProfile(name);
      const { mm: k, tape } = bootMachine({ profile, ramBytes: 64 * 2 ** 20 });
      for (let i = 0; i < 6; i++) kernel.vmalloc(k, (1 + (i % 4)) * 4096, asVirt(0));
      const start = tape.cursor;
      let faults = 0;
      const trials = Array.from({ length: TRIALS }, (_, i) => FIRST + i);
      for (const trial of [...trials, ...KNOWN]) {
        const next = random(trial * 19 + 11);
        const where = PLACES[next(PLACES.length)] ?? assert.fail();
        const cells = where.cells(k).filter((cell) => cell > 0);
        if (cells.length === 0) continue;
        const type = profile.types.struct(where.struct) ?? assert.fail(where.struct);
        const offsets =
          where.anyWord === true
            ? Array.from({ length: type.sizeBytes / 4 }, (_, i) => i * 4)
            : pointersIn(type);
        const at =
          (cells[next(cells.length)] ?? 0) + Math.floor((offsets[next(offsets.length)] ?? 0) / 4);
        const seed = `${name}, trial ${trial}: ${where.name}`;
        try {
          k.write_words(at, ...strayWords(k, next, k.va_of(asCell(at))));
          work(k, next);
        } catch (error) {
          if (!(error instanceof KernelFault)) {
            if (error instanceof Error) error.message = `${seed}: ${error.message}`;
            throw error;
          }
          faults++;
          assert.match(error.text, FAULT, seed);
          assert.doesNotMatch(error.text, /0x-|NaN|undefined/, seed);
        }
        const written = k.words.subarray(0, WORDS_PER_FRAME).findIndex((word) => word !== 0);
        assert.equal(written, -1, `${seed}: something was written through NULL`);
        for (const { event } of tape.marksBetween(start, tape.cursor + 1))
          if (event.kind === 'printk')
            assert.doesNotMatch(event.text, /NaN|undefined|0x-|pfn:-/, seed);
        tape.seek(start);
        tape.cut();
      }
      assert.ok(TRIALS < 100 || faults > TRIALS / 20, `${faults} faults`);
    });
  });
