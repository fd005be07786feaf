/** Single bits of memory, and bitmaps: of unsigned longs, the lowest bit first. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { sizeOf, truth } from './pointers.js';

const changes = true;

/** A bit and the 32-bit word that has it. x86 puts the lower bits of a long at its lower address. */
function place(call: BuiltinCall, nr: Value, addr: Value): { at: Value; mask: number } {
  const bit = Number(nr);
  return { at: call.offset(addr, Math.floor(bit / 32) * 4), mask: (1 << (bit & 31)) >>> 0 };
}

const isSet = (call: BuiltinCall, nr: Value, addr: Value): boolean => {
  const { at, mask } = place(call, nr, addr);
  return (Number(call.memory.load(at, 4)) & mask) >>> 0 !== 0;
};

/** @param change the word with the bit changed; returns whether it was set before */
function changeBit(
  call: BuiltinCall,
  nr: Value,
  addr: Value,
  change: (word: number, mask: number) => number,
): boolean {
  const { at, mask } = place(call, nr, addr);
  const word = Number(call.memory.load(at, 4));
  call.memory.store(at, 4, change(word, mask) >>> 0);
  return (word & mask) >>> 0 !== 0;
}

const CHANGES = [
  ['set', 'Sets a bit', (word: number, mask: number) => word | mask],
  ['clear', 'Clears a bit', (word: number, mask: number) => word & ~mask],
  ['change', 'Flips a bit', (word: number, mask: number) => word ^ mask],
] as const;

const rows: readonly BuiltinRow[] = [
  {
    signature: 'bool test_bit(unsigned long nr, const volatile unsigned long *addr)',
    doc: 'Whether a bit is set.',
    run: (call, nr, addr) => truth(isSet(call, nr, addr)),
  },
  ...CHANGES.flatMap(([name, does, change]): BuiltinRow[] =>
    ['', '__'].flatMap((plain): BuiltinRow[] => [
      {
        signature: `void ${plain}${name}_bit(long nr, volatile unsigned long *addr)`,
        doc: `${does}${plain === '' ? '' : ', not atomically'}.`,
        changes,
        run: (call, nr, addr) => {
          changeBit(call, nr, addr, change);
        },
      },
      {
        signature: `bool ${plain}test_and_${name}_bit(long nr, volatile unsigned long *addr)`,
        doc: `${does}${plain === '' ? '' : ', not atomically'}; returns whether it was set before.`,
        changes,
        run: (call, nr, addr) => truth(changeBit(call, nr, addr, change)),
      },
    ]),
  ),
];

/** The first bit from `from` on, below `size`, that is as wanted; `size` if there is none. */
function find(call: BuiltinCall, addr: Value, size: number, from: number, wanted: boolean): number {
  for (let nr = from; nr < size; nr++) if (isSet(call, nr, addr) === wanted) return nr;
  return size;
}

const finding = (name: string, doc: string, wanted: boolean): BuiltinRow[] => [
  {
    signature: `unsigned long find_first_${name}(const unsigned long *addr, unsigned long size)`,
    doc: `The number of the first ${doc} bit; size if there is none.`,
    run: (call, addr, size) => find(call, addr, sizeOf(call, size), 0, wanted),
  },
  {
    signature: `unsigned long find_next_${name}(const unsigned long *addr, unsigned long size, unsigned long offset)`,
    doc: `The number of the first ${doc} bit from offset on; size if there is none.`,
    run: (call, addr, size, offset) =>
      find(call, addr, sizeOf(call, size), sizeOf(call, offset), wanted),
  },
];

function fill(call: BuiltinCall, map: Value, start: Value, nr: Value, set: boolean): void {
  const first = Number(start);
  for (let i = 0; i < Number(nr); i++)
    changeBit(call, first + i, map, (word, mask) => (set ? word | mask : word & ~mask));
}

const bitmaps: readonly BuiltinRow[] = [
  {
    signature: 'void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits)',
    doc: 'Sets nbits bits from start on.',
    changes,
    run: (call, map, start, nr) => {
      fill(call, map, start, nr, true);
    },
  },
  {
    signature: 'void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits)',
    doc: 'Clears nbits bits from start on.',
    changes,
    run: (call, map, start, nr) => {
      fill(call, map, start, nr, false);
    },
  },
  {
    signature: 'unsigned int bitmap_weight(const unsigned long *src, unsigned int nbits)',
    doc: 'How many of the first nbits bits are set.',
    run: (call, map, nr) => {
      let count = 0;
      for (let i = 0; i < Number(nr); i++) if (isSet(call, i, map)) count++;
      return count;
    },
  },
];

export const bits: readonly Builtin[] = [
  ...group('bits', 'include/linux/bitops.h', rows),
  ...group('bits', 'include/linux/find.h', [
    ...finding('bit', 'set', true),
    ...finding('zero_bit', 'clear', false),
  ]),
  ...group('bits', 'include/linux/bitmap.h', bitmaps),
];
