/**
 * What a vmlinux (or its debug file) tells of a kernel: symbols, BTF, the build id. Only the sections that are asked for are
 * read.
 *
 * Source: System V ABI, chapter 4; Linux 6.1 include/uapi/linux/elf.h.
 */
import { asVirt } from '../../memory/address.js';
import { BtfError, readBtf } from '../../types/btf.js';
import type { TypeTable } from '../../types/model.js';
import { viewOf, type RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';
import type { Kallsym } from './kallsyms.js';

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly link: number;
}

/** SHF_COMPRESSED */
const COMPRESSED = 0x800;
const SHT_NOBITS = 8;
const NT_GNU_BUILD_ID = 3;
const MAX_SECTIONS = 65536;

export class Vmlinux {
  readonly wide: boolean;
  readonly sections: readonly ElfSection[];

  /** @throws ImageError */
  constructor(private readonly file: RandomAccess) {
    const header = file.read(0, 64);
    if (header.length < 52 || String.fromCharCode(...header.subarray(0, 4)) !== '\x7fELF')
      throw new ImageError('The vmlinux is not an ELF file (a vmlinuz has to be unpacked).');
    this.wide = header[4] === 2;
    this.sections = readSections(file, viewOf(padded(header, 64)), this.wide);
  }

  section(name: string): ElfSection | undefined {
    return this.sections.find((each) => each.name === name && each.type !== SHT_NOBITS);
  }

  /** The bytes of a section, or a part of them. */
  bytes(section: ElfSection, from = 0, length = section.sizeBytes - from): Uint8Array {
    if ((section.flags & COMPRESSED) !== 0)
      throw new ImageError(
        `Section ${section.name} of the vmlinux is compressed: unpack it with objcopy --decompress-debug-sections.`,
      );
    return this.file.read(section.offset + from, Math.min(length, section.sizeBytes - from));
  }

  /** The build id in hexadecimal; undefined where there is none. */
  buildId(): string | undefined {
    const notes = this.section('.notes') ?? this.section('.note.gnu.build-id');
    if (notes === undefined) return undefined;
    const bytes = this.bytes(notes);
    const view = viewOf(bytes);
    for (let at = 0; at + 12 <= bytes.length;) {
      const [name, description, type] = [0, 4, 8].map((each) => view.getUint32(at + each, true));
      const start = at + 12 + aligned(name ?? 0);
      const owner = String.fromCharCode(...bytes.subarray(at + 12, at + 15));
      if (type === NT_GNU_BUILD_ID && owner === 'GNU')
        return [...bytes.subarray(start, start + (description ?? 0))]
          .map((byte) => byte.toString(16).padStart(2, '0'))
          .join('');
      at = start + aligned(description ?? 0);
    }
    return undefined;
  }

  /** Symbols with names, as linked. @throws ImageError */
  symbols(): Kallsym[] {
    const table = this.section('.symtab');
    const strings = table && this.sections[table.link];
    if (table === undefined || strings === undefined)
      throw new ImageError('The vmlinux has no symbol table (.symtab).');
    const bytes = this.bytes(table);
    const names = this.bytes(strings);
    const view = viewOf(bytes);
    const entryBytes = this.wide ? 24 : 16;
    const symbols: Kallsym[] = [];
    for (let at = entryBytes; at + entryBytes <= bytes.length; at += entryBytes) {
      const info = view.getUint8(at + (this.wide ? 4 : 12));
      const kind = KINDS[info & 15];
      if (kind === undefined) continue;
      const start = view.getUint32(at, true);
      const end = names.indexOf(0, start);
      const address = this.wide
        ? Number(view.getBigInt64(at + 8, true))
        : view.getUint32(at + 4, true);
      const name = String.fromCharCode(...names.subarray(start, end < 0 ? start : end));
      if (name !== '') symbols.push({ kind, name, address: asVirt(address) });
    }
    return symbols;
  }

  /** Undefined without .BTF. @throws ImageError when it is damaged */
  btf(): TypeTable | undefined {
    const section = this.section('.BTF');
    if (section === undefined) return undefined;
    try {
      return readBtf(this.bytes(section));
    } catch (error) {
      if (error instanceof BtfError)
        throw new ImageError(`.BTF of the vmlinux is damaged: ${error.message}.`);
      throw error;
    }
  }
}

/** By STT_*: no type, object, function. */
const KINDS: Readonly<Record<number, string>> = { 0: 'd', 1: 'd', 2: 't' };

const aligned = (sizeBytes: number): number => Math.ceil(sizeBytes / 4) * 4;

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes.subarray(0, length));
  return out;
}

/**
 *     ELF32  name type flags addr offset size link info align entsize          words
 *     ELF64  name type | flags addr offset size | link info | align entsize    double words between the words
 */
function readSections(file: RandomAccess, header: DataView, wide: boolean): ElfSection[] {
  const start = wide ? Number(header.getBigUint64(40, true)) : header.getUint32(32, true);
  const entryBytes = header.getUint16(wide ? 58 : 46, true);
  const count = Math.min(header.getUint16(wide ? 60 : 48, true), MAX_SECTIONS);
  const namesIndex = header.getUint16(wide ? 62 : 50, true);
  const bytes = file.read(start, count * entryBytes);
  if (count === 0 || entryBytes < (wide ? 64 : 40) || bytes.length < count * entryBytes)
    throw new ImageError('The vmlinux is cut off: its section headers are missing.');
  const view = viewOf(bytes);
  const at = (i: number, narrow: number, broad: number): number =>
    wide
      ? Number(view.getBigUint64(i * entryBytes + broad, true))
      : view.getUint32(i * entryBytes + narrow, true);
  const raw = Array.from({ length: count }, (_, i) => ({
    name: view.getUint32(i * entryBytes, true),
    type: view.getUint32(i * entryBytes + 4, true),
    flags: at(i, 8, 8),
    offset: at(i, 16, 24),
    sizeBytes: at(i, 20, 32),
    link: view.getUint32(i * entryBytes + (wide ? 40 : 24), true),
  }));
  const strings = raw[namesIndex];
  const names =
    strings === undefined ? new Uint8Array(0) : file.read(strings.offset, strings.sizeBytes);
  return raw.map((section) => {
    const end = names.indexOf(0, section.name);
    const name = String.fromCharCode(...names.subarray(section.name, end < 0 ? section.name : end));
    return { ...section, name };
  });
}
