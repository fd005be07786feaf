/**
 * A dumped kernel's memory by virtual address, through its own page tables: pages are translated once and kept.
 *
 * An address is a base and an offset in bytes. The base of what lies in a direct map of five levels is a number that is
 * exact only as a multiple of 8 (memory/address.ts), so members are reached by their offset, never by a sum.
 *
 * Invariant: what the dump does not have throws {@link NotInDump}; nothing reads as zero that is not zero.
 */
import { formatAddress, asVirt, type VirtAddr, fromWords } from '../../memory/address.js';
import { pagingOf, type Paging } from '../../x86/paging.js';
import type { CpuFeatures } from '../../x86/registers.js';
import type { TableMemory } from '../../x86/tableMemory.js';
import { walk, type Walk } from '../../x86/walk.js';
import type { DumpMemory } from './dumpMemory.js';

/** The dump lacks what was to be read. */
export class NotInDump extends Error {
  constructor(what: string) {
    super(`${what} is not in the dump`);
  }
}

export type PagingKind = '2-level' | 'pae' | '4-level' | '5-level';

/** The model of the processor is unknown: the widest addresses, every page size. */
const ANY_CPU: CpuFeatures = {
  maxPhyAddr: 52,
  pse36: true,
  pdpe1gb: true,
  accessedInPaeTop: true,
};
const PG = 2 ** 31;
const CR4 = { PSE: 1 << 4, PAE: 1 << 5, LA57: 1 << 12 } as const;
const LME_LMA_NXE = (1 << 8) | (1 << 10) | (1 << 11);

export function pagingFor(kind: PagingKind, rootPhys: number): Paging {
  const cr4 = CR4.PSE | (kind === '2-level' ? 0 : CR4.PAE) | (kind === '5-level' ? CR4.LA57 : 0);
  const efer =
    kind === '4-level' || kind === '5-level' ? LME_LMA_NXE : kind === 'pae' ? 1 << 11 : 0;
  return pagingOf({ cr0: PG, cr2: 0, cr3: rootPhys, cr4, efer, eflags: 0, pat: 0n }, ANY_CPU);
}

export const tablesIn = (memory: DumpMemory): TableMemory => ({
  readWords: (phys, nrWords) => {
    const bytes = memory.read(phys, nrWords * 4);
    if (bytes.length < nrWords * 4) return undefined;
    const words = new Int32Array(nrWords);
    new Uint8Array(words.buffer).set(bytes);
    return words;
  },
});

/** A linear map: `[start, start + sizeBytes)` lies at `startPhys`. */
export interface LinearMap {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  readonly startPhys: number;
}

const PAGE = 4096;
/** The smallest page above 4 KiB; those of 4 MiB and 1 GiB are several. */
const LARGE_PAGE = 2 ** 21;
const KEPT_LARGE = 4096;
/** Pages whose bytes are kept: 32 MiB. */
const KEPT_PAGES = 8192;

export class KernelSpace {
  readonly wide: boolean;
  readonly pointerSize: 4 | 8;
  private readonly tables: TableMemory;
  private linear: readonly LinearMap[] = [];
  /** Pages that no table maps: a machine's that runs a scenario. */
  readElsewhere: (page: VirtAddr) => Uint8Array | undefined = () => undefined;
  private readonly pages = new Map<number, DataView>();
  /** Where the 2 MiB lie that a large page maps, by their number: most of a kernel's text and memory map. */
  private readonly large = new Map<number, number>();
  private lastPage = NaN;
  private lastView: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    readonly memory: DumpMemory,
    /** Of the kernel's own tables. */
    readonly paging: Paging,
  ) {
    this.pointerSize = paging.pointerSize;
    this.wide = this.pointerSize === 8;
    this.tables = tablesIn(memory);
  }

  /** Declares maps that need no walk. */
  setLinearMaps(maps: readonly LinearMap[]): void {
    this.linear = maps;
  }

  /** Memory may have changed. */
  forget(): void {
    this.pages.clear();
    this.lastPage = NaN;
  }

  /** The walk of an address through these tables, or through others with the same levels. */
  walk(va: VirtAddr, paging = this.paging): Walk {
    return walk(paging, this.tables, va);
  }

  /** Where a page lies; undefined when it is not mapped. @param page of a page's first byte */
  physOf(page: VirtAddr): number | undefined {
    for (const map of this.linear) {
      const offset = page - map.start;
      if (offset >= 0 && offset < map.sizeBytes) return map.startPhys + offset;
    }
    const region = Math.floor(page / LARGE_PAGE);
    const large = this.large.get(region);
    if (large !== undefined) return large + page - region * LARGE_PAGE;
    const found = this.walk(page).page;
    if (found !== undefined && found.pageSize >= LARGE_PAGE) {
      if (this.large.size >= KEPT_LARGE) this.large.clear();
      this.large.set(region, found.phys - (page - region * LARGE_PAGE));
    }
    return found?.phys;
  }

  /** `length` bytes. @throws NotInDump */
  bytes(base: number, offset: number, length: number): Uint8Array {
    const found = this.bytesUpTo(base, offset, length);
    if (found.length < length) throw this.absent(base, offset + found.length);
    return found;
  }

  /** As many bytes as there are, up to `length`. */
  bytesUpTo(base: number, offset: number, length: number): Uint8Array {
    if (length > 2 * PAGE) return this.manyBytes(base, offset, length);
    const out = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const [page, inPage] = split(base, offset + done);
      const view = this.pageOf(page);
      const chunk = Math.min(length - done, PAGE - inPage);
      if (view === undefined || inPage + chunk > view.byteLength) return out.subarray(0, done);
      out.set(new Uint8Array(view.buffer, view.byteOffset + inPage, chunk), done);
      done += chunk;
    }
    return out;
  }

  /** Read in as few pieces as memory lies in, and not kept. */
  private manyBytes(base: number, offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const [page, inPage] = split(base, offset + done);
      const start = this.physOf(asVirt(page));
      if (start === undefined) return out.subarray(0, done);
      let piece = PAGE - inPage;
      while (
        piece < length - done &&
        this.physOf(asVirt(page + inPage + piece)) === start + inPage + piece
      )
        piece += PAGE;
      piece = Math.min(piece, length - done);
      const bytes = this.memory.read(start + inPage, piece);
      out.set(bytes, done);
      done += bytes.length;
      if (bytes.length < piece) return out.subarray(0, done);
    }
    return out;
  }

  u8(base: number, offset = 0): number {
    return this.at(base, offset, 1).getUint8(this.inPage);
  }

  u16(base: number, offset = 0): number {
    return this.at(base, offset, 2).getUint16(this.inPage, true);
  }

  u32(base: number, offset = 0): number {
    return this.at(base, offset, 4).getUint32(this.inPage, true);
  }

  i32(base: number, offset = 0): number {
    return this.at(base, offset, 4).getInt32(this.inPage, true);
  }

  u64(base: number, offset = 0): bigint {
    return this.at(base, offset, 8).getBigUint64(this.inPage, true);
  }

  /** An `unsigned long`; beyond 2^53 its nearest number. */
  ulong(base: number, offset = 0): number {
    if (!this.wide) return this.u32(base, offset);
    const view = this.at(base, offset, 8);
    return view.getUint32(this.inPage, true) + view.getUint32(this.inPage + 4, true) * 2 ** 32;
  }

  /** A `long`. */
  long(base: number, offset = 0): number {
    if (!this.wide) return this.i32(base, offset);
    const view = this.at(base, offset, 8);
    return view.getUint32(this.inPage, true) + view.getInt32(this.inPage + 4, true) * 2 ** 32;
  }

  /** An `unsigned long` to the last bit. */
  ulongBits(base: number, offset = 0): bigint {
    return this.wide ? this.u64(base, offset) : BigInt(this.u32(base, offset));
  }

  /** A pointer. @param mask low bits that are tags, not address */
  pointer(base: number, offset = 0, mask = 0): VirtAddr {
    const view = this.at(base, offset, this.pointerSize);
    const low = view.getInt32(this.inPage, true) & ~mask;
    if (!this.wide) return asVirt(low >>> 0);
    return fromWords(low, view.getInt32(this.inPage + 4, true));
  }

  /** Text up to its NUL, one byte a character. */
  text(base: number, offset = 0, maxBytes = 256): string {
    const bytes = this.bytesUpTo(base, offset, maxBytes);
    if (bytes.length === 0) throw this.absent(base, offset);
    const end = bytes.indexOf(0);
    return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
  }

  private inPage = 0;

  /** The page that holds `sizeBytes` bytes; `inPage` is where in it they begin. */
  private at(base: number, offset: number, sizeBytes: number): DataView {
    const start = Math.floor(base / PAGE) * PAGE;
    const within = base - start + offset;
    const inPage = within & (PAGE - 1);
    const page = start + within - inPage;
    this.inPage = inPage;
    const view = page === this.lastPage ? this.lastView : this.pageOf(page);
    if (view === undefined) throw this.absent(base, offset);
    if (inPage + sizeBytes > view.byteLength) {
      const bytes = this.bytes(base, offset, sizeBytes);
      this.inPage = 0;
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return view;
  }

  private pageOf(page: number): DataView | undefined {
    let view = this.pages.get(page);
    if (view === undefined) {
      const phys = this.physOf(asVirt(page));
      const bytes =
        phys === undefined ? this.readElsewhere(asVirt(page)) : this.memory.read(phys, PAGE);
      if (bytes === undefined || bytes.length === 0) return undefined;
      if (this.pages.size >= KEPT_PAGES) this.pages.clear();
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.pages.set(page, view);
    }
    this.lastPage = page;
    this.lastView = view;
    return view;
  }

  private absent(base: number, offset: number): NotInDump {
    const va = formatAddress(asVirt(base + offset), this.pointerSize);
    return new NotInDump(`what lies at ${va}`);
  }
}

/** The page that `base + offset` lies in, and where in it: exact where the sum is not. */
function split(base: number, offset: number): [page: number, inPage: number] {
  const start = Math.floor(base / PAGE) * PAGE;
  const within = base - start + offset;
  const inPage = within & (PAGE - 1);
  return [start + within - inPage, inPage];
}
