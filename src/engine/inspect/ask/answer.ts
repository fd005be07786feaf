/** What a question about a dumped machine comes to: a sentence for people, and the same as data. */
import { Problems, type Inspected } from '../inspected.js';
import { tasksOf, type TaskView } from '../tasks.js';
import { addressOf } from '../words.js';

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Answer {
  readonly text: string;
  readonly data: Json;
}

/** A question that cannot be answered, and why, for the user. */
export class Unanswerable extends Error {}

/** Where a question is asked. */
export interface Asked {
  readonly k: Inspected;
  /** Whose user addresses are meant; undefined: nobody's. */
  readonly task: TaskView | undefined;
  /** What an expression of C comes to; undefined where nothing evaluates. */
  readonly value?: (expression: string) => bigint;
}

/** @throws Unanswerable */
export function taskByPid(k: Inspected, pid: number): TaskView {
  const problems = new Problems();
  const task = tasksOf(k, problems).find((each) => each.pid === pid);
  if (task !== undefined) return task;
  const more = problems.found.length === 0 ? '' : ` (${problems.found.join('; ')})`;
  throw new Unanswerable(`The dump has no task with pid ${pid}${more}.`);
}

/** The bits of an address, as the number that an address is here. Of five levels only multiples of 8 are exact. */
export const vaOf = (k: Inspected, bits: bigint) =>
  addressOf(BigInt.asUintN(k.pointerSize * 8, bits), k.pointerSize);

export const hexOf = (bits: bigint): string => `0x${bits.toString(16)}`;
