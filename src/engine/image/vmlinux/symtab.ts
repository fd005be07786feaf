/**
 * The symbols of a vmlinux as `nm` lists them: a letter, an address, a name. Per-CPU variables of x86_64 have their offset as the
 * address, as in kallsyms.
 *
 *     ELF32   name:4 value:4 size:4 info:1 other:1 shndx:2
 *     ELF64   name:4 info:1 other:1 shndx:2 value:8 size:8
 *
 * Source: System V ABI, chapter 4.
 */
import { asVirt, fromWords, type VirtAddr } from '../../memory/address.js';
import { viewOf, type RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';
import type { ElfProgram, Section } from './elfSections.js';

export interface LinkedSymbol {
  /** As `nm` has it: capital where the symbol is global. */
  readonly kind: string;
  readonly name: string;
  readonly address: VirtAddr;
}

const STT_OBJECT_MAX = 2;
const STB_LOCAL = 0;
const STB_WEAK = 2;
const SHN_UNDEF = 0;
const SHN_ABS = 0xfff1;
/** More than the tables of any kernel take. */
const MAX_TABLE_BYTES = 1 << 28;

/** Undefined where the file has no table of symbols. @throws ImageError */
export function readSymtab(file: RandomAccess, program: ElfProgram): LinkedSymbol[] | undefined {
  const table = program.section('.symtab');
  const strings = program.section('.strtab');
  if (table === undefined || strings === undefined) return undefined;
  if (table.fileBytes > MAX_TABLE_BYTES || strings.fileBytes > MAX_TABLE_BYTES)
    throw new ImageError('The table of symbols in the file given as vmlinux is damaged.');
  const wide = program.pointerSize === 8;
  const bytes = file.read(table.offset, table.fileBytes);
  const texts = file.read(strings.offset, strings.fileBytes);
  const view = viewOf(bytes);
  const entryBytes = wide ? 24 : 16;
  const symbols: LinkedSymbol[] = [];
  for (let at = entryBytes; at + entryBytes <= bytes.length; at += entryBytes) {
    const info = view.getUint8(at + (wide ? 4 : 12));
    const section = view.getUint16(at + (wide ? 6 : 14), true);
    if ((info & 15) > STT_OBJECT_MAX || section === SHN_UNDEF) continue;
    const name = textAt(texts, view.getUint32(at, true));
    if (name === '') continue;
    const address = wide
      ? fromWords(view.getInt32(at + 8, true), view.getInt32(at + 12, true))
      : asVirt(view.getUint32(at + 4, true));
    const letter = section === SHN_ABS ? 'a' : letterOf(program.sections[section]);
    symbols.push({ kind: withBinding(letter, info >>> 4), name, address });
  }
  return symbols;
}

function letterOf(section: Section | undefined): string {
  if (section === undefined) return '?';
  if (section.isCode) return 't';
  if (!section.isWritable) return 'r';
  return section.fileBytes === 0 ? 'b' : 'd';
}

function withBinding(letter: string, binding: number): string {
  if (binding === STB_WEAK) return letter === 't' ? 'W' : 'V';
  return binding === STB_LOCAL ? letter : letter.toUpperCase();
}

function textAt(bytes: Uint8Array, start: number): string {
  let text = '';
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}
