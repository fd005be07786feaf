/** Every kind of random program beside generator.ts's, by name; `generateKind(kind, seed)` gives `void test_SEED(void)` and what it needs. */
import { Random } from '../random.js';
import { bits } from './bits.js';
import { control } from './control.js';
import type { Kind } from './kind.js';
import { literals } from './literals.js';
import { macros } from './macros.js';
import { narrow } from './narrow.js';
import { pointers } from './pointers.js';
import { structs } from './structs.js';
import { typing } from './typing.js';
import { variadics } from './variadics.js';

const KINDS = {
  bits,
  control,
  literals,
  macros,
  narrow,
  pointers,
  structs,
  typing,
  variadics,
} as const satisfies Readonly<Record<string, Kind>>;
export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as KindName[];

export function generateKind(kind: KindName, seed: number): string {
  const random = new Random(seed * 31 + KIND_NAMES.indexOf(kind));
  const [globals, body]: [string[], string[]] = [[], []];
  let counter = 0;
  const fresh = (prefix: string): string => `${prefix}${seed}_${counter++}`;
  KINDS[kind]({ globals, body, random, fresh });
  return `${globals.join('\n')}\nstatic void test_${seed}(void)\n{\n${body.join('\n')}\n}\n`;
}
