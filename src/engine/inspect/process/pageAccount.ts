/**
 * The account of a page's references: who holds each of them.
 *
 *     refcount = mappings + page cache + batches + private data + allocation + gets + 1024 x pins + others
 *
 * A compound page counts at its head; there a pin is one reference and is counted beside it. What is left over is somebody's that no
 * book tells of: it is said, not hidden.
 *
 * Source: Linux 6.1 Documentation/core-api/pin_user_pages.rst; include/linux/mm.h: page_maybe_dma_pinned(); mm/gup.c: try_grab_folio();
 * mm/huge_memory.c: can_split_folio() (what a page cache and mappings hold).
 */
import { batchReferences } from './batches.js';
import { CountedPages, GUP_PIN_COUNTING_BIAS, type PageCounts } from './pageCounts.js';
import { isDumpError, type Inspected } from '../inspected.js';

/** What a call of the scenario has taken and not given back. */
export interface PageHolder {
  readonly kind: 'get' | 'pin';
  readonly count: number;
  /** `at line 12 by pin_user_pages() in task dma` */
  readonly by: string;
  /** Position on the tape. */
  readonly time: number;
}

interface AccountRow {
  readonly kind:
    'mappings' | 'page cache' | 'batch' | 'private' | 'allocation' | 'get' | 'pin' | 'other';
  readonly references: number;
  /** `1024: pinned at line 12 by pin_user_pages(), at time 5120` */
  readonly text: string;
}

export interface PageAccount {
  readonly counts: PageCounts;
  readonly rows: readonly AccountRow[];
  /** Pins that are known to be some: of the scenario's calls, or of a compound page. */
  readonly pins: number;
  /** page_maybe_dma_pinned() */
  readonly maybePinned: boolean;
}

/** Who has the page besides its mappings, as far as a session knows. */
export interface KnownHolders {
  readonly holders: readonly PageHolder[];
  /** `at line 9 by alloc_page()`: the reference that an allocation begins with. */
  readonly allocated?: string | undefined;
}

const NOBODY: KnownHolders = { holders: [] };

/** Undefined where the frame has no struct page, or the dump does not have it. */
export function pageAccount(
  k: Inspected,
  pfn: number,
  known: (headPfn: number) => KnownHolders = () => NOBODY,
): PageAccount | undefined {
  try {
    const counted = new CountedPages(k);
    const counts = counted.of(pfn);
    if (counts === undefined || counts.head.buddyOrder !== undefined || counts.head.isSlab)
      return undefined;
    return accountOf(k, counted, counts, known(counts.headPfn));
  } catch (error) {
    if (isDumpError(error)) return undefined;
    throw error;
  }
}

function accountOf(
  k: Inspected,
  counted: CountedPages,
  counts: PageCounts,
  { holders, allocated }: KnownHolders,
): PageAccount {
  const { head, isCompound, nrPages, refcount } = counts;
  const rows: AccountRow[] = [];
  const add = (kind: AccountRow['kind'], references: number, text: string): void => {
    if (references !== 0) rows.push({ kind, references, text: `${references}: ${text}` });
  };
  const has = (name: string): boolean => head.flagNames.includes(name);
  const mappings = mappingsOf(counted, counts);
  add('mappings', mappings, mappings === 1 ? 'a mapping' : 'mappings');
  const isCached = head.mapping !== 0n && (head.mapping & 3n) === 0n;
  if (isCached || has('swapcache'))
    add('page cache', nrPages, isCached ? 'the page cache' : 'the swap cache');
  if (isCached && has('private')) add('private', 1, 'data of the file system (PG_private)');
  const waiting = batchReferences(k).get(head.page) ?? 0;
  add('batch', waiting, 'a batch of a CPU, on the way to an LRU list');
  if (allocated !== undefined) add('allocation', 1, `allocated ${allocated}`);
  // Neither anonymous nor of a file: whoever took it from the allocator has it.
  else if (head.mapping === 0n && refcount > 0)
    add('allocation', 1, 'what the kernel has allocated it for');
  for (const holder of holders) {
    const isPin = holder.kind === 'pin';
    const each = isPin && !isCompound ? GUP_PIN_COUNTING_BIAS : 1;
    const times = holder.count === 1 ? '' : ` ${holder.count} times`;
    const verb = isPin ? 'pinned' : 'a reference taken';
    add(holder.kind, each * holder.count, `${verb}${times} ${holder.by}, at time ${holder.time}`);
  }
  const pins = holders.reduce((sum, { kind, count }) => sum + (kind === 'pin' ? count : 0), 0);
  const rest = refcount - rows.reduce((sum, { references }) => sum + references, 0);
  const unknownPins = isCompound
    ? Math.max(0, counts.pins - pins)
    : Math.max(0, Math.floor(rest / GUP_PIN_COUNTING_BIAS));
  addRest(add, rest, unknownPins, isCompound);
  return {
    counts,
    rows,
    pins: isCompound ? Math.max(pins, counts.pins) : pins,
    maybePinned: isCompound ? counts.pins > 0 : refcount >= GUP_PIN_COUNTING_BIAS,
  };
}

/** What nobody here has taken: pins as far as they can be told from references, and the others. */
function addRest(
  add: (kind: AccountRow['kind'], references: number, text: string) => void,
  rest: number,
  unknownPins: number,
  isCompound: boolean,
): void {
  const pinned = unknownPins * (isCompound ? 1 : GUP_PIN_COUNTING_BIAS);
  const pins = unknownPins === 1 ? 'a pin' : `${unknownPins} pins`;
  const maybe = isCompound
    ? `${pins}, counted in the first tail`
    : `perhaps ${pins}, or as many gets`;
  add('pin', pinned, `${maybe}; whose, nothing here tells`);
  add('other', rest - pinned, 'of nobody that these books know');
}

/** How many references mappings hold: of a compound page, of all its pages. */
function mappingsOf(counted: CountedPages, counts: PageCounts): number {
  const { head, isCompound, nrPages, headPfn } = counts;
  if (!isCompound) return Math.max(0, counts.mapcount);
  const entire = counted.entireMapcount(head);
  if (counted.isHugetlb(head)) return entire;
  let own = 0;
  for (let i = 0; i < nrPages; i++) own += counted.ownMapcount(headPfn + i);
  return counted.totalMapcount(head, entire, own, nrPages, counts.isAnon);
}

/** refcount 1026 = 1 mapping + 1 page cache + 1024 */
export const accountSum = ({ counts, rows }: PageAccount): string =>
  `${counts.refcount} = ${rows.length === 0 ? '0' : rows.map(({ references }) => references).join(' + ')}`;
