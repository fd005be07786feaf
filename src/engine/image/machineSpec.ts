/** Which machine is wanted, as data: what a scenario's pragma, a launch configuration or a command line comes to. */
import type { CompoundEncoding } from '../types/compoundEncoding.js';
import type { Arch, ProfileName } from '../types/profile.js';

/** One that is booted. */
export interface BootSpec {
  readonly kind: 'machine';
  readonly arch: Arch;
  readonly profile: ProfileName;
  readonly ramBytes: number;
  /** Size of the CMA area, 0 for none. */
  readonly cmaBytes: number;
  readonly cpus: number;
  /** How compound pages are encoded. */
  readonly compound: CompoundEncoding;
  /** What the host bridge adds to a physical address on the bus. */
  readonly busOffset: number;
  /** The kernel's parameters: `debug_vm=on`; empty for none. */
  readonly commandLine: string;
}

/** A dump of its memory in a file, and files that tell what the dump does not. */
export interface CoreSpec {
  readonly kind: 'core';
  readonly path: string;
  /** The other parts of a split dump. */
  readonly parts?: readonly string[] | undefined;
  /** Of the dumped kernel, with its symbols and types. */
  readonly vmlinux?: string | undefined;
  readonly systemMap?: string | undefined;
  /** Raw BTF. */
  readonly btf?: string | undefined;
}

/** The text of a recorded state. */
interface StateSpec {
  readonly kind: 'state';
  readonly path: string;
}

/** One that lies in a file. */
export type DumpSpec = CoreSpec | StateSpec;

export type MachineSpec = BootSpec | DumpSpec;
