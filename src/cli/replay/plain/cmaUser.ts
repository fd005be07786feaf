/**
 * What the guest's program of the family `cmausr` does: it touches as many pages as it was told, and has the kernel allocate from the
 * CMA area where they lie (oracle/guests/init.c: cmausr()). Between the operations that the trace prints only the touches matter.
 */
import type { Action } from '../program/processes.js';
import type { Layout } from './layout.js';

const AREA = 0x20000000;
const RW = '3';
const PRIVATE_FIXED_ANONYMOUS = '32';

/** @param spans what the recorder printed, a text each */
export function cmaUserProgram(spans: readonly string[], layout: Layout): Action[] {
  const act = (name: string, ...args: readonly string[]): Action => ({ pid: 1, name, args });
  return spans.flatMap((text): Action[] => {
    const nrPages = Number(/^touch (\d+) anon pages$/.exec(text)?.[1] ?? NaN);
    if (Number.isNaN(nrPages)) return [act('op')];
    const touches = Array.from({ length: nrPages }, (_, i) =>
      act('fault', (AREA + i * layout.pageSize).toString(16), layout.writeFault),
    );
    const size = (nrPages * layout.pageSize).toString(16);
    return [
      ...layout.deepStack.map((va) => act('fault', va.toString(16), layout.writeFault)),
      act('op'),
      act('mmap', AREA.toString(16), size, RW, PRIVATE_FIXED_ANONYMOUS, 'ffffffff', '0'),
      ...touches,
    ];
  });
}
