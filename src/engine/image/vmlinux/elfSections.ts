/**
 * The sections of an ELF program: a kernel's vmlinux, or the file that holds its debug information alone.
 *
 * Invariant: a section that is handed out lies whole inside the file.
 *
 * Source: System V ABI, chapter 4; gABI on SHF_COMPRESSED.
 */
import { asciiz, viewOf, type RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';

const EM_386 = 3;
const EM_X86_64 = 62;
const ET_CORE = 4;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const SHF_WRITE = 1;
const SHF_COMPRESSED = 0x800;
/** e_shnum and e_shstrndx when the numbers are in section 0. */
const SHN_XINDEX = 0xffff;
/** Programs have some dozens; a damaged header does not ask for more. */
const MAX_SECTIONS = 1 << 16;
const MAX_NAMES_BYTES = 1 << 22;

type Packing = 'zlib' | 'zstd';

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly isLoaded: boolean;
  readonly isCode: boolean;
  readonly isWritable: boolean;
  /** Signed, as addresses are everywhere. */
  readonly address: number;
  readonly offset: number;
  /** In the file; 0 where the file has no bytes of it. */
  readonly fileBytes: number;
  /** In memory, or unpacked. */
  readonly sizeBytes: number;
  /** How its bytes are packed; undefined: as they are. */
  readonly packing: Packing | undefined;
}

export interface ElfProgram {
  readonly pointerSize: 4 | 8;
  /** By index. */
  readonly sections: readonly Section[];
  /** The section of a name that has bytes in the file. */
  section(name: string): Section | undefined;
}

/** @throws ImageError when it is not an ELF program of an x86 machine */
export function readElfProgram(file: RandomAccess): ElfProgram {
  const header = file.read(0, 64);
  refuseOtherFormats(header);
  const wide = header[4] === 2;
  if (header.length < (wide ? 64 : 52))
    throw new ImageError('The file given as vmlinux ends inside its ELF header.');
  const view = viewOf(header);
  const [type, machine] = [view.getUint16(16, true), view.getUint16(18, true)];
  if (header[5] !== 1 || (machine !== EM_386 && machine !== EM_X86_64))
    throw new ImageError('The file given as vmlinux is not of an x86 machine.');
  if (type === ET_CORE)
    throw new ImageError(
      'The file given as vmlinux is a core: a dump of memory, not the kernel that was built.',
    );
  const sections = readSections(file, view, wide);
  return {
    pointerSize: wide ? 8 : 4,
    sections,
    section: (name) => sections.find((each) => each.name === name && each.fileBytes > 0),
  };
}

function refuseOtherFormats(header: Uint8Array): void {
  const magic = String.fromCharCode(...header.subarray(0, 4));
  if (magic === '\x7fELF') return;
  if (magic.startsWith('MZ'))
    throw new ImageError(
      'The file given as vmlinux is a boot image (vmlinuz), which has neither symbols nor types. Distributions have vmlinux in a package of debug symbols (linux-image-...-dbg, kernel-debuginfo).',
    );
  throw new ImageError('The file given as vmlinux is not ELF: it does not begin with 0x7f ELF.');
}

interface RawSection {
  readonly nameAt: number;
  readonly flags: number;
  readonly section: Section;
}

function readSections(file: RandomAccess, header: DataView, wide: boolean): Section[] {
  const start = wide ? word64(header, 40) : header.getUint32(32, true);
  const entrySize = header.getUint16(wide ? 58 : 46, true);
  let count = header.getUint16(wide ? 60 : 48, true);
  let namesIndex = header.getUint16(wide ? 62 : 50, true);
  if (start === 0)
    throw new ImageError('The file given as vmlinux has no sections: it is stripped.');
  const cutOff = (): ImageError =>
    new ImageError('The file given as vmlinux is cut off: its section headers are missing.');
  if (entrySize < (wide ? 64 : 40)) throw cutOff();
  if (count === 0 || namesIndex === SHN_XINDEX) {
    const first = file.read(start, entrySize);
    if (first.length < entrySize) throw cutOff();
    const raw = viewOf(first);
    if (count === 0) count = wide ? word64(raw, 32) : raw.getUint32(20, true);
    if (namesIndex === SHN_XINDEX) namesIndex = raw.getUint32(wide ? 40 : 24, true);
  }
  const bytes = count > MAX_SECTIONS ? new Uint8Array(0) : file.read(start, count * entrySize);
  if (bytes.length === 0 || bytes.length < count * entrySize) throw cutOff();
  const table = viewOf(bytes);
  const raw = Array.from({ length: count }, (_, i) => rawSection(table, i * entrySize, wide));
  const names = raw[namesIndex]?.section;
  const texts = file.read(names?.offset ?? 0, Math.min(names?.fileBytes ?? 0, MAX_NAMES_BYTES));
  return raw.map(({ nameAt, flags, section }) =>
    unpackedSize(file, wide, flags, {
      ...section,
      name: asciiz(texts.subarray(nameAt)),
      fileBytes: section.offset + section.fileBytes > file.size ? 0 : section.fileBytes,
    }),
  );
}

/**
 *     ELF32   name type flags addr offset size ...      words
 *     ELF64   name type | flags addr offset size ...    words | double words
 */
function rawSection(table: DataView, at: number, wide: boolean): RawSection {
  const field = (index: number): number =>
    wide ? word64(table, at + 8 + 8 * index) : table.getUint32(at + 8 + 4 * index, true);
  const type = table.getUint32(at + 4, true);
  const flags = field(0);
  const address = wide
    ? table.getInt32(at + 20, true) * 2 ** 32 + table.getUint32(at + 16, true)
    : field(1);
  const sizeBytes = field(3);
  return {
    nameAt: table.getUint32(at, true),
    flags,
    section: {
      name: '',
      type,
      isLoaded: (flags & SHF_ALLOC) !== 0,
      isCode: (flags & SHF_EXECINSTR) !== 0,
      isWritable: (flags & SHF_WRITE) !== 0,
      address,
      offset: field(2),
      fileBytes: type === SHT_NOBITS ? 0 : sizeBytes,
      sizeBytes,
      packing: undefined,
    },
  };
}

/**
 *     ELF32   ch_type ch_size ch_addralign                words
 *     ELF64   ch_type 0 | ch_size ch_addralign            words | double words
 */
function unpackedSize(file: RandomAccess, wide: boolean, flags: number, section: Section): Section {
  if ((flags & SHF_COMPRESSED) === 0 || section.fileBytes === 0) return section;
  const headerBytes = wide ? 24 : 12;
  const header = file.read(section.offset, headerBytes);
  const packing = PACKINGS[header[0] ?? 0];
  if (header.length < headerBytes || packing === undefined || section.fileBytes < headerBytes)
    throw new ImageError(
      `Section ${section.name} of the file given as vmlinux is packed in a form that mmscope does not know (${header[0] ?? 0}).`,
    );
  const view = viewOf(header);
  return {
    ...section,
    offset: section.offset + headerBytes,
    fileBytes: section.fileBytes - headerBytes,
    sizeBytes: wide ? word64(view, 8) : view.getUint32(4, true),
    packing,
  };
}

/** ELFCOMPRESS_*. */
const PACKINGS: readonly (Packing | undefined)[] = [undefined, 'zlib', 'zstd'];

const word64 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
