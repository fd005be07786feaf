/**
 * The guest's programs as they lie in memory when they begin (oracle/guests/): areas, the pages of data and stack that are
 * there, in the order in which they came, and which of these a step of the program writes to. Two builds of each: 64 and 32 bits.
 *
 * Each was read once from a core of the program; it is the same on every kernel of that width, whatever the memory's size.
 */

import type { Kernel } from '../../../engine/machine/kernel.js';

/** An area: where, and what may be done there. */
export interface GuestArea {
  readonly start: number;
  readonly end: number;
  readonly prot: number;
  /** Of the program's file, from where it would begin in memory; of nothing; of entries without a struct page, which fork() copies. */
  readonly of: 'file' | 'nothing' | 'pfns' | 'vdso';
}

/** Pages that what is not written in the program's own text writes to: its library's data, and its stack. */
export interface GuestWrites {
  /** A text that is printed. */
  readonly note: readonly number[];
  /** The state of the random numbers. */
  readonly random: readonly number[];
  /** Where what is read goes to. */
  readonly sink: readonly number[];
  /** The buffer that is written to a file. */
  readonly buffer: readonly number[];
  /** sbrk() */
  readonly sbrk: readonly number[];
  /** fork(), in the parent as it returns, in the child, and in the parent when it has waited. */
  readonly fork: readonly number[];
  /** What goes deeper into the stack than a text; than a text and a file that is written to. */
  readonly deeper: readonly number[];
  readonly deepest: readonly number[];
  /** fflush() */
  readonly flush: readonly number[];
  readonly child: readonly number[];
  readonly sleeper: readonly number[];
  readonly waited: readonly number[];
}

export interface Guest {
  readonly isSmp: boolean;
  readonly areas: readonly GuestArea[];
  /** Where the file's first page is mapped; and which part of it may only be read once it is loaded. */
  readonly text: number;
  readonly relro: readonly [number, number];
  /** Pages of the file that a child needs: of usr2; of migr before it sleeps, and before it ends. */
  readonly childText: readonly number[];
  readonly sleeperText: readonly number[];
  readonly enderText: readonly number[];
  /** Where the buffer for the kernel's log lies. */
  readonly log: number;
  /** Where migr counts its pages: a byte for eight frames, and two for each pageblock. */
  readonly counts: { readonly frames: number; readonly blocks: number };
  /** Where the kernel puts what is mapped anywhere: below this. */
  readonly below: number;
  /** Pages that are there, oldest first. */
  readonly pages: readonly number[];
  /** Pages that it has read and not written to. */
  readonly zeros: readonly number[];
  readonly brk: number;
  /** Faults that it has had besides those for its own pages: of these the kernel folds what it counts of them (SMP). */
  readonly nrOtherFaults: number;
  /** Its numbers as `umm` prints them, but for pages of memory. */
  readonly numbers: string;
  /** Pages of which the program maps something, but nobody writes there: tables are there for them. */
  readonly mapped: readonly number[];
  readonly writes: GuestWrites;
}

const [R, RX, RW] = [1, 5, 3];

const area = (
  start: number,
  end: number,
  prot: number,
  of: GuestArea['of'] = 'nothing',
): GuestArea => ({ start, end, prot, of });

/** init2.c: usr2, migr. */
const WIDE: Guest = {
  isSmp: false,
  areas: [
    area(0x400000, 0x401000, R, 'file'),
    area(0x401000, 0x49b000, RX, 'file'),
    area(0x49b000, 0x4c6000, R, 'file'),
    area(0x4c6000, 0x4cd000, RW, 'file'),
    area(0x4cd000, 0x575000, RW),
    area(0x575000, 0x597000, RW),
    area(0x7ffff7ffa000, 0x7ffff7ffe000, R, 'pfns'),
    area(0x7ffff7ffe000, 0x7ffff7fff000, RX, 'vdso'),
  ],
  text: 0x400000,
  relro: [0x4c6000, 0x4ca000],
  childText: [
    ...[0x43e000, 0x402000, 0x49c000, 0x41a000, 0x461000, 0x4b4000, 0x485000, 0x42a000, 0x440000],
  ],
  sleeperText: [0x43e000, 0x405000, 0x440000],
  enderText: [0x41a000, 0x461000, 0x49b000, 0x4b4000, 0x42a000, 0x485000],
  log: 0x4cd000,
  counts: { frames: 0x50d800, blocks: 0x50d400 },
  below: 0x7ffff7ffa000,
  pages: [
    ...[0x7fffffffe000, 0x4cc000, 0x574000, 0x4c9000, 0x4cb000, 0x4c8000, 0x4ca000, 0x56e000],
    ...[0x575000, 0x573000, 0x576000, 0x56f000, 0x56d000, 0x55d000, 0x55e000],
  ],
  zeros: [],
  brk: 0x597000,
  nrOtherFaults: 18,
  numbers: ' total_vm=1bd locked=0 data=cd stack=21 map_count=10 rss_file=1',
  mapped: [0x7ffff7ffe000],
  writes: {
    note: [0x7fffffffd000],
    deeper: [],
    deepest: [],
    flush: [],
    random: [0x4ca000],
    sink: [0x55d000],
    buffer: [0x55d000, 0x55e000],
    sbrk: [0x574000],
    fork: [0x7fffffffe000],
    child: [0x575000, 0x574000, 0x4cb000, 0x7fffffffe000, 0x4ca000, 0x7fffffffd000],
    sleeper: [0x575000, 0x574000, 0x4cb000, 0x7fffffffe000, 0x55d000],
    waited: [0x575000],
  },
};

const NARROW: Guest = {
  isSmp: false,
  areas: [
    area(0x8048000, 0x8049000, R, 'file'),
    area(0x8049000, 0x80da000, RX, 'file'),
    area(0x80da000, 0x8112000, R, 'file'),
    area(0x8112000, 0x8117000, RW, 'file'),
    area(0x8117000, 0x81bc000, RW),
    area(0x81bc000, 0x81de000, RW),
    area(0xb7ffb000, 0xb7fff000, R, 'pfns'),
    area(0xb7fff000, 0xb8000000, RX, 'vdso'),
  ],
  text: 0x8048000,
  relro: [0x8112000, 0x8115000],
  childText: [0x8079000, 0x8049000, 0x80db000, 0x8061000, 0x80a1000, 0x80f3000, 0x80c1000],
  sleeperText: [0x8079000, 0x8049000],
  enderText: [0x8061000, 0x80a1000, 0x80db000, 0x80f3000, 0x80c1000],
  log: 0x8117000,
  counts: { frames: 0x8157760, blocks: 0x8157360 },
  below: 0xb7ffb000,
  pages: [
    ...[0xbffff000, 0x8116000, 0x81bb000, 0x8114000, 0x8115000, 0x8113000, 0x81b8000, 0x81bc000],
    ...[0xbfffe000, 0x81ba000, 0x81b7000, 0x81a7000, 0x81a8000],
  ],
  zeros: [],
  brk: 0x81de000,
  nrOtherFaults: 18,
  numbers: ' total_vm=1bc locked=0 data=c9 stack=21 map_count=10 rss_file=1',
  mapped: [0xb7fff000],
  writes: {
    note: [],
    deeper: [0xbfffe000],
    deepest: [0xbfffe000],
    flush: [],
    random: [0x8115000],
    sink: [0x81a7000],
    buffer: [0x81a7000, 0x81a8000],
    sbrk: [0x81bb000],
    fork: [0xbffff000],
    child: [0x81bc000, 0xb7fff000, 0xbffff000, 0x81bb000, 0x8115000],
    sleeper: [0x81bc000, 0xb7fff000, 0xbffff000, 0x81bb000, 0x8115000, 0x81a7000],
    waited: [0x81bc000],
  },
};

/** init.c: usr, cmausr. */
const FIRST_WIDE: Guest = {
  ...WIDE,
  areas: [
    area(0x400000, 0x401000, R, 'file'),
    area(0x401000, 0x499000, RX, 'file'),
    area(0x499000, 0x4c3000, R, 'file'),
    area(0x4c3000, 0x4ca000, RW, 'file'),
    area(0x4ca000, 0x521000, RW),
    area(0x521000, 0x543000, RW),
    area(0x7ffff7ffa000, 0x7ffff7ffe000, R, 'pfns'),
    area(0x7ffff7ffe000, 0x7ffff7fff000, RX, 'vdso'),
  ],
  relro: [0x4c3000, 0x4c7000],
  childText: [
    ...[0x43c000, 0x402000, 0x418000, 0x45e000, 0x499000, 0x4b1000, 0x460000, 0x482000, 0x427000],
  ],
  pages: [
    ...[0x7fffffffe000, 0x4c9000, 0x51f000, 0x4c6000, 0x4c8000, 0x4c5000, 0x4c7000, 0x51a000],
    ...[0x521000, 0x520000, 0x522000, 0x519000],
  ],
  zeros: [0x51b000],
  brk: 0x543000,
  nrOtherFaults: 17,
  numbers: ' total_vm=169 locked=0 data=7c stack=21 map_count=10 rss_file=1',
  writes: {
    ...WIDE.writes,
    random: [],
    sink: [0x509000],
    buffer: [0x509000, 0x50a000],
    sbrk: [],
    child: [0x521000, 0x520000, 0x4c8000, 0x51f000, 0x7fffffffe000],
    waited: [0x521000],
  },
};

const FIRST_NARROW: Guest = {
  ...NARROW,
  areas: [
    area(0x8048000, 0x8049000, R, 'file'),
    area(0x8049000, 0x80d7000, RX, 'file'),
    area(0x80d7000, 0x810d000, R, 'file'),
    area(0x810d000, 0x8112000, RW, 'file'),
    area(0x8112000, 0x8166000, RW),
    area(0x8166000, 0x8188000, RW),
    area(0xb7ffb000, 0xb7fff000, R, 'pfns'),
    area(0xb7fff000, 0xb8000000, RX, 'vdso'),
  ],
  relro: [0x810d000, 0x8110000],
  childText: [
    ...[0x8076000, 0x8049000, 0x805e000, 0x8062000, 0x809e000, 0x80d7000, 0x80ef000, 0x80bf000],
    ...[0x80f2000, 0x80a0000],
  ],
  pages: [
    ...[0xbffff000, 0x8111000, 0x8165000, 0x810f000, 0x8110000, 0x810e000, 0x8162000, 0x8166000],
    ...[0xbfffe000, 0x8164000, 0x8161000],
  ],
  brk: 0x8188000,
  numbers: ' total_vm=166 locked=0 data=78 stack=21 map_count=10 rss_file=1',
  writes: {
    ...NARROW.writes,
    random: [],
    sink: [0x8151000],
    buffer: [0x8151000, 0x8152000],
    sbrk: [],
    child: [0x8166000, 0xb7fff000, 0xbffff000, 0x8165000, 0x8110000],
    waited: [0x8166000],
  },
};

/** init3.c: huge, thp. */
const THIRD_WIDE: Guest = {
  ...WIDE,
  areas: [
    area(0x400000, 0x401000, R, 'file'),
    area(0x401000, 0x49a000, RX, 'file'),
    area(0x49a000, 0x4c5000, R, 'file'),
    area(0x4c5000, 0x4cc000, RW, 'file'),
    area(0x4cc000, 0x523000, RW),
    area(0x523000, 0x545000, RW),
    area(0x7ffff7ffa000, 0x7ffff7ffe000, R, 'pfns'),
    area(0x7ffff7ffe000, 0x7ffff7fff000, RX, 'vdso'),
  ],
  relro: [0x4c5000, 0x4c9000],
  childText: [...[0x43d000, 0x404000, 0x419000, 0x460000, 0x49a000, 0x4b2000, 0x483000, 0x428000]],
  pages: [
    ...[0x7fffffffe000, 0x4cb000, 0x521000, 0x4c8000, 0x4ca000, 0x4c7000, 0x4c9000, 0x51c000],
    ...[0x523000, 0x522000, 0x524000, 0x51b000, 0x50b000],
  ],
  zeros: [0x51d000],
  brk: 0x545000,
  nrOtherFaults: 17,
  numbers: ' total_vm=16b locked=0 data=7c stack=21 map_count=10 rss_file=1',
  writes: {
    ...WIDE.writes,
    flush: [0x51d000],
    random: [0x4c9000],
    sink: [0x50b000],
    child: [0x523000, 0x522000, 0x4ca000, 0x521000, 0x7fffffffe000, 0x50b000],
    waited: [0x523000],
  },
};

const THIRD_NARROW: Guest = {
  ...NARROW,
  areas: [
    area(0x8048000, 0x8049000, R, 'file'),
    area(0x8049000, 0x80d8000, RX, 'file'),
    area(0x80d8000, 0x8110000, R, 'file'),
    area(0x8110000, 0x8115000, RW, 'file'),
    area(0x8115000, 0x8169000, RW),
    area(0x8169000, 0x818b000, RW),
    area(0xb7ffb000, 0xb7fff000, R, 'pfns'),
    area(0xb7fff000, 0xb8000000, RX, 'vdso'),
  ],
  relro: [0x8110000, 0x8113000],
  childText: [
    ...[0x8077000, 0x8049000, 0x805f000, 0x8063000, 0x809f000, 0x80d8000, 0x80f0000, 0x80a0000],
    ...[0x80c0000],
  ],
  pages: [
    ...[0xbffff000, 0x8114000, 0x8168000, 0x8112000, 0x8113000, 0x8111000, 0x8165000, 0x8169000],
    ...[0xbfffe000, 0x8167000, 0x8164000, 0x8154000],
  ],
  brk: 0x818b000,
  numbers: ' total_vm=169 locked=0 data=78 stack=21 map_count=10 rss_file=1',
  writes: {
    ...NARROW.writes,
    flush: [0x8165000],
    random: [0x8113000],
    sink: [0x8154000],
    child: [0x8169000, 0xb7fff000, 0xbffff000, 0x8168000, 0x8113000, 0x8154000],
    waited: [0x8169000],
  },
};

/** Which of the guest's programs: the first has usr and cmausr, the second usr2 and migr, the third huge and thp. */
export type GuestProgram = 1 | 2 | 3;

export function guestOf(k: Kernel, program: GuestProgram): Guest {
  const [wide, narrow] = (
    [
      [FIRST_WIDE, FIRST_NARROW],
      [WIDE, NARROW],
      [THIRD_WIDE, THIRD_NARROW],
    ] as const
  )[program - 1] ?? [WIDE, NARROW];
  return { ...(k.wide ? wide : narrow), isSmp: k.smp };
}
