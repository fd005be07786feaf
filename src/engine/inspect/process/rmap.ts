/**
 * Who maps a frame, by the kernel's own books: from page->mapping to the areas that may map it, and in each to the entry that does.
 *
 *     anonymous    mapping - 1 -> anon_vma -> rb_root of anon_vma_chains -> vma       address = vm_start + (index - vm_pgoff) pages
 *     of a file    mapping -> i_mmap, a tree of areas
 *
 * Invariant: an area is told even if its entry does not map the frame (any more); walking its tables says which it is.
 * Source: Linux 6.1 mm/rmap.c: rmap_walk_anon(), rmap_walk_file(), page_vma_mapped_walk(); mm/interval_tree.c.
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { Damaged, type Inspected, type Problems } from '../inspected.js';
import { tasksOf, type TaskView } from '../tasks.js';
import { isMapped, userEntries } from './entries.js';
import type { PageCounts } from './pageCounts.js';

export interface RmapEntry {
  readonly vma: VirtAddr;
  readonly mm: VirtAddr;
  /** Where the area has the page. */
  readonly va: VirtAddr;
  /** Tasks that use the address space; none of one whose tasks have ended. */
  readonly tasks: readonly TaskView[];
  /** Whether the tables lead there. */
  readonly isMapped: boolean;
}

const PAGE_MAPPING_FLAGS = 3n;
/** More than any tree that is whole has; damaged links may go in a circle. */
const MAX_NODES = 1 << 16;

/** By rising address, each area once. @throws NotInDump, NotKnown, Damaged */
export function rmapOf(k: Inspected, page: PageCounts, problems: Problems): RmapEntry[] {
  const { head, pfn, headPfn } = page;
  const kind = head.mapping & PAGE_MAPPING_FLAGS;
  if (head.mapping === 0n || kind === 2n) return [];
  const index = k.number(head.page, 'page', 'index') + (pfn - headPfn);
  const tasks = new Map<number, TaskView[]>();
  for (const task of tasksOf(k, problems))
    if (task.mm !== 0) tasks.set(task.mm, [...(tasks.get(task.mm) ?? []), task]);
  const target = pointerOf(k, head.mapping);
  const areas = kind === 1n ? anonymousAreas(k, target) : fileAreas(k, target);
  return areas
    .flatMap((vma): RmapEntry[] => {
      const start = k.pointer(vma, 'vm_area_struct', 'vm_start');
      const end = k.pointer(vma, 'vm_area_struct', 'vm_end');
      const pgoff = k.number(vma, 'vm_area_struct', 'vm_pgoff');
      const va = asVirt(start + (index - pgoff) * PAGE_SIZE);
      if (va < start || va >= end) return [];
      const mm = k.pointer(vma, 'vm_area_struct', 'vm_mm');
      return [{ vma, mm, va, tasks: tasks.get(mm) ?? [], isMapped: leadsTo(k, mm, va, pfn) }];
    })
    .sort((a, b) => a.va - b.va || a.mm - b.mm);
}

const pointerOf = (k: Inspected, mapping: bigint): VirtAddr => {
  const bits = mapping & ~PAGE_MAPPING_FLAGS;
  return asVirt(Number(k.pointerSize === 8 ? BigInt.asIntN(64, bits) : bits));
};

function anonymousAreas(k: Inspected, anon_vma: VirtAddr): VirtAddr[] {
  const root = k.offset('anon_vma', 'rb_root.rb_root');
  return nodesOf(k, k.space.pointer(anon_vma, root), 'anon_vma_chain', 'rb').map((avc) =>
    k.pointer(avc, 'anon_vma_chain', 'vma'),
  );
}

function fileAreas(k: Inspected, mapping: VirtAddr): VirtAddr[] {
  const root = k.offset('address_space', 'i_mmap.rb_root');
  return nodesOf(k, k.space.pointer(mapping, root), 'vm_area_struct', 'shared.rb');
}

/** The structures of a red-black tree, whose member the nodes are. */
function nodesOf(k: Inspected, root: VirtAddr, tag: string, member: string): VirtAddr[] {
  const offset = k.offset(tag, member);
  const [left, right] = [k.offset('rb_node', 'rb_left'), k.offset('rb_node', 'rb_right')];
  const found: VirtAddr[] = [];
  const seen = new Set<number>();
  const waiting = root === 0 ? [] : [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node) || seen.size > MAX_NODES) throw new Damaged('its tree runs in a circle');
    seen.add(node);
    found.push(asVirt(node - offset));
    for (const child of [k.space.pointer(node, left), k.space.pointer(node, right)])
      if (child !== 0) waiting.push(child);
  }
  return found;
}

function leadsTo(k: Inspected, mm: VirtAddr, va: VirtAddr, pfn: number): boolean {
  if (mm === 0) return false;
  for (const entry of userEntries(k, mm, { start: va, end: asVirt(va + PAGE_SIZE) })) {
    if (entry.pfn === undefined || !isMapped(entry)) return false;
    return entry.pfn + (va - entry.va) / PAGE_SIZE === pfn;
  }
  return false;
}
