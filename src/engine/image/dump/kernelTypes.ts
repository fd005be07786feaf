/**
 * The types of a dumped kernel: what the user gives, else the BTF in its memory, else what is kept of its vmlinux.
 *
 * Invariant: types of another kernel are refused, as far as VMCOREINFO tells: it has sizes and offsets of its own.
 *
 * Source: Linux 6.1 kernel/bpf/sysfs_btf.c (where BTF lies), kernel/crash_core.c (SIZE, OFFSET).
 */
import { BtfError, readBtf } from '../../types/btf.js';
import { findMember } from '../../types/members.js';
import type { TypeTable } from '../../types/model.js';
import { counted } from '../../view/counted.js';
import type { Vmcoreinfo } from '../core/notes.js';
import { ImageError } from '../kernelImage.js';
import type { KernelSpace } from './kernelSpace.js';
import type { Symbols } from './symbols.js';
import { WantsVmlinux, type WantedKernel } from './wanted.js';

export interface OtherTypes {
  /** Of the files that the user gives: they go before the dump's own. */
  readonly given: TypeTable | undefined;
  readonly kept: () => TypeTable | undefined;
}

/** @throws ImageError, NotInDump */
export function kernelTypes(
  space: KernelSpace,
  symbols: Symbols,
  info: Vmcoreinfo,
  other: OtherTypes,
  kernel: WantedKernel,
): TypeTable {
  if (other.given !== undefined) {
    refuseOthers(other.given, info, space.pointerSize);
    return other.given;
  }
  const types = ownTypes(space, symbols) ?? other.kept();
  if (types !== undefined) return types;
  throw new WantsVmlinux(
    kernel,
    'carries no types (it was built without BTF). Give its vmlinux with debug information, or its BTF',
  );
}

/** More than the types of any kernel take. */
const MAX_BTF_BYTES = 1 << 26;

function ownTypes(space: KernelSpace, symbols: Symbols): TypeTable | undefined {
  const [start, stop] = [symbols.address('__start_BTF'), symbols.address('__stop_BTF')];
  if (start === undefined || stop === undefined || stop <= start) return undefined;
  if (stop - start > MAX_BTF_BYTES)
    throw new ImageError(`BTF in the dump is damaged: it claims ${counted(stop - start, 'byte')}.`);
  try {
    return readBtf(space.bytes(start, 0, stop - start));
  } catch (error) {
    if (error instanceof BtfError)
      throw new ImageError(`BTF in the dump is damaged: ${error.message}.`);
    throw error;
  }
}

const SIZES = ['page', 'pglist_data', 'zone', 'free_area', 'list_head'];
const OFFSETS = [
  'page.flags',
  'page._refcount',
  'zone.free_area',
  'zone.vm_stat',
  'vmap_area.list',
];

function refuseOthers(types: TypeTable, info: Vmcoreinfo, pointerSize: 4 | 8): void {
  const refuse = (what: string, given: number, dumped: number): never => {
    throw new ImageError(
      `The types given are of another kernel: ${what} is ${given} there, and ${dumped} in the dump.`,
    );
  };
  if (types.pointerSize !== pointerSize) refuse('sizeof(void *)', types.pointerSize, pointerSize);
  for (const tag of SIZES) {
    const [given, dumped] = [types.struct(tag)?.sizeBytes, info.size(tag)];
    if (given !== undefined && dumped !== undefined && given !== dumped)
      refuse(`sizeof(struct ${tag})`, given, dumped);
  }
  for (const path of OFFSETS) {
    const [tag = '', member = ''] = path.split('.');
    const type = types.struct(tag);
    const given = type && findMember(type, member)?.offsetBits;
    const dumped = info.offset(path);
    if (given !== undefined && dumped !== undefined && given / 8 !== dumped)
      refuse(`offsetof(struct ${tag}, ${member})`, given / 8, dumped);
  }
}
