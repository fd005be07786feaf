/**
 * A kernel's vmlinux: which build it is, its symbols, its types. It is read by ranges, and never whole.
 *
 * Types are those of .BTF; without it, those of DWARF, which take seconds, and are therefore kept by build id.
 *
 * Source: Linux 6.1 include/linux/build-id.h, scripts/link-vmlinux.sh.
 */
import { BtfError, readBtf, type BtfTypes } from '../../types/btf.js';
import { dwarfToBtf } from '../../types/dwarf/dwarfToBtf.js';
import { DwarfError } from '../../types/dwarf/sections.js';
import { readNotes } from '../core/elf.js';
import type { RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';
import { readElfProgram, type ElfProgram, type Section } from './elfSections.js';
import { readSymtab, type LinkedSymbol } from './symtab.js';
import { unpackedSections, type Unpack } from './unpackedSections.js';

/** Types that were read once, as BTF, by build id: the business of whoever runs the engine. */
export interface KeptTypes {
  /** Undefined where none are kept. */
  read(buildId: string): Uint8Array | undefined;
  write(buildId: string, btf: Uint8Array): void;
}

export interface VmlinuxHost {
  readonly unpack: Unpack;
  /** Undefined: nothing is kept. */
  readonly kept: KeptTypes | undefined;
}

export interface Vmlinux {
  readonly pointerSize: 4 | 8;
  /** In hexadecimal, as VMCOREINFO has it; undefined where the file has none. */
  readonly buildId: string | undefined;
  /** Undefined where the file has none. @throws ImageError */
  readonly symbols: () => readonly LinkedSymbol[] | undefined;
  /** Undefined where the file has neither BTF nor DWARF. @throws ImageError */
  readonly types: () => Promise<BtfTypes | undefined>;
}

/** @throws ImageError when the file is not a vmlinux */
export function openVmlinux(file: RandomAccess, host: VmlinuxHost): Vmlinux {
  const program = readElfProgram(file);
  const buildId = buildIdOf(file, program);
  return {
    pointerSize: program.pointerSize,
    buildId,
    symbols: () => readSymtab(file, program),
    types: () => typesOf(file, program, buildId, host),
  };
}

const SHT_NOTE = 7;
const NT_GNU_BUILD_ID = 3;
const MAX_NOTES_BYTES = 1 << 20;

function buildIdOf(file: RandomAccess, { sections }: ElfProgram): string | undefined {
  for (const { type, offset, fileBytes } of sections) {
    if (type !== SHT_NOTE || fileBytes > MAX_NOTES_BYTES) continue;
    const note = readNotes(file.read(offset, fileBytes)).find(
      (each) => each.owner === 'GNU' && each.type === NT_GNU_BUILD_ID,
    );
    if (note !== undefined)
      return Array.from(note.description, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return undefined;
}

/** More than the types of any kernel take. */
const MAX_BTF_BYTES = 1 << 26;

async function typesOf(
  file: RandomAccess,
  program: ElfProgram,
  buildId: string | undefined,
  { unpack, kept }: VmlinuxHost,
): Promise<BtfTypes | undefined> {
  const btf = program.section('.BTF');
  if (btf !== undefined && btf.packing === undefined && btf.fileBytes <= MAX_BTF_BYTES)
    return typesIn(file.read(btf.offset, btf.fileBytes));
  if (program.section('.debug_info') === undefined) return undefined;
  const before = buildId === undefined ? undefined : keptTypes(kept, buildId);
  if (before !== undefined) return before;
  const made = await typesOfDwarf(file, program, unpack);
  const types = typesIn(made);
  if (buildId !== undefined) kept?.write(buildId, made);
  return types;
}

/** Types that are kept for a build; undefined where there are none, or they are damaged. */
function keptTypes(kept: KeptTypes | undefined, buildId: string): BtfTypes | undefined {
  const btf = kept?.read(buildId);
  if (btf === undefined) return undefined;
  try {
    return readBtf(btf);
  } catch (error) {
    if (error instanceof BtfError) return undefined;
    throw error;
  }
}

/** @throws ImageError when the bytes are not BTF */
function typesIn(btf: Uint8Array): BtfTypes {
  try {
    return readBtf(btf);
  } catch (error) {
    if (error instanceof BtfError)
      throw new ImageError(`The types given are damaged. ${error.message}.`);
    throw error;
  }
}

async function typesOfDwarf(
  file: RandomAccess,
  program: ElfProgram,
  unpack: Unpack,
): Promise<Uint8Array> {
  const { sections, close } = await unpackedSections(file, program, unpack);
  try {
    return dwarfToBtf(sections, program.pointerSize, program.sections.filter(holdsVariables));
  } catch (error) {
    if (error instanceof DwarfError)
      throw new ImageError(
        `The debug information in the file given as vmlinux cannot be read. ${error.message}.`,
      );
    throw error;
  } finally {
    close();
  }
}

/** The kernel gives back .init sections when it has booted: what lies there then is not those variables. */
const holdsVariables = ({ name, isLoaded, isCode }: Section): boolean =>
  isLoaded && !isCode && !name.startsWith('.init');
