/**
 * The ELF container of a memory dump: which physical addresses lie where in the file, and the notes beside them.
 *
 *     ELF header ──> program headers ──> PT_NOTE  notes of the CPUs, VMCOREINFO
 *                                   └──> PT_LOAD  p_paddr: physical address, p_offset: where in the file
 *
 * Both classes occur whatever the machine: QEMU writes ELF64 for an i386 guest that reaches up to 4 GiB.
 * Source: System V ABI, chapter 4 and 5; Linux 6.1 include/uapi/linux/elf.h; QEMU dump/dump.c.
 */
import { ImageError } from '../kernelImage.js';
import { asciiz, viewOf, type RandomAccess } from './randomAccess.js';

const EM_386 = 3;
export const EM_X86_64 = 62;
const ET_CORE = 4;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** e_phnum when there are more: the real number is sh_info of section 0. */
const PN_XNUM = 0xffff;
/** More than the notes of any machine take; a damaged size does not ask for more. */
const MAX_NOTES_BYTES = 1 << 24;
/** DUMP_ELF_INCOMPLETE of e_flags. Source: makedumpfile elf_info.h. */
const INCOMPLETE = 1;
/** As the addresses of `/proc/kcore` that have no physical one: all ones. */
const NO_PHYS = 2 ** 52;

interface Segment {
  readonly startPhys: number;
  readonly offset: number;
  /** Bytes in the file; what `memBytes` has beyond reads as zero. */
  readonly fileBytes: number;
  readonly memBytes: number;
}

export interface Note {
  readonly owner: string;
  readonly type: number;
  readonly description: Uint8Array;
}

export interface ElfCore {
  readonly machine: typeof EM_386 | typeof EM_X86_64;
  /** By file order; the ranges of two may overlap (kdump lists the kernel's text apart), with the same content. */
  readonly segments: readonly Segment[];
  readonly notes: readonly Note[];
  /** What is missing at the end of the file, for people; undefined when it is whole. */
  readonly cutOff: string | undefined;
  /** Some of it has addresses and no place in physical memory, as in `/proc/kcore` alone. */
  readonly isLive: boolean;
}

/** @throws ImageError when the file is not an ELF core of an x86 machine's memory */
export function readElfCore(file: RandomAccess): ElfCore {
  const header = file.read(0, 64);
  if (!asciiz(header.subarray(0, 4)).startsWith('\x7fELF'))
    throw new ImageError('The file is not an ELF core: it does not begin with 0x7f ELF.');
  const view = viewOf(header);
  const wide = header[4] === 2;
  if (header.length < 52 || (wide && header.length < 64))
    throw new ImageError('The file ends inside its ELF header.');
  if (header[5] !== 1)
    throw new ImageError('The ELF file is big-endian, so it is not from an x86 machine.');
  const type = view.getUint16(16, true);
  const machine = view.getUint16(18, true);
  if (type !== ET_CORE)
    throw new ImageError('The ELF file is not a core: it holds a program, not a dump of memory.');
  if (machine !== EM_386 && machine !== EM_X86_64)
    throw new ImageError(
      `The core is from ELF machine ${machine}; mmscope opens i386 (3) and x86_64 (62).`,
    );

  const headers = programHeaders(file, view, wide);
  const segments = headers
    .filter(
      (each) =>
        each.type === PT_LOAD && each.segment.memBytes > 0 && each.segment.startPhys < NO_PHYS,
    )
    .map((each) => each.segment);
  if (segments.length === 0)
    throw new ImageError('The core does not contain memory: it has no PT_LOAD segment.');
  const end = Math.max(...segments.map(({ offset, fileBytes }) => offset + fileBytes));
  const cutOff =
    end > file.size
      ? `the file is cut off: it ends at byte ${file.size}, its last segment at ${end}`
      : (view.getUint32(wide ? 48 : 36, true) & INCOMPLETE) !== 0
        ? 'it was not written to its end (makedumpfile says so in its header)'
        : undefined;
  const notes = headers
    .filter((each) => each.type === PT_NOTE)
    .flatMap(({ segment }) =>
      readNotes(file.read(segment.offset, Math.min(segment.fileBytes, MAX_NOTES_BYTES))),
    );
  return {
    machine,
    segments: segments.map((each) => ({
      ...each,
      fileBytes: Math.max(0, Math.min(each.fileBytes, file.size - each.offset)),
    })),
    notes,
    cutOff,
    isLive: headers.some(({ type, segment }) => type === PT_LOAD && segment.startPhys >= NO_PHYS),
  };
}

interface ProgramHeader {
  readonly type: number;
  readonly segment: Segment;
}

function programHeaders(file: RandomAccess, view: DataView, wide: boolean): ProgramHeader[] {
  const start = wide ? word64(view, 32) : view.getUint32(28, true);
  const entrySize = view.getUint16(wide ? 54 : 42, true);
  let count = view.getUint16(wide ? 56 : 44, true);
  if (count === PN_XNUM) {
    const section = wide ? word64(view, 40) : view.getUint32(32, true);
    const infoAt = section + (wide ? 44 : 28);
    const info = file.read(infoAt, 4);
    if (info.length < 4)
      throw new ImageError('The core is cut off: its section header is missing.');
    count = viewOf(info).getUint32(0, true);
  }
  const bytes = file.read(start, count * entrySize);
  if (entrySize < (wide ? 56 : 32) || bytes.length < count * entrySize)
    throw new ImageError('The core is cut off: its program headers are missing.');
  const table = viewOf(bytes);
  return Array.from({ length: count }, (_, i) => programHeader(table, i * entrySize, wide));
}

/**
 *     ELF32   type offset vaddr paddr filesz memsz flags align      words
 *     ELF64   type flags | offset vaddr paddr filesz memsz align    words | double words
 */
function programHeader(table: DataView, at: number, wide: boolean): ProgramHeader {
  const field = (index: number): number =>
    wide ? word64(table, at + 8 * index) : table.getUint32(at + 4 * index, true);
  return {
    type: table.getUint32(at, true),
    segment: {
      offset: field(1),
      startPhys: field(3),
      fileBytes: field(4),
      memBytes: field(5),
    },
  };
}

/** Notes lie one after the other, name and description each padded to words. A damaged tail ends the list. */
export function readNotes(bytes: Uint8Array): Note[] {
  const view = viewOf(bytes);
  const notes: Note[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameBytes = view.getUint32(at, true);
    const descriptionBytes = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const description = at + 12 + padded(nameBytes);
    if (description + descriptionBytes > bytes.length) break;
    notes.push({
      owner: asciiz(bytes.subarray(at + 12, at + 12 + nameBytes)),
      type,
      description: bytes.slice(description, description + descriptionBytes),
    });
    at = description + padded(descriptionBytes);
  }
  return notes;
}

const padded = (sizeBytes: number): number => Math.ceil(sizeBytes / 4) * 4;

/** An unsigned 64-bit number; offsets and physical addresses stay below 2^53. */
const word64 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
