/** Where reports begin in a text: one quick look, for code lenses in logs of any size. */

/** One pattern for all: what the kinds of reports begin with. */
const START =
  /page allocation failure|page allocation stalls|invoked oom-killer:|BUG: Bad page (?:state|map|cache)|BUG: KASAN: |BUG: KFENCE: |unreferenced object 0x|usercopy: |BUG: Bad rss-counter|page dumped because:|[Uu]nable to handle (?:kernel |page fault)|kernel NULL pointer dereference|general protection fault[,:]|^.{0,80}\bBUG \S.{0,60} \((?:Not tainted|Tainted)|Slab corruption|slab error in |\bFailing address: [0-9a-f]|WARNING: .{0,30}at mm\/page_alloc\.c|HugeTLB: allocating \d+ of page size|vmalloc_node_range for size|SLUB: Unable to allocate memory|kernel BUG at mm\/slub\.c|cma: Failed to reserve|cma_alloc: .*alloc failed|vmap allocation for size \d+ failed/gm;

/** Beyond so many a lens each would only be noise. */
const MOST = 200;
/** Lines within which a second start belongs to the first: `BUG: Bad page state`, then `page dumped because`. */
const SAME_REPORT = 12;

/** Line numbers from 0. */
export function reportStarts(text: string): number[] {
  const lines: number[] = [];
  let line = 0;
  let counted = 0;
  START.lastIndex = 0;
  for (let match = START.exec(text); match && lines.length < MOST; match = START.exec(text)) {
    for (
      let at = text.indexOf('\n', counted);
      at >= 0 && at < match.index;
      at = text.indexOf('\n', counted)
    ) {
      line++;
      counted = at + 1;
    }
    const last = lines.at(-1);
    const isRequest = /^page alloc|^invoked/.test(match[0]);
    if (last === undefined || line - last > SAME_REPORT || (isRequest && line > last))
      lines.push(line);
  }
  return lines;
}
