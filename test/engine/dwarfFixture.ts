/** What tests of debug information have in common: the fixture in test/data/dwarf, and its types as text. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { readElfProgram } from '../../src/engine/image/vmlinux/elfSections.js';
import { openVmlinux } from '../../src/engine/image/vmlinux/vmlinux.js';
import { type BtfTypes } from '../../src/engine/types/btf.js';
import { writeEnum, writeStruct, writeTypedef } from '../../src/engine/types/typeTextWriter.js';
import { unpackSection } from '../../src/files/unpackSection.js';

export const sources = path.resolve('test/data/dwarf');
export const host = { unpack: unpackSection, kept: undefined };

export async function typesOf(elf: Uint8Array): Promise<BtfTypes> {
  const types = await openVmlinux(randomAccessOf(elf), host).types();
  assert.ok(types);
  return types;
}

/** Everything with a name, as text, in the order of names. */
export function textOf(types: BtfTypes): string {
  const names = types.names();
  const texts = [
    ...names.structs.map((name) => types.struct(name)).map((type) => type && writeStruct(type)),
    ...names.unions.map((name) => types.union(name)).map((type) => type && writeStruct(type)),
    ...names.enums.map((name) => types.enum(name)).map((type) => type && writeEnum(type)),
    ...names.typedefs.map((name) => types.typedef(name)).map((type) => type && writeTypedef(type)),
  ];
  return texts
    .map((lines) => (lines ?? []).join('\n'))
    .sort()
    .join('\n');
}

/** Where a section lies in the file, and how large it is there. */
export function sectionOf(
  elf: Uint8Array,
  name: string,
): { readonly offset: number; readonly size: number } {
  const found = readElfProgram(randomAccessOf(elf)).section(name);
  assert.ok(found);
  return { offset: found.offset, size: found.fileBytes };
}
