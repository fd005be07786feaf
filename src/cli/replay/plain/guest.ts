/**
 * The guest's programs as they lie in memory when they begin (oracle/guests/): areas, the pages of data and stack that are
 * there, in the order in which they came, and which of these a step of the program writes to. Two builds of each: 64 and 32 bits.
 *
 * Each was read once from a core of the program; it is the same on every kernel of that width, whatever the memory's size.
 */

/** An area: where, and whether it may be written to. */
export interface GuestArea {
  readonly start: number;
  readonly end: number;
  readonly isWritable: boolean;
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
  readonly child: readonly number[];
  readonly waited: readonly number[];
}

export interface Guest {
  readonly areas: readonly GuestArea[];
  /** Pages that are there, oldest first. */
  readonly pages: readonly number[];
  readonly brk: number;
  /** Pages of which the program maps something, but nobody writes there: tables are there for them. */
  readonly mapped: readonly number[];
  readonly writes: GuestWrites;
}

const area = (start: number, end: number, isWritable: boolean): GuestArea => ({
  start,
  end,
  isWritable,
});

/** init2.c: usr2, migr. */
const WIDE: Guest = {
  areas: [
    area(0x400000, 0x401000, false),
    area(0x401000, 0x49b000, false),
    area(0x49b000, 0x4c6000, false),
    area(0x4c6000, 0x4ca000, false),
    area(0x4ca000, 0x4cd000, true),
    area(0x4cd000, 0x575000, true),
    area(0x575000, 0x597000, true),
    area(0x7ffff7ffa000, 0x7ffff7ffe000, false),
    area(0x7ffff7ffe000, 0x7ffff7fff000, false),
  ],
  pages: [
    ...[0x7fffffffe000, 0x4cc000, 0x574000, 0x4c9000, 0x4cb000, 0x4c8000, 0x4ca000, 0x56e000],
    ...[0x575000, 0x573000, 0x576000, 0x56f000, 0x56d000, 0x55d000, 0x55e000],
  ],
  brk: 0x597000,
  mapped: [0x7ffff7ffe000],
  writes: {
    note: [0x7fffffffd000],
    random: [0x4ca000],
    sink: [0x55d000],
    buffer: [0x55d000, 0x55e000],
    sbrk: [0x574000],
    fork: [0x7fffffffe000],
    child: [0x575000, 0x574000, 0x4cb000, 0x7fffffffe000, 0x4ca000, 0x7fffffffd000],
    waited: [0x575000],
  },
};

const NARROW: Guest = {
  areas: [
    area(0x8048000, 0x8049000, false),
    area(0x8049000, 0x80da000, false),
    area(0x80da000, 0x8112000, false),
    area(0x8112000, 0x8115000, false),
    area(0x8115000, 0x8117000, true),
    area(0x8117000, 0x81bc000, true),
    area(0x81bc000, 0x81de000, true),
    area(0xb7ffb000, 0xb7fff000, false),
    area(0xb7fff000, 0xb8000000, false),
  ],
  pages: [
    ...[0x8116000, 0x81bb000, 0x8114000, 0x8115000, 0x8113000, 0x81b8000, 0x81bc000],
    ...[0xbfffe000, 0x81ba000, 0x81b7000, 0x81a7000, 0x81a8000],
  ],
  brk: 0x81de000,
  mapped: [0xb7fff000],
  writes: {
    note: [],
    random: [0x8115000],
    sink: [0x81a7000],
    buffer: [0x81a7000, 0x81a8000],
    sbrk: [0x81bb000],
    fork: [0xbfffe000],
    child: [0x81bc000, 0xb7fff000, 0xbfffe000, 0x81bb000, 0x8115000],
    waited: [0x81bc000],
  },
};

export const guestOf = (isWide: boolean): Guest => (isWide ? WIDE : NARROW);
