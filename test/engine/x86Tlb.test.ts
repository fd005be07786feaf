/** The TLB: what it holds, what makes it forget, and what it goes on saying when the tables have changed. */
import assert from 'node:assert/strict';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import type { Access } from '../../src/engine/x86/access.js';
import { staleness, translate, type Mmu } from '../../src/engine/x86/mmu.js';
import type { MachineRegisters } from '../../src/engine/x86/registers.js';
import { Tlb, TLB_FRAMES } from '../../src/engine/x86/tlb.js';
import { walk } from '../../src/engine/x86/walk.js';
import {
  D,
  G,
  MODES,
  NX,
  P,
  PAGE_SHIFTS,
  randomNumbers,
  randomPage,
  registersFor,
  ROOT,
  RW,
  TestMachine,
  US,
} from './x86Tables.js';

const READ: Access = { kind: 'read', user: true };
const WRITE: Access = { kind: 'write', user: true };
const VA = asVirt(0x40_0000);
const PCIDE = 1 << 17;

class TestCpu {
  readonly machine: TestMachine;
  readonly tlb: Tlb;

  constructor(mode: (typeof MODES)[number] = '4-level') {
    this.machine = new TestMachine(mode);
    this.tlb = new Tlb(this.machine.tape, this.machine.memory.addPseudoFrames(TLB_FRAMES));
  }

  mmu(registers: Partial<MachineRegisters> = {}): Mmu {
    return { paging: this.machine.paging(registers), memory: this.machine.tables, tlb: this.tlb };
  }

  /** Where an access gets, and whether the TLB answered. */
  access(va: VirtAddr, access = READ, registers: Partial<MachineRegisters> = {}) {
    const { phys, hit, exception } = translate(this.mmu(registers), va, access);
    return { phys, hit: hit !== undefined, exception: exception?.kind };
  }

  /** Changes the entry that maps a 4 KiB page, as a kernel that forgets to flush. */
  setPte(va: VirtAddr, value: bigint): void {
    this.machine.put(this.machine.entryPhys(va, this.machine.nrLevels - 1), value);
  }

  stale(): string | undefined {
    const [entry] = this.tlb.entries();
    assert.ok(entry);
    return staleness(this.machine.paging(), this.machine.tables, entry);
  }
}

const mapped = (bits: bigint): TestCpu => {
  const cpu = new TestCpu();
  cpu.machine.map(VA, 0x5000n, 12n, bits);
  return cpu;
};

describe('x86 TLB', () => {
  for (const mode of MODES)
    it(`${mode}: answers as the tables do, for every size of page, and holds 256 entries at most`, () => {
      const random = randomNumbers(7);
      const cpu = new TestCpu(mode);
      const paging = cpu.machine.paging();
      const shifts = PAGE_SHIFTS[mode];
      const pages: VirtAddr[] = [];
      while (pages.length < 400) {
        // Every other page lies next to the one before: neighbours are in different sets.
        const isNeighbour = pages.length % 2 === 1;
        const shift = isNeighbour ? 12n : (shifts[random(shifts.length)] ?? 12n);
        const size = 2 ** Number(shift);
        const wanted = isNeighbour ? (pages.at(-1) ?? 0) + size : randomPage(mode, random);
        const va = asVirt(Math.floor(wanted / size) * size);
        const bits = P | US | (random(2) ? RW : 0n) | (random(4) ? 0n : G);
        cpu.machine.map(va, BigInt(random(256)) << shift, shift, bits);
        pages.push(va);
      }
      let nrHits = 0;
      for (let i = 0; i < 3000; i++) {
        const va = asVirt((pages[random(40 + random(360))] ?? 0) + random(512) * 8);
        const truth = walk(paging, cpu.machine.tables, va, READ);
        const { phys, hit } = translate(cpu.mmu(), va, READ);
        assert.equal(phys, truth.exception === undefined ? truth.page?.phys : undefined);
        if (hit === undefined) continue;
        nrHits++;
        assert.equal(staleness(paging, cpu.machine.tables, hit), undefined);
      }
      const entries = cpu.tlb.entries();
      assert.ok(nrHits > 300 && entries.length > 50 && entries.length <= 256);
      for (const { va, pagePhys, pageSize, rights, global } of entries) {
        const { page } = walk(paging, cpu.machine.tables, va);
        assert.deepEqual(
          [pagePhys, pageSize, rights, global],
          [page?.pagePhys, page?.pageSize, page?.rights, page?.global],
        );
      }
    });

  it('is state on the tape: an access undone is forgotten', () => {
    const cpu = mapped(P | US);
    const { tape } = cpu.machine;
    const before = { position: tape.cursor, hash: tape.hash() };
    assert.equal(cpu.access(VA).hit, false);
    assert.equal(cpu.access(VA).hit, true);
    tape.seek(before.position);
    assert.equal(tape.hash(), before.hash);
    assert.equal(cpu.tlb.entries().length, 0);
    tape.seek(tape.end);
    assert.equal(cpu.access(VA).hit, true);
  });

  it('an entry that the tables left behind translates as before, and says so, until invlpg', () => {
    const cpu = mapped(P | US);
    cpu.access(VA);
    assert.equal(cpu.stale(), undefined);
    cpu.setPte(VA, 0x7000n | P | US);
    assert.deepEqual(cpu.access(VA), { phys: 0x5000, hit: true, exception: undefined });
    assert.match(
      cpu.stale() ?? '',
      /now map 0x0000000000400000 to 0x7000; the TLB still maps it to 0x5000/,
    );
    cpu.setPte(VA, 0n);
    assert.equal(cpu.access(VA).phys, 0x5000);
    assert.match(
      cpu.stale() ?? '',
      /no longer map .*PTE\[0x0\] is not present.*the TLB still does/,
    );
    cpu.tlb.invlpg(cpu.machine.paging(), asVirt(VA + 0x123));
    assert.deepEqual(cpu.access(VA), { phys: undefined, hit: false, exception: 'page fault' });
  });

  it('keeps writing through an entry that the tables made read-only', () => {
    const cpu = mapped(P | US | RW);
    cpu.access(VA, WRITE);
    cpu.setPte(VA, 0x5000n | P | US | D);
    assert.deepEqual(cpu.access(VA, WRITE), { phys: 0x5000, hit: true, exception: undefined });
    assert.match(cpu.stale() ?? '', /no longer allow write .*the TLB still allows it/);
  });

  it('faults once from an entry that is stricter than the tables, then walks again', () => {
    const cpu = mapped(P | US);
    cpu.access(VA);
    cpu.setPte(VA, 0x5000n | P | US | RW);
    assert.match(cpu.stale() ?? '', /now allow write .*the TLB still forbids it/);
    assert.deepEqual(cpu.access(VA, WRITE), {
      phys: undefined,
      hit: true,
      exception: 'page fault',
    });
    assert.deepEqual(cpu.access(VA, WRITE), { phys: 0x5000, hit: false, exception: undefined });
  });

  it('the first write walks again and sets D; the next does not, even when D was cleared meanwhile', () => {
    const cpu = mapped(P | US | RW);
    const dirty = (): boolean => (cpu.machine.get(cpu.machine.entryPhys(VA, 3)) & D) !== 0n;
    cpu.access(VA);
    assert.equal(dirty(), false);
    assert.equal(cpu.access(VA, WRITE).hit, false);
    assert.equal(dirty(), true);
    cpu.setPte(VA, cpu.machine.get(cpu.machine.entryPhys(VA, 3)) & ~D);
    assert.equal(cpu.access(VA, WRITE).hit, true);
    assert.equal(dirty(), false);
    assert.match(cpu.stale() ?? '', /D of .* was cleared/);
  });

  it('a load of cr3 forgets all but global pages, and those too when CR4.PGE was 0 at the fill', () => {
    const PGE = 0x80;
    const { cr4 } = registersFor('4-level');
    for (const [withPge, left] of [
      [cr4, [0x40_1000]],
      [cr4 & ~PGE, []],
    ] as const) {
      const cpu = mapped(P | US);
      cpu.machine.map(asVirt(VA + 4096), 0x6000n, 12n, P | US | G);
      cpu.access(VA, READ, { cr4: withPge });
      cpu.access(asVirt(VA + 4096), READ, { cr4: withPge });
      assert.equal(cpu.tlb.entries().length, 2);
      cpu.tlb.loadCr3(cpu.machine.paging(), false);
      assert.deepEqual(
        cpu.tlb.entries().map(({ va }) => va),
        left,
      );
      cpu.tlb.flush();
      assert.equal(cpu.tlb.entries().length, 0);
    }
  });

  it('invlpg takes a global page and a large one, whichever byte is named', () => {
    const cpu = new TestCpu();
    cpu.machine.map(asVirt(0x20_0000), 0x20_0000n, 21n, P | US | G | NX);
    assert.equal(cpu.access(asVirt(0x23_4568)).phys, 0x23_4568);
    assert.equal(cpu.access(asVirt(0x3f_fff8)).hit, true);
    cpu.tlb.invlpg(cpu.machine.paging(), asVirt(0x2a_bcde));
    assert.equal(cpu.tlb.entries().length, 0);
  });

  it('with CR4.PCIDE each address space sees its own entries and the global ones', () => {
    const cpu = mapped(P | US);
    cpu.machine.map(asVirt(VA + 4096), 0x6000n, 12n, P | US | G);
    const cr4 = registersFor('4-level').cr4 | PCIDE;
    const one = { cr4, cr3: ROOT | 1 };
    const two = { cr4, cr3: ROOT | 2 };
    for (const va of [VA, asVirt(VA + 4096)]) cpu.access(va, READ, one);
    assert.equal(cpu.access(VA, READ, one).hit, true);
    assert.equal(cpu.access(VA, READ, two).hit, false);
    assert.equal(cpu.access(asVirt(VA + 4096), READ, two).hit, true);
    const pcids = (): readonly number[] =>
      cpu.tlb
        .entries()
        .filter(({ global }) => !global)
        .map(({ pcid }) => pcid);
    assert.deepEqual(pcids(), [1, 2]);
    cpu.tlb.loadCr3(cpu.machine.paging(two), true, true);
    assert.deepEqual(pcids(), [1, 2], 'bit 63 of the operand keeps them');
    cpu.tlb.loadCr3(cpu.machine.paging(two), true);
    assert.deepEqual(pcids(), [1]);
  });

  it('a set replaces its four ways in turn', () => {
    const cpu = new TestCpu();
    const inOneSet = Array.from({ length: 6 }, (_, i) => asVirt(VA + i * 64 * 4096));
    for (const va of inOneSet) {
      cpu.machine.map(va, 0x5000n, 12n, P | US);
      cpu.access(va);
    }
    assert.deepEqual(
      cpu.tlb.entries().map(({ va }) => va),
      [4, 5, 2, 3].map((i) => inOneSet[i]),
    );
  });
});
