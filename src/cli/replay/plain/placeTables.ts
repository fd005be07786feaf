/**
 * Page tables of a process that is made anew are put where the trace shows the recorded ones: those that were there when it began,
 * which no free list of its first dump has.
 */
import { __pa, current } from '../../../engine/entry/functions.js';
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { asPfn, asPhys, asVirt, PAGE_SIZE, type VirtAddr } from '../../../engine/memory/address.js';
import type { Page } from '../../../engine/machine/ctypes.js';
import { imagePaging, pagingAt } from '../../../engine/view/imagePaging.js';
import { walk } from '../../../engine/x86/walk.js';

/** A table: an address that it maps, its level as the recorder counts (2: of pages), its frame. */
export interface KnownTable {
  readonly va: VirtAddr;
  readonly level: number;
  readonly pfn: number;
}

/** `tb VA Lk PHYS ...` of dumps; a level's first line counts for all that is mapped through the same table. */
export function knownTables(lines: Iterable<string>): KnownTable[] {
  const tables: KnownTable[] = [];
  for (const line of lines) {
    const [, va = '', level = '', phys = ''] = /^tb ([0-9a-f]+) L(\d) ([0-9a-f]+)/.exec(line) ?? [];
    if (va === '') continue;
    const pfn = Math.floor(parseInt(phys, 16) / PAGE_SIZE);
    tables.push({ va: asVirt(parseInt(va, 16)), level: Number(level), pfn });
  }
  return tables;
}

/** Moves a table of the running process to a frame: its contents, its struct page, and the entry that leads to it. */
export function placeTable(image: KernelImage, { va, level, pfn }: KnownTable): void {
  const k = image.mm;
  const mm = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const root = asPhys(__pa(k, k.read_ptr(k.plus(mm, k.mm_struct.pgd))));
  const paging = imagePaging(image);
  if (paging === undefined) return;
  const { steps } = walk(pagingAt(image, root), paging.memory, va);
  // Level 2 is the table of the last step of a walk that goes all the way, level 3 the one above it.
  const nrLevels = paging.kernel.levels.length;
  const step = steps[nrLevels - level + 1];
  const parent = steps[nrLevels - level];
  if (step === undefined || parent === undefined) return;
  const from = step.tablePhys / PAGE_SIZE;
  if (from === pfn) return;
  const [old, fresh] = [
    image.memory.cell(step.tablePhys),
    image.memory.cell(asPhys(pfn * PAGE_SIZE)),
  ];
  for (let i = 0; i < PAGE_SIZE / 4; i++) k.write(k.plus(fresh, i), k.words[old + i] ?? 0);
  const [oldPage, page] = [k.pfn_to_page(asPfn(from)), k.pfn_to_page(asPfn(pfn))];
  const { compound_head, flags: flagsAt } = k.page;
  // The zone that a frame lies in stays.
  const ofZone = ~((1 << k.__NR_PAGEFLAGS) - 1);
  const words = (from: Page): number => k.words[from + flagsAt] ?? 0;
  k.write(k.plus(page, flagsAt), (words(page) & ofZone) | (words(oldPage) & ~ofZone));
  for (let i = flagsAt + k.ptr_words; i < k.memmap.page_words; i++)
    if (i !== compound_head) k.write(k.plus(page, i), k.words[oldPage + i] ?? 0);
  const entry = image.memory.cell(parent.entryPhys);
  const flags = (k.words[entry] ?? 0) & (PAGE_SIZE - 1);
  k.write(entry, ((pfn << 12) | flags) >>> 0);
  if (k.words[entry + 1] !== undefined && paging.kernel.mode !== '2-level')
    k.write(k.plus(entry, 1), Math.floor(pfn / 2 ** 20));
}
