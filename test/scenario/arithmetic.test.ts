import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  asUnsigned64,
  convert,
  join32,
  high32,
  low32,
  naturalValue,
  operation,
  wrap64,
  type Operator,
  type Repr,
  type Value,
  type Width,
} from '../../src/scenario/semantics/arithmetic.js';
import { extractBits, insertBits } from '../../src/scenario/semantics/bits.js';
import type { IntType } from '../../src/engine/types/model.js';
import { stripTypedefs } from '../../src/engine/types/layout.js';
import { machine, PROFILES } from './machines.js';

const rows = (file: string): string[] =>
  readFileSync(`test/scenario/data/${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

/** A printed integer as the machine keeps it. */
const kept = (text: string, width: Width): Value =>
  width.endsWith('64') ? wrap64(BigInt(text)) : Number(text);

describe('integer operations, as gcc computes them', function () {
  it('every operator in every width', () => {
    let count = 0;
    for (const row of rows('operations.txt')) {
      const [width, left, operator, right, expected] = row.split(' ') as [
        Width,
        string,
        Operator,
        string,
        string,
      ];
      const result = operation(operator, width)(kept(left, width), kept(right, width));
      assert.notEqual(result, undefined, row);
      const shown = naturalValue(result as Value, width);
      assert.equal(String(shown), expected, row);
      // Kept in one way only: a number wherever one is exact.
      assert.equal(typeof result, typeof wrap64(BigInt(result as Value)), row);
      assert.ok(!Object.is(result, -0), row);
      count++;
    }
    assert.ok(count > 800);
  });

  it('divisions that trap', () => {
    for (const width of ['i32', 'u32', 'i64', 'u64'] as const)
      for (const operator of ['/', '%'] as const)
        assert.equal(operation(operator, width)(5, 0), undefined);
    assert.equal(operation('/', 'i32')(-0x8000_0000, -1), undefined);
    assert.equal(operation('%', 'i64')(-(2n ** 63n), -1), undefined);
  });

  it('conversions keep the low bits', () => {
    const check = (value: Value, repr: Repr, expected: Value) =>
      assert.equal(convert(value, repr), expected, `${value} to ${repr}`);
    check(300, 'u8', 44);
    check(200, 'i8', -56);
    check(-1, 'u8', 255);
    check(-1, 'u16', 65535);
    check(65535, 'i16', -1);
    check(-1, 'u32', 4294967295);
    check(4294967295, 'i32', -1);
    check(2 ** 32, 'bool', 1);
    check(0n, 'bool', 0);
    check(wrap64(0xdead_beef_0000_0100n), 'u32', 256);
    check(wrap64(0xdead_beef_8000_0100n), 'i32', -0x7fff_ff00);
  });

  it('64-bit values as two words, and back', () => {
    for (const value of [0n, 1n, -1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const wrapped = wrap64(value);
      assert.equal(join32(low32(wrapped), high32(wrapped)), wrapped);
      assert.equal(BigInt.asIntN(64, asUnsigned64(wrapped)), value);
    }
  });

  it('bit-fields', () => {
    const field = (offset: number, width: number, signed = false) => ({ offset, width, signed });
    for (const size of [4, 8]) {
      let unit: Value = 0;
      unit = insertBits(unit, size, field(3, 5), 0x1f);
      unit = insertBits(unit, size, field(31 - 8, 9), -2);
      assert.equal(extractBits(unit, size, field(3, 5)), 31);
      assert.equal(extractBits(unit, size, field(3, 5, true)), -1);
      assert.equal(extractBits(unit, size, field(23, 9, true)), -2);
      assert.equal(extractBits(unit, size, field(8, 15)), 0);
    }
    assert.equal(extractBits(insertBits(0, 4, field(0, 32), -5), 4, field(0, 32, true)), -5);
    assert.equal(extractBits(insertBits(-1, 8, field(40, 20), 0), 8, field(40, 20)), 0);
    assert.equal(extractBits(insertBits(0n, 9, field(5, 64), -5), 9, field(5, 64, true)), -5);
  });
});

describe('expressions: types and values as gcc has them', function () {
  PROFILES.forEach((profile, column) => {
    it(profile, () => {
      const vm = machine('', profile);
      const lines = rows('expressions.txt');
      assert.ok(lines.length >= 200);
      for (const line of lines) {
        const cells = line.split(' | ');
        const expected = cells.at(-2 + column);
        const text = cells.slice(0, -2).join(' | ');
        const result = vm.evaluate(text);
        assert.ok(result.ok, text);
        const type = stripTypedefs(result.type) as IntType;
        const repr = type.bool ? 'bool' : `${type.signed ? 'i' : 'u'}${type.sizeBytes * 8}`;
        assert.equal(`${repr} ${result.value}`, expected, text);
      }
    });
  });
});
