/**
 * What the guest's program of the family `cmausr` does: it touches as many pages as it was told, and has the kernel allocate from the
 * CMA area where they lie (oracle/guests/init.c: cmausr()). Between the operations that the trace prints only the touches matter.
 */
import type { Action } from '../program/processes.js';
import { Acts, MAP_PRIVATE } from './acts.js';
import type { Guest } from './guest.js';

const AREA = 0x20000000;

/** @param spans what the recorder printed, a text each */
export function cmaUserProgram(spans: readonly string[], guest: Guest): Action[] {
  const acts = new Acts(guest);
  for (const text of spans) {
    const nrPages = Number(/^touch (\d+) anon pages$/.exec(text)?.[1] ?? 0);
    if (nrPages === 0) {
      acts.op();
      continue;
    }
    acts.note();
    acts.mapAnonymous(AREA, nrPages, MAP_PRIVATE);
    acts.writePages(AREA, nrPages);
  }
  return acts.list;
}
