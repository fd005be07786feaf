/**
 * What names mean in a scenario: C's name spaces for ordinary names and for tags, block by block.
 *
 * Variables in view form a list that only grows at its head. Each place where the debugger may stop keeps the head it saw, so
 * showing locals there, and looking up a name in a watch, needs nothing else.
 */
import type { CType, EnumType, FunctionType, StructType } from '../../engine/types/model.js';
import type { Span } from '../syntax/span.js';
import type { Value } from './arithmetic.js';
import type { Term } from './ir.js';

export interface Variable {
  readonly kind: 'variable';
  readonly name: string;
  readonly type: CType;
  /** frame: an offset in the function's frame. fixed: an address. */
  readonly storage: 'frame' | 'fixed';
  readonly location: number;
  readonly parameter: boolean;
  /** Where the name is declared. */
  readonly span: Span;
}

/** A function of the scenario. */
export interface ScriptFunction {
  readonly kind: 'function';
  readonly name: string;
  readonly index: number;
  readonly type: FunctionType;
  readonly span: Span;
  /** One that is defined inside of another function. */
  readonly nested?: {
    /** How many functions are around it. */
    readonly level: number;
    /** Its first argument is the address of the frame of the function around it, whose variables it uses. */
    readonly linked: boolean;
  };
}

export type Meaning =
  | Variable
  | ScriptFunction
  | { readonly kind: 'typedef'; readonly type: CType; readonly span: Span }
  | {
      /** A name for a value, without a place. */
      readonly kind: 'known';
      readonly type: CType;
      readonly term: Term;
      readonly span: Span;
    }
  | {
      readonly kind: 'enumerator';
      readonly type: CType;
      readonly value: Value;
      readonly span: Span;
    };

export interface VisibleVariable {
  readonly variable: Variable;
  readonly outer: VisibleVariable | undefined;
}

export class Scope {
  private readonly names = new Map<string, Meaning>();
  private readonly tags = new Map<string, StructType | EnumType>();
  private head: VisibleVariable | undefined;
  /** How many functions are around the one whose block this is. */
  readonly level: number;

  constructor(
    readonly parent: Scope | undefined,
    /** Global variables are listed apart. */
    private readonly global = parent === undefined,
    /** The outermost block of a function inside of another one: variables of that lie in another frame. */
    readonly beginsFunction = false,
  ) {
    this.head = beginsFunction ? undefined : parent?.head;
    this.level = (parent?.level ?? 0) + (beginsFunction ? 1 : 0);
  }

  /** The variables of the function in view here and now, innermost first. */
  get visible(): VisibleVariable | undefined {
    return this.head;
  }

  lookup(name: string): Meaning | undefined {
    return this.names.get(name) ?? this.parent?.lookup(name);
  }

  /** The level of the function that declares a name. */
  levelOf(name: string): number {
    return this.names.has(name) ? this.level : (this.parent?.levelOf(name) ?? 0);
  }

  /** In this very block. */
  own(name: string): Meaning | undefined {
    return this.names.get(name);
  }

  declare(name: string, meaning: Meaning): void {
    this.names.set(name, meaning);
    if (meaning.kind === 'variable' && !this.global)
      this.head = { variable: meaning, outer: this.head };
  }

  lookupTag(tag: string): StructType | EnumType | undefined {
    return this.tags.get(tag) ?? this.parent?.lookupTag(tag);
  }

  ownTag(tag: string): StructType | EnumType | undefined {
    return this.tags.get(tag);
  }

  declareTag(tag: string, type: StructType | EnumType): void {
    this.tags.set(tag, type);
  }

  /** Every variable declared in this very block, in order. */
  variables(): Variable[] {
    return [...this.names.values()].filter((meaning) => meaning.kind === 'variable');
  }

  /** Declares this block's types and enumerators, but no variables, in another. */
  copyTypesTo(other: Scope): void {
    for (const [name, meaning] of this.names)
      if (meaning.kind !== 'variable') other.names.set(name, meaning);
    for (const [tag, type] of this.tags) other.tags.set(tag, type);
  }

  /** All names in view, for suggestions and completion. */
  *allNames(): IterableIterator<string> {
    yield* this.names.keys();
    if (this.parent) yield* this.parent.allNames();
  }

  *allTags(): IterableIterator<string> {
    yield* this.tags.keys();
    if (this.parent) yield* this.parent.allTags();
  }
}
