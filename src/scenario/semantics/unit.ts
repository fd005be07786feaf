/**
 * What all parts of one check share: the kernel's types and names, the findings, and the space that strings and variables
 * with fixed addresses are given.
 */
import type { Profile } from '../../engine/types/profile.js';
import type { Declarator, FunctionDefinition } from '../syntax/ast.js';
import type { Diagnostics } from '../syntax/diagnostic.js';
import type { CTypes } from './cTypes.js';
import type { Term } from './ir.js';
import type { MacroTable } from '../syntax/preprocess.js';
import type { Span } from '../syntax/span.js';
import type { ScriptFunction, Variable } from './scope.js';
import type { WindowLayout } from './window.js';

/** Gives out string literals' addresses; equal literals share one. */
export class StringPool {
  private readonly byContent = new Map<string, number>();
  private readonly bytes: number[] = [];

  constructor(private readonly startAddress: number) {}

  /** The address of the bytes and a terminating NUL of `unit` bytes, aligned to that. */
  intern(bytes: readonly number[], unit = 1): number {
    const key = `${unit}${keyOf(bytes)}`;
    const known = this.byContent.get(key);
    if (known !== undefined) return known;
    while (this.bytes.length % unit !== 0) this.bytes.push(0);
    const address = this.startAddress + this.bytes.length;
    for (const byte of bytes) this.bytes.push(byte);
    for (let i = 0; i < unit; i++) this.bytes.push(0);
    this.byContent.set(key, address);
    return address;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  content(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

/** A long string has more bytes than a call has arguments. */
function keyOf(bytes: readonly number[]): string {
  let key = '';
  for (let at = 0; at < bytes.length; at += 4096)
    key += String.fromCharCode(...bytes.slice(at, at + 4096));
  return key;
}

/** Gives out room, aligned, from some start upwards. */
export class Allocator {
  private end: number;

  constructor(readonly start: number) {
    this.end = start;
  }

  allocate(sizeBytes: number, align: number): number {
    const at = Math.ceil(this.end / align) * align;
    this.end = at + sizeBytes;
    return at;
  }

  get sizeBytes(): number {
    return this.end - this.start;
  }

  get next(): number {
    return this.end;
  }
}

export interface Unit {
  readonly profile: Profile;
  readonly types: CTypes;
  readonly window: WindowLayout;
  readonly diagnostics: Diagnostics;
  readonly strings: StringPool;
  /** Top-level and static variables. */
  readonly data: Allocator;
  /** Whether it declares variables of which each CPU has its own. */
  readonly perCpu: { used: boolean };
  readonly functions: FunctionTable;
  /** Stores that give static variables their first values, before anything runs. */
  readonly staticInitialisers: Term[];
  /** Whether expressions may change anything: not in a watch. */
  readonly effects: boolean;
  /** A module of the kernel: it has an init, and no program beside it. */
  readonly isModule: boolean;
  /** A program, whose static variables stay; not an expression, which has none. */
  readonly standing: boolean;
  /** `struct x`, `enum y`: tags that the text defines somewhere. */
  readonly laterTags: ReadonlySet<string>;
  /** Names of macros that take arguments: they mean something only before a parenthesis. */
  readonly macros: MacroTable;
  /** What `extern` declares, by name: the definition that comes later is of the same object. */
  readonly externs: Map<string, Variable>;
  /** Where one of them is used for the first time. */
  readonly externUses: Map<string, Span>;
  /** Variables that the text defines at its top level, by name. */
  readonly laterVariables: ReadonlyMap<string, Declarator>;
  /** Variables of the top level that have been defined so far, and those that have got a first value. */
  readonly defined: Set<string>;
  readonly initialised: Set<string>;
}

/** The scenario's functions: those declared so far, and those whose definition comes later in the text. */
export class FunctionTable {
  readonly declared: ScriptFunction[] = [];
  readonly definitions = new Map<string, FunctionDefinition>();
  /** Where a function that may never be defined is used for the first time. */
  readonly uses = new Map<ScriptFunction, Span>();

  /** Functions that are named outside of functions. */
  readonly topLevelUses = new Set<ScriptFunction>();

  use(fn: ScriptFunction, span: Span, atTopLevel: boolean): void {
    if (!this.uses.has(fn)) this.uses.set(fn, span);
    if (atTopLevel) this.topLevelUses.add(fn);
  }
}
