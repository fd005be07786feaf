/**
 * The acts of a guest's program, written down as it does them: operations of the recorder, accesses, system calls, and what the
 * scheduler does when it forks and waits.
 */
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Action } from '../program/processes.js';
import type { Guest, GuestWrites } from './guest.js';

const hex = (value: number): string => value.toString(16);

export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_RW = 3;
export const MAP_FIXED = 0x10;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;

const MADV_HUGEPAGE = 14;
const INIT = 1;

export class Acts {
  readonly list: Action[] = [];
  private pid = INIT;
  private lastPid = INIT;
  private nrEnded = 0;
  /** Of the area for which the program has asked for huge pages, until a child has ended. */
  private nrHugePages = 0;

  constructor(private readonly guest: Guest) {}

  act(name: string, ...args: readonly string[]): void {
    // With several CPUs the end of a grace period takes its time: the trace tells.
    if (name === 'rcu' && this.guest.isSmp) return;
    this.list.push({ pid: this.pid, name, args });
  }

  /** A system call, with its registers. */
  call(name: string, ...args: readonly number[]): void {
    this.act(name, ...args.map(hex));
  }

  /** Operations of the recorder. */
  op(nr = 1): void {
    for (let i = 0; i < nr; i++) this.act('op');
  }

  read(va: number): void {
    this.act('touch', hex(va));
  }

  write(va: number): void {
    this.act('touch', `${hex(va)}!`);
  }

  writePages(va: number, nr: number): void {
    for (let i = 0; i < nr; i++) this.write(va + i * PAGE_SIZE);
  }

  /** What a step of the program writes to besides what it is about. */
  own(step: keyof GuestWrites): void {
    for (const va of this.guest.writes[step])
      if (this.guest.mapped.includes(va)) this.act('vdso', hex(va));
      else this.write(va);
  }

  /** A text is printed: a `mark` of the trace. */
  note(): void {
    this.own('note');
    this.op();
  }

  mapAnonymous(va: number, nrPages: number, flags: number): void {
    this.call(
      'mmap',
      va,
      nrPages * PAGE_SIZE,
      PROT_RW,
      flags | MAP_FIXED | MAP_ANONYMOUS,
      -1 >>> 0,
      0,
    );
  }

  /** Whether this child is the first since the program has asked for huge pages: it wakes khugepaged. */
  private isFirstOfHuge(): boolean {
    return this.nrHugePages > 0;
  }

  /** madvise(MADV_HUGEPAGE) */
  askForHuge(va: number, sizeBytes: number): void {
    this.nrHugePages = sizeBytes / PAGE_SIZE;
    this.call('madvise', va, sizeBytes, MADV_HUGEPAGE);
  }

  mapFile(va: number, nrPages: number, flags: number): void {
    this.call('mmap', va, nrPages * PAGE_SIZE, PROT_RW, flags | MAP_FIXED, 3, 0);
  }

  /** The parent goes on, with `before`, until it waits; the child does `child` and ends. */
  fork(before: () => void, child: () => void): void {
    const pid = this.split();
    before();
    this.act('rcu');
    // The structure of the child before, which has ended.
    if (this.nrEnded > 0) this.act('free');
    this.act('rcu');
    this.as(pid, () => {
      if (this.isFirstOfHuge()) this.act('khugepaged');
      for (const va of this.guest.childText) this.read(va);
      this.own('child');
      child();
    });
    this.end(pid);
  }

  /** A child is made, and its parent has gone on; the child's pid. */
  split(): number {
    const pid = ++this.lastPid;
    this.act('fork', String(pid));
    this.own('fork');
    return pid;
  }

  as(pid: number, act: () => void): void {
    const before = this.pid;
    this.pid = pid;
    act();
    this.pid = before;
  }

  /** A child ends, and its parent has waited for it. */
  end(pid: number): void {
    this.as(pid, () => {
      if (this.isFirstOfHuge()) {
        this.call('scanned', 2 * this.nrHugePages);
        this.nrHugePages = 0;
      }
      this.act('exit');
    });
    this.nrEnded++;
    this.act('mmdrop');
    this.act('stack');
    this.own('waited');
  }
}
