/**
 * Entries of page tables as two words, against arithmetic of 64 bits that the test does by itself (bigint): what a value says, values
 * that are made of others, entries that wait for a migration, where an address lies in its tables, and what a debugger shows of one.
 */
import assert from 'node:assert/strict';
import { kernelNames } from '../../src/adapter/evaluation/kernelNames.js';
import { tables } from '../../src/engine/entry/instrumented.js';
import * as entries from '../../src/engine/kernel/arch/x86/include/asm/pgtable.h.js';
import { pte_flags } from '../../src/engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import * as pgtable from '../../src/engine/kernel/include/linux/pgtable.h.js';
import * as swapops from '../../src/engine/kernel/include/linux/swapops.h.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { fromPteWords, toPteWords } from '../../src/engine/machine/pteWords.js';
import { asPfn, asVirt } from '../../src/engine/memory/address.js';
import { describeMachines } from './machines.js';
import { random } from './random.js';

const U64 = (1n << 64n) - 1n;
const PRESENT = 1n;
const PROTNONE = 1n << 8n;
/** PCD, PWT, SPECIAL, A, D: what a change of protection keeps beside the frame. */
const KEPT = 0x10n | 0x08n | 0x200n | 0x20n | 0x40n;

/** Values of the entries' width: any bits, none, single ones, real entries. */
function* values(k: Kernel): Generator<bigint> {
  const mask = k.pte_words === 1 ? 0xffff_ffffn : U64;
  for (const value of [0n, 0x20n, 0x40n, 0x60n, 0x63n, 0xe3n, 0x1_0000_0000n, 1n << 63n, U64])
    yield value & mask;
  for (let bit = 0n; bit < 64n; bit++) yield (1n << bit) & mask;
  const next = random(7);
  for (let i = 0; i < 500; i++)
    yield ((BigInt(next(2 ** 32)) << 32n) | BigInt(next(2 ** 32))) & mask;
}

describeMachines('entries of page tables', (open) => {
  let k: Kernel;
  let frames: bigint;
  let isWide: boolean;
  before(() => {
    k = open().mm;
    frames = k.profile.wideConstant('PTE_PFN_MASK');
    isWide = k.pte_words === 2;
  });

  const inverted = (value: bigint): bigint =>
    isWide && value !== 0n && (value & PRESENT) === 0n ? U64 : 0n;

  it('say what their bits say', () => {
    const stray = isWide ? ~0x60n : ~0n;
    for (const value of values(k)) {
      const entry = toPteWords(value);
      const text = value.toString(16);
      assert.equal(fromPteWords(entry), value, text);
      assert.equal(entries.pte_none(k, entry), (value & stray) === 0n, text);
      const asked = k.wide ? value : value & 0xffff_ffffn;
      assert.equal(entries.pmd_none(k, entry), (asked & stray) === 0n, text);
      assert.equal(entries.pte_present(entry), (value & (PRESENT | PROTNONE)) !== 0n, text);
      assert.equal(entries.pte_exec(entry), value >> 63n === 0n, text);
      const bad = (value & ~(0xf_ffff_ffff_f000n | 4n | 0x20n)) !== 0x43n;
      assert.equal(entries.pmd_bad(entry), bad, text);
      const frame = Number(((value ^ inverted(value)) & frames) >> 12n);
      assert.equal(entries.pte_pfn(k, entry), frame, text);
      assert.equal(fromPteWords(pte_flags(k, entry)), value & ~frames, text);
    }
  });

  it('are made of frames and protections', () => {
    const mask = isWide ? U64 : 0xffff_ffffn;
    const next = random(11);
    for (const prot of values(k)) {
      const pfn = next(isWide ? 2 ** 31 : 2 ** 20);
      const address = (BigInt(pfn) << 12n) ^ inverted(prot);
      const made = entries.pfn_pte(k, pfn, toPteWords(prot));
      assert.equal(fromPteWords(made), ((address & frames) | prot) & mask);
    }
  });

  it('keep frame, A and D when they get another protection', () => {
    const next = random(13);
    const all = [...values(k)];
    for (const value of all) {
      const prot = all[next(all.length)] ?? 0n;
      const keep = frames | KEPT;
      const mixed = (value & keep) | (prot & ~keep);
      const isTurned = inverted(value) !== inverted(mixed);
      const expected = isTurned ? (mixed & ~frames) | (~mixed & frames) : mixed;
      const got = entries.pte_modify(k, toPteWords(value), toPteWords(prot));
      assert.equal(fromPteWords(got), expected, `${value.toString(16)}, ${prot.toString(16)}`);
    }
  });

  it('wait for the page that is named in them', () => {
    const next = random(17);
    for (let i = 0; i < 200; i++) {
      const pfn = asPfn(next(isWide ? 2 ** 26 : 2 ** 20));
      let entry = swapops.make_writable_migration_entry(pfn);
      if (i % 2 === 1) entry = swapops.make_migration_entry_young(k, entry);
      if (i % 3 === 1) entry = swapops.make_migration_entry_dirty(k, entry);
      const pte = swapops.swp_entry_to_pte(k, entry);
      const { type } = entry;
      const offset = BigInt(entry.offset);
      const expected = isWide
        ? ((((~offset & U64) << 14n) & U64) >> 5n) | (BigInt(type) << 59n)
        : (BigInt(type) << 1n) | (offset << 9n);
      assert.equal(fromPteWords(pte), expected);
      assert.deepEqual(swapops.pte_to_swp_entry(k, pte), entry);
      assert.equal(entries.pte_present(pte), false);
      const knows = swapops.migration_entry_supports_ad(k);
      assert.equal(swapops.is_migration_entry_young(k, entry), knows && i % 2 === 1);
      assert.equal(swapops.is_migration_entry_dirty(k, entry), knows && i % 3 === 1);
    }
  });

  it('lie where the bits of the address say', () => {
    const next = random(19);
    for (let i = 0; i < 500; i++) {
      const low = next(2 ** 32);
      const va = k.wide ? (next(2 ** 16) - 2 ** 15) * 2 ** 32 + low : low;
      const bits = BigInt.asUintN(64, BigInt(va));
      const index = (shift: number, nr: number): number =>
        Number((bits >> BigInt(shift)) & BigInt(nr - 1));
      const perTable = isWide ? 512 : 1024;
      assert.equal(pgtable.pgd_index(k, asVirt(va)), index(k.PGDIR_SHIFT, k.PTRS_PER_PGD));
      assert.equal(pgtable.pud_index(k, asVirt(va)), k.wide ? index(30, 512) : 0);
      assert.equal(pgtable.pmd_index(k, asVirt(va)), isWide ? index(21, 512) : 0);
      assert.equal(pgtable.pte_index(k, asVirt(va)), index(12, perTable));
    }
  });

  it('are shown as the 64 bits that they are', () => {
    const id = tables.functions.findIndex(({ name }) => name === 'handle_pte_fault');
    const value = isWide ? (1n << 63n) | 0x1234_5067n : 0xffff_f067n;
    const [entry] = kernelNames(k, id, { entry: toPteWords(value) });
    assert.equal(BigInt(entry?.value ?? 0), value);
  });
});
