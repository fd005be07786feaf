/**
 * The examples in an order for learners, each with one line on what it shows. Pure. An example that is not listed comes after them,
 * with the first sentence of its own comment.
 */

export interface Example {
  readonly file: string;
  readonly shows: string;
}

const IN_ORDER: readonly (readonly [string, string])[] = [
  ['first-steps', 'A machine boots, pages come and go: the place to begin.'],
  ['split-a-block', 'A block is split and joined, a page is locked, an allocation fails.'],
  ['per-cpu-lists', 'Why most allocations never touch the buddy lists, and when they do.'],
  ['walk-free-lists', 'The kernel’s own lists, walked by list_for_each_entry(): blocks, counted.'],
  ['kinds-of-address', 'Logical, vmalloc, highmem and user addresses; on a real machine’s dump.'],
  ['walk-an-address', 'From a virtual address to a byte: page tables, the TLB, a page fault.'],
  ['lock-and-wait', 'Two tasks and one page lock: which one sleeps, and what wakes it.'],
  ['two-cpus', 'Two CPUs: page lists of their own, and counters that are late.'],
  ['compound-1-today', 'Compound pages, 1 of 3: heads and tails since Linux 4.4.'],
  ['compound-2-head-and-tail', 'Compound pages, 2 of 3: PG_head and PG_tail.'],
  ['compound-3-reclaim', 'Compound pages, 3 of 3: PG_reclaim with two meanings, and its price.'],
];

/** @param texts of the scenarios that ship, by file name */
export function exampleList(texts: ReadonlyMap<string, string>): readonly Example[] {
  const listed = IN_ORDER.map(([name, shows]) => ({ file: `${name}.mms`, shows }));
  const others = [...texts.keys()]
    .filter((file) => listed.every((example) => example.file !== file))
    .sort()
    .map((file) => ({ file, shows: firstComment(texts.get(file) ?? '') }));
  return [...listed.filter(({ file }) => texts.has(file)), ...others];
}

/** The first line of prose of a file's leading comment. */
function firstComment(text: string): string {
  return /^\s*(?:\/\/|\/\*\*?)[ \t]*\r?\n?[ \t*]*(.*?)\s*(?:\*\/)?$/m.exec(text)?.[1] ?? '';
}
