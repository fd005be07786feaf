/**
 * A profile: everything the engine knows about one kernel build. No kernel fact is typed anywhere else.
 */
import type { VirtAddr } from '../memory/address.js';
import type { CType, TypeTable } from './model.js';

export type Arch = 'i386' | 'i386-pae' | 'x86_64';
export type ProfileName =
  'i386-highmem4g-slub' | 'i386-pae-slab' | 'x86_64-slub' | 'x86_64-slab' | 'x86_64-slub-smp';

export interface KernelSymbol {
  readonly name: string;
  readonly address: VirtAddr;
  readonly sizeBytes: number;
  /** Undefined for labels (`_end`) that have none. */
  readonly type: CType | undefined;
  /** Lies in the per-CPU section: the address is an offset from a CPU's base on SMP. */
  readonly perCpu: boolean;
}

/**
 * What the kernel had allocated when it had booted, as lines; scripts/profiles/growth.mjs, which makes them of a recorded core, says
 * in which form.
 */
export interface BootRecord {
  readonly caches: readonly string[];
  readonly growth: string;
  readonly objects: readonly string[];
  readonly facts: readonly string[];
}

export interface Profile {
  /** `dump`: a kernel that a dump describes. */
  readonly name: ProfileName | 'dump';
  /** Only what the kernel's types and symbols tell is known: its functions cannot run, it is looked into. */
  readonly partial?: true;
  /** `6.1.192`. */
  readonly release: string;
  readonly arch: Arch;
  readonly pointerSize: 4 | 8;
  readonly smp: boolean;
  readonly types: TypeTable;
  symbol(name: string): KernelSymbol | undefined;
  /** Names of all symbols, for completion. */
  symbolNames(): readonly string[];
  /** The symbol at or below an address, as `name+0x10` needs it. */
  symbolAt(
    address: VirtAddr,
  ): { readonly symbol: KernelSymbol; readonly offset: number } | undefined;
  /**
   * A preprocessor constant or `CONFIG_` value: addresses (`PAGE_OFFSET`) as signed canonical numbers, GFP bits
   * (`__GFP_COMP`, `GFP_KERNEL`), page flag numbers (`PG_locked`), `pageblock_order`. Throws when the profile lacks it:
   * that is a defect of the profile, not an outcome.
   */
  constant(name: string): number;
  /** As {@link constant}, undefined when absent. */
  findConstant(name: string): number | undefined;
  /** 64-bit values that no number holds exactly (`LIST_POISON1` on x86_64). */
  wideConstant(name: string): bigint;
  constantNames(): readonly string[];
  /** What .config says of an option (`CONFIG_SMP`): `y`, `m`, a number, a text in quotes; undefined if it is not set. */
  config(name: string): string | undefined;
  /** Undefined where none was recorded. */
  readonly boot: BootRecord | undefined;
}
