/**
 * What the adapter asks of the world it runs in: node (main.ts) or an editor's extension host. Nothing else of the
 * outside is ever touched.
 */
import type { Files } from '../engine/image/openMachine.js';

export interface Host extends Files {
  /** An absolute path for one that is relative to `base` (a file, whose folder counts) or to the working directory. */
  readonly resolvePath: (path: string, base?: string) => string;
  /** Lets messages that have arrived be handled before a long run goes on. */
  readonly yieldToMessages: () => Promise<void>;
  /**
   * In the middle of a call that keeps messages from being handled: whether one has arrived meanwhile, and whether it is one that wants
   * things to end. Absent where nobody can hear them then.
   */
  readonly waits?: () => 'nobody' | 'somebody' | 'urgent';
  /** Milliseconds of some monotone clock: cuts long runs into slices, and is never seen by the engine. */
  readonly now: () => number;
  /** Adds lines to a log file (launch attribute `trace`). Absent where there are no files to write. */
  readonly appendFile?: (path: string, text: string) => void;
  /** Makes a file, or empties it; absent likewise. @throws FileError */
  readonly createFile?: (path: string) => WrittenFile;
}

export interface WrittenFile {
  readonly add: (chunk: Uint8Array) => void;
  /** Gives the size in bytes. */
  readonly close: () => number;
  readonly discard: () => void;
}
