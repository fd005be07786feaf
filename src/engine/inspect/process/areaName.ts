/**
 * What an area of a process is called: the path of its file, or what the kernel made it for.
 *
 * Source: Linux 6.1 fs/proc/task_mmu.c: show_map_vma(), is_stack(); mm/mmap.c: special_mapping_name(); Linux 6.6 include/linux/mm.h:
 * vma_is_initial_heap(), vma_is_initial_stack().
 */
import type { VirtAddr } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';
import type { VmaView } from '../tasks.js';
import { filePath, type PathView } from './filePath.js';
import { isSince } from './release.js';

/** '' of anonymous memory that has no name. */
export function areaName(
  k: Inspected,
  mm: VirtAddr,
  vma: VmaView,
  root: PathView | undefined,
): string {
  if (vma.file !== 0) return filePath(k, vma.file, root);
  const special = specialName(k, vma);
  if (special !== undefined) return special;
  const of = (member: string): number => k.pointer(mm, 'mm_struct', member);
  if (isHeap(k, vma, of('brk'), of('start_brk'))) return '[heap]';
  const stack = of('start_stack');
  if (vma.start <= stack && vma.end >= stack) return '[stack]';
  return givenName(k, vma);
}

/** `[vdso]`, `[vvar]`: areas of one page array that the kernel maps into each process. */
function specialName(k: Inspected, { at }: VmaView): string | undefined {
  const ops = k.pointer(at, 'vm_area_struct', 'vm_ops');
  if (ops === 0 || ops !== k.findGlobal('special_mapping_vmops')) return undefined;
  const mapping = k.pointer(at, 'vm_area_struct', 'vm_private_data');
  return k.space.text(k.pointer(mapping, 'vm_special_mapping', 'name'), 0, 64);
}

/** Until 6.6 (68df1baf158f) an area that only touches the heap is the heap, too. */
function isHeap(k: Inspected, { start, end }: VmaView, brk: number, start_brk: number): boolean {
  return isSince(k, 6, 6) ? start < brk && end > start_brk : start <= brk && end >= start_brk;
}

/** prctl(PR_SET_VMA_ANON_NAME), since 5.17 (9a10064f5625), where it is built in. */
function givenName(k: Inspected, { at }: VmaView): string {
  if (!k.has('vm_area_struct', 'anon_name') || !k.has('anon_vma_name', 'name')) return '';
  const name = k.pointer(at, 'vm_area_struct', 'anon_name');
  return name === 0 ? '' : `[anon:${k.space.text(name, k.offset('anon_vma_name', 'name'), 80)}]`;
}
