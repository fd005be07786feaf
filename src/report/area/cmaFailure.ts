/**
 * A failed cma_alloc(): the bitmap had no run of free bits (-ENOMEM), or it had and the pages could not be moved away (-EBUSY).
 *
 * Source: Linux mm/cma.c: cma_alloc(), cma_debug_show_areas(), of 4.19, 5.10, 6.1; mm/page_alloc.c: alloc_contig_range().
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, hex, plural, size } from '../render/amount.js';
import { memoryNumber } from '../proc/meminfo.js';

const PATTERN = /cma_alloc: (?:(\S+): )?alloc failed, req-size: (\d+) pages, ret: (-?\d+)/;
const RUNS =
  /number of available pages:\s*((?:\d+@\d+\+?)*)\s*=>\s*(\d+) free of (\d+) total pages/;
const BUSY = /alloc_contig_range: \[([0-9a-f]+), ([0-9a-f]+)\) PFNs busy/;

export function cmaFindings(context: Context): Finding[] {
  const found: Finding[] = [];
  let last: { pages: string | undefined; ret: string | undefined; index: number } | undefined;
  for (const [index, { text }] of context.lines.entries()) {
    const match = PATTERN.exec(text);
    if (!match) continue;
    const [, area, pages, ret] = match;
    if (last !== undefined && last.pages === pages && last.ret === ret && index - last.index < 40) {
      last.index = index;
      continue;
    }
    last = { pages, ret, index };
    found.push(explainOne(context, area, Number(pages), Number(ret), index));
  }
  return found.length > 0 ? found : busyAlone(context);
}

/** cma_alloc() before 4.10, and callers that are told not to warn, leave only what alloc_contig_range() says of each range it tries. */
function busyAlone({ lines, input, given }: Context): Finding[] {
  const busy = lines.flatMap(({ text }, index) => {
    const [, from, to] = BUSY.exec(text) ?? [];
    return from === undefined || to === undefined ? [] : [{ from, to, index }];
  });
  const [first, last] = [busy[0], busy.at(-1)];
  if (!first || !last) return [];
  const pages = Number.parseInt(first.to, 16) - Number.parseInt(first.from, 16);
  const kernel = kernelOf(lines, first.index, last.index, given);
  return [
    {
      kind: 'cma-failure',
      headline: `alloc_contig_range() found pages that could not be moved away in ${plural(busy.length, 'range')} of ${plural(pages, 'page')} (${size(pages * 4096)}) that it tried.`,
      place: {
        input,
        firstLine: lines[first.index]?.number ?? 1,
        lastLine: lines[last.index]?.number ?? 1,
      },
      kernel,
      sections: sections(
        [
          'What it says',
          [
            `Tried: ${busy
              .slice(0, 12)
              .map(({ from, to }) => `0x${from} to 0x${to}`)
              .join(', ')}${busy.length > 12 ? ', and others' : ''} (page frames).`,
          ],
        ],
        [
          'Why',
          [
            'The bitmap of the area had room there, but a page in each range was in use and could not be migrated: pinned for DMA or by get_user_pages(), under writeback, or held by somebody for a moment. cma_alloc() goes on to the next range; if all are busy it returns -EBUSY (-16).',
            'Each such line alone is not a failure: what counts is what the caller says in the end.',
          ],
        ],
        ['What helps', busyRemedies],
      ),
      assumed: [],
      facts: {
        pages,
        ret: null,
        reason: 'busy',
        busyRanges: busy.slice(0, 50).map(({ from, to }) => `${from}-${to}`),
      },
    },
  ];
}

const busyRemedies = [
  'Ask early (at boot, or keep the buffer) while few pages are pinned; a larger area leaves more ranges to try; long-term pins (FOLL_LONGTERM) are moved out of CMA first.',
];

function explainOne(
  { lines, input, given }: Context,
  area: string | undefined,
  pages: number,
  ret: number,
  at: number,
): Finding {
  const texts = lines.map(({ text }) => text);
  const near = texts.slice(Math.max(0, at - 40), at + 40);
  const kernel = kernelOf(lines, at, at, given);
  const total = memoryNumber(texts, 'CmaTotal') ?? cmaReserved(texts);
  const free = memoryNumber(texts, 'CmaFree');
  const runs = near.map((text) => RUNS.exec(text)).find(Boolean);
  const holes = [...(runs?.[1] ?? '').matchAll(/(\d+)@(\d+)/g)].map(([, count]) => Number(count));
  const freePages = free !== undefined ? free / 4 : runs ? Number(runs[2]) : freeCma(texts);
  const largest = holes.length > 0 ? Math.max(...holes) : undefined;
  const busy = near.map((text) => BUSY.exec(text)).filter((match) => match !== null);
  const bos = objects(texts);
  const wanted = `${plural(pages, 'page')} (${size(pages * 4096)})`;
  const isFull = ret === -12;
  return {
    kind: 'cma-failure',
    headline: isFull
      ? `cma_alloc() of ${wanted} got -ENOMEM: the area has no run of ${plural(pages, 'free page')} left${freePages !== undefined && freePages < pages ? `, it has ${freePages} free in all` : ''}.`
      : ret === -16
        ? `cma_alloc() of ${wanted} got -EBUSY: the area had room, but pages in it could not be moved away.`
        : `cma_alloc() of ${wanted} failed with ${ret}.`,
    place: { input, firstLine: lines[at]?.number ?? 1, lastLine: lines[at]?.number ?? 1 },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
          ...(area === undefined ? [] : [`Area: ${area}.`]),
          `Wanted: ${plural(pages, 'page')} = ${plural(pages * 4096, 'byte')} in a row.`,
          ...(total === undefined
            ? []
            : [
                `CMA has ${size(total * 1024)} in all${free === undefined ? '' : `, ${size(free * 1024)} (${plural(free / 4, 'page')}) free`}.`,
              ]),
          ...(runs
            ? [`Free runs: ${holes.join(', ')} pages; ${runs[2] ?? ''} free of ${runs[3] ?? ''}.`]
            : []),
          ...(bos.text === undefined ? [] : [bos.text]),
        ],
      ],
      [
        'Why',
        [
          '-12 (-ENOMEM): the bitmap of the area has no run of zero bits that long: what CMA itself has handed out is in the way. -16 (-EBUSY): the bitmap had room, but pages that others have there (movable pages: page cache, processes) could not be migrated away.',
          ...(isFull
            ? fullItems(pages, total, free, freePages, largest, bos)
            : busyItems(busy, pages, freePages)),
        ],
      ],
      ['What helps', remedies(isFull, pages, total, bos)],
    ),
    assumed: [],
    facts: {
      pages,
      bytes: pages * 4096,
      ret,
      reason: isFull ? 'bitmap' : ret === -16 ? 'busy' : 'other',
      totalKb: total ?? null,
      freeKb: free ?? null,
      freePages: freePages ?? null,
      largestHole: largest ?? null,
      fits: freePages === undefined ? null : freePages >= pages,
      busyRanges: busy.map(([, from, to]) => `${from ?? ''}-${to ?? ''}`),
      cachedKb: bos.cachedKb ?? null,
      allocatedKb: bos.allocatedKb ?? null,
    },
  };
}

interface Objects {
  readonly text?: string;
  readonly allocatedKb?: number;
  readonly cachedKb?: number;
}

/** What a driver says of its buffers: `[drm] size bos allocated: 62328kb`. */
function objects(texts: readonly string[]): Objects {
  const number = (pattern: RegExp): number | undefined => {
    const found = texts.map((text) => pattern.exec(text)?.[1]).find((value) => value !== undefined);
    return found === undefined ? undefined : Number(found);
  };
  const allocatedKb = number(/size bos allocated: (\d+)\s?kb/i);
  const cachedKb = number(/size bos cached: (\d+)\s?kb/i);
  const count = number(/num bos allocated: (\d+)/i);
  if (allocatedKb === undefined && cachedKb === undefined) return {};
  return {
    text: `The driver has ${size((allocatedKb ?? 0) * 1024)}${count === undefined ? '' : ` in ${plural(count, 'buffer')}`}${cachedKb === undefined ? '' : `, of them ${size(cachedKb * 1024)} cached for later use (free to it, not to CMA)`}.`,
    ...(allocatedKb === undefined ? {} : { allocatedKb }),
    ...(cachedKb === undefined ? {} : { cachedKb }),
  };
}

function fullItems(
  pages: number,
  total: number | undefined,
  free: number | undefined,
  freePages: number | undefined,
  largest: number | undefined,
  bos: Objects,
): string[] {
  const items: string[] = [];
  if (total !== undefined && free !== undefined)
    items.push(
      `CMA has handed out ${size((total - free) * 1024)} of ${size(total * 1024)}${bos.allocatedKb === undefined ? '' : `; the driver's buffers are ${bos.allocatedKb} kB of it`}.`,
    );
  if (freePages !== undefined)
    items.push(
      freePages < pages
        ? `Free: ${plural(freePages, 'page')}, ${pages} are wanted: it cannot fit, however little the area is fragmented.`
        : `Free: ${plural(freePages, 'page')}, enough in all, but in pieces${largest === undefined ? '' : `: the largest hole is ${plural(largest, 'page')}`} (alignment of the request counts too).`,
    );
  if (bos.cachedKb !== undefined && bos.cachedKb * 1024 >= pages * 4096)
    items.push(
      `The driver's own cache (${bos.cachedKb} kB, ${plural(bos.cachedKb / 4, 'page')}) would do: ${bos.cachedKb / 4 === pages ? 'exactly what is wanted' : 'more than what is wanted'}.`,
    );
  return items;
}

function busyItems(
  busy: readonly RegExpExecArray[],
  pages: number,
  freePages: number | undefined,
): string[] {
  const items: string[] = [];
  if (busy.length > 0)
    items.push(
      `Busy: ${busy
        .map(
          ([, from, to]) =>
            `pfn ${hex(BigInt(`0x${from ?? '0'}`))} to ${hex(BigInt(`0x${to ?? '0'}`))}`,
        )
        .slice(0, 4)
        .join('; ')}. cma_alloc() tries the next place in the bitmap after each; all were busy.`,
    );
  items.push(
    `More free memory would not help by itself${freePages === undefined ? '' : ` (${freePages} CMA pages are free, ${pages} are wanted)`}: somebody holds references to pages there, so that they cannot move: get_user_pages() pins (without FOLL_LONGTERM, which moves them out of CMA first), pages under IO or writeback, page tables' and buffers' pages of a file system, a short race that another try may win. page_owner tells who has the busy frames.`,
  );
  return items;
}

function remedies(
  isFull: boolean,
  pages: number,
  total: number | undefined,
  bos: Objects,
): string[] {
  if (!isFull)
    return [
      'Try again (newer kernels do so), allocate early, use an area of its own for the device (reserved-memory), pin for long with FOLL_LONGTERM.',
    ];
  const items: string[] = [];
  if (bos.cachedKb !== undefined) items.push('Have the driver empty its cache and try again.');
  items.push(
    `A larger area: cma=${total === undefined ? 'SIZE' : `${Math.ceil((total * 2) / 1024)}M`} on the command line, or fewer and smaller buffers (${size(pages * 4096)} are wanted here).`,
  );
  return items;
}

/** Of the Mem-Info that a driver's complaint has behind it. */
function freeCma(texts: readonly string[]): number | undefined {
  const pages = texts
    .map((text) => /\bfree_pcp:\d+ free_cma:(\d+)\b/.exec(text)?.[1])
    .find((value) => value !== undefined);
  return pages === undefined ? undefined : Number(pages);
}

function cmaReserved(texts: readonly string[]): number | undefined {
  const pages = texts
    .map((text) => /^\s*(\d+) pages cma reserved/.exec(text)?.[1])
    .find((value) => value !== undefined);
  return pages === undefined ? undefined : Number(pages) * 4;
}
