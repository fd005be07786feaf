/**
 * Data breakpoints of the window Memory: arguments and body of the custom request `mmscope/changeBreakpoints`. VS Code lets no
 * extension set data breakpoints, so the adapter keeps these itself, beside the client's, over a restart too. Plain JSON.
 */

/** At most one of `add`, `address` and `remove`; none asks for the list. */
export interface ChangeBreakpointsArguments {
  /** An expression of C: what it denotes. */
  readonly add?: string;
  readonly frameId?: number;
  /** Bytes from a virtual address on. */
  readonly address?: string;
  readonly bytes?: number;
  /** `id` of one. */
  readonly remove?: number;
}

export interface ChangeBreakpointsBody {
  readonly breakpoints: readonly ChangeBreakpoint[];
}

export interface ChangeBreakpoint {
  readonly id: number;
  /** `PG_locked of page 0x1a2b` */
  readonly label: string;
  /** What it holds now; absent of what is no longer there. */
  readonly value?: string;
  /** Why it does not stop anything. */
  readonly problem?: string;
}
