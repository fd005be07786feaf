/** Who may access what: SDM vol. 3A 4.6.1 (access rights) and 4.7 (error codes), every combination. */
import assert from 'node:assert/strict';
import { asVirt } from '../../src/engine/memory/address.js';
import { errorCodeText, type Access } from '../../src/engine/x86/access.js';
import type { PagingMode } from '../../src/engine/x86/formats.js';
import { walk } from '../../src/engine/x86/walk.js';
import { MODES, NX, P, registersFor, RW, TestMachine, US } from './x86Tables.js';

const SMEP = 1 << 20;
const SMAP = 1 << 21;
const WP = 1 << 16;
const AC = 1 << 18;
const NXE = 1 << 11;

const VA = asVirt(0x40_0000);
const PHYS = 0x80_0000n;

/** One case. */
interface Case {
  readonly mode: PagingMode;
  readonly present: boolean;
  readonly writable: boolean;
  readonly userPage: boolean;
  readonly noExecuteBit: boolean;
  readonly reservedBit: boolean;
  readonly wp: boolean;
  readonly smep: boolean;
  readonly smap: boolean;
  readonly ac: boolean;
  readonly nxe: boolean;
  readonly access: Access;
}

const ACCESSES: readonly Access[] = [
  ...(['read', 'write', 'fetch'] as const).flatMap((kind) => [
    { kind, user: true },
    { kind, user: false },
  ]),
  { kind: 'read', user: true, implicitSupervisor: true },
  { kind: 'write', user: false, implicitSupervisor: true },
];

function* allCases(mode: PagingMode): Generator<Case> {
  for (const access of ACCESSES)
    for (let bits = 0; bits < 1 << 10; bits++) {
      const on = (bit: number): boolean => ((bits >> bit) & 1) !== 0;
      const [present, writable, userPage, noExecuteBit, reservedBit] = [0, 1, 2, 3, 4].map(on);
      const [wp, smep, smap, ac, nxe] = [5, 6, 7, 8, 9].map(on);
      yield {
        mode,
        access,
        present,
        writable,
        userPage,
        noExecuteBit,
        reservedBit,
        wp,
        smep,
        smap,
        ac,
        nxe,
      } as Case;
    }
}

/** The bullets of 4.6.1, one after the other; `undefined` where the manual says "not allowed". */
function allowedBy46(c: Case): boolean {
  const { access, userPage, writable, wp, smep, smap, ac } = c;
  const xd = c.mode !== '2-level' && c.nxe && c.noExecuteBit;
  const supervisorMode = !access.user || access.implicitSupervisor === true;
  const explicit = access.implicitSupervisor !== true;
  if (supervisorMode) {
    if (access.kind === 'read') {
      // "Data may be read (implicitly or explicitly) from any supervisor-mode address."
      if (!userPage) return true;
      // "If CR4.SMAP = 0, data may be read from any user-mode address."
      if (!smap) return true;
      // "If CR4.SMAP = 1, ... If EFLAGS.AC = 1 and the access is explicit, data may be read from any user-mode address."
      return ac && explicit;
    }
    if (access.kind === 'write') {
      if (!wp) {
        if (!userPage) return true;
        return !smap || (ac && explicit);
      }
      if (!userPage) return writable;
      if (!smap) return writable;
      return ac && explicit && writable;
    }
    if (!userPage) return !xd;
    return smep ? false : !xd;
  }
  if (!userPage) return false;
  if (access.kind === 'read') return true;
  return access.kind === 'write' ? writable : !xd;
}

/** 4.7: the error code, or undefined where nothing is raised. */
function errorCodeBy47(c: Case): number | undefined {
  const user = c.access.user && c.access.implicitSupervisor !== true;
  const nxWorks = c.mode !== '2-level' && c.nxe;
  const reserved = c.reservedBit || (c.mode !== '2-level' && !c.nxe && c.noExecuteBit);
  if (c.present && !reserved && allowedBy46(c)) return undefined;
  let code = 0;
  if (c.present) code |= 1;
  if (c.access.kind === 'write') code |= 2;
  if (user) code |= 4;
  if (c.present && reserved) code |= 8;
  if (c.access.kind === 'fetch' && (c.smep || nxWorks)) code |= 16;
  return code;
}

/** Maps one large page with the bits of the case; its lowest address bit in use is reserved in every mode. */
function machineOf(c: Case): TestMachine {
  const machine = new TestMachine(c.mode);
  const shift = c.mode === '2-level' ? 22n : 21n;
  const bits =
    (c.present ? P : 0n) |
    (c.writable ? RW : 0n) |
    (c.userPage ? US : 0n) |
    (c.noExecuteBit && c.mode !== '2-level' ? NX : 0n) |
    (c.reservedBit ? 1n << (shift - 1n) : 0n);
  machine.map(VA, PHYS, shift, bits);
  return machine;
}

function registersOf(c: Case) {
  const usual = registersFor(c.mode);
  return {
    cr0: c.wp ? usual.cr0 : usual.cr0 & ~WP,
    cr4: usual.cr4 | (c.smep ? SMEP : 0) | (c.smap ? SMAP : 0),
    efer: c.nxe ? usual.efer : usual.efer & ~NXE,
    eflags: c.ac ? AC : 0,
  };
}

const caseText = (c: Case): string =>
  Object.entries({ ...c, access: JSON.stringify(c.access) })
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');

describe('x86 access rights and page faults', () => {
  for (const mode of MODES)
    it(`${mode}: every combination of P RW US NX RSVD, WP SMEP SMAP AC NXE and access`, () => {
      const machines = new Map<string, TestMachine>();
      let nrFaults = 0;
      let nrCases = 0;
      for (const c of allCases(mode)) {
        const key = [c.present, c.writable, c.userPage, c.noExecuteBit, c.reservedBit].join();
        const machine = machines.get(key) ?? machineOf(c);
        machines.set(key, machine);
        const { exception, page } = walk(
          machine.paging(registersOf(c)),
          machine.tables,
          VA,
          c.access,
        );
        const code = exception?.kind === 'page fault' ? exception.errorCode : exception?.kind;
        const expected = errorCodeBy47(c);
        if (code !== expected) assert.equal(code, expected, caseText(c));
        if (exception?.kind === 'page fault') assert.equal(exception.cr2, VA);
        else assert.equal(page?.phys, Number(PHYS));
        nrFaults += expected === undefined ? 0 : 1;
        nrCases++;
      }
      assert.equal(nrCases, 8 * 1024);
      assert.ok(nrFaults > 1000 && nrFaults < nrCases - 500);
    });

  /** Some of them in words. Registers beside the usual ones; the error code; what the reason says. */
  const told: readonly (readonly [string, bigint, Access, number, string, RegExp])[] = [
    [
      'user reads what is absent',
      0n,
      { kind: 'read', user: true },
      0,
      'U/S',
      /PTE\[0x0\] is not present/,
    ],
    [
      'user writes a read-only page',
      P | US,
      { kind: 'write', user: true },
      0,
      'P W/R U/S',
      /read-only: RW is 0 in PTE\[0x0\]/,
    ],
    [
      'user reads a kernel page',
      P | RW,
      { kind: 'read', user: true },
      0,
      'P U/S',
      /kernel page: US is 0 in PTE/,
    ],
    ['kernel writes a read-only page', P, { kind: 'write', user: false }, 0, 'P W/R', /CR0\.WP/],
    [
      'kernel executes a user page',
      P | US,
      { kind: 'fetch', user: false },
      SMEP,
      'P I/D',
      /CR4\.SMEP.*US is 1 in PTE/,
    ],
    ['kernel reads a user page', P | US, { kind: 'read', user: false }, SMAP, 'P', /EFLAGS\.AC/],
    [
      'user executes data',
      P | US | NX,
      { kind: 'fetch', user: true },
      0,
      'P U/S I/D',
      /not executable: NX is 1 in PTE/,
    ],
    [
      'a bit above MAXPHYADDR',
      P | (1n << 50n),
      { kind: 'read', user: false },
      0,
      'P RSVD',
      /reserved bit 50 set/,
    ],
  ];
  for (const [what, bits, access, cr4, code, reason] of told)
    it(`${what}: error code ${code}, and says why`, () => {
      const machine = new TestMachine('4-level');
      if (bits === 0n) machine.map(asVirt(VA + 4096), PHYS, 12n, P);
      else machine.map(VA, PHYS, 12n, bits);
      const paging = machine.paging({ cr4: registersFor('4-level').cr4 | cr4 });
      const { exception } = walk(paging, machine.tables, VA, access);
      assert.ok(exception?.kind === 'page fault');
      assert.equal(errorCodeText(exception.errorCode), code);
      assert.match(exception.reason, reason);
      assert.equal(exception.level.name, 'PTE');
    });

  for (const mode of MODES)
    it(`${mode}: a right that any level withholds is withheld, and the fault names that level`, () => {
      const depths = new TestMachine(mode).nrLevels;
      for (let depth = mode === 'pae' ? 1 : 0; depth < depths; depth++)
        for (const [bit, access] of [
          [RW, { kind: 'write', user: true }],
          [US, { kind: 'read', user: true }],
          [NX, { kind: 'fetch', user: true }],
        ] as const) {
          if (bit === NX && mode === '2-level') continue;
          const machine = new TestMachine(mode);
          machine.map(VA, PHYS, 12n, P | RW | US);
          const entryPhys = machine.entryPhys(VA, depth);
          machine.put(entryPhys, machine.get(entryPhys) ^ bit);
          const paging = machine.paging();
          const { exception } = walk(paging, machine.tables, VA, access);
          assert.ok(exception?.kind === 'page fault');
          assert.equal(exception.errorCode & 1, 1);
          assert.equal(exception.level.name, paging.levels[depth]?.name);
        }
    });

  it('an address that is not canonical is #GP, not a page fault', () => {
    for (const [mode, bits] of [
      ['4-level', 47],
      ['5-level', 56],
    ] as const)
      for (const va of [2 ** bits, -(2 ** bits) - 4096]) {
        const machine = new TestMachine(mode);
        const { exception } = walk(machine.paging(), machine.tables, asVirt(va), ACCESSES[0]);
        assert.equal(exception?.kind, 'general protection');
      }
  });

  it('a table where there is no memory is said, not read as zero', () => {
    const machine = new TestMachine('4-level');
    machine.put(machine.entryPhys(VA, 0), 0x20_0000_0000n | P | RW);
    const { exception } = walk(machine.paging(), machine.tables, VA);
    assert.ok(exception?.kind === 'no memory');
    assert.equal(exception.phys, 0x20_0000_0000);
  });

  it('reserved bits in PAE’s top level are #GP at the load of cr3; QEMU minds the low ones not', () => {
    const machine = new TestMachine('pae');
    machine.map(VA, PHYS, 12n, P | RW | US);
    const top = machine.entryPhys(VA, 0);
    machine.put(top, machine.get(top) | 0x20n);
    assert.equal(walk(machine.paging(), machine.tables, VA).exception?.kind, 'general protection');
    const qemu = machine.paging(
      {},
      { maxPhyAddr: 40, pse36: true, pdpe1gb: true, accessedInPaeTop: true },
    );
    assert.equal(walk(qemu, machine.tables, VA).page?.phys, Number(PHYS));
  });
});
