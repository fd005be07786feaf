/**
 * A struct page as crash, drgn or gdb print it, and words of memory as `rd`, `x/8gx` print them, turned into what dump_page() would have printed.
 *
 *     struct page {                      (struct page){
 *       flags = 0x17ffffc0000000,          .flags = (unsigned long)6755399441055744,
 *       _refcount = {                      ._refcount = (atomic_t){
 *         counter = 1                        .counter = (int)1,
 */
import type { LogLine } from '../input/lines.js';

export interface PrintedPage {
  readonly first: number;
  readonly last: number;
  readonly address?: bigint;
  readonly flags?: bigint;
  readonly refcount?: number;
  readonly rawMapcount?: number;
  readonly mapping?: bigint;
  readonly raw: readonly bigint[];
}

const STRUCT = /^\s*(?:struct page \{|\(struct page\)\{|\{?\s*\.?flags = )/;
const LONGEST = 90;
const number = (text: string): bigint => BigInt(text.startsWith('-') ? 0 : text);

const FLAGS = /\.?\bflags = (?:\([\w ]+\))?(0x[0-9a-f]+|\d+)/;
const MAPPING = /\.?\bmapping = (?:\([\w *]+\))?(0x[0-9a-f]+)/;
const COUNTER = /\bcounter = (?:\(int\))?(-?(?:0x[0-9a-f]+|\d+))/;
const FIELD = /\.?\b(_refcount|_count|_mapcount) = /;
const ADDRESS = /\bvalue=(0x[0-9a-f]{8,16})|\bstruct page(?: -x)?\s+(?:0x)?([0-9a-f]{8,16})\b/i;

export function printedPages(lines: readonly LogLine[]): PrintedPage[] {
  return [...structs(lines), ...wordRows(lines)];
}

function structs(lines: readonly LogLine[]): PrintedPage[] {
  const found: PrintedPage[] = [];
  let address: bigint | undefined;
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index]?.text ?? '';
    const told = ADDRESS.exec(text);
    if (told) address = BigInt(told[1] ?? `0x${told[2] ?? '0'}`);
    if (!STRUCT.test(text)) continue;
    const page = readStruct(lines, index, address);
    if (page.flags !== undefined && (page.refcount !== undefined || page.rawMapcount !== undefined))
      found.push(page);
    index = page.last;
  }
  return found;
}

type Draft = { -readonly [name in keyof PrintedPage]: PrintedPage[name] };

function readStruct(
  lines: readonly LogLine[],
  first: number,
  address: bigint | undefined,
): PrintedPage {
  const draft: Draft = {
    first,
    last: first,
    raw: [],
    ...(address === undefined ? {} : { address }),
  };
  let field = '';
  for (let index = first; index < Math.min(lines.length, first + LONGEST); index++) {
    const text = lines[index]?.text ?? '';
    if (index > first && /^\s*(?:struct page \{|\(struct page\)\{|crash>|>>>)/.test(text)) break;
    draft.last = index;
    const flags = FLAGS.exec(text)?.[1];
    if (flags !== undefined && draft.flags === undefined) draft.flags = number(flags);
    const mapping = MAPPING.exec(text)?.[1];
    if (mapping !== undefined && draft.mapping === undefined) draft.mapping = number(mapping);
    field = FIELD.exec(text)?.[1] ?? field;
    const counter = COUNTER.exec(text)?.[1];
    if (counter !== undefined && field !== '') {
      if (field === '_mapcount') draft.rawMapcount ??= Number(counter) | 0;
      else draft.refcount ??= Number(counter) | 0;
      field = '';
    }
    if (/^\}/.test(text) && index > first) break;
  }
  return draft;
}

/** `ffffea0004d2c040:  0017ffffc0000000 dead000000000100   ................`, `0xffffea0004d2c040:\t0x0017... 0x...` */
const ROW = /^\s*(?:0x)?([0-9a-f]{16})(?: <[^>]*>)?:\s+((?:(?:0x)?[0-9a-f]{16}\s*){1,4})/i;

function wordRows(lines: readonly LogLine[]): PrintedPage[] {
  const found: PrintedPage[] = [];
  const texts = lines.map(({ text }) => text);
  const isOfPages = texts.some((text) => /struct page|\bpage\b|vmemmap/i.test(text));
  for (let index = 0; index < texts.length; index++) {
    const row = ROW.exec(texts[index] ?? '');
    if (!row) continue;
    const address = BigInt(`0x${row[1] ?? '0'}`);
    const first = index;
    const raw = wordsOf(row[2]);
    for (; raw.length < 8; index++) {
      const next = ROW.exec(texts[index + 1] ?? '');
      if (!next || BigInt(`0x${next[1] ?? '0'}`) !== address + BigInt(raw.length * 8)) break;
      raw.push(...wordsOf(next[2]));
    }
    const isPage = address >> 40n === 0xffffean || (isOfPages && address >> 47n === 0x1ffffn);
    if (isPage && raw.length >= 7)
      found.push({ first, last: index, address, raw: raw.slice(0, 8) });
  }
  return found;
}

const wordsOf = (text: string | undefined): bigint[] =>
  [...(text ?? '').matchAll(/(?:0x)?([0-9a-f]{16})/gi)].map(([, word]) =>
    BigInt(`0x${word ?? '0'}`),
  );
