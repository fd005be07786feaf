/**
 * What can be judged of a trace of which nothing tells what memory was free: its machine was booted (start.ts), not rebuilt. Caches are
 * made, and page tables are walked; where memory was given out nobody knows, so what gives out memory is not performed.
 *
 *     kc, kd, geometries    but for the addresses of caches
 *     pt                    but where operations that were not performed have mapped something since
 */

/** Operations that need no more than the caches and tables of such a machine. */
const PERFORMED: ReadonlySet<string> = new Set(['kc', 'kd', 'pt', 'pts', 'dump', 'events']);

const NOT_PERFORMED = 'operations that give out memory: no dump tells what was free';
const ADDRESSES = 'addresses of caches: no dump tells what was free';
const WALKS = 'walks of what was mapped by operations that were not performed';
const CACHE_ADDRESS = / at=[0-9a-f]+ /g;

export class BootedStart {
  readonly counts = new Map<string, number>();
  private leftOut = 0;

  /** Whether a dump says what no longer can be known. */
  passesOverDump(name: string): boolean {
    if (name !== 'pts' || this.leftOut === 0) return false;
    this.count(`%pts`);
    return true;
  }

  /** Whether an operation is passed over. */
  passesOver(name: string): boolean {
    if (PERFORMED.has(name)) return false;
    this.leftOut++;
    this.count(NOT_PERFORMED);
    return true;
  }

  /** The kernel's text with ours in place of what cannot be judged. */
  judgeable(name: string, ours: string, kernel: string): string {
    if (name === 'pt') {
      // An entry that is there in both is the same; where one is missing, something was mapped or unmapped.
      if (this.leftOut === 0 || ours === kernel) return kernel;
      this.count(WALKS);
      return ours;
    }
    const own = ours.match(CACHE_ADDRESS) ?? [];
    let nr = 0;
    const judged = kernel.replace(CACHE_ADDRESS, (theirs) => own[nr++] ?? theirs);
    if (judged !== kernel) this.count(ADDRESSES);
    return judged;
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
