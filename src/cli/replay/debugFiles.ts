/**
 * What the VFS writes for the files that a cache with SLAB_STORE_USER has in debugfs. The engine takes their dentries and inodes from the
 * caches as the kernel does; what is in them is not memory management's:
 *
 *     struct dentry, struct inode     those of debugfs's super block, that are in use; inodes that only their constructor has filled
 *     dentry_hashtable, d_hash        chains that they are put in front of
 *     struct super_block, mount       of debugfs: its list of inodes, its users
 *     counters                        of users of the mount, names and inodes; the last inode's number
 *
 * Source: Linux 6.1 fs/debugfs/inode.c; fs/dcache.c: d_alloc(), d_add(); fs/inode.c: alloc_inode(), inode_sb_list_add().
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { NULL, type KmemCache } from '../../engine/machine/ctypes.js';
import { compound_head } from '../../engine/kernel/include/linux/page-flags.h.js';
import { page_address } from '../../engine/kernel/mm/highmem/page_address.js';
import { asPhys, asVirt, type Cell, type VirtAddr } from '../../engine/memory/address.js';
import { per_cpu, per_cpu_ptr } from '../../engine/kernel/include/linux/percpu-defs.h.js';
import { StructReader } from '../../engine/view/structReader.js';
import type { Extent } from './threads.js';
import type { KernelWord } from './words.js';

const NAME = 'files of debugfs';
/** Each file is a user of its mount; the number of these may share a word with debugfs_registered. */
const MOUNTED = /^debugfs_(mount_count|registered)\+/;
/** An object of a slab: where it begins, and where in it the word lies. */
interface Place {
  readonly cache: KmemCache;
  readonly phys: number;
  readonly offset: number;
}

export class DebugFiles {
  private readonly reader: StructReader;
  /** debugfs's super block; 0 where no files were made. */
  private readonly sb: VirtAddr = asVirt(0);
  private readonly after = new Map<number, bigint>();
  private readonly around: readonly Omit<Extent, 'name'>[] = [];

  constructor(
    private readonly image: KernelImage,
    kernel: readonly KernelWord[],
  ) {
    this.reader = new StructReader(image);
    if (!kernel.some(({ symbol }) => MOUNTED.test(symbol ?? ''))) return;
    const root = this.reader.pointerAt(this.reader.symbol('slab_debugfs_root') ?? asVirt(0));
    if (root === undefined || root === 0) return;
    this.sb = this.reader.pointer('dentry', 'd_sb', root) ?? asVirt(0);
    for (const { phys, after } of kernel) this.after.set(phys, after);
    this.around = [...this.extents()];
  }

  /** @param isOurs whether ours changed the word, too: the constructor and lists of free objects are judged */
  nameOf({ phys }: KernelWord, isOurs: boolean): string | undefined {
    if (this.sb === 0) return undefined;
    const isTheirs = this.isInFile(phys, isOurs) || (!isOurs && this.isAround(phys));
    return isTheirs ? NAME : undefined;
  }

  private isInFile(phys: number, isOurs: boolean): boolean {
    const place = this.placeOf(phys);
    const { globals } = this.image.mm;
    if (place?.cache === this.cacheAt(globals.dentry_cache)) return this.isInDentry(place, isOurs);
    if (place?.cache === this.cacheAt(globals.inode_cachep)) return this.isInInode(place, isOurs);
    return false;
  }

  private isInDentry({ phys, offset }: Place, isOurs: boolean): boolean {
    const { dentry } = this.image.mm;
    if (!isOurs && offset === dentry.d_hash_pprev * 4) return true;
    const count = Number(BigInt.asIntN(32, this.wordAt(phys + dentry.d_lockref_count * 4)));
    return count >= 0 && this.pointerOf('dentry', 'd_sb', phys) === this.sb;
  }

  private isInInode({ cache, phys, offset }: Place, isOurs: boolean): boolean {
    const { mm } = this.image;
    if (offset >= (mm.words[cache + mm.kmem_cache.object_size] ?? 0)) return false;
    const sb = this.pointerOf('inode', 'i_sb', phys);
    return sb === this.sb || (sb === 0 && !isOurs);
  }

  private isAround(phys: number): boolean {
    const word = this.image.mm.ptr_words * 4;
    return this.around.some(({ start, sizeBytes }) => {
      const from = this.image.mm.phys_of(start) ?? Infinity;
      // The whole word that it is in.
      return phys >= from - (from % word) && phys < from + sizeBytes;
    });
  }

  /** What else of the VFS new names and inodes change. */
  private *extents(): Generator<Omit<Extent, 'name'>> {
    const { mm, nrCpus } = this.image;
    const { reader } = this;
    const valueAt = (name: string): VirtAddr =>
      reader.pointerAt(reader.symbol(name) ?? asVirt(0)) ?? asVirt(0);
    yield { start: this.sb, sizeBytes: reader.sizeof('super_block') ?? 0 };
    const shift = reader.uintAt(reader.symbol('d_hash_shift') ?? asVirt(0)) ?? 32;
    const sizeBytes = 2 ** (32 - shift) * mm.ptr_words * 4;
    yield { start: valueAt('dentry_hashtable'), sizeBytes };
    const mount = asVirt(valueAt('debugfs_mount') - (reader.offset('mount', 'mnt') ?? 0));
    yield { start: mount, sizeBytes: reader.sizeof('mount') ?? 0 };
    yield { start: reader.symbol('debugfs_mount_count') ?? asVirt(0), sizeBytes: 4 };
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      for (const name of ['nr_dentry', 'nr_inodes', 'last_ino'])
        yield { start: mm.va_of(per_cpu(mm, name, cpu)), sizeBytes: 4 };
      const users = reader.offset('mount', 'mnt_pcp');
      if (users === undefined) continue;
      const at = mm.cell_at(asVirt(mount + users));
      yield { start: mm.va_of(per_cpu_ptr(mm, at, cpu)), sizeBytes: 4 };
    }
  }

  private cacheAt(pointer: Cell): KmemCache {
    return pointer === NULL ? NULL : this.image.mm.read_ptr(pointer);
  }

  private placeOf(phys: number): Place | undefined {
    const { mm, maxPfn, profile } = this.image;
    const pfn = Math.floor(phys / 4096);
    if (pfn >= maxPfn) return undefined;
    const head = compound_head(mm, mm.pfn_to_page(pfn));
    if (((mm.words[head] ?? 0) & (1 << profile.constant('PG_slab'))) === 0) return undefined;
    const cache: KmemCache = mm.read_ptr(head + mm.slab.slab_cache);
    const base = mm.phys_of(page_address(mm, head));
    if (cache === NULL || base === undefined) return undefined;
    const offset = (phys - base) % (mm.words[cache + mm.kmem_cache.size] ?? 1);
    return { cache, phys: phys - offset, offset };
  }

  /** A pointer in an object as the kernel's run left it. */
  private pointerOf(tag: string, member: string, phys: number): VirtAddr {
    const word = this.wordAt(phys + (this.reader.offset(tag, member) ?? 0));
    return asVirt(Number(this.image.mm.wide ? BigInt.asIntN(64, word) : word));
  }

  private wordAt(phys: number): bigint {
    const { mm, memory } = this.image;
    const bytes = mm.ptr_words * 4;
    const start = phys - (phys % bytes);
    const known = this.after.get(start);
    if (known !== undefined) return known >> BigInt(8 * (phys - start));
    const cell = memory.cell(asPhys(phys));
    const low = BigInt((memory.words[cell] ?? 0) >>> 0);
    const high = mm.wide ? BigInt((memory.words[cell + 1] ?? 0) >>> 0) : 0n;
    return low | (high << 32n);
  }
}
