/**
 * What the adapter asks of the world it runs in: node (main.ts) or an editor's extension host. Nothing else of the
 * outside is ever touched.
 */
import type { RandomAccess } from '../engine/image/core/randomAccess.js';

/** A file that is read where it is asked for. */
export interface OpenedFile extends RandomAccess {
  close(): void;
}

export interface Host {
  /** The bytes of a file, unpacked where they are gzip. Rejects with an Error whose message is a reason. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** A large file, likewise. */
  readonly openFile: (path: string) => Promise<OpenedFile>;
  /** An absolute path for one that is relative to `base` (a file, whose folder counts) or to the working directory. */
  readonly resolvePath: (path: string, base?: string) => string;
  /** Lets messages that have arrived be handled before a long run goes on. */
  readonly yieldToMessages: () => Promise<void>;
  /** Milliseconds of some monotone clock: cuts long runs into slices, and is never seen by the engine. */
  readonly now: () => number;
  /** Adds lines to a log file (launch attribute `trace`). Absent where there are no files to write. */
  readonly appendFile?: (path: string, text: string) => void;
}
