/**
 * As much of sysfs as a SLUB cache needs that is created in a machine rebuilt from dumps: /sys/kernel/slab, empty; the names
 * of a cache's files; and how many nodes there have been, which decides when the numbering takes another node of its tree.
 *
 * Source: Linux 6.1 fs/kernfs/dir.c: kernfs_create_root().
 */
import { sizeOfStruct } from '../../types/named.js';
import { INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import type { KernelImage } from '../kernelImage.js';
import { writeSlabAttributes } from '../slabAttributes.js';
import type { ObjectMemory } from './objectMemory.js';

/** What {@link loadSysfs} takes of the memory for objects. */
export const SYSFS_BYTES = 8192;

/** The number that the next node of sysfs gets: of an image that has its memory. */
export function nextSysfsNode({ mm }: KernelImage): number | undefined {
  const sysfs_root_kn = mm.findSymbol('sysfs_root_kn');
  const kn = sysfs_root_kn === undefined ? 0 : mm.read_ptr(sysfs_root_kn);
  if (kn === 0) return undefined;
  const root = mm.read_ptr(kn + mm.kernfs_node.dir_root);
  return mm.words[root + mm.kernfs_root.ino_idr + mm.idr.idr_next];
}

/**
 * Behind the caches: it needs those of kernfs and of radix trees.
 * @param next the number of the next node, which no dump tells
 */
export function loadSysfs(mm: Kernel, memory: ObjectMemory, next: number): void {
  const slab_kset = mm.findSymbol('slab_kset');
  if (slab_kset === undefined || slab_kset === 0) return;
  const take = (tag: string): Cell => mm.cell_at(memory.take(sizeOfStruct(mm.profile, tag), 64));
  const root = take('kernfs_root');
  const dir = take('kernfs_node');
  const kset = take('kset');
  mm.write_ptr(slab_kset, kset);
  INIT_LIST_HEAD(mm, kset + mm.kset.list);
  const kobj = kset + mm.kset.kobj;
  mm.write(kobj + mm.kobject.kref, 1);
  mm.write_ptr(kobj + mm.kobject.sd, dir);
  mm.write(dir + mm.kernfs_node.count, 1);
  mm.write_ptr(dir + mm.kernfs_node.dir_root, root);
  // KERNFS_DIR
  mm.write16(dir, mm.kernfs_node.flags, 1);
  loadNumbers(mm, { root, dir, next }, memory);
  let nameEnd: number = mm.profile.symbol('__end_rodata')?.address ?? 0;
  writeSlabAttributes(mm, {
    take: (sizeBytes, align) => memory.take(sizeBytes, align),
    // Constants: at the end of the kernel's read-only data.
    string: (text) => {
      nameEnd -= text.length + 1;
      writeString(mm, asVirt(nameEnd), text);
      return asVirt(nameEnd);
    },
  });
}

/** The numbers before the next one count as taken: the tree has the nodes on the way to the last of them. */
function loadNumbers(
  mm: Kernel,
  { root, dir, next }: { readonly root: Cell; readonly dir: Cell; readonly next: number },
  memory: ObjectMemory,
): void {
  const idr = asCell(root + mm.kernfs_root.ino_idr);
  const shift = mm.CONFIG_BASE_SMALL !== 0 ? 4 : 6;
  const nrSlots = 1 << shift;
  // IDR_FREE of the root, and that it is an idr's: XA_FLAGS_ALLOC.
  mm.write(idr + mm.idr.idr_rt_xa_flags, (mm.__GFP_BITS_MASK + 1) | 4);
  mm.write(idr + mm.idr.idr_next, next);
  mm.write(root + mm.kernfs_root.last_id_lowbits, next - 1);
  if (next <= 1) return;
  let top = 0;
  while (next - 1 >= 2 ** (top + shift)) top += shift;
  let link = idr + mm.idr.idr_rt_xa_head;
  let parent: Cell = asCell(0);
  for (let at = top; at >= 0; at -= shift) {
    const node = mm.cell_at(memory.take(mm.sizeof.xa_node, 64));
    const last = Math.floor((next - 1) / 2 ** at) % nrSlots;
    const offset = at === top ? 0 : Math.floor((next - 1) / 2 ** (at + shift)) % nrSlots;
    mm.write(node, at | (offset << 8) | ((last + 1) << 16));
    mm.write_ptr(node + mm.xa_node.parent, parent);
    mm.write_ptr(node + mm.xa_node.array, idr);
    for (let i = 0; i < mm.ptr_words; i++) mm.write(node + mm.xa_node.tags + i, -1);
    for (let i = 0; i <= last; i++) {
      mm.write_ptr(node + mm.xa_node.slots + i * mm.ptr_words, dir);
      if (at === 0)
        mm.write(node + mm.xa_node.tags, (mm.words[node + mm.xa_node.tags] ?? 0) & ~(1 << i));
    }
    mm.write_ptr_tagged(link, node, 2);
    link = node + mm.xa_node.slots + last * mm.ptr_words;
    parent = node;
  }
}

function writeString(mm: Kernel, at: VirtAddr, text: string): void {
  for (let i = 0; i <= text.length; i++) {
    const byte = asVirt(at + i);
    mm.write8(mm.cell_at(byte), byte & 3, i < text.length ? text.charCodeAt(i) : 0);
  }
}
