/**
 * The guest's program of the family `usr`: one of each thing that a process can do to its memory (oracle/guests/init.c: usr()). Its texts
 * say where it is; what it does between the operations behind a text is written down here.
 */
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Action } from '../program/processes.js';
import { Acts, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_RW } from './acts.js';
import type { Guest } from './guest.js';

const ANONYMOUS = 0x20000000;
const SHARED = 0x21000000;
const SHARED_FILE = 0x22000000;
const PRIVATE_FILE = 0x22100000;
const HUGE = 0x24000000;
const HUGETLB = 0x28000000;
const HUGE_BYTES = 8 << 20;
const MADV_DONTNEED = 4;
/** MAP_PRIVATE | MAP_ANONYMOUS, where the kernel likes. */
const ANYWHERE = 0x22;
const MAP_HUGETLB_FIXED = 0x40032;
const CHILD_PAGES = 64;

const page = (nr: number): number => ANONYMOUS + nr * PAGE_SIZE;

/** @param spans what the recorder printed, a text each */
export function usrProgram(guest: Guest, spans: readonly string[]): Action[] {
  return new Usr(guest, spans).run();
}

class Usr {
  private readonly acts: Acts;
  private at = 0;

  constructor(
    private readonly guest: Guest,
    private readonly spans: readonly string[],
  ) {
    this.acts = new Acts(guest);
  }

  run(): Action[] {
    while (this.at < this.spans.length) this.step(this.spans[this.at] ?? '');
    return this.acts.list;
  }

  /** Operations until one begins with `text`. */
  private until(text: string): void {
    while (this.at < this.spans.length && this.spans[this.at]?.startsWith(text) !== true)
      this.ops(1);
  }

  private ops(nr: number): void {
    this.acts.op(nr);
    this.at += nr;
  }

  private note(): void {
    this.acts.note();
    this.at++;
  }

  private read(va: number): void {
    this.acts.read(va);
    this.acts.own('sink');
  }

  private step(text: string): void {
    const step = STEPS.find(([begin]) => text.startsWith(begin))?.[1];
    if (step === undefined) {
      this.ops(1);
      return;
    }
    this.note();
    step(this);
  }

  // --- steps, in their order; what prints a text is behind it ------------------------------------------------------------

  map(): void {
    this.acts.mapAnonymous(ANONYMOUS, 16, MAP_PRIVATE);
  }

  touch(): void {
    this.read(page(0));
    this.ops(2);
    this.acts.writePages(page(1), 7);
    this.until('upt 0x20008000');
    this.read(page(8));
    this.ops(1);
    this.acts.write(page(8));
  }

  forkPinned(): void {
    this.fork(
      () => undefined,
      () => {
        this.until('child writes page 5');
        this.note();
        this.acts.write(page(5));
        this.until('umm');
        this.ops(1);
      },
    );
  }

  reuse(): void {
    this.acts.writePages(page(5), 2);
  }

  forkBoth(): void {
    this.fork(
      () => {
        this.acts.write(page(3));
        this.ops(2);
      },
      () => {
        this.until('child does a gup');
        this.note();
        this.until('child pins READ');
        this.note();
        this.until('mlock pages');
      },
    );
  }

  lock(): void {
    this.acts.call('mlock', page(10), 4 * PAGE_SIZE);
    this.until('mlock_stat');
    this.ops(1);
    this.acts.call('munlock', page(10), 4 * PAGE_SIZE);
  }

  protect(): void {
    this.acts.call('mprotect', page(1), 2 * PAGE_SIZE, PROT_READ);
    this.ops(1);
    this.acts.call('mprotect', page(1), 2 * PAGE_SIZE, PROT_RW);
    this.ops(1);
    this.acts.write(page(1));
  }

  readOnly(): void {
    this.acts.call('mprotect', page(1), PAGE_SIZE, PROT_READ);
  }

  dontNeed(): void {
    this.acts.call('mprotect', page(1), 2 * PAGE_SIZE, PROT_RW);
    this.acts.call('madvise', page(2), 2 * PAGE_SIZE, MADV_DONTNEED);
  }

  none(): void {
    this.acts.call('mprotect', page(4), PAGE_SIZE, PROT_NONE);
  }

  shared(): void {
    this.acts.mapAnonymous(SHARED, 8, MAP_SHARED);
    this.acts.write(SHARED);
    this.read(SHARED + PAGE_SIZE);
    this.ops(6);
    this.fork(
      () => undefined,
      () => {
        this.ops(1);
        this.acts.write(SHARED);
        this.ops(2);
      },
    );
  }

  files(): void {
    this.acts.act('open');
    for (let i = 0; i < 4; i++) {
      this.acts.own('buffer');
      this.acts.call('write', PAGE_SIZE);
    }
    this.acts.mapFile(SHARED_FILE, 4, MAP_SHARED);
    this.acts.mapFile(PRIVATE_FILE, 4, MAP_PRIVATE);
    this.read(SHARED_FILE);
    this.read(PRIVATE_FILE);
    this.ops(3);
    this.acts.write(PRIVATE_FILE);
  }

  huge(): void {
    this.acts.mapAnonymous(HUGE, HUGE_BYTES / PAGE_SIZE, MAP_PRIVATE);
    this.acts.askForHuge(HUGE, HUGE_BYTES);
    this.acts.write(HUGE);
  }

  forkHuge(): void {
    this.fork(
      () => undefined,
      () => {
        this.ops(2);
        this.acts.write(HUGE + 3 * PAGE_SIZE);
        this.ops(4);
      },
    );
  }

  unmap(): void {
    this.acts.call('munmap', HUGE + 7 * PAGE_SIZE, PAGE_SIZE);
  }

  hugetlb(): void {
    const { acts } = this;
    acts.call('nr_hugepages', 2);
    for (const name of ['rcu', 'free', 'rcu']) acts.act(name);
    acts.call('mmap', HUGETLB, HUGE_BYTES, PROT_RW, MAP_HUGETLB_FIXED, -1 >>> 0, 0);
    if (this.spans[this.at]?.startsWith('hugetlb mmap failed') === true) return;
    acts.write(HUGETLB);
    this.until('whole user');
    acts.call('munmap', HUGETLB, HUGE_BYTES);
  }

  exitMmap(): void {
    this.ops(1);
    this.fork(
      () => undefined,
      () => {
        this.acts.call('mmap', 0, CHILD_PAGES * PAGE_SIZE, PROT_RW, ANYWHERE, -1 >>> 0, 0);
        this.acts.writePages(this.guest.below - CHILD_PAGES * PAGE_SIZE, CHILD_PAGES);
      },
    );
  }

  private fork(before: () => void, child: () => void): void {
    this.acts.fork(before, child);
  }
}

/** What is done behind a text. */
const STEPS: readonly (readonly [string, (usr: Usr) => void])[] = [
  [
    'anon private',
    (usr) => {
      usr.map();
    },
  ],
  [
    'read touch page 0',
    (usr) => {
      usr.touch();
    },
  ],
  [
    'page still pinned once',
    (usr) => {
      usr.forkPinned();
    },
  ],
  [
    'parent writes page 5',
    (usr) => {
      usr.reuse();
    },
  ],
  [
    'fork: parent writes',
    (usr) => {
      usr.forkBoth();
    },
  ],
  [
    'mlock pages',
    (usr) => {
      usr.lock();
    },
  ],
  [
    'mprotect pages 1..2',
    (usr) => {
      usr.protect();
    },
  ],
  [
    'gup write on read-only',
    (usr) => {
      usr.readOnly();
    },
  ],
  [
    'madvise DONTNEED',
    (usr) => {
      usr.dontNeed();
    },
  ],
  [
    'PROT_NONE',
    (usr) => {
      usr.none();
    },
  ],
  [
    'shared anon',
    (usr) => {
      usr.shared();
    },
  ],
  [
    'tmpfs file',
    (usr) => {
      usr.files();
    },
  ],
  [
    'THP 4M-aligned',
    (usr) => {
      usr.huge();
    },
  ],
  [
    'fork with THP',
    (usr) => {
      usr.forkHuge();
    },
  ],
  [
    'parent unmaps',
    (usr) => {
      usr.unmap();
    },
  ],
  [
    'hugetlb page',
    (usr) => {
      usr.hugetlb();
    },
  ],
  [
    'exit-mmap child',
    (usr) => {
      usr.exitMmap();
    },
  ],
];
