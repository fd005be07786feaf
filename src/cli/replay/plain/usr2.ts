/**
 * The guest's program of the family `usr2`: ninety random steps on six areas, from a seed (oracle/guests/usr2.h). Whether a call
 * failed is not foreseen: the trace says so.
 */
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Action } from '../program/processes.js';
import { Acts, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_RW } from './acts.js';
import type { Guest } from './guest.js';
import { GuestRandom } from './random.js';

const NR_STEPS = 90;
/** Pages of the file of tmpfs. */
export const FILE_PAGES = 16;
const SHARED_ANONYMOUS = 1;

const MADV_DONTNEED = 4;
const MADV_FREE = 8;
const MREMAP_MAYMOVE_FIXED = 3;
const MAP_POPULATE = 0x8000;
const PUNCH_HOLE_KEEP_SIZE = 3;

const HUGE_BYTES = 8 << 20;

interface Region {
  readonly start: number;
  readonly nrPages: number;
  readonly kind: number;
}

/** Some pages of a region. */
interface Part {
  readonly region: Region;
  readonly at: number;
  readonly nr: number;
  readonly va: number;
  readonly bytes: number;
}

const REGIONS: readonly Region[] = [
  { start: 0x20000000, nrPages: 64, kind: 0 },
  { start: 0x21000000, nrPages: 32, kind: SHARED_ANONYMOUS },
  { start: 0x22000000, nrPages: FILE_PAGES, kind: 2 },
  { start: 0x22100000, nrPages: FILE_PAGES, kind: 3 },
  { start: 0x24000000, nrPages: HUGE_BYTES / PAGE_SIZE, kind: 4 },
  { start: 0x20040000, nrPages: 40, kind: 0 },
];

/** @param failed whether the text that the trace has as its n-th operation says that a call failed */
export function usr2Program(
  guest: Guest,
  seed: number,
  failed: (operation: number) => boolean,
): Action[] {
  return new Usr2(guest, seed, failed).run();
}

class Usr2 {
  private readonly acts: Acts;
  private random: GuestRandom;
  private nrOps = 0;

  constructor(
    private readonly guest: Guest,
    seed: number,
    private readonly failed: (operation: number) => boolean,
  ) {
    this.acts = new Acts(guest);
    this.random = GuestRandom.ofSeed(seed);
  }

  run(): Action[] {
    const { acts } = this;
    this.op(2);
    const [anonymous, shared, privateFile, sharedFile, huge, next] = REGIONS as [
      ...Region[],
    ] as Required<[Region, Region, Region, Region, Region, Region]>;
    acts.mapAnonymous(anonymous.start, anonymous.nrPages, MAP_PRIVATE);
    acts.mapAnonymous(shared.start, shared.nrPages, MAP_SHARED);
    acts.mapFile(privateFile.start, privateFile.nrPages, MAP_PRIVATE);
    acts.mapFile(sharedFile.start, sharedFile.nrPages, MAP_SHARED);
    acts.mapAnonymous(huge.start, huge.nrPages, MAP_PRIVATE);
    acts.mapAnonymous(next.start, next.nrPages, MAP_PRIVATE);
    this.note();
    acts.askForHuge(huge.start, HUGE_BYTES);
    this.op();
    acts.write(huge.start);
    this.show();
    for (let k = 1; k <= NR_STEPS; k++) {
      this.step(k, false);
      // The numbers, the lists, each area, and the events off and on again.
      if (k % 10 === 0) this.op(3 + REGIONS.length + 1);
    }
    this.note();
    this.op(6);
    return acts.list;
  }

  private op(nr = 1): void {
    this.acts.op(nr);
    this.nrOps += nr;
  }

  private note(): void {
    this.acts.note();
    this.nrOps++;
  }

  /** Whether the call that has just been made failed, which is printed. */
  private hasFailed(): boolean {
    if (!this.failed(this.nrOps)) return false;
    this.note();
    return true;
  }

  /** The entries of some pages, and the first page's state. */
  private show(): void {
    this.op(2);
  }

  private step(k: number, isChild: boolean): void {
    const { acts, random } = this;
    acts.own('random');
    const region = REGIONS[random.below(REGIONS.length)] as Region;
    const kind = random.below(isChild ? 6 : 20);
    const at = random.below(region.nrPages);
    const nr = Math.min(1 + random.below(8), region.nrPages - at);
    const va = region.start + at * PAGE_SIZE;
    const bytes = nr * PAGE_SIZE;
    // Those that ask for more numbers do so before they print.
    if (kind === 11) this.move(k, va, at, nr);
    else if (kind === 12) this.populate(k, nr);
    else if (kind >= 15 && kind <= 18) this.fork(k, va, nr);
    else {
      this.note();
      this.plain(kind, { region, at, nr, va, bytes });
    }
    this.show();
  }

  private plain(kind: number, { region, at, nr, va, bytes }: Part): void {
    const { acts } = this;
    switch (kind) {
      case 0:
      case 1:
      case 2:
        acts.writePages(va, nr);
        return;
      case 3:
      case 4:
        for (let i = 0; i < nr; i++) {
          acts.read(va + i * PAGE_SIZE);
          acts.own('sink');
        }
        return;
      case 5:
        acts.call('madvise', va, bytes, MADV_DONTNEED);
        return;
      case 6:
        acts.call('madvise', va, bytes, MADV_FREE);
        this.hasFailed();
        return;
      case 7:
        acts.call('mprotect', va, bytes, PROT_READ);
        acts.read(va);
        acts.own('sink');
        this.op();
        acts.call('mprotect', va, bytes, PROT_RW);
        acts.write(va);
        return;
      case 8:
        acts.call('mprotect', va, bytes, PROT_NONE);
        this.op();
        acts.call('mprotect', va, bytes, PROT_RW);
        acts.read(va);
        acts.own('sink');
        return;
      case 9:
        acts.call('mlock', va, bytes);
        this.show();
        acts.own('random');
        if (this.random.below(2) === 1) acts.call('munlock', va, bytes);
        return;
      case 10:
        acts.call('munmap', va, bytes);
        this.op();
        acts.mapAnonymous(va, nr, region.kind === SHARED_ANONYMOUS ? MAP_SHARED : MAP_PRIVATE);
        acts.write(va);
        return;
      case 13:
        this.grow(nr);
        return;
      case 14:
        this.writeFile(at % FILE_PAGES);
        return;
      default:
        // pin, gup, and both given back.
        this.op(4);
    }
  }

  private move(k: number, va: number, at: number, nr: number): void {
    const { acts } = this;
    const bytes = nr * PAGE_SIZE;
    const to = 0x2c000000 + k * 0x100000 + (this.random.below(2) === 1 ? 0 : at * PAGE_SIZE);
    this.note();
    acts.call('mremap', va, bytes, bytes, MREMAP_MAYMOVE_FIXED, to);
    if (this.hasFailed()) return;
    this.op(2);
    acts.write(to);
    acts.call('mremap', to, bytes, bytes, MREMAP_MAYMOVE_FIXED, va);
  }

  private populate(k: number, nr: number): void {
    const { acts } = this;
    const more = 1 + this.random.below(6);
    const va = 0x2a000000 + k * 0x10000;
    this.note();
    acts.mapAnonymous(va, nr, MAP_PRIVATE | MAP_POPULATE | MAP_FIXED);
    this.op();
    acts.call('mremap', va, nr * PAGE_SIZE, (nr + more) * PAGE_SIZE, 0, 0);
    acts.write(va + (nr + more - 1) * PAGE_SIZE);
    this.op();
    acts.call('munmap', va, (nr + more) * PAGE_SIZE);
  }

  /** The heap. */
  private grow(nr: number): void {
    const { acts, guest } = this;
    acts.call('brk', guest.brk + nr * PAGE_SIZE);
    acts.own('sbrk');
    acts.writePages(guest.brk + PAGE_SIZE, nr - 1);
    this.op(2);
    acts.call('brk', guest.brk);
  }

  /** A page of the file, and a hole in its place. */
  private writeFile(at: number): void {
    const { acts } = this;
    acts.own('buffer');
    acts.call('pwrite', PAGE_SIZE, at * PAGE_SIZE);
    this.op();
    acts.call('fallocate', PUNCH_HOLE_KEEP_SIZE, at * PAGE_SIZE, PAGE_SIZE);
    this.op(2);
  }

  private fork(k: number, va: number, nr: number): void {
    const { acts, random } = this;
    const nrSteps = 2 + random.below(4);
    const seed = random.state + k;
    const isFirst = random.below(2) === 1;
    this.note();
    acts.fork(
      () => {
        if (isFirst) acts.writePages(va, nr);
      },
      () => {
        this.random = new GuestRandom((seed | 1) >>> 0);
        for (let i = 0; i < nrSteps; i++) this.step(100 * k + i, true);
        this.op();
        this.note();
      },
    );
    this.random = random;
  }
}
