/**
 * `%lru` dumps: the lists of pages that may be reclaimed, the batches of pages on their way to them, and the node's counters, read from
 * a machine, printed, and loaded into one.
 *
 *     %lru ANON_COST FILE_COST NONRESIDENT_AGE FLAGS
 *     l 0 19d6 19d5 19d9:8:1               lruvec->lists[0] from its head: 0 inactive anon, 1 active anon, 2, 3 of files
 *     fb 0 cpu_fbatches.0 19d3 19d7        what waits in CPU 0's first batch
 *     node nr_inactive_anon=58 ...         pgdat->vm_stat in its order; SMP also `nodediff CPU D ...`: what the CPU holds back
 */
import { per_cpu, per_cpu_ptr } from '../../entry/functions.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../kernel/include/linux/list.h.js';
import { folio_batch_count } from '../../kernel/mm/swap/batches.js';
import { folio_lruvec } from '../../kernel/mm/swap/lruvec.js';
import type { FolioBatch, ListHead, Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asPfn, asVirt, type Cell } from '../../memory/address.js';
import { expandSequence, formatSequence } from './sequence.js';

const hex = (value: number): string => value.toString(16);

/** Lists that are printed: unevictable pages are on none. */
const NR_LISTS = 4;

/** The batches of a CPU by the names that the recorder gives them, with their place in the per-CPU variable. */
const batches = (k: Kernel): readonly (readonly [string, number])[] => [
  ['cpu_fbatches.0', k.cpu_fbatches.lru_add],
  ['cpu_fbatches.1', k.cpu_fbatches.lru_deactivate_file],
  ['cpu_fbatches.2', k.cpu_fbatches.lru_deactivate],
  ['cpu_fbatches.3', k.cpu_fbatches.lru_lazyfree],
  ...(k.smp ? [['cpu_fbatches.4', k.cpu_fbatches.activate] as const] : []),
  ['lru_rotate.0', k.lru_rotate.fbatch],
  ['mlock_pvec.0', k.mlock_pvec.vec],
];

const batchOf = (k: Kernel, name: string, member: number, cpu: number): FolioBatch =>
  asCell(per_cpu(k, name.split('.')[0] ?? '', cpu) + member);

const listAt = (k: Kernel, lru: number): ListHead =>
  asCell(folio_lruvec(k) + k.lruvec.lists + lru * k.stride.list_head);

const statAt = (k: Kernel, item: number): Cell =>
  asCell(k.globals.contig_page_data + k.pglist_data.vm_stat + item * k.ptr_words);

export function lruHead(k: Kernel): string {
  const lruvec = folio_lruvec(k);
  return [k.lruvec.anon_cost, k.lruvec.file_cost, k.lruvec.nonresident_age, k.lruvec.flags]
    .map((member) => hex(k.read_ulong(lruvec + member)))
    .join(' ');
}

const line = (head: string, pfns: readonly number[]): string =>
  pfns.length === 0 ? head : `${head} ${formatSequence(pfns)}`;

/** @param kernels the recorded lines, which have the counters' names */
export function lruLines(k: Kernel, kernels: readonly string[]): string[] {
  const lines: string[] = [];
  for (let lru = 0; lru < NR_LISTS; lru++) {
    const head = listAt(k, lru);
    const pfns: number[] = [];
    for (
      let page: Page = list_first_entry(k, head, k.page.lru);
      !list_entry_is_head(k, page, head, k.page.lru);
      page = list_next_entry(k, page, k.page.lru)
    )
      pfns.push(k.page_to_pfn(page));
    lines.push(line(`l ${lru}`, pfns));
  }
  const cpus = new Set(kernels.flatMap((each) => /^fb (\d+) /.exec(each)?.[1] ?? []));
  for (const cpu of [...cpus].map(Number))
    for (const [name, member] of batches(k))
      lines.push(line(`fb ${cpu} ${name}`, batchPfns(k, batchOf(k, name, member, cpu))));
  const names = /^node (.*)$/m.exec(kernels.join('\n'))?.[1]?.split(' ') ?? [];
  const values = names.map((each, item) => `${each.split('=')[0] ?? ''}=${statText(k, item)}`);
  lines.push(`node ${values.join(' ')}`);
  if (k.smp) for (const cpu of cpus) lines.push(nodeDiff(k, Number(cpu), names.length));
  return lines;
}

const statText = (k: Kernel, item: number): string => {
  const value = k.read_long(statAt(k, item));
  return value < 0 ? BigInt.asUintN(k.ptr_words * 32, BigInt(value)).toString(16) : hex(value);
};

/** Of CPUs that never ran, and of machines rebuilt without such a page, all is 0. */
function nodeDiff(k: Kernel, cpu: number, nr: number): string {
  const pgdat = k.globals.contig_page_data;
  const known = k.read_ulong(pgdat + k.pglist_data.per_cpu_nodestats) !== 0;
  const at = known ? per_cpu_ptr(k, pgdat + k.pglist_data.per_cpu_nodestats, cpu) : 0;
  const diffs = Array.from({ length: nr }, (_, item) =>
    known ? k.read_s8(asCell(at), k.per_cpu_nodestat.vm_node_stat_diff + item) : 0,
  );
  return `nodediff ${cpu} ${diffs.join(' ')}`;
}

/** mlock's batch says in the low bits of an entry what is to be done with the page. */
const batchPfns = (k: Kernel, batch: FolioBatch): number[] =>
  Array.from({ length: folio_batch_count(k, batch) }, (_, i) => {
    const entry = k.read_va(batch + k.folio_batch.folios + i * k.ptr_words);
    return k.page_to_pfn(k.cell_at(asVirt(entry - (entry & 3))));
  });

/** Puts a dump's lists, batches and counters into a machine. */
export function loadLru(k: Kernel, args: readonly string[], lines: readonly string[]): void {
  const lruvec = folio_lruvec(k);
  const numbers = args.map((arg) => parseInt(arg, 16));
  [k.lruvec.anon_cost, k.lruvec.file_cost, k.lruvec.nonresident_age, k.lruvec.flags].forEach(
    (member, i) => {
      k.write_long(lruvec + member, numbers[i] ?? 0);
    },
  );
  for (const text of lines) {
    const [kind, ...words] = text.split(' ');
    if (kind === 'l') loadList(k, Number(words[0]), pagesOf(k, words.slice(1)));
    if (kind === 'fb') loadBatch(k, Number(words[0]), words[1] ?? '', pagesOf(k, words.slice(2)));
    if (kind === 'node')
      words.forEach((word, item) => {
        k.write_long(statAt(k, item), parseInt(word.split('=')[1] ?? '0', 16));
      });
  }
}

const pagesOf = (k: Kernel, tokens: readonly string[]): Page[] =>
  (expandSequence(tokens.filter((token) => token !== '')) ?? []).map((pfn) =>
    k.pfn_to_page(asPfn(pfn)),
  );

function loadList(k: Kernel, lru: number, pages: readonly Page[]): void {
  const head = listAt(k, lru);
  const entries: ListHead[] = [head, ...pages.map((page) => asCell(page + k.page.lru)), head];
  entries.forEach((entry, i) => {
    const next = entries[i + 1];
    if (next === undefined) return;
    k.write_ptr(entry, next);
    k.write_ptr(next + k.list_head.prev, entry);
  });
}

function loadBatch(k: Kernel, cpu: number, name: string, pages: readonly Page[]): void {
  const member = new Map(batches(k)).get(name);
  if (member === undefined) return;
  const batch = batchOf(k, name, member, cpu);
  pages.forEach((page, at) => {
    k.write_ptr(batch + k.folio_batch.folios + at * k.ptr_words, page);
  });
  k.write8(batch, k.folio_batch.nr, pages.length);
}
