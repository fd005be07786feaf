/** kmem: free lists, caches, areas, pages and zones of the whole machine. */
import { counted } from '../../../view/counted.js';
import { Problems } from '../../inspected.js';
import { maxPfnOf } from '../../memmap.js';
import { Pages } from '../../pages.js';
import { buddyinfo } from '../../proc/buddyinfo.js';
import { slabinfo } from '../../proc/slabinfo.js';
import { vmallocinfo } from '../../proc/vmallocinfo.js';
import { zoneinfo } from '../../proc/zoneinfo.js';
import { reportOf } from '../../report.js';
import { isDumpError, type Inspected } from '../../inspected.js';
import { listsOf, populatedZonesOf } from '../../zones.js';
import { Unanswerable, type Answer, type Json } from '../answer.js';
import { whereAnswer } from '../where.js';
import { addressArgument } from './arguments.js';
import type { Command } from './command.js';

interface Listing {
  readonly c: string;
  readonly run: (k: Inspected) => Answer;
}

const fromReport = (k: Inspected, key: 'zones' | 'caches' | 'vmap'): Json =>
  JSON.parse(JSON.stringify(reportOf(k)[key])) as Json;

const LISTINGS: Readonly<Record<string, Listing>> = {
  '-f': {
    c: 'contig_page_data.node_zones[zone].free_area[order].free_list[migratetype]',
    run: (k) => ({
      text: [...buddyinfo(k), ...freeLines(k)].join('\n'),
      data: fromReport(k, 'zones'),
    }),
  },
  '-s': {
    c: 'list_for_each_entry(s, &slab_caches, list)',
    run: (k) => ({ text: slabinfo(k).join('\n'), data: fromReport(k, 'caches') }),
  },
  '-v': {
    c: 'list_for_each_entry(va, &vmap_area_list, list)',
    run: (k) => ({ text: vmallocinfo(k).join('\n'), data: fromReport(k, 'vmap') }),
  },
  '-z': {
    c: 'contig_page_data.node_zones[zone]',
    run: (k) => ({ text: zoneinfo(k).join('\n'), data: fromReport(k, 'zones') }),
  },
  '-p': { c: 'pfn_to_page(pfn)', run: pageTable },
};

export const kmem: Command = {
  usage: 'kmem -f|-s|-v|-p|-z|ADDRESS',
  summary: 'free lists, slab caches, vmalloc areas, struct pages, zones; or what an address is',
  c: ([option = '']) => LISTINGS[option]?.c ?? `where(${option})`,
  run: (asked, [option]) => {
    const listing = option === undefined ? undefined : LISTINGS[option];
    if (listing !== undefined) return listing.run(asked.k);
    if (option?.startsWith('-') ?? true)
      throw new Unanswerable(`Write one of ${Object.keys(LISTINGS).join(', ')}, or an address.`);
    return whereAnswer(asked, addressArgument(asked, option, 'an address'));
  },
};

/** Each list that is not empty: how many blocks, and the first of them. */
function freeLines(k: Inspected): string[] {
  const problems = new Problems();
  return populatedZonesOf(k).flatMap((zone) =>
    Object.entries(listsOf(k, zone, problems).free_list).map(([key, pfns]) => {
      const first = pfns.slice(0, 8).map((pfn) => `0x${pfn.toString(16)}`);
      const more = pfns.length > first.length ? ' ...' : '';
      return `${zone.name} ${key}: ${counted(pfns.length, 'block')}: ${first.join(' ')}${more}`;
    }),
  );
}

/** A line for each frame with a struct page. */
function pageTable(k: Inspected): Answer {
  const pages = new Pages(k);
  const rows: Json[] = [];
  const lines: string[] = [];
  for (let pfn = 0; pfn < maxPfnOf(k); pfn++) {
    const view = tried(() => pages.read(pfn));
    if (view === undefined) continue;
    rows.push([pfn, `0x${view.flags.toString(16)}`, view.refcount]);
    lines.push(
      `${pfn.toString(16).padStart(8)} ${k.hex(view.page)} count ${view.refcount} ${view.flagNames.join(',')}`,
    );
  }
  return { text: lines.join('\n'), data: rows };
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isDumpError(error)) throw error;
    return undefined;
  }
}
