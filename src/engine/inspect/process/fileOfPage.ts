/**
 * Which file a page of the page cache is of, and where in it. A file that nobody has open has its name, too: its inode knows the
 * dentries that are kept.
 *
 *     page->mapping -> address_space.host -> inode.i_dentry -> dentry.d_u.d_alias ... the path within its file system
 *
 * Source: Linux 6.1 mm/debug.c: dump_mapping(); include/linux/fs.h: struct inode; fs/dcache.c: d_find_alias().
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { isDumpError, type Inspected } from '../inspected.js';
import { dentryPath } from './filePath.js';
import { CountedPages, type PageCounts } from './pageCounts.js';

/** `/memfd:notes (deleted), index 1`; undefined of what is not a page of a file. */
export function fileOfFrame(k: Inspected, pfn: number): string | undefined {
  try {
    const page = new CountedPages(k).of(pfn);
    return page && fileOfPage(k, page);
  } catch (error) {
    if (isDumpError(error)) return undefined;
    throw error;
  }
}

/** @throws NotInDump, NotKnown */
function fileOfPage(k: Inspected, { head, pfn, headPfn }: PageCounts): string | undefined {
  const { mapping } = head;
  if (mapping === 0n || (mapping & 3n) !== 0n || head.flagNames.includes('slab')) return undefined;
  const at = Number(k.pointerSize === 8 ? BigInt.asIntN(64, mapping) : mapping);
  const host = k.pointer(asVirt(at), 'address_space', 'host');
  if (host === 0) return undefined;
  const index = k.number(head.page, 'page', 'index') + (pfn - headPfn);
  return `${nameOf(k, host)}, index ${index}`;
}

function nameOf(k: Inspected, inode: VirtAddr): string {
  const alias = k.pointer(inode, 'inode', 'i_dentry.first');
  if (alias === 0) return `inode ${k.number(inode, 'inode', 'i_ino')}`;
  return dentryPath(k, asVirt(alias - k.offset('dentry', 'd_u.d_alias')));
}
