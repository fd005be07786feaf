/**
 * The profile of a kernel that a dump describes: its types and symbols, and of the preprocessor's constants only those that
 * follow from them or that are the same in every x86 build.
 *
 * What is not known is missing ({@link Profile.partial}): kernel functions do not run on such an image, it is only looked
 * into.
 */
import { NotKnown } from '../../inspect/inspected.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { parseCType } from '../../types/declaration.js';
import { findMember } from '../../types/members.js';
import type { CType } from '../../types/model.js';
import type { Arch, KernelSymbol, Profile } from '../../types/profile.js';
import { BtfTypes } from '../../types/btf.js';
import type { DumpKernel } from './describe.js';
import { PER_CPU_SECTION, TypedVariables } from './typedVariables.js';
import { GLOBAL_TYPES } from './globalTypes.js';

/** The same in every build for the architecture. Source: Linux 6.1 include/linux/poison.h, arch/x86/include/asm. */
const COMMON: Readonly<Record<Arch, Readonly<Record<string, bigint>>>> = {
  x86_64: {
    __START_KERNEL_map: 0xffff_ffff_8000_0000n,
    LIST_POISON1: 0xdead_0000_0000_0100n,
    LIST_POISON2: 0xdead_0000_0000_0122n,
    TAIL_MAPPING: 0xdead_0000_0000_0400n,
    PTE_PFN_MASK: 0x000f_ffff_ffff_f000n,
    CONFIG_X86_64: 1n,
    CONFIG_SPARSEMEM: 1n,
    PMD_SHIFT: 21n,
    PUD_SHIFT: 30n,
  },
  'i386-pae': {
    __START_KERNEL_map: 0xc000_0000n,
    LIST_POISON1: 0x100n,
    LIST_POISON2: 0x122n,
    TAIL_MAPPING: 0x400n,
    PTE_PFN_MASK: 0x000f_ffff_ffff_f000n,
    CONFIG_X86_PAE: 1n,
    PMD_SHIFT: 21n,
  },
  i386: {
    __START_KERNEL_map: 0xc000_0000n,
    LIST_POISON1: 0x100n,
    LIST_POISON2: 0x122n,
    TAIL_MAPPING: 0x400n,
    PTE_PFN_MASK: 0xffff_f000n,
    PMD_SHIFT: 22n,
  },
};

const ALWAYS: Readonly<Record<string, bigint>> = {
  PAGE_SHIFT: 12n,
  PAGE_SIZE: 4096n,
  CONFIG_SMP: 1n,
};

export function dumpProfile(kernel: DumpKernel): Profile {
  return new DumpedProfile(kernel);
}

class DumpedProfile implements Profile {
  readonly name = 'dump';
  readonly partial = true;
  readonly boot = undefined;
  readonly release: string;
  readonly arch: Arch;
  readonly pointerSize: 4 | 8;
  readonly smp: boolean;
  readonly types;
  private readonly constants: ReadonlyMap<string, bigint>;
  private readonly known = new Map<string, KernelSymbol>();
  private readonly variables: TypedVariables;
  private names: readonly string[] | undefined;

  constructor(private readonly kernel: DumpKernel) {
    const { arch, types, symbols } = kernel;
    this.release = kernel.release;
    this.arch = arch;
    this.pointerSize = kernel.space.pointerSize;
    this.smp = symbols.address('__per_cpu_offset') !== undefined;
    this.types = types;
    this.constants = new Map(
      Object.entries({
        ...ALWAYS,
        ...COMMON[arch],
        ...this.derived(),
        CONFIG_SMP: this.smp ? 1n : 0n,
      }),
    );
    this.variables = new TypedVariables(types instanceof BtfTypes ? types.variables : [], symbols);
  }

  /** What the types and symbols say. */
  private derived(): Record<string, bigint> {
    const { types, pageOffset } = this.kernel;
    const zone = types.struct('zone');
    const freeArea = zone && findMember(zone, 'free_area')?.type;
    const orders = freeArea?.kind === 'array' ? { MAX_ORDER: BigInt(freeArea.length) } : {};
    const node = types.struct('pglist_data');
    const zones = node && findMember(node, 'node_zones')?.type;
    return {
      PAGE_OFFSET: BigInt.asUintN(this.pointerSize * 8, BigInt(pageOffset)),
      ...orders,
      ...(zones?.kind === 'array' && { MAX_NR_ZONES: BigInt(zones.length) }),
    };
  }

  symbol(name: string): KernelSymbol | undefined {
    const found = this.known.get(name);
    if (found !== undefined) return found;
    const symbol = this.kernel.symbols.find(name);
    if (symbol === undefined) return undefined;
    const variable = this.variables.of(name, symbol.address);
    const made: KernelSymbol = {
      name,
      address: symbol.address,
      sizeBytes: variable?.sizeBytes ?? 0,
      type: variable?.type ?? this.typeOf(name),
      perCpu: variable?.section === PER_CPU_SECTION,
    };
    this.known.set(name, made);
    return made;
  }

  private typeOf(name: string): CType | undefined {
    const spelled = GLOBAL_TYPES[name];
    return spelled === undefined ? undefined : parseCType(spelled, this.types);
  }

  /** Those that have types: what an expression can name. */
  symbolNames(): readonly string[] {
    this.names ??= [...new Set([...Object.keys(GLOBAL_TYPES), ...this.variables.names()])].filter(
      (name) => this.symbol(name)?.type !== undefined,
    );
    return this.names;
  }

  symbolAt(
    address: VirtAddr,
  ): { readonly symbol: KernelSymbol; readonly offset: number } | undefined {
    const found = this.kernel.symbols.at(address);
    const offset = found && address - found.address;
    if (found === undefined || offset === undefined) return undefined;
    if (found.sizeBytes === undefined || offset >= found.sizeBytes) return undefined;
    const symbol = this.symbol(found.name);
    return symbol && { symbol: { ...symbol, address: asVirt(found.address) }, offset };
  }

  constant(name: string): number {
    const value = this.findConstant(name);
    if (value === undefined) throw new NotKnown(name);
    return value;
  }

  findConstant(name: string): number | undefined {
    const value = this.constants.get(name);
    if (value === undefined) return this.types.enumerator(name)?.value;
    const signed = Number(this.pointerSize === 8 ? BigInt.asIntN(64, value) : value);
    return Number.isSafeInteger(signed) ? signed : undefined;
  }

  wideConstant(name: string): bigint {
    return this.constants.get(name) ?? BigInt.asUintN(64, BigInt(this.constant(name)));
  }

  constantNames(): readonly string[] {
    return [...this.constants.keys(), ...this.types.names().enumerators];
  }

  config(name: string): string | undefined {
    return this.constants.get(`CONFIG_${name}`) === 1n ? 'y' : undefined;
  }
}
