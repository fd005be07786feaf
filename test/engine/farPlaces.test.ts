/** Addresses with more bits than a number holds: a direct map of five levels of page tables. Each byte of it is told apart. */
import assert from 'node:assert/strict';
import {
  elementPlace,
  memberPlace,
  placeBits,
  placeOfBits,
  readScalar,
  type TypedMemory,
} from '../../src/engine/types/access.js';
import type { CType, IntType } from '../../src/engine/types/model.js';

const INT: IntType = { kind: 'int', name: 'int', sizeBytes: 4, signed: true, bool: false };
const PAIR: CType = {
  kind: 'struct',
  name: 'pair',
  sizeBytes: 8,
  complete: true,
  members: [
    { name: 'first', type: INT, offsetBits: 0, widthBits: 0 },
    { name: 'second', type: INT, offsetBits: 32, widthBits: 0 },
  ],
};
const BASE = 0xff34_1324_4127_8000n;
/** Word n of the page holds n. */
const memory: TypedMemory = {
  pointerSize: 8,
  readBytes: (va, sizeBytes) => {
    const from = Number(BigInt(va) - BigInt.asIntN(64, BASE));
    return Uint8Array.from({ length: sizeBytes }, (_, i) => ((from + i) % 4 ? 0 : (from + i) / 4));
  },
};

describe('places beyond 48 bits', () => {
  it('members and elements keep their low bits', () => {
    for (let word = 0; word < 16; word++) {
      const bits = BASE + BigInt(word * 4);
      const place = placeOfBits(bits, PAIR, 8);
      const second = place && memberPlace(place, 'second');
      assert.ok(second);
      assert.equal(placeBits(second, 8), bits + 4n);
      assert.equal(readScalar(memory, second), word + 1);
    }
  });

  it('elements of an array, one by one', () => {
    const array = placeOfBits(BASE + 4n, { kind: 'array', element: INT, length: 9 }, 8);
    assert.ok(array);
    const values = Array.from({ length: 9 }, (_, i) => {
      const element = elementPlace(array, i, 8);
      return element && readScalar(memory, element);
    });
    assert.deepEqual(values, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('what not even five levels can map is not a place', () => {
    assert.equal(placeOfBits(0xdead_0000_0000_0100n, PAIR, 8), undefined);
  });
});
