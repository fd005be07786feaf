/**
 * The guest's program of the family `migr`: pages of two processes that lie in the CMA area are migrated (oracle/guests/migr.h). Its texts
 * say where it is; what it chose at random shows in the operations.
 */
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Span } from '../program/spans.js';
import type { Action } from '../program/processes.js';
import { Acts, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ } from './acts.js';
import type { Guest } from './guest.js';
import { entriesOf } from './ownFrames.js';

const ANONYMOUS = 0x20000000;
const SHARED_FILE = 0x22000000;
const PRIVATE_FILE = 0x22100000;
const MANY = 0x30000000;
const FILE_PAGES = 48;
const FRAMES_COUNTED_TOGETHER = 8;

const MADV_FREE = 8;
const MADV_COLD = 20;

const at = (start: number, page: number): number => start + page * PAGE_SIZE;

/** @param spans what the recorder printed from the trace's first state on */
export function migrProgram(guest: Guest, spans: readonly Span[]): Action[] {
  const acts = new Acts(guest);
  let child = 0;
  let isChild = false;
  const nrMany = manyPages(spans);
  for (const [i, { text }] of spans.entries()) {
    if (text.startsWith('400 anon pages')) {
      acts.note();
      child = begin(acts, guest);
    } else if (text.startsWith('120..127')) {
      acts.note();
      prepare(acts);
    } else if (text.startsWith('M1 plain')) {
      acts.own('random');
      acts.own('sink');
      acts.own('deeper');
      acts.note();
    } else if (text.startsWith('M14 ')) {
      acts.note();
      acts.mapAnonymous(MANY, nrMany, MAP_PRIVATE);
      acts.writePages(MANY, nrMany);
      quiet(acts);
    } else if (/^block [0-9a-f]+ has /.test(text)) {
      for (const va of countPages(guest, spans.slice(0, i))) acts.write(va);
      acts.note();
    } else if (text.startsWith('child, at the end')) {
      isChild = true;
      acts.act('pipe');
      acts.as(child, () => {
        for (const va of guest.enderText) acts.read(va);
        acts.note();
      });
    } else if (isChild) {
      acts.as(child, () => {
        acts.op();
      });
      if (!text.startsWith('umm')) continue;
      isChild = false;
      acts.as(child, () => {
        for (let page = 0; page < 100; page++) acts.read(at(ANONYMOUS, page));
      });
      acts.end(child);
      for (let page = 100; page < 140; page++) acts.read(at(ANONYMOUS, page));
    } else if (text === 'end' && i > 0) {
      acts.note();
      acts.call('munmap', MANY, nrMany * PAGE_SIZE);
    } else acts.op();
  }
  return acts.list;
}

/** How many pages the program touches before it has the kernel allocate where they lie: as many as it shows. */
function manyPages(spans: readonly Span[]): number {
  const end = spans.flatMap(({ text }) => {
    const [, last] = /^upts 0x30000000 0x([0-9a-f]+)/.exec(text) ?? [];
    return last === undefined ? [] : [parseInt(last, 16)];
  })[0];
  return end === undefined ? 0 : (end + 1 - MANY) / PAGE_SIZE;
}

/**
 * Pages of its counters that it writes to, in that order, when it counts those of its pages that are not the CMA area's. With more memory
 * than it has counters for, it writes behind these.
 */
function countPages({ counts }: Guest, spans: readonly Span[]): ReadonlySet<number> {
  const dumps = spans.flatMap((span) => span.dumps);
  const shown = dumps.findLast(({ name, args }) => name === 'pts' && args[0] === MANY.toString(16));
  const cma = dumps.findLast(({ name }) => name === 'cma')?.lines.join('\n') ?? '';
  const [base = 0, nr = 0] = (/ base=([0-9a-f]+) count=([0-9a-f]+) /.exec(cma) ?? [])
    .slice(1)
    .map((text) => parseInt(text, 16));
  const [, order = '0'] =
    dumps
      .filter(({ name }) => name === 'zones')
      .flatMap(({ lines }) => lines.map((line) => /^ pb start=\S+ order=(\d+) /.exec(line)))
      .find((match) => match !== null) ?? [];
  const pages = new Set<number>();
  for (const pfn of entriesOf(shown?.lines ?? []).values()) {
    if (pfn >= base && pfn < base + nr) continue;
    const frame = counts.frames + Math.floor(pfn / FRAMES_COUNTED_TOGETHER);
    const block = counts.blocks + 2 * (pfn >>> Number(order));
    for (const va of [frame, block]) pages.add(va - (va % PAGE_SIZE));
  }
  return pages;
}

/** The recorder lets all that waits be done. */
function quiet(acts: Acts): void {
  acts.act('rcu');
  acts.act('quiet');
  acts.act('rcu');
}

/** Up to the second text; the child's pid, which sleeps. */
function begin(acts: Acts, guest: Guest): number {
  acts.mapAnonymous(ANONYMOUS, 400, MAP_PRIVATE);
  acts.act('open');
  for (let i = 0; i < FILE_PAGES; i++) {
    acts.own('buffer');
    acts.call('write', PAGE_SIZE);
  }
  acts.mapFile(SHARED_FILE, 32, MAP_SHARED);
  acts.mapFile(PRIVATE_FILE, 32, MAP_PRIVATE);
  acts.writePages(ANONYMOUS, 100);
  for (let i = 0; i < 32; i++) acts.read(at(SHARED_FILE, i));
  for (let i = 0; i < 32; i += 4) acts.read(at(PRIVATE_FILE, i));
  acts.writePages(at(PRIVATE_FILE, 16), 4);
  const child = acts.split();
  acts.act('rcu');
  acts.as(child, () => {
    for (const va of guest.sleeperText) acts.read(va);
    acts.own('sleeper');
    for (let i = 0; i < 16; i++) acts.read(at(SHARED_FILE, i));
    acts.writePages(at(ANONYMOUS, 90), 5);
    acts.act('pipe');
  });
  acts.own('waited');
  acts.writePages(at(ANONYMOUS, 100), 300);
  return child;
}

function prepare(acts: Acts): void {
  const part = (name: string, first: number, nr: number, ...rest: readonly number[]): void => {
    acts.call(name, at(ANONYMOUS, first), nr * PAGE_SIZE, ...rest);
  };
  part('mlock', 120, 8);
  part('mprotect', 130, 10, PROT_READ);
  part('mprotect', 140, 10, PROT_NONE);
  part('madvise', 150, 8, MADV_FREE);
  part('madvise', 160, 4, MADV_COLD);
  quiet(acts);
}
