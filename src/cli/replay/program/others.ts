/**
 * What others than the program did in a span: found out one by one, from the first event that differs. A page for objects of somebody else is
 * taken where the recording has it; with a core nothing more can have happened but that a cache has grown for both.
 */
import type { Kernel } from '../../../engine/machine/kernel.js';
import type { Processes } from './processes.js';
import type { SharedCaches } from './sharedCaches.js';
import type { Span } from './spans.js';
import { readPageEvent, type ToldPages } from './toldPages.js';
import { MAX_UNHEARD, type Unheard, type UnheardAct } from './unheard.js';

/** Pages of other subsystems that one span may need. */
const MAX_TOLD = 16;
/** Caches that may grow at once. */
const MAX_SHARED = 3;

/** What others than the program did in a span. */
export interface Others {
  /** At which events the trace tells of it. */
  readonly told: Set<number>;
  /** What nobody has heard in front of the span. */
  readonly before: UnheardAct[];
  /** Pages that caches have got. */
  readonly wanted: Set<number>;
  /** At which events a cache of ours has a page of theirs: flags. */
  readonly shared: Map<number, readonly string[]>;
}

/** What was heard of a span. */
interface Heard {
  readonly events: readonly string[];
  /** Those that the trace does not have, for none were recorded. */
  readonly silent: readonly string[];
}

/** The first event of a span that differs. */
export function differenceIn({ events }: Span, { events: ours }: Heard): number | undefined {
  const at = ours.findIndex((event, i) => event !== events[i]);
  if (at >= 0) return at;
  return ours.length === events.length ? undefined : ours.length;
}

export class OthersActs {
  /** @param unheard where nobody has written down what others did meanwhile: of a trace without a core */
  constructor(
    private readonly k: Kernel,
    private readonly toldPages: ToldPages,
    private readonly processes: Processes,
    private readonly shared: SharedCaches,
    private readonly unheard: Unheard | undefined,
  ) {}

  /** Whether one more thing is known that others did in a span, which explains its first difference. */
  hasFound(span: Span, result: Heard, others: Others): boolean {
    const { told, before, wanted, shared } = others;
    const found = differenceIn(span, result);
    const differs = found ?? result.events.length;
    const missing = span.events[differs];
    // A page for objects of somebody else is taken where the trace has it.
    if (
      missing !== undefined &&
      !told.has(differs) &&
      told.size < MAX_TOLD &&
      this.tells(missing)
    ) {
      told.add(differs);
      return true;
    }
    const { unheard } = this;
    const gfp = unheard === undefined ? this.shared.grownFor(result.events[differs]) : undefined;
    const known = shared.get(differs) ?? [];
    if (gfp !== undefined && known.length < MAX_SHARED) {
      shared.set(differs, [...known, gfp]);
      return true;
    }
    if (unheard === undefined || before.length + wanted.size >= MAX_UNHEARD) return false;
    if (found !== undefined && unheard.needsGracePeriod(missing)) {
      if (before.includes('rcu')) return false;
      before.push('rcu');
      return true;
    }
    // A page that a cache has got instead.
    const ours = found === undefined ? result.silent : [result.events[found]];
    for (const event of ours) {
      const pfn = unheard.taken(span, event);
      if (pfn === undefined || wanted.has(pfn)) continue;
      wanted.add(pfn);
      return true;
    }
    return false;
  }

  private tells(event: string): boolean {
    return (
      this.toldPages.tells(this.k, event) ||
      this.endsGracePeriod(event) ||
      this.wasNotScanned(event)
    );
  }

  endsGracePeriod(event: string): boolean {
    const { isTaken, pfn } = readPageEvent(event);
    return this.unheard !== undefined && !isTaken && this.processes.waitsToBeFreed(pfn);
  }

  wasNotScanned(event: string): boolean {
    const { isTaken, pfn } = readPageEvent(event);
    return this.unheard !== undefined && !isTaken && this.processes.isScanned(pfn);
  }
}
