/**
 * What the VFS writes when a destroyed SLUB cache is looked up in debugfs. The engine allocates the dentry and frees it after
 * a grace period as the kernel does; what is in it, and in the inode of the directory, is not memory management's:
 *
 *     struct dentry      the objects of that look-up, but for d_u, where the allocator's and RCU's links are
 *     slab_debugfs_root->d_inode     i_opflags, i_rwsem.owner, i_dir_seq
 *
 * Source: Linux 6.1 fs/dcache.c: __d_alloc(), d_alloc_parallel(), __dentry_kill(); fs/namei.c: __lookup_slow().
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt } from '../../engine/memory/address.js';
import { StructReader } from '../../engine/view/structReader.js';
import type { KernelWord } from './words.js';

export interface PhysicalRange {
  readonly start: number;
  readonly sizeBytes: number;
}

/** Physical addresses of callback heads that ours handed to RCU with a function. */
function callbackHeads(
  { profile }: KernelImage,
  changes: readonly KernelWord[],
  func: string,
): number[] {
  const address = profile.symbol(func)?.address;
  if (address === undefined) return [];
  const value = BigInt.asUintN(profile.pointerSize * 8, BigInt(address));
  return changes
    .filter(({ after }) => after === value)
    .map(({ phys }) => phys - profile.pointerSize);
}

/** The dentries of look-ups, without what is judged in them. */
export function dentryParts(image: KernelImage, changes: readonly KernelWord[]): PhysicalRange[] {
  const reader = new StructReader(image);
  const [link, head] = [reader.offset('dentry', 'd_u'), reader.offset('dentry', 'd_u.d_rcu')];
  const sizeBytes = reader.sizeof('dentry');
  if (link === undefined || head === undefined || sizeBytes === undefined) return [];
  const linkEnd = link + 2 * image.profile.pointerSize;
  return callbackHeads(image, changes, '__d_free').flatMap((phys) => {
    const start = phys - head;
    return [
      { start, sizeBytes: link },
      { start: start + linkEnd, sizeBytes: sizeBytes - linkEnd },
    ].filter((part) => part.sizeBytes > 0);
  });
}

/** The words of the directory's inode that a look-up in it writes. */
export function directoryWords(image: KernelImage): PhysicalRange[] {
  const reader = new StructReader(image);
  const { pointerSize } = image.profile;
  const root = reader.pointerAt(reader.symbol('slab_debugfs_root') ?? asVirt(0));
  const inode = root && reader.pointer('dentry', 'd_inode', root);
  const phys = inode && image.mm.phys_of(inode);
  if (phys === undefined) return [];
  return ['i_opflags', 'i_rwsem.owner', 'i_dir_seq'].flatMap((member) => {
    const offset = reader.offset('inode', member);
    if (offset === undefined) return [];
    const start = phys + offset;
    return [{ start: start - (start % pointerSize), sizeBytes: pointerSize }];
  });
}
