/**
 * A dumped kernel as its views read it: members by name, at the offsets that its own types tell. What differs between
 * versions is decided by what the types have; each such difference is in one place, which names the commit or release.
 *
 * Invariant: every answer is read, none is guessed: what the build lacks throws {@link NotKnown}, what the dump lacks
 * NotInDump. A view that goes on without it says so ({@link Problems}).
 */
import type { VirtAddr } from '../memory/address.js';
import { asVirt, formatAddress } from '../memory/address.js';
import type { DumpKernel } from '../image/dump/describe.js';
import { NotInDump, type KernelSpace } from '../image/dump/kernelSpace.js';
import { BtfError } from '../types/btf.js';
import { sizeOf, stripTypedefs } from '../types/layout.js';
import { findMember } from '../types/members.js';
import type { CType, MemberPlace, StructType } from '../types/model.js';
import { counted } from '../view/counted.js';

/** This kernel's types or symbols do not have it. */
export class NotKnown extends Error {
  constructor(what: string) {
    super(`this kernel has no ${what}`);
  }
}

/** Memory contradicts itself: a list that runs in a circle, a count that cannot be. */
export class Damaged extends Error {}

/** An error that is about the dump, not about us. */
export const isDumpError = (error: unknown): error is Error =>
  error instanceof NotInDump ||
  error instanceof NotKnown ||
  error instanceof Damaged ||
  // Types are read when they are looked into.
  error instanceof BtfError;

/** More than any array of these structures has. */
const MAX_LENGTH = 1 << 16;

export class Inspected {
  readonly space: KernelSpace;
  readonly pointerSize: 4 | 8;
  private readonly places = new Map<string, MemberPlace | undefined>();

  constructor(
    readonly dump: DumpKernel,
    /** Tasks that are on no list of the kernel's. */
    readonly toldTasks: () => readonly VirtAddr[] = () => [],
  ) {
    this.space = dump.space;
    this.pointerSize = dump.space.pointerSize;
  }

  // --- what the build has -------------------------------------------------------------------------------------------

  struct(tag: string): StructType | undefined {
    return this.dump.types.struct(tag) ?? this.dump.types.union(tag);
  }

  sizeof(tag: string): number {
    const type = this.struct(tag);
    if (type === undefined) throw new NotKnown(`struct ${tag}`);
    return type.sizeBytes;
  }

  findPlace(tag: string, path: string): MemberPlace | undefined {
    const key = `${tag}.${path}`;
    if (this.places.has(key)) return this.places.get(key);
    const type = this.struct(tag);
    const place = type && findMember(type, path);
    this.places.set(key, place);
    return place;
  }

  has(tag: string, path: string): boolean {
    return this.findPlace(tag, path) !== undefined;
  }

  place(tag: string, path: string): MemberPlace {
    const place = this.findPlace(tag, path);
    if (place === undefined) throw new NotKnown(`${tag}.${path}`);
    return place;
  }

  /** Byte offset of a member. */
  offset(tag: string, path: string): number {
    return this.place(tag, path).offsetBits / 8;
  }

  /** The first of several spellings that this build has. */
  either(tag: string, ...paths: readonly string[]): string {
    const path = paths.find((each) => this.has(tag, each));
    if (path === undefined) throw new NotKnown(`${tag}.${paths.join(' or ')}`);
    return path;
  }

  /** How many elements an array member has. */
  lengthOf(tag: string, path: string): number {
    const type = stripTypedefs(this.place(tag, path).type);
    if (type.kind !== 'array') throw new NotKnown(`array ${tag}.${path}`);
    if (type.length > MAX_LENGTH)
      throw new Damaged(`${tag}.${path} has ${counted(type.length, 'element')}`);
    return type.length;
  }

  findEnumerator(name: string): number | undefined {
    return this.dump.types.enumerator(name)?.value;
  }

  enumerator(name: string): number {
    const value = this.findEnumerator(name);
    if (value === undefined) throw new NotKnown(`enumerator ${name}`);
    return value;
  }

  findGlobal(name: string): VirtAddr | undefined {
    return this.dump.symbols.address(name);
  }

  /** The address of a global variable. */
  global(name: string): VirtAddr {
    const address = this.findGlobal(name);
    if (address === undefined) throw new NotKnown(`symbol ${name}`);
    return address;
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  /** An integer member, as wide and as signed as its type; of an `atomic_t` and its like its counter. */
  number(at: VirtAddr, tag: string, path: string): number {
    return this.numberAt(at, this.place(tag, path));
  }

  numberAt(at: VirtAddr, place: MemberPlace, offset = 0): number {
    const byte = offset + Math.floor(place.offsetBits / 8);
    const type = scalarOf(place.type);
    const sizeBytes = sizeOf(type, this.pointerSize);
    const signed = type.kind === 'int' || type.kind === 'enum' ? type.signed : false;
    if (place.widthBits > 0) {
      const word = this.space.u64(at, byte);
      return Number(BigInt.asUintN(place.widthBits, word >> BigInt(place.offsetBits % 8)));
    }
    switch (sizeBytes) {
      case 1:
        return signed ? (this.space.u8(at, byte) << 24) >> 24 : this.space.u8(at, byte);
      case 2:
        return this.space.u16(at, byte);
      case 4:
        return signed ? this.space.i32(at, byte) : this.space.u32(at, byte);
      default: {
        const bits = this.space.u64(at, byte);
        return Number(signed ? BigInt.asIntN(64, bits) : bits);
      }
    }
  }

  /** A pointer member. */
  pointer(at: VirtAddr, tag: string, path: string): VirtAddr {
    return this.space.pointer(at, this.offset(tag, path));
  }

  /** The pointer at a global. */
  globalPointer(name: string): VirtAddr {
    return this.space.pointer(this.global(name));
  }

  /** Where a CPU has what a per-CPU pointer or variable means. */
  perCpu(pointer: number, cpu: number): VirtAddr {
    const offsets = this.findGlobal('__per_cpu_offset');
    const offset = offsets === undefined ? 0 : this.space.pointer(offsets, cpu * this.pointerSize);
    const sum = asVirt(pointer + offset);
    return this.space.wide ? sum : asVirt(sum >>> 0);
  }

  /** The bits that are set of a mask of longs, such as a cpumask or a nodemask. */
  bits(at: VirtAddr, nrBits: number, offset = 0): number[] {
    const found: number[] = [];
    for (let bit = 0; bit < nrBits; bit++)
      if (((this.space.u8(at, offset + (bit >> 3)) >> (bit & 7)) & 1) !== 0) found.push(bit);
    return found;
  }

  /** CPUs that are online. Source: kernel/cpu.c: __cpu_online_mask. */
  onlineCpus(): number[] {
    const mask = this.findGlobal('__cpu_online_mask');
    // A kernel without SMP has one.
    if (mask === undefined) return [0];
    return this.bits(mask, this.nrCpuIds());
  }

  /** Source: kernel/smp.c: nr_cpu_ids. */
  nrCpuIds(): number {
    const at = this.findGlobal('nr_cpu_ids');
    return at === undefined ? 1 : Math.min(this.space.u32(at), 8192);
  }

  hex(va: VirtAddr): string {
    return formatAddress(va, this.pointerSize);
  }
}

/** The integer inside of `atomic_long_t` and its like, or the element of an array. */
function scalarOf(type: CType): CType {
  let bare: CType = stripTypedefs(type);
  for (;;) {
    if (bare.kind === 'array') bare = stripTypedefs(bare.element);
    else if (bare.kind === 'struct' && bare.members[0] !== undefined)
      bare = stripTypedefs(bare.members[0].type);
    else return bare;
  }
}

/** What views could not read, collected in sentences, so that the rest is shown all the same. */
export class Problems {
  readonly found: string[] = [];

  add(what: string, error: Error | string): void {
    const text = `${what}: ${typeof error === 'string' ? error : error.message}`;
    if (this.found.length < 1000 && !this.found.includes(text)) this.found.push(text);
  }

  /** What `read` gives; when the dump does not have it, `otherwise`, and a problem. */
  tried<T>(what: string, read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (error) {
      if (!isDumpError(error)) throw error;
      this.add(what, error);
      return otherwise;
    }
  }
}
