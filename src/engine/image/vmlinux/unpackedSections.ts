/**
 * The sections that DWARF needs, as the program has them: packed ones (CONFIG_DEBUG_INFO_COMPRESSED_ZLIB, _ZSTD) are unpacked by
 * whoever runs the engine, since they are larger than memory should hold.
 */
import type { DwarfSections } from '../../types/dwarf/sections.js';
import type { RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';
import type { ElfProgram, Section } from './elfSections.js';

/** The unpacked bytes of a section. Rejects when they are damaged. */
export type Unpack = (file: RandomAccess, section: Section) => Promise<UnpackedSection>;

interface UnpackedSection extends RandomAccess {
  close(): void;
}

export interface OpenedSections {
  readonly sections: DwarfSections;
  readonly close: () => void;
}

/** @throws ImageError */
export async function unpackedSections(
  file: RandomAccess,
  program: ElfProgram,
  unpack: Unpack,
): Promise<OpenedSections> {
  const opened: UnpackedSection[] = [];
  const close = (): void => {
    for (const each of opened) each.close();
  };
  const open = async (name: string): Promise<RandomAccess | undefined> => {
    const section = program.section(name);
    if (section === undefined) return undefined;
    if (section.packing === undefined) return partOf(file, section);
    const unpacked = await unpack(file, section);
    opened.push(unpacked);
    return unpacked;
  };
  try {
    const info = await open('.debug_info');
    const abbrev = await open('.debug_abbrev');
    if (info === undefined || abbrev === undefined)
      throw new ImageError('The file given as vmlinux has no whole DWARF: a section is missing.');
    const sections = {
      info,
      abbrev,
      str: await open('.debug_str'),
      lineStr: await open('.debug_line_str'),
      strOffsets: await open('.debug_str_offsets'),
      addr: await open('.debug_addr'),
      types: await open('.debug_types'),
    };
    return { sections, close };
  } catch (error) {
    close();
    throw error;
  }
}

const partOf = (file: RandomAccess, { offset, fileBytes }: Section): RandomAccess => ({
  size: fileBytes,
  read: (at, length) => file.read(offset + at, Math.max(0, Math.min(length, fileBytes - at))),
});
