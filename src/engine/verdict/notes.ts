/** What a request came by on its way that does not happen here as in the kernel: said beside its verdict, and by `mmscope run`. */
import type { KernelEvent } from '../machine/events.js';

export const NOTES = {
  'direct-compact': 'entered direct compaction, which moves nothing yet',
  'direct-reclaim': 'entered direct reclaim, which asks shrinkers alone',
  'out-of-memory': 'called the OOM killer, which kills nothing yet',
} as const;

/** The note that an event makes, if it makes one. */
export const noteOf = ({ kind }: KernelEvent): string | undefined =>
  Object.hasOwn(NOTES, kind) ? NOTES[kind as keyof typeof NOTES] : undefined;
