/** Bad page states, VM_BUG_ON_PAGE() and dump_page() texts, and raw words of a struct page, each as a finding. */
import type { Context } from '../context.js';
import { flagFields, pageFlagNames, pageFlagsOf, type FlagFields } from '../facts/pageFlags.js';
import { pageWords, poisonName, type PageWords } from '../facts/structPage.js';
import { sections, type Facts, type Finding } from '../finding.js';
import { machineOf } from '../input/machineHints.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { seriesOf, type KernelVersion } from '../input/version.js';
import { capital, hex, plural } from '../render/amount.js';
import { pageDumps, type PageDump } from './pageDump.js';
import { pagePlace, type PagePlace } from './pagePlace.js';
import { pageTypeOf, type PageType } from './pageType.js';
import { printedPages, type PrintedPage } from './printedStruct.js';
import { reasonOf } from './reasons.js';
import { momentOf, momentTexts, type Moment } from './whenHurt.js';

export function pageFindings(context: Context): Finding[] {
  const dumps = [...pageDumps(context.lines), ...printedPages(context.lines).map(dumpOf)];
  return dumps.map((dump) => explainOne(context, dump));
}

/** A struct page that a debugger printed, as dump_page() would have. */
const dumpOf = ({
  refcount,
  rawMapcount,
  mapping,
  address,
  flags,
  raw,
  first,
  last,
}: PrintedPage): PageDump => ({
  first,
  last,
  isBadPage: false,
  isHashed: false,
  raw,
  headRaw: [],
  trace: [],
  ...(raw.length > 0 ? { wordBits: 64 } : {}),
  ...(address === undefined ? {} : { address }),
  ...(flags === undefined ? {} : { flagsWord: flags }),
  ...(refcount === undefined ? {} : { refcount }),
  ...(rawMapcount === undefined ? {} : { mapcount: rawMapcount + 1 }),
  ...(mapping === undefined ? {} : { mapping }),
});

/** What the text tells of the page, put together. */
interface Decoded {
  readonly version: KernelVersion;
  readonly bits: 32 | 64;
  readonly words?: PageWords;
  readonly flagsWord?: bigint;
  readonly flagNames: readonly string[];
  readonly fields?: FlagFields;
  readonly refcount?: number;
  readonly mapcount?: number;
  /** What a map count that is not a count says. */
  readonly type?: PageType;
  readonly place: PagePlace;
  readonly moment?: Moment;
}

function explainOne({ lines, input, given, fallback }: Context, dump: PageDump): Finding {
  const kernel = kernelOf(lines, dump.first, dump.last, given);
  const version = kernel.version ?? fallback;
  const machine = machineOf(lines, dump.first, dump.last);
  const decoded = decode(
    dump,
    version,
    machine.bits ?? 64,
    lines.map(({ text }) => text),
  );
  const reason = reasonOf(
    dump,
    {
      refcount: decoded.refcount,
      mapcount: decoded.mapcount,
      type: decoded.type,
      order: decoded.words?.private,
    },
    decoded.moment,
  );
  const kind = dump.isBadPage || dump.because !== undefined ? 'bad-page' : 'struct-page';
  return {
    kind,
    headline: headline(dump, decoded, reason?.short),
    place: {
      input,
      firstLine: lines[dump.first]?.number ?? 1,
      lastLine: lines[dump.last]?.number ?? 1,
    },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          `${capital(kernelText(kernel))}.`,
          ...countItems(dump, decoded),
          ...flagItems(decoded),
          ...decoded.place.items,
        ],
      ],
      ['The words of the struct page', wordItems(decoded)],
      [
        'Why',
        [
          ...(reason?.items ?? []),
          ...(decoded.moment ? [momentTexts[decoded.moment]] : []),
          ...listItems(decoded),
        ],
      ],
    ),
    assumed: [
      ...(kernel.source === 'report'
        ? []
        : [
            `Bits and layout are those of Linux ${seriesOf(version)}: the text does not name its kernel.`,
          ]),
      ...decoded.place.assumed,
    ],
    facts: factsOf(dump, decoded),
  };
}

function decode(
  dump: PageDump,
  version: KernelVersion,
  machineBits: 32 | 64,
  texts: readonly string[],
): Decoded {
  const bits = dump.wordBits ?? machineBits;
  const flagsWord = dump.flagsWord ?? dump.raw[0];
  const named =
    dump.flagNames ?? (flagsWord === undefined ? [] : pageFlagsOf(flagsWord, version, bits));
  const isSlab = named.includes('slab') || dump.pageType === 'slab';
  const words = dump.raw.length > 0 ? pageWords(dump.raw, version, bits, isSlab) : undefined;
  const place = pagePlace(dump, bits, texts);
  const fields =
    dump.fields ??
    (flagsWord !== undefined && bits === 64
      ? (flagFields(flagsWord, place.pfn) ?? flagFields(flagsWord))
      : undefined);
  const refcount = dump.refcount ?? words?.refcount;
  const mapcount =
    dump.mapcount ?? (words?.rawMapcount === undefined ? undefined : words.rawMapcount + 1);
  const moment = momentOf(dump.trace);
  const isPrintedBuddy = /\bbuddy\b/.test(dump.pageType ?? '');
  const type: PageType | undefined = isPrintedBuddy
    ? { isBuddy: true, text: 'buddy' }
    : pageTypeOf(mapcount === undefined ? undefined : mapcount - 1, version);
  return {
    version,
    bits,
    flagNames: named,
    place,
    ...(words ? { words } : {}),
    ...(flagsWord === undefined ? {} : { flagsWord }),
    ...(fields ? { fields } : {}),
    ...(refcount === undefined ? {} : { refcount }),
    ...(mapcount === undefined ? {} : { mapcount }),
    ...(type ? { type } : {}),
    ...(moment ? { moment } : {}),
  };
}

function headline(dump: PageDump, decoded: Decoded, reason: string | undefined): string {
  const pfn = decoded.place.pfn;
  const page = pfn === undefined ? 'A page' : `Page ${hex(pfn)}`;
  if (reason !== undefined) {
    const when = decoded.moment === 'while-free' ? ' (hurt while it was free)' : '';
    return `${page}: ${reason}${when}.`;
  }
  const { flagNames, refcount } = decoded;
  const parts = [
    refcount === undefined ? '' : `count ${refcount}`,
    flagNames.length === 0 ? 'no flag is set' : flagNames.join('|'),
    decoded.fields ? `zone ${decoded.fields.zoneName}, node ${decoded.fields.node}` : '',
  ].filter((part) => part !== '');
  return `${dump.order === undefined ? page : `${page}, compound of order ${dump.order}`}: ${parts.join('; ')}.`;
}

function countItems(dump: PageDump, { refcount, mapcount, type, flagNames }: Decoded): string[] {
  const items: string[] = [];
  const mapped =
    mapcount === undefined || type !== undefined || flagNames.includes('slab')
      ? ''
      : `; page tables that map it: ${mapcount} (stored as ${mapcount - 1})`;
  if (refcount !== undefined) items.push(`References: ${refcount}${mapped}.`);
  if (type !== undefined && dump.pageType === undefined)
    items.push(`_mapcount ${(mapcount ?? 0) - 1} is a page type: ${type.text}.`);
  if (refcount !== undefined && refcount >= 1024 && dump.pincount === undefined)
    items.push(
      `${refcount} is ${Math.floor(refcount / 1024)} * 1024 + ${refcount % 1024}: pin_user_pages() adds 1024 for each pin of a page that is not compound (GUP_PIN_COUNTING_BIAS).`,
    );
  if (dump.order !== undefined)
    items.push(
      `It is a compound page of order ${dump.order}: ${plural(2 ** dump.order, 'page')}; its counts are those of the head${dump.pincount === undefined ? '' : `; pins: ${dump.pincount}`}.`,
    );
  if (dump.pageType !== undefined) items.push(`page_type: ${dump.pageType}.`);
  if (dump.process !== undefined)
    items.push(
      `The kernel was running ${dump.process === '' ? 'a task' : dump.process} when it found this.`,
    );
  return items;
}

function flagItems(decoded: Decoded): string[] {
  const { flagsWord, flagNames, fields, version, bits } = decoded;
  if (flagsWord === undefined) return [];
  const numbers = pageFlagNames(version);
  const names = flagNames.map((name) => {
    const at = numbers.indexOf(name);
    return at < 0 ? name : `${name} (bit ${at})`;
  });
  const items = [
    `Flags ${hex(flagsWord)} by the numbering of Linux ${seriesOf(version)}: ${names.length === 0 ? 'no PG_ bit is set' : names.join(', ')}.`,
  ];
  if (fields) items.push(fieldText(fields));
  else if (bits === 64 && flagsWord >> 40n !== 0n)
    items.push(
      'The node and zone fields in its upper bits depend on the configuration; the text does not tell which.',
    );
  return items;
}

function fieldText(fields: FlagFields): string {
  const at = (range: string): string => (range === '' ? '' : ` (bits ${range})`);
  const cpupid =
    fields.lastCpupid === undefined
      ? ''
      : `; last cpu and pid ${fields.lastCpupid}${at(fields.lastCpupidBits ?? '')}${fields.isPrinted ? '' : ', all ones: none yet'}`;
  return `Fields above the flags: zone ${fields.zone}${at(fields.zoneBits)}, ${fields.zoneName}; node ${fields.node}${at(fields.nodeBits)}${cpupid}.${fields.isPrinted ? '' : ' A kernel built for one node would read these bits otherwise.'}`;
}

function wordItems({ words, bits, version }: Decoded): (string | string[][])[] {
  if (!words) return [];
  const bytes = (words.members.length * bits) / 8;
  return [
    [
      ['word', 'member', 'value'],
      ...words.members.map(({ name, value }, at) => [String(at), name, value]),
    ],
    `Printed: ${plural(words.members.length, 'word')} of ${plural(bits / 8, 'byte')}, ${plural(bytes, 'byte')} of the struct page of Linux ${seriesOf(version)}.`,
  ];
}

/** Whether the list is intact. */
function listItems({ words, flagNames }: Decoded): string[] {
  const { lruNext, lruPrev, compoundHead } = words ?? {};
  if (lruNext === undefined || lruPrev === undefined) return [];
  const isPoison = poisonName(lruNext)?.startsWith('LIST_POISON1') === true;
  if (isPoison && flagNames.includes('lru'))
    return [
      'Flag and list disagree: lru is set, but its list words are LIST_POISON, so that it is on no list. The flag was set after the page was taken off, or its flags word was written over.',
    ];
  if (isPoison)
    return [
      `Its list words are LIST_POISON (${hex(lruNext)}, ${hex(lruPrev)}): it had been taken off its list in good order, so the free list is fine.`,
    ];
  if (compoundHead !== undefined && (compoundHead & 1n) === 1n)
    return [
      `Bit 0 of ${hex(compoundHead)} is set: it is a tail, and its head is the struct page at ${hex(compoundHead - 1n)}.`,
    ];
  return [];
}

function factsOf(dump: PageDump, decoded: Decoded): Facts {
  const { fields, words, place } = decoded;
  const word = (value: bigint | undefined): string | null =>
    value === undefined ? null : hex(value);
  return {
    pfn: place.pfn ?? null,
    pageSizeBytes: place.structSize ?? null,
    refcount: decoded.refcount ?? null,
    mapcount: decoded.mapcount ?? null,
    rawMapcount:
      words?.rawMapcount ?? (decoded.mapcount === undefined ? null : decoded.mapcount - 1),
    order: dump.order ?? null,
    flags: [...decoded.flagNames],
    flagsWord: word(decoded.flagsWord),
    zone: fields?.zone ?? null,
    zoneName: fields?.zoneName ?? null,
    node: fields?.node ?? null,
    lastCpupid: fields?.lastCpupid ?? null,
    mapping: word(words?.mapping ?? dump.mapping),
    index: word(words?.index),
    members: words?.members.map(({ name }) => name) ?? [],
    because: dump.because ?? null,
    moment: decoded.moment ?? null,
    isHashed: dump.isHashed,
    process: dump.process ?? null,
    vmemmapBase: word(place.vmemmapBase),
  };
}
