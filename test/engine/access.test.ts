import assert from 'node:assert/strict';
import { asVirt } from '../../src/engine/memory/address.js';
import {
  decodeScalar,
  elementPlace,
  encodePlace,
  encodeScalar,
  insertBitField,
  memberPlace,
  placeAt,
  pointeePlace,
  readScalar,
  toAddress,
  type ScalarValue,
} from '../../src/engine/types/access.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { parseCType } from '../../src/engine/types/declaration.js';
import { sizeOf } from '../../src/engine/types/layout.js';
import type { CType } from '../../src/engine/types/model.js';
import type { Profile } from '../../src/engine/types/profile.js';
import { FlatMemory } from './flatMemory.js';

const x86_64 = loadProfile('x86_64-slub');
const i386 = loadProfile('i386-highmem4g-slub');

function type(profile: Profile, text: string): CType {
  const found = parseCType(text, profile.types);
  assert.ok(found, text);
  return found;
}

/** Little-endian hex text, most significant byte first as people write it. */
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex').reverse());

describe('typed access', () => {
  const scalars: readonly (readonly [Profile, string, string, ScalarValue])[] = [
    [x86_64, 'char', 'ff', -1],
    [x86_64, 'unsigned char', 'ff', 255],
    [x86_64, 'short', '8000', -32768],
    [x86_64, 'u16', '8000', 32768],
    [x86_64, 'int', 'ffffff7f', -129],
    [x86_64, 'unsigned int', 'ffffff7f', 0xffffff7f],
    [x86_64, 'long', 'ffffffffffffffff', -1],
    [x86_64, 'unsigned long', 'ffffffffffffffff', 0xffffffffffffffffn],
    [x86_64, 'unsigned long', '001fffffffffffff', Number.MAX_SAFE_INTEGER],
    [x86_64, 'unsigned long', '0020000000000001', 0x20000000000001n],
    [x86_64, 'long long', '8000000000000000', -0x8000000000000000n],
    [x86_64, '_Bool', '01', 1],
    [x86_64, 'enum migratetype', '00000004', 4],
    [x86_64, 'struct page *', 'ffffea0000000040', -0x160000000000 + 0x40],
    [x86_64, 'void *', 'dead000000000100', 0xdead000000000100n],
    [x86_64, 'void *', '00007fffffffefff', 0x7fffffffefff],
    [i386, 'unsigned long', 'ffffffff', 0xffffffff],
    [i386, 'long', 'ffffffff', -1],
    [i386, 'struct page *', 'c1000020', 0xc1000020],
    [i386, 'u64', '00000001c1000020', 0x1c1000020],
  ];

  for (const [profile, text, hex, value] of scalars) {
    it(`${hex} is ${value} as ${text}, and back`, () => {
      const { pointerSize } = profile;
      const place = placeAt(asVirt(0), type(profile, text));
      assert.equal(decodeScalar(bytesOf(hex), place, pointerSize), value);
      assert.deepEqual(encodeScalar(value, place.type, pointerSize), bytesOf(hex));
    });
  }

  it('stores the low bits, as C converts; any value but 0 is true', () => {
    assert.deepEqual(encodeScalar(0x1ff, type(x86_64, 'unsigned char'), 8), bytesOf('ff'));
    assert.deepEqual(encodeScalar(-1, type(x86_64, 'unsigned long'), 8), bytesOf('ff'.repeat(8)));
    assert.deepEqual(encodeScalar(256, type(x86_64, '_Bool'), 8), bytesOf('01'));
  });

  it('structs, arrays and functions are no scalars', () => {
    for (const text of ['struct page', 'int [2]', 'void']) {
      assert.equal(encodeScalar(1, type(x86_64, text), 8), undefined);
      assert.equal(
        decodeScalar(new Uint8Array(64), placeAt(asVirt(0), type(x86_64, text)), 8),
        undefined,
      );
    }
  });

  const fields: readonly (readonly [string, number, number])[] = [
    ['inuse', 0, 16],
    ['objects', 16, 15],
    ['frozen', 31, 1],
  ];
  for (const [field, shift, width] of fields) {
    it(`slab.${field}: reads its bits, and writes no others`, () => {
      const memory = new FlatMemory(8, asVirt(-0x1000), 64);
      const slab = placeAt(asVirt(-0x1000), type(x86_64, 'struct slab'));
      const place = memberPlace(slab, field);
      const counters = memberPlace(slab, 'counters');
      assert.ok(place && counters);
      for (const background of [0n, 0xffffffffffffffffn]) {
        for (const value of [0, 1, 2 ** width - 1]) {
          memory.write(counters.address, encodeScalar(background, counters.type, 8));
          memory.write(place.address, encodePlace(memory, place, value));
          assert.equal(readScalar(memory, place), value);
          const mask = ((1n << BigInt(width)) - 1n) << BigInt(shift);
          const whole: bigint = BigInt(readScalar(memory, counters) ?? -1);
          assert.equal(whole, (background & ~mask) | (BigInt(value) << BigInt(shift)));
        }
      }
    });
  }

  it('a signed bit-field keeps its sign', () => {
    const place = { type: type(x86_64, 'int'), bitOffset: 3, widthBits: 4 };
    const bytes = insertBitField(new Uint8Array(1), 3, 4, -3);
    assert.equal(decodeScalar(bytes, place, 8), -3);
    assert.deepEqual(bytes, Uint8Array.of(0b01101_000));
  });

  describe('a list in memory', () => {
    const start = asVirt(-0x16_0000_0000_00);
    const memory = new FlatMemory(8, start, 4096);
    const node = placeAt(start, type(x86_64, 'struct zone'));
    const head = memberPlace(node, 'free_area[2].free_list[1]');
    assert.ok(head);
    const next = memberPlace(head, 'next');
    assert.ok(next);
    const page = asVirt(start + 2048);

    it('follows pointers', () => {
      memory.write(next.address, encodeScalar(page, next.type, 8));
      const there = pointeePlace(next, memory);
      assert.equal(there?.address, page);
      assert.equal(there.type, x86_64.types.struct('list_head'));
    });

    for (const [what, value] of [
      ['NULL', 0],
      ['a poison', 0xdead000000000100n],
    ] as const) {
      it(`does not follow ${what}`, () => {
        memory.write(next.address, encodeScalar(value, next.type, 8));
        assert.equal(pointeePlace(next, memory), undefined);
      });
    }

    it('finds elements, and what lies past the memory is not there', () => {
      const areas = memberPlace(node, 'free_area');
      assert.ok(areas);
      const last = elementPlace(areas, 10, 8);
      assert.equal(last?.address, areas.address + 10 * sizeOf(type(x86_64, 'struct free_area'), 8));
      assert.equal(elementPlace(node, 0, 8), undefined);
      const outside = placeAt(asVirt(start + 4092), type(x86_64, 'unsigned long'));
      assert.equal(readScalar(memory, outside), undefined);
      assert.equal(encodePlace(memory, { ...outside, bitOffset: 1, widthBits: 40 }, 1), undefined);
    });
  });

  for (const [value, size, address] of [
    [0xffffea0000000000n, 8, -0x160000000000],
    [-1, 8, -1],
    [0xc1000000, 4, 0xc1000000],
    [-0x3f000000, 4, 0xc1000000],
    [0xdead000000000100n, 8, undefined],
  ] as const) {
    it(`${value} as an address of ${size} bytes is ${address ?? 'none'}`, () =>
      assert.equal(toAddress(value, size), address));
  }
});
