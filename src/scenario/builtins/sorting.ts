/**
 * sort() and bsearch(), whose comparison is a function of the scenario. It is called in Linux's order, so that what it prints is the same.
 *
 * Source: Linux 6.1 lib/sort.c: sort_r(), parent(); lib/bsearch.c.
 */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { sizeOf, va } from './pointers.js';

type Compare = (a: Value, b: Value) => number;

export function compareBy(call: BuiltinCall, name: string, cmp: Value): Compare {
  return (a, b) => {
    const result = call.k.callOut?.(va(cmp), [va(a), va(b)]);
    if (result === undefined)
      return call.bug(`BUG: ${name}(): ${call.k.hex(va(cmp))} is not a function of the scenario`);
    return result | 0;
  };
}

function exchange(call: BuiltinCall, a: Value, b: Value, size: number, swap: Value): void {
  if (swap !== 0 && call.k.callOut?.(va(swap), [va(a), va(b), size]) !== undefined) return;
  const [first, second] = [a, b].map((at) => call.memory.readBytes(at, size).slice());
  if (first?.length !== size) call.memory.load(call.offset(a, first?.length ?? 0), 1);
  if (second?.length !== size) call.memory.load(call.offset(b, second?.length ?? 0), 1);
  if (second !== undefined) call.memory.writeBytes(a, second);
  if (first !== undefined) call.memory.writeBytes(b, first);
}

/** Heapsort: no recursion, no memory, and never slow. Offsets are in bytes. */
export function sort(
  call: BuiltinCall,
  base: Value,
  num: number,
  size: number,
  cmp: Compare,
  swap: Value,
): void {
  const at = (offset: number): Value => call.offset(base, offset);
  /** The node above, of an offset. */
  const above = (offset: number): number => Math.floor((offset / size - 1) / 2) * size;
  let end = num * size;
  let a = Math.floor(num / 2) * size;
  if (a === 0) return;
  for (;;) {
    if (a > 0) a -= size;
    else {
      end -= size;
      if (end === 0) return;
      exchange(call, base, at(end), size, swap);
    }
    let b = a;
    let c = 2 * b + size;
    while (c + size < end) {
      b = cmp(at(c), at(c + size)) >= 0 ? c : c + size;
      c = 2 * b + size;
    }
    // A last leaf has no other beside it.
    if (c + size === end) b = c;
    while (b !== a && cmp(at(a), at(b)) >= 0) b = above(b);
    c = b;
    while (b !== a) {
      b = above(b);
      exchange(call, at(b), at(c), size, swap);
    }
  }
}

export const sorting: readonly Builtin[] = [
  ...group('memory', 'lib/sort.c', [
    {
      signature:
        'void sort(void *base, size_t num, size_t size, int (*cmp_func)(const void *, const void *), void (*swap_func)(void *, void *, int))',
      doc: 'Sorts an array; cmp_func tells by its sign which of two comes first. swap_func may be NULL.',
      changes: true,
      run: (call, base, num, size, cmp, swap) => {
        const compare = compareBy(call, 'sort', cmp);
        sort(call, base, sizeOf(call, num), sizeOf(call, size), compare, swap);
      },
    },
  ]),
  ...group('memory', 'lib/bsearch.c', [
    {
      signature:
        'void *bsearch(const void *key, const void *base, size_t num, size_t size, int (*cmp)(const void *key, const void *elt))',
      doc: 'Finds an element of a sorted array; NULL if none is equal.',
      changes: true,
      run: (call, key, base, num, size, cmp) => {
        const compare = compareBy(call, 'bsearch', cmp);
        const bytes = sizeOf(call, size);
        let start = base;
        let left = sizeOf(call, num);
        while (left > 0) {
          const pivot = call.offset(start, (left >> 1) * bytes);
          const result = compare(key, pivot);
          if (result === 0) return pivot;
          if (result > 0) {
            start = call.offset(pivot, bytes);
            left--;
          }
          left >>= 1;
        }
        return 0;
      },
    },
  ]),
];
