/**
 * What an operation of a trace is, and how scripts write its arguments.
 *
 * Arguments are as the script has them (decimal or 0x); results are hexadecimal. An operation on a slot that is not as it
 * must be (empty, or busy where something is to be put) does nothing: `skip`.
 */
import { parseGfp } from './gfp.js';
import type { Machine } from './machine.js';

/** The text of the result; undefined for an operation that prints none. */
export type Operation = (machine: Machine, args: readonly string[]) => string | undefined;

/** The machine lacks what the operation works on: it was rebuilt from dumps that do not tell it. */
export class NotThere extends Error {}

export const SKIP = 'skip';
export const hex = (value: number): string => value.toString(16);

/** A number as scripts write it. */
export function number(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isInteger(value))
    throw new Error(`'${text ?? ''}' is not a number`);
  return value;
}

export const gfpOf = ({ mm }: Machine, text: string | undefined): number =>
  parseGfp(mm.profile, text ?? '');
