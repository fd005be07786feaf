/** What /proc/meminfo tells: what can be had, who holds the rest, and what stands out. */
import { sections } from '../finding.js';
import { size } from '../render/amount.js';
import type { MemoryNumbers } from './meminfo.js';
import type { CaptureText } from './zoneinfoText.js';

export function meminfoText(numbers: MemoryNumbers): CaptureText | undefined {
  const total = numbers.get('MemTotal');
  const free = numbers.get('MemFree');
  if (total === undefined && free === undefined) return undefined;
  const kB = (name: string): number => numbers.get(name) ?? 0;
  const hugeKb = numbers.has('Hugetlb')
    ? kB('Hugetlb')
    : kB('HugePages_Total') * kB('Hugepagesize');
  const counted =
    kB('MemFree') +
    kB('Buffers') +
    kB('Cached') +
    kB('SwapCached') +
    kB('AnonPages') +
    kB('Slab') +
    kB('PageTables') +
    kB('KernelStack') +
    hugeKb +
    kB('Percpu') +
    kB('SecPageTables');
  const rest =
    total === undefined || !numbers.has('AnonPages') ? undefined : Math.max(0, total - counted);
  const available = numbers.get('MemAvailable');
  const text = (value: number): string => size(value * 1024);
  const items: string[] = [];
  if (available !== undefined)
    items.push(
      `MemAvailable ${text(available)} is what processes may still get without swapping: MemFree alone (${text(free ?? 0)}) says little, the page cache is given back.`,
    );
  if (total !== undefined && rest !== undefined && rest > total / 10)
    items.push(
      `${text(rest)} are in none of the counters: pages that drivers took with alloc_pages(), vmalloc() without accounting, balloons, GPU memory. page_owner and /proc/vmallocinfo tell more.`,
    );
  if (total !== undefined && kB('SUnreclaim') > total / 5)
    items.push(
      `SUnreclaim is ${text(kB('SUnreclaim'))}: look into /proc/slabinfo for a cache that only grows.`,
    );
  if (kB('CommitLimit') > 0 && kB('Committed_AS') > kB('CommitLimit'))
    items.push(
      `Committed_AS (${text(kB('Committed_AS'))}) is above CommitLimit (${text(kB('CommitLimit'))}): with overcommit_memory=2 further mmap() and brk() fail, whatever is free.`,
    );
  if (kB('SwapTotal') > 0 && kB('SwapFree') < kB('SwapTotal') / 20) items.push('Swap is full.');
  if (hugeKb > 0 && total !== undefined)
    items.push(
      `The hugetlb pool has ${text(hugeKb)}, ${text(kB('HugePages_Free') * kB('Hugepagesize'))} of it unused: nobody else can use that.`,
    );
  if (kB('CmaTotal') > 0)
    items.push(
      `CMA has ${text(kB('CmaTotal'))}, ${text(kB('CmaFree'))} free: of use to movable requests and CMA only.`,
    );
  if (numbers.has('LowTotal'))
    items.push(
      `Lowmem (all that kernel data can use): ${text(kB('LowFree'))} free of ${text(kB('LowTotal'))}; highmem ${text(kB('HighFree'))} of ${text(kB('HighTotal'))}.`,
    );
  return {
    headline: `${available === undefined ? `${text(free ?? 0)} free` : `${text(available)} available (${text(free ?? 0)} free)`}${total === undefined ? '' : ` of ${text(total)}`}.`,
    sections: sections(['Memory', items]),
    facts: {
      ...Object.fromEntries([...numbers].slice(0, 80)),
      uncountedKb: rest ?? null,
    },
  };
}
