/**
 * The kernel's page tables while boot makes them: the root, the levels of this build, its protections, and the steps that
 * all of boot's table code is written in (which entry an address selects, where the next table is, a page for a new one).
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_types.h (protections), pgtable.h.
 */
import {
  asPhys,
  asVirt,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../memory/address.js';
import type { Profile } from '../../../types/profile.js';
import { bitsNamed, LEVELS, type LevelFormat, type PagingMode } from '../../../x86/formats.js';
import { indexAt } from '../../../x86/paging.js';
import type { LoadedKernel } from '../kernelLoad.js';
import { symbolAddress } from '../profileFacts.js';
import { TableStore } from './tableStore.js';

const MODE = { i386: '2-level', 'i386-pae': 'pae', x86_64: '4-level' } as const;
/** The kernel's own name of its top-level table. */
export const ROOT_SYMBOL = {
  i386: 'swapper_pg_dir',
  'i386-pae': 'swapper_pg_dir',
  x86_64: 'init_top_pgt',
} as const;

/** Gives the page of a new table. */
export type TablePages = () => PhysAddr;

export class BootTables {
  readonly mode: PagingMode;
  /** From the root down. */
  readonly levels: readonly LevelFormat[];
  readonly store: TableStore;
  readonly root: PhysAddr;
  /** Bits of an entry that are an address: what PTE_PFN_MASK says. */
  private readonly addressMask: bigint;

  readonly PAGE_KERNEL: bigint;
  readonly PAGE_KERNEL_RO: bigint;
  readonly PAGE_KERNEL_EXEC: bigint;
  readonly PAGE_KERNEL_NOCACHE: bigint;
  readonly _PAGE_TABLE = bitsNamed('P', 'RW', 'US', 'A', 'D');
  readonly _KERNPG_TABLE = bitsNamed('P', 'RW', 'A', 'D');
  readonly PSE = bitsNamed('PSE');
  readonly RW = bitsNamed('RW');
  /** 0 where entries have no such bit. */
  readonly NX: bigint;

  constructor(
    readonly profile: Profile,
    readonly kernel: LoadedKernel,
  ) {
    const { arch } = profile;
    this.mode = MODE[arch];
    this.levels = LEVELS[this.mode];
    this.store = new TableStore(this.mode === '2-level' ? 4 : 8);
    this.addressMask = profile.wideConstant('PTE_PFN_MASK');
    this.PAGE_KERNEL = profile.wideConstant('PAGE_KERNEL');
    this.PAGE_KERNEL_RO = profile.wideConstant('PAGE_KERNEL_RO');
    this.PAGE_KERNEL_EXEC = profile.wideConstant('PAGE_KERNEL_EXEC');
    this.PAGE_KERNEL_NOCACHE = profile.wideConstant('PAGE_KERNEL_NOCACHE');
    this.NX = this.mode === '2-level' ? 0n : bitsNamed('NX');
    this.root = this.clearSymbol(ROOT_SYMBOL[arch]);
  }

  get pageOffset(): number {
    return this.profile.constant('PAGE_OFFSET');
  }

  get pmdSize(): number {
    return 2 ** this.profile.constant('PMD_SHIFT');
  }

  /** `__va()` */
  direct(phys: number): VirtAddr {
    return asVirt(phys + this.pageOffset);
  }

  symbolPhys(name: string, offset = 0): PhysAddr {
    return asPhys(this.kernel.phys(asVirt(symbolAddress(this.profile, name) + offset)));
  }

  /** A static table; without entries so far. */
  clearSymbol(name: string, offset = 0): PhysAddr {
    return this.store.clear_page(this.symbolPhys(name, offset));
  }

  /** The level whose pages have 2^shift bytes. */
  depthOf(shift: number): number {
    return this.levels.findIndex((level) => level.shift === shift);
  }

  /** Where the entry of an address lies in a table of the level at `depth`. */
  entryAt(depth: number, table: PhysAddr, va: VirtAddr): PhysAddr {
    const level = this.levels[depth] as LevelFormat;
    return asPhys(table + indexAt(level, va) * this.store.entryBytes);
  }

  /** Where the table or the page of an entry begins. */
  tableOf(entry: bigint): PhysAddr {
    return asPhys(Number(entry & this.addressMask));
  }

  isPresent(entry: bigint): boolean {
    return (entry & 1n) !== 0n;
  }

  isLarge(entry: bigint): boolean {
    return (entry & this.PSE) !== 0n;
  }

  /** pfn_pte() and the like. */
  mapping(phys: number, protection: bigint): bigint {
    return BigInt(phys) | protection;
  }

  /** What an entry allows and asks for, without its address. */
  protectionOf(entry: bigint): bigint {
    return entry & ~this.addressMask;
  }

  /**
   * The entry of an address at the level of `depth`; tables that are missing on the way get a page. Where a large page is in
   * the way there is none.
   */
  populate(va: VirtAddr, depth: number, pages: TablePages): PhysAddr {
    let table = this.root;
    for (let at = 0; at < depth; at++) {
      const entryAt = this.entryAt(at, table, va);
      const entry = this.store.entry(entryAt);
      if (this.isPresent(entry)) {
        table = this.tableOf(entry);
        continue;
      }
      table = this.store.clear_page(pages());
      this.store.setEntry(entryAt, this.mapping(table, this.tableBits(at)));
    }
    return this.entryAt(depth, table, va);
  }

  /** Where the entry of an address lies in its PTE table; undefined if it has none. */
  find(va: VirtAddr): PhysAddr | undefined {
    let table = this.root;
    for (let depth = 0; depth < this.levels.length - 1; depth++) {
      const entry = this.store.entry(this.entryAt(depth, table, va));
      if (!this.isPresent(entry) || this.isLarge(entry)) return undefined;
      table = this.tableOf(entry);
    }
    return this.entryAt(this.levels.length - 1, table, va);
  }

  /** Flags of an entry that leads to a table made by pgd_populate() and the like. PAE's top level has no more than P. */
  private tableBits(depth: number): bigint {
    return this.levels[depth]?.hasNoRights === true ? 1n : this._PAGE_TABLE;
  }

  /** Maps one page of 4 KiB: set_pte_vaddr(). */
  set_pte_vaddr(va: VirtAddr, entry: bigint, pages: TablePages): void {
    this.store.setEntry(this.populate(va, this.levels.length - 1, pages), entry);
  }
}

/** Pages one behind the other, for tables that Linux takes from the page allocator when it is up. */
export class LatePages {
  /** @param next the first of them */
  constructor(
    private next: number,
    private readonly end: number,
  ) {}

  readonly take = (): PhysAddr => {
    if (this.next >= this.end) throw new Error('there is no room for page tables below 640 KiB');
    const page = this.next;
    this.next += PAGE_SIZE;
    return asPhys(page);
  };
}
