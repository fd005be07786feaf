/**
 * The C base types: which spellings mean the same type, and what each is on x86.
 *
 * Source: C11 6.7.2 for the spellings; System V i386 and x86-64 psABI for the sizes (`long` is as wide as a pointer, `char` is
 * signed). BTF writes `long unsigned int` where a programmer writes `unsigned long`: both lead to one type.
 */
import type { IntType, VoidType } from './model.js';

export const VOID: VoidType = { kind: 'void' };

/** The words a base type may be spelled with. */
export const BASE_TYPE_WORDS: ReadonlySet<string> = new Set([
  'void',
  '_Bool',
  'char',
  'short',
  'int',
  'long',
  'signed',
  'unsigned',
]);

/** The usual spelling of the base type these words name, in any order; undefined if they name none. */
export function canonicalBaseName(words: readonly string[]): string | undefined {
  const count = (word: string) => words.filter((w) => w === word).length;
  const [signs, unsigneds, longs] = [count('signed'), count('unsigned'), count('long')];
  const sized = count('char') + count('short') + Math.min(longs, 1);
  if (words.length === 0 || words.some((word) => !BASE_TYPE_WORDS.has(word))) return undefined;
  if (words.includes('void') || words.includes('_Bool')) {
    return words.length === 1 ? words[0] : undefined;
  }
  if (sized > 1 || longs > 2 || signs + unsigneds > 1 || count('int') > 1) return undefined;
  if (count('char') > 0) {
    if (count('int') > 0) return undefined;
    return unsigneds ? 'unsigned char' : signs ? 'signed char' : 'char';
  }
  const width = count('short') ? 'short' : longs === 2 ? 'long long' : longs ? 'long' : 'int';
  return unsigneds ? `unsigned ${width}` : width;
}

/** Every base type but `void`, by its usual spelling. */
export function baseTypes(pointerSize: 4 | 8): ReadonlyMap<string, IntType> {
  const types = new Map<string, IntType>();
  const add = (name: string, sizeBytes: 1 | 2 | 4 | 8, signed: boolean, bool = false) =>
    types.set(name, { kind: 'int', name, sizeBytes, signed, bool });
  add('_Bool', 1, false, true);
  add('char', 1, true);
  add('signed char', 1, true);
  add('unsigned char', 1, false);
  const widths = [
    ['short', 2],
    ['int', 4],
    ['long', pointerSize],
    ['long long', 8],
  ] as const;
  for (const [name, size] of widths) {
    add(name, size, true);
    add(`unsigned ${name}`, size, false);
  }
  return types;
}
