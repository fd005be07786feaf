/**
 * Fewer huge pages than asked for: the pool takes whole blocks, and what is free is in smaller ones.
 *
 * Source: Linux mm/hugetlb.c: set_max_huge_pages(), alloc_pool_huge_page(): the write to nr_hugepages returns without an error.
 */
import { sections, type Finding } from '../finding.js';
import type { Context } from '../context.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, listed, plural, size } from '../render/amount.js';
import { largestOrder, pagesIn, type BuddyZone } from './buddyinfo.js';
import type { MemoryNumbers } from './meminfo.js';

const ASKED: readonly RegExp[] = [
  /\becho\s+(\d+)\s*>\s*\S*nr_hugepages/,
  /\bnr_hugepages(?:_mempolicy)?\s*=\s*(\d+)/,
  /\bhugepages=(\d+)/,
  /\b(\d+) (?:huge ?pages|hugepages) (?:were )?(?:requested|asked|wanted|needed)/i,
  /\b[Rr]equested (\d+)(?: 2048kB)? huge ?pages/,
  /\b(?:NRHUGE|HUGEMEM_PAGES)=(\d+)/,
  /HugeTLB: allocating (\d+) of page size/,
];
const USUAL_KB = 2048;
const ONLY =
  /HugeTLB: allocating (\d+) of page size (\d+(?:\.\d+)?) ([KMG])iB failed\.\s+Only allocated (\d+) hugepages/;

export function hugepageFinding(
  context: Context,
  meminfo: MemoryNumbers | undefined,
  buddy: readonly BuddyZone[],
): Finding | undefined {
  const { lines, input, given } = context;
  const texts = lines.map(({ text }) => text);
  const only = texts.map((text) => ONLY.exec(text)).find(Boolean);
  const asked = only ? Number(only[1]) : numberOf(texts);
  const total = only ? Number(only[4]) : meminfo?.get('HugePages_Total');
  if (asked === undefined || total === undefined || total >= asked) return undefined;
  const toldKb = only
    ? Number(only[2]) * ({ K: 1, M: 1024, G: 1024 * 1024 }[only[3] ?? 'M'] ?? 1024)
    : (meminfo?.get('Hugepagesize') ?? USUAL_KB);
  // No machine has others: 64 kB and 16 GiB are the smallest and the largest.
  const sizeKb = toldKb >= 64 && toldKb <= 1 << 24 ? toldKb : USUAL_KB;
  const order = Math.round(Math.log2(sizeKb / 4));
  const missing = asked - total;
  const free = meminfo?.get('MemFree');
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  const isGigantic = order > 10;
  const isAtBoot = texts.some((text) => /(?:Command line|BOOT_IMAGE)\b.*\bhugepages=/.test(text));
  return {
    kind: 'hugepage-shortfall',
    headline: `${total} of ${plural(asked, 'huge page')}: ${isGigantic ? `pages of ${size(sizeKb * 1024)} are larger than any free block` : buddy.length > 0 && usable(buddy, order).length === 0 ? `no free block of order ${order} (${size(sizeKb * 1024)}) is left in the zones that may be used` : `not enough free blocks of order ${order} (${size(sizeKb * 1024)})`}.`,
    place: { input, firstLine: 1, lastLine: lines.length },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
          `Asked for ${asked}, got ${total}: ${plural(missing, 'page')} of ${size(sizeKb * 1024)} missing, ${size(missing * sizeKb * 1024)}${free === undefined ? '' : `; ${size(free * 1024)} (${free} kB) are free`}.`,
          ...(buddy.length > 0 ? [rows(buddy)] : []),
        ],
      ],
      ['Why', whyItems(buddy, order, missing, sizeKb, free, isGigantic)],
      [
        'What helps',
        [
          isAtBoot
            ? 'They were asked for on the command line already, where memory is not broken up yet: there is not enough in one piece of that size on each node. Ask for fewer, or say how many on which node (hugepages=0:4,1:4, since 5.16).'
            : `At boot, before memory is broken up: hugepages=${asked} on the kernel's command line${isGigantic ? ` (with hugepagesz=${size(sizeKb * 1024).replace(/ |iB/g, '')}), or hugetlb_cma=` : ''}.`,
          'Before the write: echo 3 > /proc/sys/vm/drop_caches; echo 1 > /proc/sys/vm/compact_memory; then write the number again, and read it back: the write succeeds without an error even when it gets fewer.',
        ],
      ],
    ),
    assumed: [],
    facts: {
      asked,
      got: total,
      missing,
      missingKb: missing * sizeKb,
      pageKb: sizeKb,
      order,
      freeKb: free ?? null,
      zones: buddy.map(({ node, zone, counts }) => ({
        node,
        zone,
        largestOrder: largestOrder(counts),
        blocksOfOrder: blocksOf(counts, order),
        freePages: pagesIn(counts),
      })),
    },
  };
}

function numberOf(texts: readonly string[]): number | undefined {
  for (const pattern of ASKED)
    for (const text of texts) {
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) return Number(found);
    }
  return undefined;
}

/** Blocks of an order, counted from larger ones too. */
const blocksOf = (counts: readonly number[], order: number): number =>
  Math.floor(pagesIn(counts, order) / 2 ** order);

/** Zones with a block of the order, DMA apart: lowmem_reserve keeps it. */
const usable = (zones: readonly BuddyZone[], order: number): readonly BuddyZone[] =>
  zones.filter(({ zone, counts }) => zone !== 'DMA' && blocksOf(counts, order) > 0);

const rows = (zones: readonly BuddyZone[]): string[][] => [
  ['blocks by order', ...(zones[0]?.counts ?? []).map((_, order) => String(order))],
  ...zones.map(({ node, zone, counts }) => [`node ${node} ${zone}`, ...counts.map(String)]),
];

function whyItems(
  buddy: readonly BuddyZone[],
  order: number,
  missing: number,
  sizeKb: number,
  free: number | undefined,
  isGigantic: boolean,
): string[] {
  const items: string[] = [];
  if (isGigantic)
    items.push(
      'A page of that size is more than the buddy allocator has in one block: it needs a range of frames that are all free or movable (alloc_contig_pages()), or memory set aside at boot.',
    );
  else
    items.push(
      `A huge page is a block of order ${order} (${size(sizeKb * 1024)}), all in one piece.`,
    );
  const empty = buddy.filter(({ zone, counts }) => zone !== 'DMA' && blocksOf(counts, order) === 0);
  const left = usable(buddy, order);
  if (empty.length > 0)
    items.push(
      `${listed(empty.map(({ node, zone, counts }) => `node ${node} ${zone} (largest free block: order ${largestOrder(counts)}, ${size(pagesIn(counts) * 4096)} free)`))} ${empty.length === 1 ? 'has' : 'have'} none left: the free memory is in smaller blocks.`,
    );
  if (left.length > 0)
    items.push(
      `Still there: ${listed(left.map(({ node, zone, counts }) => `${plural(blocksOf(counts, order), 'block')} in node ${node} ${zone}`))}${left.length > 0 && empty.length > 0 ? '; a node of its own may have been asked for, or watermarks keep them' : ': watermarks or another node keep them'}.`,
    );
  const dma = buddy.filter(({ zone, counts }) => zone === 'DMA' && blocksOf(counts, order) > 0);
  if (dma.length > 0)
    items.push(
      `DMA has ${listed(
        dma.map(({ counts }) =>
          counts
            .map((count, at) => (at >= order && count > 0 ? `${count} of order ${at}` : ''))
            .filter(Boolean)
            .join(' and '),
        ),
      )}, but lowmem_reserve keeps it for requests that can use nothing else.`,
    );
  if (free !== undefined)
    items.push(
      missing * sizeKb >= free * 0.9
        ? `What is missing (${size(missing * sizeKb * 1024)}) is nearly all that is free (${size(free * 1024)}): even compacted, watermarks and lowmem_reserve would keep some of it.`
        : `What is missing (${size(missing * sizeKb * 1024)}) would fit into what is free (${size(free * 1024)}) if that were in one piece: compaction may help.`,
    );
  return items;
}
