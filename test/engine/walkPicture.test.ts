/** The picture of a walk agrees with the walk, entry by entry, in every paging mode; fields and bits with arithmetic of the test. */
import assert from 'node:assert/strict';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { ENTRY_STATES } from '../../src/engine/view/atlas/pageWalk.js';
import { walkPicture } from '../../src/engine/view/atlas/walkPicture.js';
import type { Paging } from '../../src/engine/x86/paging.js';
import { walk } from '../../src/engine/x86/walk.js';
import {
  MODES,
  P,
  PAGE_SHIFTS,
  randomNumbers,
  randomPage,
  RW,
  TestMachine,
  US,
} from './x86Tables.js';

/** Every field put back to its place gives the address again. */
function addressOf(paging: Paging, fields: readonly { low: number; value: string }[]): bigint {
  const bits = fields.reduce((sum, { low, value }) => sum | (BigInt(value) << BigInt(low)), 0n);
  return BigInt.asUintN(paging.pointerSize * 8, bits);
}

const unsigned = (paging: Paging, va: VirtAddr): bigint =>
  BigInt.asUintN(paging.pointerSize * 8, BigInt(va));

describe('the picture of a page walk', () => {
  for (const mode of MODES)
    it(`${mode}: its entries are the walk’s, its bits the entries’, its fields the address`, () => {
      const random = randomNumbers(7);
      const machine = new TestMachine(mode);
      const paging = machine.paging();
      const pages: VirtAddr[] = [];
      for (let i = 0; i < 40; i++) {
        const shift = PAGE_SHIFTS[mode][random(PAGE_SHIFTS[mode].length)] ?? 12n;
        const va = asVirt(
          Math.floor(randomPage(mode, random) / 2 ** Number(shift)) * 2 ** Number(shift),
        );
        const rights = P | (random(2) ? RW : 0n) | (random(2) ? US : 0n);
        if (machine.map(va, BigInt(i + 1) << shift, shift, rights)) pages.push(va);
      }
      assert.ok(pages.length > 12);
      for (const va of [...pages, ...pages.map((page) => randomPage(mode, () => page % 3))]) {
        const found = walk(paging, machine.tables, va);
        const { fields, steps, page, fault } = walkPicture(paging, machine.tables, va);
        assert.equal(addressOf(paging, fields), unsigned(paging, va));
        assert.equal(steps.length, found.steps.length);
        steps.forEach((step, i) => {
          const expected = found.steps[i] ?? assert.fail('a step too many');
          const { low, high } = expected.entry;
          const word = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
          assert.equal(step.level, expected.level.name);
          assert.equal(step.index, expected.index);
          assert.equal(BigInt(step.value), word);
          assert.equal(Number(step.at), Number(step.table) + step.index * step.entryBytes);
          assert.equal(machine.get(Number(step.at)), word);
          for (const { bit, set } of step.bits)
            assert.equal(set, ((word >> BigInt(bit)) & 1n) === 1n);
          assert.equal(
            fields.find(({ name }) => name === step.level)?.value,
            `0x${step.index.toString(16)}`,
          );
          // Each table as a whole, read by the test.
          assert.equal(step.entries.length, step.nrEntries);
          for (let e = 0; e < step.nrEntries; e += 1 + random(7)) {
            const entry = machine.get(Number(step.table) + e * step.entryBytes);
            assert.equal(step.entries[e] === ENTRY_STATES.empty, entry === 0n);
          }
          const next = steps[i + 1];
          if (next !== undefined) assert.equal(step.leadsTo, next.table);
        });
        assert.equal(page === undefined ? undefined : Number(page.phys), found.page?.phys);
        assert.equal(fault?.reason, found.exception?.reason);
      }
    });

  it('an access that is refused ends in the page and in the fault', () => {
    const machine = new TestMachine('4-level');
    const va = asVirt(0x40_0000);
    machine.map(va, 0x5000n, 12n, P | US);
    const access = { kind: 'write', user: true } as const;
    const { page, fault } = walkPicture(
      machine.paging(),
      machine.tables,
      asVirt(va + 0x123),
      access,
    );
    assert.equal(page?.phys, '0x5123');
    assert.equal(page.offset, '0x123');
    assert.equal(fault?.kind, 'page fault');
    assert.equal(fault.errorCode, '0x7');
    assert.equal(fault.cr2, '0x0000000000400123');
    assert.equal(fault.level, 'PTE');
  });

  it('a translation alone that ends without a page tells no access', () => {
    const machine = new TestMachine('4-level');
    const { fault } = walkPicture(machine.paging(), machine.tables, asVirt(0x40_0000));
    assert.equal(fault?.kind, 'page fault');
    assert.deepEqual([fault.errorCode, fault.errorText], [undefined, undefined]);
  });

  it('an address that is not canonical has no entries', () => {
    const machine = new TestMachine('4-level');
    const { steps, fault, fields } = walkPicture(machine.paging(), machine.tables, asVirt(2 ** 50));
    assert.equal(steps.length, 0);
    assert.equal(fault?.kind, 'general protection');
    assert.equal(addressOf(machine.paging(), fields), 2n ** 50n);
  });

  it('a large page’s offset is wide', () => {
    const machine = new TestMachine('pae');
    machine.map(asVirt(0xc000_0000), 0x20_0000n, 21n, P | RW);
    const { fields } = walkPicture(machine.paging(), machine.tables, asVirt(0xc012_3456));
    assert.deepEqual(
      fields.map(({ name, high, low, value }) => [name, high, low, value]),
      [
        ['PGD', 31, 30, '0x3'],
        ['PMD', 29, 21, '0x0'],
        ['offset', 20, 0, '0x123456'],
      ],
    );
  });
});
