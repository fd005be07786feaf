/**
 * The walk of an address through the page tables of the kernel or of a task, entry by entry, to its page frame.
 *
 * What is not present may have a frame all the same (PROT_NONE: the frame's bits are inverted), or say where the page is
 * (a swap entry).
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable-invert.h, pgtable_types.h (_PAGE_PROTNONE), pgtable_64.h (swap entries).
 */
import { asVirt } from '../../memory/address.js';
import { pagingFor } from '../../image/dump/kernelSpace.js';
import type { Walk } from '../../x86/walk.js';
import type { Inspected } from '../inspected.js';
import type { TaskView } from '../tasks.js';
import { ulongOf } from '../words.js';
import { hexOf, Unanswerable, vaOf, type Answer, type Asked, type Json } from './answer.js';

const PROTNONE = 1 << 8;
const PSE = 1 << 7;

interface Found {
  readonly phys: number | undefined;
  readonly state: string;
}

export function walkAnswer({ k, task }: Asked, bits: bigint): Answer {
  const va = vaOf(k, bits);
  const isUser = isUserAddress(k, bits);
  if (isUser && task === undefined)
    throw new Unanswerable(
      `${hexOf(bits)} is an address of user space: say whose, with --task PID.`,
    );
  const through = isUser && task !== undefined ? task : undefined;
  const walk = through === undefined ? k.space.walk(va) : walkInTask(k, through, va);
  const found = frameOf(k, walk);
  const pfn = found.phys === undefined ? null : Math.floor(found.phys / 4096);
  const space = through === undefined ? 'kernel' : `${through.comm} (pid ${through.pid})`;
  const entries = walk.steps.map(({ level, index, entry, entryPhys }): Json => ({
    level: level.name,
    index,
    at: hexOf(BigInt(entryPhys)),
    entry: hexOf((BigInt(entry.high >>> 0) << 32n) | BigInt(entry.low >>> 0)),
    flags: Object.entries(entry.flags).flatMap(([name, set]) => (set ? [name] : [])),
  }));
  const steps = walk.steps
    .map(({ level, index }) => `${level.name}[0x${index.toString(16)}]`)
    .join(' ');
  const end = pfn === null ? found.state : `pfn 0x${pfn.toString(16)}, ${found.state}`;
  return {
    text: `${hexOf(bits)} in ${space}: ${steps === '' ? '' : `${steps}: `}${end}`,
    data: {
      va: hexOf(bits),
      space,
      pfn,
      phys: found.phys === undefined ? null : hexOf(BigInt(found.phys)),
      page_size: walk.page?.pageSize ?? null,
      state: found.state,
      entries,
    },
  };
}

/** Below the kernel's half. */
export function isUserAddress(k: Inspected, bits: bigint): boolean {
  if (k.pointerSize === 8) return bits >> 63n === 0n;
  return bits < ulongOf(k.dump.pageOffset, 4);
}

export function walkInTask(k: Inspected, task: TaskView, va: ReturnType<typeof asVirt>): Walk {
  if (task.mm === 0)
    throw new Unanswerable(
      `${task.comm} (pid ${task.pid}) is a kernel thread: it has no user memory.`,
    );
  const pgd = k.pointer(task.mm, 'mm_struct', 'pgd');
  // PAE's top level is not page-aligned; all others are. The pgd lies in the direct map.
  const page = asVirt(Math.floor(pgd / 4096) * 4096);
  const phys = k.space.physOf(page);
  if (phys === undefined)
    throw new Unanswerable(`The page tables of pid ${task.pid} are not in the dump.`);
  return k.space.walk(va, pagingFor(k.dump.paging, phys + (pgd - page)));
}

function frameOf(k: Inspected, walk: Walk): Found {
  const { page, exception } = walk;
  if (page !== undefined) {
    const size = page.pageSize === 4096 ? '' : ` in a page of ${page.pageSize / 2 ** 20} MiB`;
    const rights = `${page.rights.write ? 'writable' : 'read-only'}${page.rights.user ? ', user' : ''}`;
    return { phys: page.phys, state: `present${size}, ${rights}` };
  }
  const last = walk.steps.at(-1);
  if (last === undefined || exception?.kind !== 'page fault')
    return { phys: undefined, state: exception?.reason ?? 'not mapped' };
  const { entry, level } = last;
  if (entry.low === 0 && entry.high === 0) return { phys: undefined, state: exception.reason };
  const isPage = level.name === 'PTE' || (entry.low & PSE) !== 0;
  if (isPage && (entry.low & PROTNONE) !== 0) {
    const inverted = k.pointerSize === 8 || k.dump.paging === 'pae';
    const bits = (BigInt(entry.high >>> 0) << 32n) | BigInt(entry.low >>> 0);
    const frame = ((inverted ? ~bits : bits) >> 12n) & ((1n << 40n) - 1n);
    const within = Number(BigInt(walk.va) & BigInt(2 ** level.shift - 1));
    const start = Math.floor((Number(frame) * 4096) / 2 ** level.shift) * 2 ** level.shift;
    return { phys: start + within, state: 'PROT_NONE: there, but nobody may access it' };
  }
  return { phys: undefined, state: swapText(k, entry.low, entry.high) };
}

/** On 64 bit: type in bits 63..59, offset inverted in 58..9. What is no swap file's type is a migration or a marker. */
function swapText(k: Inspected, low: number, high: number): string {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  if (k.pointerSize !== 8) return `not present, the entry is ${hexOf(bits)}`;
  const type = bits >> 59n;
  const offset = BigInt.asUintN(50, ~bits >> 9n);
  return `swapped out: swap type ${type}, offset ${hexOf(offset)}`;
}
