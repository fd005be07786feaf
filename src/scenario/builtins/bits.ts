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

/** The number of the highest bit that is set, -1 for 0. */
const highest = (word: Value): number => {
  const value = BigInt.asUintN(64, BigInt(word));
  return value === 0n ? -1 : value.toString(2).length - 1;
};

const lowest = (word: Value): number => {
  const value = BigInt.asUintN(64, BigInt(word));
  return value === 0n ? -1 : highest(value & -value);
};

const words: readonly BuiltinRow[] = [
  {
    signature: 'int ffs(int x)',
    doc: 'The position of the lowest bit that is set, counted from 1; 0 for 0.',
    run: (_call, x) => lowest(BigInt.asUintN(32, BigInt(x))) + 1,
  },
  {
    signature: 'int fls(unsigned int x)',
    doc: 'The position of the highest bit that is set, counted from 1; 0 for 0.',
    run: (_call, x) => highest(BigInt.asUintN(32, BigInt(x))) + 1,
  },
  {
    signature: 'int fls64(u64 x)',
    doc: 'Like fls, of 64 bits.',
    run: (_call, x) => highest(x) + 1,
  },
  {
    signature: 'unsigned long __ffs(unsigned long word)',
    doc: 'The number of the lowest bit that is set; undefined for 0.',
    run: (_call, x) => Math.max(0, lowest(x)),
  },
  {
    signature: 'unsigned long __fls(unsigned long word)',
    doc: 'The number of the highest bit that is set; undefined for 0.',
    run: (_call, x) => Math.max(0, highest(x)),
  },
  {
    signature: 'int ilog2(unsigned long n)',
    doc: 'The logarithm to base 2, rounded down.',
    run: (_call, n) => highest(n),
  },
  {
    signature: 'bool is_power_of_2(unsigned long n)',
    doc: 'Whether exactly one bit is set.',
    run: (_call, n) => truth(n !== 0 && highest(n) === lowest(n)),
  },
  {
    signature: 'unsigned long roundup_pow_of_two(unsigned long n)',
    doc: 'The smallest power of two that is not below n.',
    run: (call, n) => call.unsignedLong(n === 0 ? 0 : 2 ** (highest(BigInt(n) - 1n) + 1)),
  },
  {
    signature: 'unsigned long hweight_long(unsigned long w)',
    doc: 'How many bits are set.',
    run: (call, w) =>
      BigInt.asUintN(call.profile.pointerSize * 8, BigInt(w))
        .toString(2)
        .replaceAll('0', '').length,
  },
];

export const bits: readonly Builtin[] = [
  ...group('bits', 'include/linux/bitops.h', rows),
  ...group('bits', 'include/linux/find.h', [
    ...finding('bit', 'set', true),
    ...finding('zero_bit', 'clear', false),
  ]),
  ...group('bits', 'include/linux/bitmap.h', bitmaps),
  ...group('bits', 'include/linux/log2.h', words),
];
