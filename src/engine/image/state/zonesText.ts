/**
 * `%zones` as text, both ways. Reading what was written gives the same dump, and writing what was read the same text.
 *
 * A `%zones-brief` is the same without the lines `fl`, `pl`, `pm` (lists of pages) and `pb` (pageblocks).
 */
import { highWord, lowWord, asVirt, fromWords, type VirtAddr } from '../../memory/address.js';
import { expandSequence, formatSequence } from './sequence.js';
import { TraceError, type TraceDump } from './trace.js';
import {
  COMPACT_FIELDS,
  NODE_FIELDS,
  PCP_FIELDS,
  WMARK_FIELDS,
  ZONE_FIELDS,
  type FreeAreaDump,
  type PageblocksDump,
  type PcpDump,
  type PcpList,
  type PopulatedZone,
  type ZoneDump,
  type ZonesDump,
} from './zonesDump.js';

type FieldTable = readonly (readonly [string, 10 | 16])[];
type Values<T extends FieldTable> = Record<T[number][0], number>;

const NR_MIGRATETYPES = 6;

// --- reading -----------------------------------------------------------------------------------------------------------

/** @throws TraceError */
export function parseZones(dump: TraceDump): ZonesDump {
  const lines = new Lines(dump);
  const node = lines.fields(lines.next('node'), NODE_FIELDS);
  const zonelist = lines.numbers(lines.next('zonelist'), 10);
  const zones: ZoneDump[] = [];
  while (!lines.atEnd) zones.push(parseZone(lines));
  return { node, zonelist, zones };
}

function parseZone(lines: Lines): ZoneDump {
  const [index, name = '', at, ...words] = lines.next('zone');
  const zone = { index: lines.number(index, 10), name };
  if (at === 'empty') return { ...zone, populated: undefined };
  const fields = lines.fields(words, ZONE_FIELDS);
  const wmark = lines.fields(lines.next('wmark'), WMARK_FIELDS);
  const lowmem_reserve = lines.numbers(lines.next('lowmem_reserve'), 16);
  const compact = lines.fields(lines.next('compact'), COMPACT_FIELDS);
  const stat = lines.next('stat').map((word) => {
    const [key = '', value] = word.split('=');
    return { name: key, value: lines.number(value, 16) };
  });
  const statdiff: PopulatedZone['statdiff'][number][] = [];
  while (lines.startsWith('statdiff')) {
    const [cpu, threshold, ...diff] = lines.next('statdiff');
    statdiff.push({
      cpu: lines.named(cpu, 'cpu', 10),
      threshold: lines.named(threshold, 'threshold', 10),
      diff: lines.numbers(diff, 10),
    });
  }
  const free_area: FreeAreaDump[] = [];
  while (lines.startsWith('fa')) free_area.push(parseFreeArea(lines));
  const pcp: PcpDump[] = [];
  while (lines.startsWith('pcp')) pcp.push(parsePcp(lines));
  const populated: PopulatedZone = {
    at: lines.address(at),
    fields,
    wmark,
    lowmem_reserve,
    compact,
    stat,
    statdiff,
    free_area,
    pcp,
    pageblocks: lines.startsWith('pb') ? parsePageblocks(lines) : undefined,
  };
  return { ...zone, populated };
}

function parseFreeArea(lines: Lines): FreeAreaDump {
  const [, nr_free, ...lengths] = lines.next('fa');
  const lists: number[][] = Array.from({ length: NR_MIGRATETYPES }, () => []);
  while (lines.startsWith('fl')) {
    const [, migratetype, ...tokens] = lines.next('fl');
    lists[lines.number(migratetype, 10)] = lines.sequence(tokens);
  }
  return {
    nr_free: lines.named(nr_free, 'nr_free', 16),
    lengths: lines.numbers(lengths, 16),
    lists,
  };
}

function parsePcp(lines: Lines): PcpDump {
  const [cpu, ...words] = lines.next('pcp');
  const fields = lines.fields(words, PCP_FIELDS);
  const lists = new Map<number, PcpList>();
  while (lines.startsWith('pl')) {
    const [pindex, ...pfns] = lines.next('pl');
    const [, ...migratetypes] = lines.next('pm');
    lists.set(lines.number(pindex, 10), {
      pfns: lines.sequence(pfns),
      migratetypes: lines.sequence(migratetypes),
    });
  }
  return { cpu: lines.named(cpu, 'cpu', 10), fields, lists };
}

function parsePageblocks(lines: Lines): PageblocksDump {
  const [start, order, ...runs] = lines.next('pb');
  const types: number[] = [];
  for (const run of runs) {
    const [type, count] = run.split('*');
    const value = lines.number(type, 10);
    for (let i = lines.number(count, 16); i > 0; i--) types.push(value);
  }
  return { start: lines.named(start, 'start', 16), order: lines.named(order, 'order', 10), types };
}

/** The lines of a dump, taken one by one as words; every complaint knows its line. */
class Lines {
  private at = 0;

  constructor(private readonly dump: TraceDump) {}

  get atEnd(): boolean {
    return this.at === this.dump.lines.length;
  }

  startsWith(head: string): boolean {
    return this.peek()[0] === head;
  }

  /** The words behind `head` of the next line, which must begin with it. */
  next(head: string): string[] {
    const [first, ...words] = this.peek();
    if (first !== head) this.fail(`expected '${head}', found '${first ?? ''}'`, 1);
    this.at++;
    return words;
  }

  number(text: string | undefined, radix: 10 | 16): number {
    const digits = radix === 16 ? /^-?[0-9a-f]+$/i : /^-?[0-9]+$/;
    if (text === undefined || !digits.test(text)) this.fail(`'${text ?? ''}' is not a number`);
    // Counters are longs: a negative one is printed with all its bits.
    if (radix === 16 && text.length === 16) return Number(BigInt.asIntN(64, BigInt(`0x${text}`)));
    return parseInt(text, radix);
  }

  numbers(words: readonly string[], radix: 10 | 16): number[] {
    return words.map((word) => this.number(word, radix));
  }

  /** The value of the word `key=value`. */
  named(word: string | undefined, key: string, radix: 10 | 16): number {
    if (word === undefined || !word.startsWith(`${key}=`)) this.fail(`expected '${key}='`);
    return this.number(word.slice(key.length + 1), radix);
  }

  fields<const T extends FieldTable>(words: readonly string[], table: T): Values<T> {
    const pairs = table.map(([key, radix], i) => [key, this.named(words[i], key, radix)] as const);
    return Object.fromEntries(pairs) as Values<T>;
  }

  /** The value of `at=ADDRESS`. */
  address(word: string | undefined): VirtAddr {
    const digits = word?.startsWith('at=') ? word.slice(3) : '';
    if (!/^([0-9a-f]{8}){1,2}$/.test(digits)) this.fail(`expected 'at=' and an address`);
    const low = parseInt(digits.slice(-8), 16);
    return digits.length === 8 ? asVirt(low) : fromWords(low, parseInt(digits.slice(0, 8), 16) | 0);
  }

  sequence(tokens: readonly string[]): number[] {
    return expandSequence(tokens) ?? this.fail('a malformed sequence');
  }

  private peek(): string[] {
    return this.dump.lines[this.at]?.trimStart().split(' ') ?? [];
  }

  private fail(message: string, ahead = 0): never {
    throw new TraceError(this.dump.line + this.at + ahead, `%${this.dump.name}: ${message}`);
  }
}

// --- writing -----------------------------------------------------------------------------------------------------------

/** The lines between `%zones` and `%end`. */
export function zonesLines(dump: ZonesDump, pointerSize: 4 | 8, brief = false): string[] {
  const lines = [
    `node ${fieldsText(dump.node, NODE_FIELDS)}`,
    ['zonelist', ...dump.zonelist].join(' '),
  ];
  for (const zone of dump.zones) {
    if (zone.populated === undefined) lines.push(`zone ${zone.index} ${zone.name} empty`);
    else lines.push(...zoneLines(zone, zone.populated, pointerSize, brief));
  }
  return lines;
}

function zoneLines(
  { index, name }: ZoneDump,
  zone: PopulatedZone,
  pointerSize: 4 | 8,
  brief: boolean,
): string[] {
  const lines = [
    `zone ${index} ${name} at=${addressText(zone.at, pointerSize)} ${fieldsText(zone.fields, ZONE_FIELDS)}`,
    ` wmark ${fieldsText(zone.wmark, WMARK_FIELDS)}`,
    [' lowmem_reserve', ...zone.lowmem_reserve.map(hex)].join(' '),
    ` compact ${fieldsText(zone.compact, COMPACT_FIELDS)}`,
    [' stat', ...zone.stat.map((s) => `${s.name}=${longText(s.value, pointerSize)}`)].join(' '),
  ];
  for (const { cpu, threshold, diff } of zone.statdiff)
    lines.push([` statdiff cpu=${cpu} threshold=${threshold}`, ...diff].join(' '));
  zone.free_area.forEach((area, order) => {
    lines.push([` fa ${order} nr_free=${hex(area.nr_free)}`, ...area.lengths.map(hex)].join(' '));
    area.lists.forEach((list, migratetype) => {
      if (list.length > 0 && !brief)
        lines.push(`  fl ${order} ${migratetype} ${formatSequence(list)}`);
    });
  });
  for (const pcp of zone.pcp) {
    lines.push(` pcp cpu=${pcp.cpu} ${fieldsText(pcp.fields, PCP_FIELDS)}`);
    for (const [pindex, { pfns, migratetypes }] of pcp.lists) {
      if (brief) continue;
      lines.push(`  pl ${pindex} ${formatSequence(pfns)}`);
      lines.push(`  pm ${pindex} ${formatSequence(migratetypes)}`);
    }
  }
  if (zone.pageblocks !== undefined && !brief) {
    const { start, order, types } = zone.pageblocks;
    lines.push([` pb start=${hex(start)} order=${order}`, ...runsText(types)].join(' '));
  }
  return lines;
}

/** `T*N` for each run of equal entries. */
function runsText(values: readonly number[]): string[] {
  const runs: string[] = [];
  for (let i = 0, length = 1; i < values.length; i += length, length = 1) {
    while (values[i + length] === values[i]) length++;
    runs.push(`${values[i] ?? 0}*${hex(length)}`);
  }
  return runs;
}

const hex = (value: number): string => value.toString(16);

function longText(value: number, pointerSize: 4 | 8): string {
  return value < 0 ? BigInt.asUintN(pointerSize * 8, BigInt(value)).toString(16) : hex(value);
}

function addressText(address: VirtAddr, pointerSize: 4 | 8): string {
  const low = (lowWord(address) >>> 0).toString(16).padStart(8, '0');
  return pointerSize === 4 ? low : (highWord(address) >>> 0).toString(16).padStart(8, '0') + low;
}

function fieldsText<const T extends FieldTable>(values: Values<T>, table: T): string {
  return table
    .map(([key, radix]) => `${key}=${values[key as T[number][0]].toString(radix)}`)
    .join(' ');
}
