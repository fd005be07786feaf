/**
 * The text of dump_page(), and what leads to it: `BUG: Bad page state`, VM_BUG_ON_PAGE(), raw words alone.
 *
 * Source: Linux mm/page_alloc.c: bad_page(); mm/debug.c: dump_page(), __dump_page(), of 2.6.32, 3.16, 4.9, 5.10, 6.1, 6.12.
 */
import { printedFlags, type FlagFields } from '../facts/pageFlags.js';
import type { LogLine } from '../input/lines.js';

export interface PageDump {
  /** Indices into the lines. */
  readonly first: number;
  readonly last: number;
  readonly isBadPage: boolean;
  readonly process?: string;
  readonly pfn?: number;
  /** Undefined where the text has a hash or `(____ptrval____)` in its place. */
  readonly address?: bigint;
  readonly isHashed: boolean;
  readonly refcount?: number;
  readonly mapcount?: number;
  readonly mapping?: bigint;
  readonly index?: string;
  /** Of a compound page, as its head line says. */
  readonly order?: number;
  readonly pincount?: number;
  readonly flagsWord?: bigint;
  readonly flagNames?: readonly string[];
  readonly fields?: FlagFields;
  readonly pageType?: string;
  readonly raw: readonly bigint[];
  readonly headRaw: readonly bigint[];
  readonly wordBits?: 32 | 64;
  /** `nonzero _count`, `VM_BUG_ON_PAGE(...)`. */
  readonly because?: string;
  readonly badFlags?: readonly string[];
  readonly memcg?: bigint;
  /** What page poisoning found in its bytes, before the dump. */
  readonly poison?: 'single bit error' | 'memory corruption';
  /** `mm/internal.h:96`. */
  readonly bugAt?: string;
  /** Functions of the call trace, innermost first. */
  readonly trace: readonly string[];
}

const LONGEST = 70;
/** With page_owner two more traces stand before the call trace. */
const LONGEST_WITH_OWNERS = 160;
/** In `trace`, until the call trace begins: the frames are of former owners. */
const OWNER = ' ';
const BAD = /^\s*BUG: Bad page (?:state|cache) in process (.{0,40}?)\s+pfn:\s?([0-9a-fA-F]+)/;
const PAGE =
  /^\s*page:\s?(\S*)\s+(?:flags:([0-9a-f]+)\s+)?(?:ref)?count:(-?\d+)\s+mapcount:(-?\d+)\s+(?:mapping:\s*(\(null\)|\S+)\s+)?(?:index:\s*(\S+))?(?:\s+pfn:(?:0x)?([0-9a-f]+))?/i;
const RAW = /^\s*(?:RAW|raw):\s*((?:(?:0x)?[0-9a-fA-F]{8,16}\b\s*)+)$/;
const HEAD_RAW = /^\s*head:\s*((?:[0-9a-f]{8,16}\b\s*){2,})$/;
const POISON = /^\s*pagealloc: (?:single bit error|memory corruption)/;
const FLAGS = /^\s*(?:(?:anon |ksm |device |page )?)flags:\s*(?:0x)?([0-9a-f]{1,16})\s?\(([^)]*)\)/;

export function pageDumps(lines: readonly LogLine[]): PageDump[] {
  const starts = lines.flatMap(({ text }, index) => (isStart(text) ? [index] : []));
  // The lines of one report each look like a start: BUG, page:, raw:.
  const first = starts.filter((index, at) => {
    const before = starts[at - 1];
    return (
      before === undefined ||
      index - before > 6 ||
      BAD.test(lines[index]?.text ?? '') ||
      isSecondPage(lines, before, index)
    );
  });
  return first.map((index, at) =>
    readDump(lines, index, Math.min(first[at + 1] ?? lines.length, index + LONGEST_WITH_OWNERS)),
  );
}

const isStart = (text: string): boolean => BAD.test(text) || PAGE.test(text) || RAW.test(text);

/** A second `page:` line close to the first is another dump, unless the first line was the BUG. */
const isSecondPage = (lines: readonly LogLine[], before: number, index: number): boolean =>
  PAGE.test(lines[index]?.text ?? '') && !BAD.test(lines[before]?.text ?? '');

type Draft = { -readonly [name in keyof PageDump]: PageDump[name] };

function readDump(lines: readonly LogLine[], first: number, end: number): PageDump {
  const raw: bigint[] = [];
  const headRaw: bigint[] = [];
  const trace: string[] = [];
  const draft: Draft = {
    first,
    last: first,
    isBadPage: false,
    isHashed: false,
    raw,
    headRaw,
    trace,
  };
  for (let index = first; index < end; index++) {
    const text = lines[index]?.text ?? '';
    if (index >= first + LONGEST && !trace.includes(OWNER)) break;
    if (readLine(draft, text, raw, headRaw, trace)) draft.last = index;
    if (/---\[ end trace/.test(text)) break;
  }
  if (trace.includes(OWNER)) trace.length = 0;
  if (draft.because?.startsWith('pagealloc:') === true) {
    const before = lines.slice(Math.max(0, first - LONGEST), first).map(({ text }) => text);
    const found = before.findLast((text) => POISON.test(text));
    if (found !== undefined)
      draft.poison = found.includes('single') ? 'single bit error' : 'memory corruption';
  }
  return draft;
}

function readLine(
  draft: Draft,
  text: string,
  raw: bigint[],
  headRaw: bigint[],
  trace: string[],
): boolean {
  const bad = BAD.exec(text);
  if (bad) {
    draft.isBadPage = true;
    draft.process = bad[1] ?? '';
    draft.pfn = Number.parseInt(bad[2] ?? '', 16);
    return true;
  }
  const page = PAGE.exec(text);
  if (page) {
    readPageLine(draft, page);
    return true;
  }
  const words = RAW.exec(text)?.[1];
  if (words !== undefined) {
    const digits = words
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/^0x/, ''));
    draft.wordBits = (digits[0]?.length ?? 0) > 8 ? 64 : 32;
    raw.push(...digits.map((word) => BigInt(`0x${word}`)));
    return true;
  }
  const head = HEAD_RAW.exec(text)?.[1];
  if (head !== undefined) {
    headRaw.push(
      ...head
        .trim()
        .split(/\s+/)
        .map((word) => BigInt(`0x${word}`)),
    );
    return true;
  }
  const flags = FLAGS.exec(text);
  if (flags) {
    const printed = printedFlags(flags[2] ?? '');
    draft.flagsWord = BigInt(`0x${flags[1] ?? '0'}`);
    draft.flagNames = printed.names;
    if (printed.fields) draft.fields = printed.fields;
    return true;
  }
  return readRest(draft, text, trace);
}

function readPageLine(draft: Draft, page: RegExpExecArray): void {
  const [, address = '', flags, count, mapcount, mapping, index, pfn] = page;
  if (/^(?:0x)?[0-9a-f]{8,16}$/i.test(address)) {
    const value = BigInt(`0x${address.replace(/^0x/i, '')}`);
    // A hashed pointer has zeros in its upper half.
    if (address.length > 10 && value >> 32n === 0n) draft.isHashed = true;
    else draft.address = value;
  } else if (address !== '') draft.isHashed = true;
  if (flags !== undefined) draft.flagsWord = BigInt(`0x${flags}`);
  draft.refcount = Number(count);
  draft.mapcount = Number(mapcount);
  if (mapping !== undefined && /^[0-9a-f]+$/i.test(mapping)) draft.mapping = BigInt(`0x${mapping}`);
  else if (mapping === '(null)') draft.mapping = 0n;
  if (index !== undefined) draft.index = index;
  if (pfn !== undefined) draft.pfn = Number.parseInt(pfn, 16);
}

function readRest(draft: Draft, text: string, trace: string[]): boolean {
  const order = /^\s*head:\s?\S*\s*order:(\d+)/.exec(text)?.[1];
  if (order !== undefined) {
    draft.order = Number(order);
    const pincount = /pincount:(-?\d+)/.exec(text)?.[1];
    if (pincount !== undefined) draft.pincount = Number(pincount);
    return true;
  }
  const because = /^\s*page dumped because: (.*)$/.exec(text)?.[1];
  if (because !== undefined) {
    draft.because = because.trim();
    return true;
  }
  const memcg = /^\s*page->mem_cgroup:\s?([0-9a-f]{8,16})/.exec(text)?.[1];
  if (memcg !== undefined) {
    draft.memcg = BigInt(`0x${memcg}`);
    return true;
  }
  const badFlags = /^\s*bad because of flags: 0x[0-9a-f]+\(([^)]*)\)/.exec(text)?.[1];
  if (badFlags !== undefined) {
    draft.badFlags = badFlags.split('|');
    return true;
  }
  const type = /^\s*page_type: (?:0x)?([0-9a-f]+)\(?([\w|]*)/.exec(text);
  if (type) {
    draft.pageType = type[2] === '' ? (type[1] ?? '') : (type[2] ?? '');
    return true;
  }
  const bugAt = /kernel BUG at (\S+?)!?$/.exec(text)?.[1];
  if (bugAt !== undefined) {
    draft.bugAt = bugAt;
    return true;
  }
  // What page_owner prints are other calls: of who had the page before.
  if (/^\s*page (?:last |has been |_owner |allocated |freed )|^\s*page_owner /.test(text)) {
    trace.push(OWNER);
    return true;
  }
  if (/^\s*(?:Call [Tt]race|Backtrace):/.test(text)) {
    trace.length = 0;
    return true;
  }
  const call =
    /^\s*(?:\[<(?:0x)?[0-9a-f]+>\] )?(?:\((\w+)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?\)|(\?\s)?([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/)/.exec(
      text,
    );
  if (call) {
    if (call[2] === undefined && !trace.includes(OWNER))
      trace.push((call[1] ?? call[3] ?? '').replace(/\..*$/, ''));
    return true;
  }
  return /^\s*(?:CPU: \d+|Call [Tt]race:|Modules linked in|Pid: |Hardware name|invalid opcode)/.test(
    text,
  );
}
