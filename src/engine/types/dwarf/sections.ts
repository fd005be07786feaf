/**
 * The sections of DWARF that types need, read by ranges: no section is ever whole in memory.
 */

/** The debug information is damaged, or says something that mmscope cannot read. */
export class DwarfError extends Error {
  override readonly name = 'DwarfError';

  constructor(
    what: string,
    /** Of the byte at which reading stopped, in its section. */
    readonly offset: number,
  ) {
    super(`DWARF: ${what} (offset 0x${offset.toString(16)})`);
  }
}

/** The bytes of a section, unpacked. */
export interface SectionBytes {
  readonly size: number;
  /** Shorter only where the section ends. */
  read(offset: number, length: number): Uint8Array;
}

export interface DwarfSections {
  readonly info: SectionBytes;
  readonly abbrev: SectionBytes;
  readonly str: SectionBytes | undefined;
  /** DWARF 5. */
  readonly lineStr: SectionBytes | undefined;
  readonly strOffsets: SectionBytes | undefined;
  readonly addr: SectionBytes | undefined;
  /** DWARF 4: type units have a section of their own. */
  readonly types: SectionBytes | undefined;
}

const PAGE_BYTES = 1 << 16;
/** Pages that are kept of a section: 8 MiB. */
const KEPT_PAGES = 128;

/** A section that is read here and there, a few bytes at a time. */
export class PagedSection {
  private readonly pages = new Map<number, Uint8Array>();

  constructor(private readonly bytes: SectionBytes) {}

  /** Text up to its NUL, one byte a character. @throws DwarfError */
  text(offset: number): string {
    let text = '';
    for (let at = offset; ; at++) {
      const byte = this.byte(at);
      if (byte === 0) return text;
      text += String.fromCharCode(byte);
    }
  }

  /** A little-endian number. @throws DwarfError */
  number(offset: number, sizeBytes: number): number {
    let value = 0;
    for (let i = sizeBytes - 1; i >= 0; i--) value = value * 256 + this.byte(offset + i);
    return value;
  }

  /** An address; those of 64 bits as signed numbers. @throws DwarfError */
  address(offset: number, sizeBytes: 4 | 8): number {
    const low = this.number(offset, 4);
    return sizeBytes === 4 ? low : (this.number(offset + 4, 4) | 0) * 2 ** 32 + low;
  }

  private byte(at: number): number {
    const byte = this.page(Math.floor(at / PAGE_BYTES))[at % PAGE_BYTES];
    if (byte === undefined) throw new DwarfError('a reference leads out of its section', at);
    return byte;
  }

  private page(index: number): Uint8Array {
    let page = this.pages.get(index);
    if (page === undefined) {
      if (this.pages.size >= KEPT_PAGES) this.pages.clear();
      page = this.bytes.read(index * PAGE_BYTES, PAGE_BYTES);
      this.pages.set(index, page);
    }
    return page;
  }
}
