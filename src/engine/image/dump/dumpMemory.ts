/**
 * Physical memory as a dump has it, whichever its form: ranges that are read where they are asked for, and holes.
 *
 * Invariant: what a dump leaves out (excluded or cut-off pages, frames without memory) is never read as zeros.
 */
export interface DumpMemory {
  /** One past the highest frame that the dump may hold. */
  readonly endFrame: number;
  /** Whether the dump has any byte of the frame. */
  hasFrame(frame: number): boolean;
  /** The bytes from `phys` on: a copy or a view, not to be written; fewer than asked where the dump has no more. */
  read(phys: number, sizeBytes: number): Uint8Array;
}

/** One byte range of memory, and where the file has it. */
export interface MemoryRange {
  readonly startPhys: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** How compressed pages are unpacked, by a host that has something faster than the engine, or more. */
export interface Codecs {
  /** RFC 1950. @throws when the data are damaged */
  readonly inflate?: (bytes: Uint8Array, sizeBytes: number) => Uint8Array;
  /** RFC 8878. @throws when the data are damaged */
  readonly unzstd?: (bytes: Uint8Array, sizeBytes: number) => Uint8Array;
}

export const NO_BYTES = new Uint8Array(0);
