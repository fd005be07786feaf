/**
 * What can be shown in a tree of variables. Things of the machine present themselves as {@link Shown}; only
 * variableStore.ts knows what the protocol makes of that.
 *
 * Names are C's and stay the same from stop to stop: clients key "has changed" by them.
 */
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Place } from '../../engine/types/access.js';
import type { NumberFormat } from '../../engine/types/format.js';
import type { CType, StructType } from '../../engine/types/model.js';
import type { Dap } from '../protocol/dap.js';

export interface Shown {
  readonly name: string;
  readonly value: string;
  /** As C spells it. */
  readonly type?: string;
  /** A C expression that denotes it anywhere in the scenario. */
  readonly evaluateName?: string;
  /** Where its bytes, or the bytes it points to, lie. */
  readonly memory?: VirtAddr;
  /** The object itself: what is assigned to, and watched. */
  readonly place?: Place;
  readonly children?: Container;
  readonly kind?: 'property' | 'data' | 'virtual';
  readonly readOnly?: boolean;
  /** A local of a kernel function, which is in no memory. */
  readonly kernelLocal?: KernelLocal;
  /** What a data breakpoint on it is called, where its name alone says too little. */
  readonly watchName?: string;
  /** What clients may offer in its menu: to reveal the page, or the page that the address is in. */
  readonly menu?: 'mmscopePage' | 'mmscopeAddress';
  /** Where the name is declared, or what its value points to is defined. */
  readonly declaration?: Declared;
  readonly valueDeclaration?: Declared;
}

export interface KernelLocal {
  /** Of the active functions, 0 is the innermost. */
  readonly index: number;
  readonly type: CType;
}

/** Something that is written down somewhere: told where only when a client asks. */
export type Declared =
  | { readonly kind: 'struct'; readonly type: StructType; readonly member?: string }
  | { readonly kind: 'function'; readonly functionId: number }
  | { readonly kind: 'scenario'; readonly offset: number };

/** Something with children, asked for when somebody opens it. */
export interface Container {
  readonly named?: (format: Format) => readonly Shown[];
  readonly nrIndexed?: number;
  /** Children [start, start + count): both are in range. */
  readonly indexed?: (start: number, count: number, format: Format) => readonly Shown[];
}

/** The child of that name; only what is needed is produced. */
export function childNamed(
  container: Container,
  name: string,
  format: Format = PLAIN,
): Shown | undefined {
  const index = /^\[(\d+)\]$/.exec(name)?.[1];
  if (index !== undefined && container.indexed !== undefined) {
    const number = Number(index);
    return number < (container.nrIndexed ?? 0)
      ? container.indexed(number, 1, format)[0]
      : undefined;
  }
  return container.named?.(format).find((child) => child.name === name);
}

/** How one request wants values written. */
export interface Format {
  readonly numbers: NumberFormat;
  /** Whether masks have the names of their bits behind the number. */
  readonly names: boolean;
}

export const PLAIN: Format = { numbers: 'auto', names: true };

/** @param numbers what the session has been told; a request that asks for hexadecimal gets it */
export const formatOf = (
  format: Dap.ValueFormat | undefined,
  numbers: NumberFormat = 'auto',
): Format => (format?.hex === true ? { numbers: 'hex', names: false } : { numbers, names: true });

/** A group that is not an object of C: only children. */
export const group = (name: string, value: string, children: Container): Shown => ({
  name,
  value,
  children,
  kind: 'virtual',
  readOnly: true,
});

/** A fact that no single object of C holds. */
export const fact = (name: string, value: string): Shown => ({
  name,
  value,
  kind: 'virtual',
  readOnly: true,
});
