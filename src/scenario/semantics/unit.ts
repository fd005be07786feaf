/**
 * What all parts of one check share: the kernel's types and names, the findings, and the space that strings and variables
 * with fixed addresses are given.
 */
import type { Profile } from '../../engine/types/profile.js';
import type { FunctionDefinition } from '../syntax/ast.js';
import type { Diagnostics } from '../syntax/diagnostic.js';
import type { CTypes } from './cTypes.js';
import type { Term } from './ir.js';
import type { ScriptFunction } from './scope.js';
import type { WindowLayout } from './window.js';

/** Gives out string literals' addresses; equal literals share one. */
export class StringPool {
  private readonly byContent = new Map<string, number>();
  private readonly bytes: number[] = [];

  constructor(private readonly startAddress: number) {}

  /** The address of the bytes and a terminating NUL. */
  intern(bytes: readonly number[]): number {
    const key = String.fromCharCode(...bytes);
    const known = this.byContent.get(key);
    if (known !== undefined) return known;
    const address = this.startAddress + this.bytes.length;
    this.bytes.push(...bytes, 0);
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
}

/** The script's functions: those declared so far, and those whose definition comes later in the text. */
export class FunctionTable {
  readonly declared: ScriptFunction[] = [];
  readonly definitions = new Map<string, FunctionDefinition>();
}
