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

/** One that lies in a file. */
export interface DumpSpec {
  /** An ELF core of its memory, or the text of a recorded state. */
  readonly kind: 'core' | 'state';
  readonly path: string;
}

export type MachineSpec = BootSpec | DumpSpec;
