/**
 * What the form of a report tells about its kernel: words that came or went with a release. Used where no line names the version.
 *
 * Source: Linux's lib/show_mem.c and mm/page_alloc.c: show_free_areas() of the releases named, mm/oom_kill.c: dump_header().
 */
import { compareVersions, isAtLeast, seriesOf, type KernelVersion } from './version.js';

interface Mark {
  readonly pattern: RegExp;
  /** The first release that prints it. */
  readonly since?: KernelVersion;
  /** The first release that does not. */
  readonly until?: KernelVersion;
}

const MARKS: readonly Mark[] = [
  { pattern: /\bMem-info:/, until: [2, 6, 32] },
  { pattern: /\bActive_anon:\d+ active_file:/, since: [2, 6, 28], until: [2, 6, 32] },
  { pattern: /\binactive_anon:\d+.* isolated_anon:/, since: [2, 6, 32] },
  { pattern: /\boomkilladj=/, until: [2, 6, 36] },
  { pattern: /\boom_adj=/, until: [3, 7, 0] },
  { pattern: /\boom_score_adj=/, since: [2, 6, 36] },
  { pattern: /\bfree_cma:/, since: [3, 7, 0] },
  { pattern: /\bmanaged:\d+kB/, since: [3, 8, 0] },
  { pattern: /\d\*\d+kB \([UMECRIH]+\)/, since: [3, 8, 0] },
  { pattern: /\([A-Z]*R[A-Z]*\) \d+\*\d+kB/, until: [4, 4, 0] },
  { pattern: /\bfree_pcp:/, since: [4, 2, 0] },
  { pattern: /mode:0x[0-9a-f]+\([A-Z_|a-z]*GFP_/, since: [4, 6, 0] },
  { pattern: /gfp_mask=0x[0-9a-f]+\([A-Z_|a-z]*GFP_/, since: [4, 6, 0] },
  { pattern: /__GFP_REPEAT\b/, until: [4, 13, 0] },
  { pattern: /__GFP_RETRY_MAYFAIL\b/, since: [4, 13, 0] },
  { pattern: /__GFP_COLD\b/, until: [4, 15, 0] },
  { pattern: /__GFP_ATOMIC\b/, since: [4, 4, 0], until: [6, 3, 0] },
  { pattern: /\bwritepending:/, since: [4, 8, 0] },
  { pattern: /\bpages_scanned:/, until: [4, 12, 0] },
  { pattern: /\bnodemask=/, since: [4, 10, 0] },
  { pattern: /\breserved_highatomic:\d+KB/, since: [5, 7, 0] },
  { pattern: /\bkernel_misc_reclaimable:/, since: [5, 11, 0] },
  { pattern: /\bboost:\d+kB min:/, since: [5, 17, 0] },
  { pattern: /\bsec_pagetables:/, since: [6, 1, 0] },
  { pattern: /\bfree_highatomic:/, since: [6, 13, 0] },
  { pattern: /\bpage:[0-9a-f]{8,16} flags:[0-9a-f]+ count:/, until: [3, 0, 0] },
  { pattern: /\bnonzero _count\b/, until: [4, 9, 0] },
  { pattern: /\bnonzero _refcount\b/, since: [4, 7, 0] },
  { pattern: /^\s*page:\S+ count:-?\d+ mapcount:/, until: [5, 3, 0] },
  { pattern: /^\s*raw: [0-9a-f]{16} /, since: [4, 10, 0] },
  // lru is behind index and the counts until the struct page of 4.18.
  { pattern: /^\s*raw: \S+ dead0{9}[12]00 dead0{9}[12][02][02] /, until: [4, 18, 0] },
  { pattern: /\bdead000000000200\b/, until: [5, 0, 0] },
  { pattern: /\brefcount:-?\d+ mapcount:-?\d+ mapping:/, since: [5, 0, 0] },
  { pattern: /\bcompound_pincount:/, since: [5, 8, 0], until: [6, 2, 0] },
  { pattern: /#PF: (?:supervisor|user) /, since: [5, 1, 0] },
  { pattern: /unable to handle page fault for address/, since: [5, 1, 0] },
  { pattern: /unable to handle kernel paging request/, until: [5, 1, 0] },
];

/**
 * The releases that a report's form agrees with, and one of them to decode by: the lowest, or the highest where the form only bounds
 * from above. Undefined where it tells nothing, or contradicts itself (two reports mixed, a vendor's kernel).
 */
export function boundsOfForm(
  texts: readonly string[],
): { version: KernelVersion; release: string } | undefined {
  let since: KernelVersion | undefined;
  let until: KernelVersion | undefined;
  for (const mark of MARKS) {
    if (!texts.some((text) => mark.pattern.test(text))) continue;
    if (mark.since && (!since || compareVersions(mark.since, since) > 0)) since = mark.since;
    if (mark.until && (!until || compareVersions(mark.until, until) < 0)) until = mark.until;
  }
  if (since && until && isAtLeast(since, until)) until = undefined;
  if (since && until)
    return { version: since, release: `${seriesOf(since)} or later, before ${seriesOf(until)}` };
  if (since) return { version: since, release: `${seriesOf(since)} or later` };
  if (until) return { version: justBefore(until), release: `before ${seriesOf(until)}` };
  return undefined;
}

const justBefore = ([major, minor, patch]: KernelVersion): KernelVersion =>
  patch > 0 ? [major, minor, patch - 1] : minor > 0 ? [major, minor - 1, 99] : [major - 1, 19, 99];
