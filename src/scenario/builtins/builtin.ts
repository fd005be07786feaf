/**
 * What a builtin is: a function of the kernel, or of the scenario's stage, that a scenario calls by name.
 *
 * One record serves the checker (signature), the machine (run), completion, hover and signature help (signature, doc).
 */
import type { Dialect } from '../printk/format.js';
import type { Value } from '../semantics/arithmetic.js';
import type { Blocked, BuiltinCall, Unfinished } from './call.js';

export type Category =
  | 'page allocator'
  | 'slab'
  | 'vmalloc'
  | 'highmem'
  | 'per-CPU'
  | 'DMA'
  | 'bits'
  | 'atomic'
  | 'lock'
  | 'RCU'
  | 'page'
  | 'page flags'
  | 'address'
  | 'page table'
  | 'list'
  | 'memory'
  | 'number'
  | 'error'
  | 'output'
  | 'checking'
  | 'task'
  | 'process'
  | 'pin';

/** undefined: the function is void. A long call may give its first piece, and what is left of it. */
export type BuiltinResult = Value | Blocked | Unfinished | undefined;

export interface Builtin {
  readonly name: string;
  /** A C prototype without its semicolon: `struct page *alloc_pages(gfp_t gfp, unsigned int order)`. */
  readonly signature: string;
  /** One sentence. */
  readonly doc: string;
  /** The kernel's source file, `mm/page_alloc.c`; '' for what only scenarios have. */
  readonly source: string;
  readonly category: Category;
  /** Whether a call may change the machine: such calls are refused in a watch. */
  readonly changes: boolean;
  /**
   * Something about a call happens once for each place where it stands: run() gets the address of a byte as its last argument,
   * 0 at first, in which it remembers that; NULL if the call has no place (in the debug console).
   */
  readonly once?: boolean;
  /** Of a function of numbers alone: the same, for the compiler, where the arguments are constants. */
  readonly compute?: (argument: Value) => Value;
  /** Index of the parameter that is a format. */
  readonly format?: number;
  /** Whose format: without it, printk's. */
  readonly dialect?: Dialect;
  /** It may print a part of a line, which others go on with. */
  readonly printsParts?: true;
  /** The arguments of the format come in a va_list. */
  readonly list?: boolean;
  /**
   * A call that may sleep: always, or when the argument of this index (a gfp_t) allows it. Inside a spinlock or another section
   * that must not sleep it warns.
   */
  readonly sleeps?: 'always' | number;
  /** Who calls it looks at a condition behind it, and calls it again: it may return without a reason. */
  readonly looksAgain?: true;
  /** What of the machine a call cannot do without: ends the task with a sentence where it is missing. */
  readonly needs?: (call: BuiltinCall, name: string) => void;
  /**
   * Arguments are converted to the parameters' types. A struct is passed as the address of one; for a struct result the
   * first argument is where to put it, and is returned.
   */
  readonly run: (call: BuiltinCall, ...args: Value[]) => BuiltinResult;
}

/** A builtin as its group writes it down. */
export type BuiltinRow = Omit<Builtin, 'name' | 'category' | 'source' | 'changes'> & {
  readonly changes?: boolean;
};

/** A group of builtins that share category and source file. */
export function group(
  category: Category,
  source: string,
  rows: readonly BuiltinRow[],
): readonly Builtin[] {
  return rows.map((row) => ({
    changes: false,
    ...row,
    name: nameOf(row.signature),
    category,
    source,
  }));
}

/** The name a prototype declares: what stands before its first parenthesis. */
function nameOf(signature: string): string {
  const match = /([A-Za-z_]\w*)\(/.exec(signature);
  if (match?.[1] === undefined) throw new Error(`no prototype: ${signature}`);
  return match[1];
}
