/**
 * `Pinned pages` under Machine: each frame that is pinned, and who holds it. Of a session's own calls the ledger knows; of others what
 * the kernel counts: NR_FOLL_PIN_ACQUIRED - NR_FOLL_PIN_RELEASED pins are out, and pages whose references may be some.
 *
 * Source: Linux 6.1 include/linux/mmzone.h: NR_FOLL_PIN_ACQUIRED; include/linux/mm.h: page_maybe_dma_pinned().
 */
import { inspectedOf } from '../../engine/image/dump/inspectedOf.js';
import { isDumpError, type Inspected } from '../../engine/inspect/inspected.js';
import { pinsOut, suspectFrames } from '../../engine/inspect/process/pins.js';
import { accountSum } from '../../engine/inspect/process/pageAccount.js';
import { counted, times } from '../../engine/view/counted.js';
import { accountOfFrame } from '../../engine/view/pageAccountText.js';
import type { Allocations } from '../../engine/view/whereIs.js';
import type { MachineContext } from './context.js';
import { fact, group, type Shown } from './shown.js';

export function pinnedPages(context: MachineContext): Shown | undefined {
  const k = inspectedOf(context.image);
  const allocations = context.image.dumped === undefined ? context.surveyor.allocations : undefined;
  const out = told(() => pinsOut(k));
  const own = allocations?.pinned() ?? [];
  const isQuiet = out === undefined || out.acquired === 0;
  if (isQuiet && own.length === 0)
    return out === undefined ? undefined : fact('Pinned pages', 'none: no page was ever pinned');
  const value =
    out === undefined
      ? counted(own.length, 'page')
      : `${counted(out.acquired - out.released, 'pin')} (${out.acquired} acquired, ${out.released} released)`;
  return group('Pinned pages', value, {
    named: () => {
      const isMore = out === undefined || out.acquired - out.released > 0;
      const frames = new Set([...own, ...(isMore ? (told(() => suspectFrames(k)) ?? []) : [])]);
      if (frames.size === 0) return [fact('none', 'as many pins were released as acquired')];
      return [...frames].sort((a, b) => a - b).flatMap((pfn) => showPinned(k, pfn, allocations));
    },
  });
}

function told<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDumpError(error)) return undefined;
    throw error;
  }
}

function showPinned(k: Inspected, pfn: number, allocations: Allocations | undefined): Shown[] {
  const account = accountOfFrame(k, pfn, allocations);
  if (account === undefined) return [];
  const { rows, pins, counts } = account;
  const sure = pins > 0 ? `pinned ${times(pins)}` : 'may be pinned';
  const value = `${sure}, _refcount ${accountSum(account)}${counts.isCompound ? `, compound page of ${counted(counts.nrPages, 'page')}` : ''}`;
  return [
    {
      ...group(`pfn 0x${pfn.toString(16)}`, value, {
        named: () => rows.map(({ kind, text }, i) => fact(`${i + 1} ${kind}`, text)),
      }),
      memory: counts.page,
      menu: 'mmscopePage' as const,
    },
  ];
}
