/**
 * Output of crash's `kmem`: -s with its complaints, -i, -f.
 *
 * Source: crash's memory.c: dump_kmem_cache_slub(), do_slab_slub(), dump_kmeminfo(), dump_free_pages_zones_v2().
 */
import type { Context } from '../context.js';
import { sections, type Fact, type Finding, type Item } from '../finding.js';
import { kernelOf } from '../input/reportKernel.js';
import { percent, hex, listed, plural, size } from '../render/amount.js';
import { vmemmapText } from './vmemmap.js';

export function crashFindings(context: Context): Finding[] {
  const texts = context.lines.map(({ text }) => text);
  return [kmemS(context, texts), kmemI(context, texts), kmemF(context, texts)].filter(
    (finding) => finding !== undefined,
  );
}

function finding(
  context: Context,
  headline: string,
  found: Finding['sections'],
  facts: Finding['facts'],
  assumed: readonly string[] = [],
): Finding {
  const { lines, input, given } = context;
  return {
    kind: 'crash-output',
    headline,
    place: { input, firstLine: 1, lastLine: Math.max(1, lines.length) },
    kernel: kernelOf(lines, 0, lines.length - 1, given),
    sections: found,
    assumed,
    facts,
  };
}

interface CacheRow {
  readonly address: string;
  readonly objectSize: number;
  readonly allocated: number | undefined;
  readonly total: number | undefined;
  readonly slabs: number | undefined;
  readonly slabKb: number;
  readonly name: string;
}

const CACHE = /^\s*([0-9a-f]{8,16})\s+(\d+)\s+(\d+|\?)\s+(\d+|\?)\s+(\d+|\?)\s+(\d+)k\s+(\S+)/;
const OBJECTS =
  /kmem: (?:NOTE: )?(\S+): (?:slab|page): ([0-9a-f]{8,16}) oo objects: (\d+) slab objects: (\d+)/;
const FREEPOINTER =
  /kmem: (?:NOTE: )?(\S+): (?:slab|page): ([0-9a-f]{8,16}) invalid freepointer: ([0-9a-f]+)/;
const CANNOT = /kmem: (?:NOTE: )?(\S+): cannot gather relevant slab data/;

function kmemS(context: Context, texts: readonly string[]): Finding | undefined {
  const rows = texts.flatMap((text): CacheRow[] => {
    const row = CACHE.exec(text);
    const number = (word: string | undefined): number | undefined =>
      word === '?' || word === undefined ? undefined : Number(word);
    return row
      ? [
          {
            address: row[1] ?? '',
            objectSize: Number(row[2]),
            allocated: number(row[3]),
            total: number(row[4]),
            slabs: number(row[5]),
            slabKb: Number(row[6]),
            name: row[7] ?? '',
          },
        ]
      : [];
  });
  const objects = texts.map((text) => OBJECTS.exec(text)).filter((match) => match !== null);
  const pointers = texts.map((text) => FREEPOINTER.exec(text)).filter((match) => match !== null);
  if (rows.length === 0 && objects.length === 0 && pointers.length === 0) return undefined;
  const cannot = texts.flatMap((text) => CANNOT.exec(text)?.[1] ?? []);
  const why: Item[] = [];
  for (const [, name = '', page = '', oo, slab] of objects) {
    const cache = rows.find((row) => row.name === name);
    const computed = cache ? Math.floor((cache.slabKb * 1024) / cache.objectSize) : undefined;
    why.push(
      `${name}: the page ${hex(BigInt(`0x${page}`))} on its lists claims ${plural(slab ?? '', 'object')}, where the cache's slabs have ${oo ?? ''}${cache && computed === Number(oo) ? ` (${cache.slabKb} kB / ${plural(cache.objectSize, 'byte')})` : ''}.`,
      `So that page is not, or no longer, a slab of ${name}; or its counters are overwritten. On a live machine, or in a dump taken while CPUs still ran, the list was simply followed into a page that was freed meanwhile: then nothing is corrupt. One such page spoils crash's answer for the whole cache.`,
      `To look at: kmem ${page} (is PG_slab set, is its slab_cache this cache?), its freelist and counters, and the list it was reached from (kmem_cache_node.partial, or cpu_slab's partial). The other slabs can be counted without it.`,
      ...vmemmapText(BigInt(`0x${page}`)),
    );
  }
  for (const [, name = '', page = '', pointer = ''] of pointers)
    why.push(
      `${name}: the freelist of slab ${hex(BigInt(`0x${page}`))} has ${hex(BigInt(`0x${pointer}`))}, which is not one of its objects: a write to a freed object, or, with CONFIG_SLAB_FREELIST_HARDENED, a pointer that this version of crash does not decode (stored xor-ed with the cache's random number and its own byte-swapped address).`,
      ...vmemmapText(BigInt(`0x${page}`)),
    );
  why.push(...undecodedItems(rows));
  const bad = [
    ...new Set([
      ...objects.map(([, name = '']) => name),
      ...pointers.map(([, name = '']) => name),
      ...cannot,
    ]),
  ];
  return finding(
    context,
    bad.length > 0
      ? `${listed(bad)}: crash cannot count it: ${objects.length > 0 ? 'a page on its lists does not look like one of its slabs' : pointers.length > 0 ? 'a freelist pointer leads nowhere' : 'its lists cannot be followed'}. That does not prove that the cache is corrupt.`
      : `${plural(rows.length, 'cache')}, the largest ${largest(rows)}.`,
    sections(['What it says', rows.length > 0 ? [cacheRows(rows)] : []], ['Why', why]),
    {
      caches: rows.map(({ name, address, objectSize, allocated, total, slabs, slabKb }) => ({
        name,
        address,
        objectSize,
        allocated: allocated ?? null,
        total: total ?? null,
        slabs: slabs ?? null,
        slabKb,
      })),
      bad,
      mismatches: objects.map(([, name = '', page = '', oo, slab]): Fact => ({
        cache: name,
        page: hex(BigInt(`0x${page}`)),
        ooObjects: Number(oo),
        slabObjects: Number(slab),
      })),
      freepointers: pointers.map(([, name = '', page = '', pointer = '']): Fact => ({
        cache: name,
        page: hex(BigInt(`0x${page}`)),
        pointer: hex(BigInt(`0x${pointer}`)),
      })),
    },
  );
}

/** Each slab with one free object alone: only the head of its freelist was understood. */
function undecodedItems(rows: readonly CacheRow[]): Item[] {
  const found = rows.filter(
    ({ allocated, total, slabs }) =>
      allocated !== undefined &&
      total !== undefined &&
      slabs !== undefined &&
      slabs > 0 &&
      total > 2 * slabs &&
      total - allocated === slabs,
  );
  if (found.length === 0) return [];
  return [
    `${listed(found.map(({ name }) => name))}: exactly one object of each slab counts as free. So it looks where crash understands only the first pointer of a freelist: with CONFIG_SLAB_FREELIST_HARDENED the next one is stored xor-ed with the cache's random number and its own address, byte-swapped since 5.7 and in kernels that took that change over (RHEL's 4.18 of 8.6 and later), which versions of crash before 8.0.3 do not know of. ALLOCATED is too high then: it is at most that.`,
  ];
}

const bytes = ({ slabs, slabKb }: CacheRow): number => (slabs ?? 0) * slabKb * 1024;

function largest(rows: readonly CacheRow[]): string {
  const first = rows.toSorted((a, b) => bytes(b) - bytes(a))[0];
  return first ? `${first.name} with ${size(bytes(first))}` : '';
}

const cacheRows = (rows: readonly CacheRow[]): string[][] => [
  ['cache', 'object', 'allocated', 'total', 'slabs', 'slab', 'memory'],
  ...rows.map((row) => [
    row.name,
    String(row.objectSize),
    String(row.allocated ?? '?'),
    String(row.total ?? '?'),
    String(row.slabs ?? '?'),
    `${row.slabKb} kB`,
    row.slabs === undefined ? '?' : size(bytes(row)),
  ]),
];

const KMEM_I =
  /^\s*(TOTAL MEM|FREE|USED|SHARED|BUFFERS|CACHED|SLAB|TOTAL HUGE|HUGE FREE|TOTAL SWAP|SWAP USED|SWAP FREE|COMMIT LIMIT|COMMITTED|TOTAL HIGH|FREE HIGH|TOTAL LOW|FREE LOW)\s+(\d+)\s+(\S+(?:\s[KMGT]B)?)/;

function kmemI(context: Context, texts: readonly string[]): Finding | undefined {
  const pages = new Map<string, number>();
  for (const text of texts) {
    const row = KMEM_I.exec(text);
    if (row && !pages.has(row[1] ?? '')) pages.set(row[1] ?? '', Number(row[2]));
  }
  const total = pages.get('TOTAL MEM');
  if (total === undefined) return undefined;
  const of = (name: string): number => pages.get(name) ?? 0;
  const huge = of('TOTAL HUGE');
  const told = of('BUFFERS') + of('CACHED') + of('SLAB') + huge;
  const rest = Math.max(0, of('USED') - told);
  const share = (count: number): string => percent(count, total);
  const why = [
    `USED is TOTAL MEM - FREE = ${total} - ${of('FREE')} = ${total - of('FREE')}${total - of('FREE') === of('USED') ? '' : `, though the line says ${of('USED')}`}.`,
    `Buffers, cache, slab${huge > 0 ? ' and the hugetlb pool' : ''} are ${told} of it; the other ${plural(rest, 'page')} (${size(rest * 4096)}, ${share(rest)}) are anonymous memory, page tables, stacks, vmalloc, and pages that drivers took. SHARED (pages mapped more than once) is a part of these, not a further sum.`,
  ];
  if (of('CACHED') > total / 4)
    why.push(
      `CACHED (${size(of('CACHED') * 4096)}) is given back when it is wanted, except shmem and tmpfs, which it includes.`,
    );
  if (of('SLAB') > total / 5)
    why.push(
      `SLAB is ${size(of('SLAB') * 4096)} (${share(of('SLAB'))}): kmem -s tells which cache.`,
    );
  if (huge > 0)
    why.push(
      `The hugetlb pool has ${size(huge * 4096)}, ${size(of('HUGE FREE') * 4096)} of it unused: nobody else can use that.`,
    );
  if (of('TOTAL SWAP') > 0 && of('SWAP FREE') < of('TOTAL SWAP') / 20) why.push('Swap is full.');
  if (of('COMMIT LIMIT') > 0 && of('COMMITTED') > of('COMMIT LIMIT'))
    why.push(
      `COMMITTED is ${((of('COMMITTED') / of('COMMIT LIMIT')) * 100).toFixed(0)}% of COMMIT LIMIT: with overcommit_memory=2 mmap() fails, whatever is free; with 0 or 1 the limit does not bind.`,
    );
  return finding(
    context,
    `${size(of('FREE') * 4096)} of ${size(total * 4096)} free; ${size(rest * 4096)} (${share(rest)}) are neither cache nor slab.`,
    sections(
      [
        'What it says',
        [
          [
            ['', 'pages', 'size', 'share'],
            ...[...pages].map(([name, count]) => [
              name,
              String(count),
              size(count * 4096),
              share(count),
            ]),
          ],
        ],
      ],
      ['Why', why],
    ),
    { pages: Object.fromEntries(pages), restPages: rest },
    ['Pages are taken as 4 kB.'],
  );
}

const AREA = /^\s*(\d{1,2})\s+(\d+)k\s+([0-9a-f]{8,16})\s+(\d+)\s+(\d+)\s*$/;
const ZONE =
  /^\s*(\d)\s+([A-Z]\w+)\s+(\d+)\s+(\d+)\s+([0-9a-f]{8,16})\s+([0-9a-f]+)\s+([0-9a-f]+)\s*$/;
const COUNTED = /nr_free_pages:\s*(\d+)\s*\((verified|found (\d+))\)/;

function kmemF(context: Context, texts: readonly string[]): Finding | undefined {
  const zones: { name: string; size: number; free: number; blocks: number[]; pages: number }[] = [];
  let counted: RegExpExecArray | null = null;
  for (const text of texts) {
    const zone = ZONE.exec(text);
    if (zone)
      zones.push({
        name: zone[2] ?? '',
        size: Number(zone[3]),
        free: Number(zone[4]),
        blocks: [],
        pages: 0,
      });
    const area = AREA.exec(text);
    const last = zones.at(-1);
    if (area && last) {
      last.blocks[Number(area[1])] = Number(area[4]);
      last.pages += Number(area[5]);
    }
    counted ??= COUNTED.exec(text);
  }
  const listedZones = zones.filter(({ blocks }) => blocks.length > 0);
  if (listedZones.length === 0) return undefined;
  const wrong = listedZones.filter(({ free, pages }) => free !== pages);
  const items: string[] = wrong.map(
    ({ name, free, pages }) =>
      `${name}: its counter says ${plural(free, 'free page')}, its lists have ${pages} (${pages - free > 0 ? '+' : ''}${pages - free}).`,
  );
  if (wrong.length > 0)
    items.push(
      'A small difference is ordinary: vm_stat lags behind by what each CPU still has in its vm_stat_diff, and pages on per-CPU lists are in neither. A large one means that a list was cut or that a page is on two lists: an overwritten struct page, a double free.',
    );
  return finding(
    context,
    wrong.length === 0
      ? `Free lists and counters agree: ${size(listedZones.reduce((sum, { pages }) => sum + pages, 0) * 4096)} free.`
      : `${listed(wrong.map(({ name }) => name))}: free lists and counter differ.`,
    sections(
      [
        'What it says',
        [
          [
            [
              'zone',
              'size',
              'free',
              'on lists',
              ...Array.from({ length: 11 }, (_, order) => String(order)),
            ],
            ...listedZones.map(({ name, size: pages, free, blocks, pages: onLists }) => [
              name,
              String(pages),
              String(free),
              String(onLists),
              ...Array.from({ length: 11 }, (_, order) => String(blocks[order] ?? '')),
            ]),
          ],
        ],
      ],
      ['Why', items],
    ),
    {
      zones: listedZones.map(({ name, size: pages, free, blocks, pages: onLists }) => ({
        name,
        size: pages,
        free,
        onLists,
        blocks: Array.from({ length: blocks.length }, (_, order) => blocks[order] ?? 0),
      })),
      agrees: wrong.length === 0,
      counted: counted ? Number(counted[1]) : null,
    },
  );
}
