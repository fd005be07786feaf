/**
 * A profile of a kernel that is not bundled, from what its build leaves behind: the BTF of vmlinux and System.map.
 *
 * Types are all BTF's, addresses all System.map's. Neither tells the types of ordinary globals, nor preprocessor constants:
 * those are the nearest bundled kernel's (same architecture, SMP and slab allocator where possible), except where BTF shows
 * another value. A build whose configuration differs in more than that needs its own profile (`npm run profiles`).
 */
import { asVirt, parseAddress, type VirtAddr } from '../../memory/address.js';
import { readBtf } from '../../types/btf.js';
import { loadProfile, PROFILE_NAMES } from '../../types/bundled.js';
import { parseCType } from '../../types/declaration.js';
import { sizeOf } from '../../types/layout.js';
import { findMember } from '../../types/members.js';
import type { CType, TypeTable } from '../../types/model.js';
import type { Arch, KernelSymbol, Profile } from '../../types/profile.js';
import { typeName } from '../../types/typeName.js';
import { ImageError } from '../kernelImage.js';

export interface KernelBuild {
  /** The raw `.BTF` section of vmlinux. */
  readonly btf: Uint8Array;
  /** `ADDRESS TYPE NAME` lines. */
  readonly systemMap: string;
  /** `uname -r` without what the distribution adds: `6.1.192`. The nearest bundled kernel's when absent. */
  readonly release?: string;
  /** The nearest bundled kernel, if it is not to be guessed. */
  readonly nearest?: Profile;
}

/** @throws BtfError, ImageError */
export function profileFrom(build: KernelBuild): Profile {
  const types = readBtf(build.btf);
  const map = readSystemMap(build.systemMap, types.pointerSize);
  if (!map.has('contig_page_data') || types.struct('page') === undefined)
    throw new ImageError(
      'The System.map and BTF are not of a kernel with one memory node: contig_page_data or struct page is missing.',
    );
  const arch = archOf(types);
  const smp = map.has('__per_cpu_offset');
  const nearest = build.nearest ?? nearestProfile(arch, smp, types);
  return new BuildProfile(arch, smp, types, map, nearest, build.release ?? nearest.release);
}

function readSystemMap(text: string, pointerSize: 4 | 8): ReadonlyMap<string, VirtAddr> {
  const map = new Map<string, VirtAddr>();
  for (const line of text.split('\n')) {
    const [hex, , name] = line.split(' ');
    const address = parseAddress(`0x${hex ?? ''}`, pointerSize);
    // Statics of functions are `name.123`; the first of several has the name.
    const plain = name?.replace(/\.\d+$/, '');
    if (address !== undefined && plain !== undefined && !map.has(plain)) map.set(plain, address);
  }
  return map;
}

function archOf(types: TypeTable): Arch {
  if (types.pointerSize === 8) return 'x86_64';
  const pte = types.typedef('pteval_t');
  return pte !== undefined && sizeOf(pte, 4) === 8 ? 'i386-pae' : 'i386';
}

function nearestProfile(arch: Arch, smp: boolean, types: TypeTable): Profile {
  const slub = hasSlub(types);
  const likeness = (profile: Profile): number =>
    (profile.smp === smp ? 2 : 0) + ((profile.constant('CONFIG_SLUB') === 1) === slub ? 1 : 0);
  const candidates = PROFILE_NAMES.map(loadProfile).filter((profile) => profile.arch === arch);
  return candidates.reduce((best, each) => (likeness(each) > likeness(best) ? each : best));
}

const hasSlub = (types: TypeTable): boolean => types.struct('kmem_cache_cpu')?.complete === true;

class BuildProfile implements Profile {
  readonly name;
  readonly pointerSize;
  private readonly shown: ReadonlyMap<string, number>;
  private sorted: readonly (readonly [address: VirtAddr, name: string])[] | undefined;

  constructor(
    readonly arch: Arch,
    readonly smp: boolean,
    readonly types: TypeTable,
    private readonly map: ReadonlyMap<string, VirtAddr>,
    private readonly nearest: Profile,
    readonly release: string,
  ) {
    this.name = nearest.name;
    this.pointerSize = types.pointerSize;
    this.shown = shownConstants(types, smp);
  }

  symbol(name: string): KernelSymbol | undefined {
    const address = this.map.get(name);
    return address === undefined ? undefined : this.symbolOf(name, address);
  }

  /** Names that have a type. (The map has tens of thousands more, which {@link symbol} and {@link symbolAt} know.) */
  symbolNames(): readonly string[] {
    return this.nearest.symbolNames().filter((name) => this.map.has(name));
  }

  symbolAt(
    address: VirtAddr,
  ): { readonly symbol: KernelSymbol; readonly offset: number } | undefined {
    this.sorted ??= [...this.map]
      .map(([name, at]) => [at, name] as const)
      .sort(([a], [b]) => a - b);
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle]?.[0] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const [at, name] = this.sorted[low - 1] ?? [];
    if (at === undefined || name === undefined) return undefined;
    return { symbol: this.symbolOf(name, at), offset: address - at };
  }

  constant(name: string): number {
    const value = this.findConstant(name);
    if (value === undefined)
      throw new Error(`neither the kernel's BTF nor ${this.name} has ${name}`);
    return value;
  }

  findConstant(name: string): number | undefined {
    return (
      this.shown.get(name) ??
      this.types.enumerator(name)?.value ??
      // A zone type or migratetype that this build lacks must not come from another one.
      (this.nearest.types.enumerator(name) === undefined
        ? this.nearest.findConstant(name)
        : undefined)
    );
  }

  wideConstant(name: string): bigint {
    const value = this.shown.get(name);
    return value === undefined
      ? this.nearest.wideConstant(name)
      : BigInt.asUintN(64, BigInt(value));
  }

  constantNames(): readonly string[] {
    return this.nearest.constantNames();
  }

  private symbolOf(name: string, address: VirtAddr): KernelSymbol {
    const known = this.nearest.symbol(name)?.type;
    const type: CType | undefined = known && parseCType(typeName(known), this.types);
    return {
      name,
      address,
      sizeBytes: type === undefined ? 0 : sizeOf(type, this.pointerSize),
      type,
      perCpu: this.isPerCpu(address),
    };
  }

  /** The section's own labels included; on SMP all of it lies from 0 on. */
  private isPerCpu(address: VirtAddr): boolean {
    const start = this.map.get('__per_cpu_start') ?? asVirt(0);
    const end = this.map.get('__per_cpu_end') ?? asVirt(-1);
    return this.smp && address >= start && address <= end;
  }
}

/** Constants that a build's types give away. */
function shownConstants(types: TypeTable, smp: boolean): ReadonlyMap<string, number> {
  const lengthOf = (tag: string, member: string): number => {
    const struct = types.struct(tag);
    const type = struct && findMember(struct, member)?.type;
    if (type?.kind !== 'array') throw new ImageError(`The BTF has no array ${tag}.${member}.`);
    return type.length;
  };
  const nrZones = lengthOf('pglist_data', 'node_zones');
  const zonesWidth = Math.ceil(Math.log2(nrZones));
  const nrPageflags = types.enumerator('__NR_PAGEFLAGS')?.value ?? 0;
  const zone = types.struct('zone');
  const flatmem = zone !== undefined && findMember(zone, 'pageblock_flags') !== undefined;
  const slub = hasSlub(types);
  return new Map([
    ['MAX_NR_ZONES', nrZones],
    ['MAX_ORDER', lengthOf('zone', 'free_area')],
    ['NR_PCP_LISTS', lengthOf('per_cpu_pages', 'lists')],
    ['ZONES_WIDTH', zonesWidth],
    // One node, and no section numbers in the flags: the zone has the highest bits.
    ['ZONES_PGSHIFT', types.pointerSize * 8 - zonesWidth],
    ['PAGE_FLAGS_CHECK_AT_PREP', 2 ** nrPageflags - 1],
    ['CONFIG_SMP', smp ? 1 : 0],
    ['CONFIG_FLATMEM', flatmem ? 1 : 0],
    ['CONFIG_SPARSEMEM', flatmem ? 0 : 1],
    ['CONFIG_SLUB', slub ? 1 : 0],
    ['CONFIG_SLAB', slub ? 0 : 1],
  ]);
}
