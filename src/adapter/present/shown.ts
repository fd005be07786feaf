/**
 * What can be shown in a tree of variables. Things of the machine present themselves as {@link Shown}; only
 * variableStore.ts knows what the protocol makes of that.
 *
 * Names are C's and stay the same from stop to stop: clients key "has changed" by them.
 */
import type { VirtAddr } from '../../engine/memory/address.js';
import type { Place } from '../../engine/types/access.js';
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
  /** What a data breakpoint on it is called, where its name alone says too little. */
  readonly watchName?: string;
}

/** Something with children, asked for when somebody opens it. */
export interface Container {
  readonly named?: (format: Format) => readonly Shown[];
  readonly nrIndexed?: number;
  /** Children [start, start + count): both are in range. */
  readonly indexed?: (start: number, count: number, format: Format) => readonly Shown[];
}

/** The child of that name; only what is needed is produced. */
export function childNamed(container: Container, name: string): Shown | undefined {
  const index = /^\[(\d+)\]$/.exec(name)?.[1];
  if (index !== undefined && container.indexed !== undefined) {
    const number = Number(index);
    return number < (container.nrIndexed ?? 0) ? container.indexed(number, 1, PLAIN)[0] : undefined;
  }
  return container.named?.(PLAIN).find((child) => child.name === name);
}

/** How one request wants values written. */
export interface Format {
  readonly hex: boolean;
}

export const PLAIN: Format = { hex: false };

export const formatOf = (format: Dap.ValueFormat | undefined): Format => ({
  hex: format?.hex ?? false,
});

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
