/**
 * What cannot be judged of a machine that was rebuilt from dumps: words that no dump tells, and that ours has not written
 * since (the tape says so, not the value). The kernel's text is given with ours in their place, so that all else in it is
 * compared; each is counted by its name.
 *
 *     page->FIELD               a word of a struct page that earlier, unrecorded lives of the page left there
 *     padding               the bytes beside compound_dtor and compound_order, which a first tail leaves as they were
 *     index below active        a byte of an index array (mm/slab.c) that lies in an object of an OBJFREELIST slab: of those
 *                               below `active`, the object's last user left what is there
 *     bytes of an object's memory before the start
 *     walk of the direct map    the entry of the top-level table, in folders in which no run dumped the tables
 */
import { expandSequence, type StateImage } from '../../engine/image/state/index.js';
import {
  asCell,
  asPfn,
  asPhys,
  asVirt,
  parseAddress,
  type Cell,
} from '../../engine/memory/address.js';
import { fieldOfPage } from './pageFields.js';

const WORDS = / w=([0-9a-f,]+) /;
const SLAB_LINE = /^( (?:part|free) pfn=.* active=(\d+) freelist_at=(\S+) fl) (.*)$/;
/** `pt VA pgd[INDEX]@PHYS=0`: it leads nowhere. */
const NO_WALK = /^pt \S+ (pgd\[[0-9a-f]+\]@([0-9a-f]+))=0$/;

const BEFORE_THE_START = "bytes of an object's memory before the start";

export class Untold {
  readonly counts = new Map<string, number>();
  /** Cells that ours has written, as far as the tape was looked at. */
  private readonly written = new Set<number>();
  private lookedAt = 0;

  constructor(private readonly image: StateImage) {}

  /** A `page` line. */
  page(ours: string, kernel: string): string {
    const { mm, guesses } = this.image;
    const pfn = parseInt(ours.split(' ')[1] ?? '', 16);
    if (isNaN(pfn)) return kernel;
    const oursWords = WORDS.exec(ours)?.[1]?.split(',') ?? [];
    const kernelWords = WORDS.exec(kernel)?.[1]?.split(',') ?? [];
    const guessed = guesses(pfn);
    const page = mm.memmap.pfn_to_page(asPfn(pfn));
    const isUntold = (offset: number): boolean =>
      guessed.get(offset) === mm.words[page + offset] && !this.isWritten(page + offset);
    const words = kernelWords.map((word, i) => {
      const at = i * mm.ptr_words;
      const own = oursWords[i];
      if (word === own || own === undefined) return word;
      const isWhole = isUntold(at) && (!mm.wide || isUntold(at + 1));
      if (!isWhole && !(guessed.has(at) && this.isPadding(page, at, word, own))) return word;
      this.count(`page->${fieldOfPage(mm, at)}`);
      return own;
    });
    return kernel.replace(WORDS, ` w=${words.join(',')} `);
  }

  /** Whether two words of a page differ only in what pads compound_dtor and compound_order, which ours has not written. */
  private isPadding(page: Cell, offset: number, word: string, own: string): boolean {
    const { mm } = this.image;
    const [dtor, order] = [mm.page.compound_dtor, mm.page.compound_order];
    if (dtor >> 2 !== offset || order >> 2 !== offset) return false;
    const differing = BigInt(`0x${word}`) ^ BigInt(`0x${own}`);
    const padding = ~((0xff << ((dtor & 3) * 8)) | (0xff << ((order & 3) * 8))) >>> 0;
    if ((differing & ~BigInt(padding)) !== 0n) return false;
    return [0, 1, 2, 3].every(
      (byte) =>
        ((differing >> BigInt(byte * 8)) & 0xffn) === 0n ||
        !this.isByteChanged(asCell(page + offset), byte),
    );
  }

  /** The result of `bytes`: an object may hold what was in its memory before the start. */
  bytes(ours: string, kernel: string): string {
    const [head = '', ...rows] = kernel.split('\n');
    const start = parseAddress(`0x${head}`, this.image.profile.pointerSize);
    const own = ours.split('\n');
    if (start === undefined || own[0] !== head || own.length !== rows.length + 1) return kernel;
    let at: number = start;
    const judged = rows.map((row, r) => {
      const ourBytes = own[r + 1]?.slice(2).match(/../g) ?? [];
      const bytes = (row.slice(2).match(/../g) ?? []).map((byte, i) => {
        const ourByte = ourBytes[i];
        const cell = this.image.mm.cell_at(asVirt(at + i));
        if (byte === ourByte || ourByte !== '00') return byte;
        // A byte of the word may have been poked, and the others not.
        if (this.isByteChanged(cell, (at + i) & 3)) return byte;
        this.count(BEFORE_THE_START);
        return ourByte;
      });
      at += bytes.length;
      return `> ${bytes.join('')}`;
    });
    return [head, ...judged].join('\n');
  }

  /** The result of `poke`, `ADDRESS OLD>NEW`: likewise, of what was there. */
  poke(ours: string, kernel: string): string {
    const [, address = '', value = ''] = /^([0-9a-f]+) 0>([0-9a-f]+)$/.exec(ours) ?? [];
    const at = parseAddress(`0x${address}`, this.image.profile.pointerSize);
    if (at === undefined || kernel.replace(/ [0-9a-f]+>/, ' 0>') !== ours) return kernel;
    const { mm, tape } = this.image;
    const bytes = value.padStart(value.length + (value.length % 2), '0').match(/../g) ?? [];
    const cells = new Set(bytes.map((_, i) => mm.cell_at(asVirt(at + i))));
    // What it wrote itself: an entry for each byte that is not zero.
    let others = -bytes.filter((byte) => byte !== '00').length;
    tape.searchForward(0, tape.end, (cell) => {
      if (cells.has(cell)) others++;
      return others > 0;
    });
    if (tape.start > 0 || others > 0) return kernel;
    this.count(BEFORE_THE_START);
    return ours;
  }

  /** A line of a slab with its index array. */
  indexes(ours: string, kernel: string): string {
    const [, head, active = '', address = '', own = ''] = SLAB_LINE.exec(ours) ?? [];
    const [, kernelHead, , , kernels = ''] = SLAB_LINE.exec(kernel) ?? [];
    const a = expandSequence(own.split(' '));
    const b = expandSequence(kernels.split(' '));
    if (head === undefined || head !== kernelHead || a?.length !== b?.length) return kernel;
    const start = parseAddress(`0x${address}`, this.image.profile.pointerSize);
    for (const [i, index] of (a ?? []).entries()) {
      if (index === b?.[i]) continue;
      // Memory that nobody has written is zero in a rebuilt machine.
      if (start === undefined || i >= Number(active) || index !== 0) return kernel;
      if (this.isByteWritten(start + i)) return kernel;
    }
    this.count('index below active', a?.filter((index, i) => index !== b?.[i]).length);
    return ours;
  }

  /** The result of an operation that ends with a walk. */
  walk(ours: string, kernel: string): string {
    const [oursLines, kernelLines] = [ours.split('\n'), kernel.split('\n')];
    const last = oursLines.at(-1) ?? '';
    const [, entry, phys = ''] = NO_WALK.exec(last) ?? [];
    if (entry === undefined || kernelLines.at(-1)?.includes(` ${entry}=`) !== true) return kernel;
    const { mm } = this.image;
    const cell = mm.memory.cell(asPhys(parseInt(phys, 16)));
    if (this.isWritten(cell) || (mm.wide && this.isWritten(cell + 1))) return kernel;
    this.count('walk of the direct map');
    return [...kernelLines.slice(0, -1), last].join('\n');
  }

  private count(name: string, nr = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + nr);
  }

  /** What the tape has forgotten counts as written. */
  private isWritten(cell: number): boolean {
    const { tape } = this.image;
    if (tape.start > 0) return true;
    tape.searchForward(this.lookedAt, tape.end, (at) => {
      this.written.add(at);
      return false;
    });
    this.lookedAt = tape.end;
    return this.written.has(cell);
  }

  /** Words are written; of one that is, the tape tells whether this byte of it ever changed. */
  private isByteWritten(va: number): boolean {
    const { mm } = this.image;
    return this.isByteChanged(mm.cell_of(asVirt(va - (va & 3))), va & 3);
  }

  private isByteChanged(cell: Cell, byte: number): boolean {
    const { tape } = this.image;
    if (!this.isWritten(cell)) return false;
    const changes = (at: Cell, before: number, after: number): boolean =>
      at === cell && (((before ^ after) >>> (byte * 8)) & 0xff) !== 0;
    return tape.start > 0 || tape.searchForward(0, tape.end, changes) !== undefined;
  }
}
