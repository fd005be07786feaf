/**
 * What is asked and told about time: arguments and bodies of the custom requests `mmscope/lastWrite`, `mmscope/nextWrite`,
 * `mmscope/goToTime` and `mmscope/differences`. Plain JSON; addresses are text.
 *
 * A *time* is a number of writes: what `mmscope/clock` calls `now`.
 */

/** What was written: a variable of a tree, an expression, or bytes. */
export interface WriteArguments {
  readonly variablesReference?: number;
  readonly name?: string;
  readonly expression?: string;
  readonly frameId?: number;
  readonly memoryReference?: string;
  /** Bytes from `memoryReference` on. */
  readonly offset?: number;
  readonly count?: number;
}

/** The code that wrote: a line of the kernel, or of the scenario. */
interface WriterFrame {
  readonly name: string;
  /** A `Source` of the protocol. */
  readonly source?: { readonly name?: string; readonly path?: string };
  readonly line: number;
}

export interface WriteBody {
  readonly found: boolean;
  /** For people: `PG_locked of page 0x2400: 0 -> 1 in ... at main:14: lock_page(page)`, or why nothing was found. */
  readonly text: string;
  /** What was asked for. */
  readonly label: string;
  /** Right behind the write; `mmscope/goToTime` leads there. */
  readonly time?: number;
  /** How many statements had been executed before the one that wrote. */
  readonly seq?: number;
  readonly old?: string;
  readonly new?: string;
  /** Name of the task; absent where the debugger's user wrote. */
  readonly task?: string;
  readonly threadId?: number;
  readonly frame?: WriterFrame;
  /** The scenario's statement that wrote, or called what wrote. */
  readonly statement?: WriterFrame & { readonly text: string };
}

/** Of requests that can be asked of another time: of the machine as it was then. Where it stands when absent. */
export interface AtTime {
  readonly at?: number;
}

export interface TimeArguments {
  readonly time: number;
}

export interface DifferencesArguments {
  readonly from: number;
  /** Where the machine stands when absent. */
  readonly to?: number;
  /** Most locations that are named. */
  readonly limit?: number;
}

export interface Difference {
  /** `page 0x1a2b->_refcount.counter` */
  readonly name: string;
  readonly old: string;
  readonly new: string;
  readonly memoryReference?: string;
}

export interface DifferencesBody {
  readonly from: number;
  readonly to: number;
  readonly differences: readonly Difference[];
  /** Locations that differ; more than are named where a limit cut the list. */
  readonly total: number;
}
