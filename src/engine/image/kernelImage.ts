/**
 * What an opened image is, whichever source it came from: booted, rebuilt from a recorded state, or read from a core.
 * The same kernel functions run on each.
 */
import type { Kernel } from '../machine/kernel.js';
import type { KernelEvent } from '../machine/events.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';
import type { Inspected } from '../inspect/inspected.js';
import type { Profile } from '../types/profile.js';

export interface KernelImage {
  readonly profile: Profile;
  readonly memory: PhysicalMemory;
  readonly tape: Tape<KernelEvent>;
  /** The context of the kernel's functions. */
  readonly mm: Kernel;
  /** Where it came from, one line for people: `booted x86_64-slub, 1 GiB`. */
  readonly origin: string;
  readonly source: 'boot' | 'state' | 'core';
  /** Frames of RAM and of holes: one past the highest pfn. */
  readonly maxPfn: number;
  readonly nrCpus: number;
  /** A kernel that its dump describes: what is known of it. Undefined where kernel functions can run. */
  readonly dumped?: Inspected;
  /** Of a recorded state. */
  readonly unrecorded?: Unrecorded;
}

/** What a recorded state does not tell, and calls cannot do without. */
export interface Unrecorded {
  /** Makes it anew, once. To be called before anything has run. */
  make(): void;
  /** What was made, as people call it: `page tables`. */
  readonly made: readonly string[];
}

/** An input that cannot be opened, and why, in a sentence for the user. */
export class ImageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImageError';
  }
}
