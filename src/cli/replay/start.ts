/**
 * Where a trace starts: the machine's state before its first operation.
 *
 * A trace records of it what its family is about: `idle` zones, memmap and slabs, `vmalloc` the areas, `pgtable` the tables.
 * All traces of one folder boot the same machine to the same bytes, so what a trace does not record itself is taken from
 * the beginning of another one; if both record the zones and these differ (another kernel recorded them), from none.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { bootMachine } from '../../engine/image/boot/bootMachine.js';
import {
  impliedMemmap,
  isOfStart,
  type MemmapRuns,
  openState,
  parseMemmap,
  parseZones,
  profileOfState,
  readTrace,
  tableFrames,
  type StateImage,
  type TraceDump,
} from '../../engine/image/state/index.js';
import { isProfileName, loadProfile } from '../../engine/types/bundled.js';
import { readText } from '../openFile.js';
import { LoneCaches, needsCaches } from './lone.js';
import { RECORDED } from './recorded.js';
import { sysfsNumbers } from './sysfsNumbers.js';
import { tablesToldBy } from './toldTables.js';

/** Dumps of the start by name, and which families record each, the fullest first. */
const FAMILIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['zones', ['idle']],
  ['memmap', ['idle']],
  ['slabs', ['idle']],
  ['vmalloc', ['vmalloc']],
  ['pkmap', ['kmap']],
  ['cma', ['cma']],
  ['pts', ['pgtable', 'vmalloc']],
]);

/** Operations that change nothing: dumps with only these before them are of the start. */
const HARMLESS = new Set(['dump', 'events', 'ck', 'pt', 'pts', 'slotpt']);

interface Beginning {
  readonly mark: string;
  readonly dumps: readonly TraceDump[];
}

export interface Start {
  readonly image: StateImage;
  /** The line from which on the trace is replayed: that of the first dump that was loaded, where operations stand before it. */
  readonly from: number;
  /** Lines of the trace's own dumps that were loaded: they are not judged. */
  readonly loaded: ReadonlySet<number>;
  /** Entries of page tables that no dump tells, but walks of the trace: these prove nothing of them. */
  readonly nrToldEntries?: number;
  /** Caches and areas that no dump tells were made anew. */
  readonly lone?: LoneCaches;
  /** What the trace does before `from`, on a machine that has booted; of caches it is judged. */
  readonly before?: Start;
  /** No state was recorded: it is that of a machine of this kind that has booted. */
  readonly isBooted?: boolean;
}

/**
 * Where neither the trace nor its folder records the zones before an operation, the trace starts at the first zones that it
 * records itself; undefined when it records none.
 */
export function startOf(file: string): Start | undefined {
  const own = beginningOf(file);
  const others = siblingsOf(file, own);
  const all = [...FAMILIES].flatMap(([name, families]) => {
    const family = families.find((each) => firstOf(others.get(each), name).length > 0) ?? '';
    return [
      ...firstOf(own, name),
      ...firstOf(others.get(family), name).filter((dump) => !isIn(own, dump)),
    ];
  });
  const dumps = withoutForeignTables(own, all);
  if (dumps.some(({ name }) => name === 'zones'))
    return withCaches(file, dumps, startFrom(own, withTables(file, own.mark, dumps), 0));
  const later = laterBeginningOf(file);
  if (later !== undefined) {
    const from = later.dumps[0]?.line ?? 0;
    const told = withTables(file, later.mark, later.dumps);
    const before = bootedStart(file, own, []);
    const start = withCaches(file, later.dumps, startFrom(later, told, from));
    return start && (before === undefined ? start : { ...start, before });
  }
  return bootedStart(file, own, dumps);
}

/** Page tables of another boot, of which some lie where the trace itself has slabs, are not this machine's. */
function withoutForeignTables(own: Beginning, dumps: readonly TraceDump[]): readonly TraceDump[] {
  const zones = own.dumps.find(({ name }) => name === 'zones');
  const slabs = own.dumps.find(({ name }) => name === 'slabs');
  const foreign = dumps.filter((dump) => dump.name === 'pts' && !own.dumps.includes(dump));
  if (zones === undefined || slabs === undefined || foreign.length === 0) return dumps;
  const parsed = parseZones(zones);
  const profile = profileOfState({ mark: own.mark, zones: parsed });
  const known = impliedMemmap(parsed, slabs.lines, profile);
  const reserved = 1 << profile.constant('PG_reserved');
  // A page that is free may have become a table later in that boot: nothing reads it before it is taken.
  const isSlab = (pfn: number): boolean => {
    const run = known.find(pfn);
    const isTaken = run >= 0 && (known.refcount[run] ?? 0) > 0;
    return isTaken && ((known.flagsLow[run] ?? 0) & reserved) === 0;
  };
  const contradicts = foreign.some(({ lines }) => tableFrames(lines).some(isSlab));
  return contradicts ? dumps.filter((dump) => !foreign.includes(dump)) : dumps;
}

/** `x86_64-slub-512M`, as the folders of recordings are called: the kernel and its RAM. */
const MACHINE = /^(.+)-(\d+)([MG])$/;

/**
 * Nothing tells the zones: the machine is booted, as its folder names it, and the page tables are those that the trace records. Where its
 * memory was given out nobody knows, so addresses of what is allocated are not judged.
 */
function bootedStart(file: string, own: Beginning, dumps: readonly TraceDump[]): Start | undefined {
  const [, name = '', number, unit] = MACHINE.exec(basename(dirname(resolve(file)))) ?? [];
  if (!isProfileName(name)) return undefined;
  const booted = bootMachine({
    profile: loadProfile(name),
    ramBytes: Number(number) * (unit === 'G' ? 2 ** 30 : 2 ** 20),
    ...(name.endsWith('-smp') && { nrCpus: 2 }),
    // As recorders boot it: guests.mjs.
    commandLine: 'slab_nomerge',
  });
  const image: StateImage = { ...booted, guesses: () => new Map() };
  image.tape.setRecording(false);
  const tables = dumps.filter((dump) => dump.name === 'pts');
  for (const dump of tables) RECORDED.get(dump.name)?.load?.(image, dump);
  image.tape.setRecording(true);
  const mine = tables.filter((dump) => own.dumps.includes(dump));
  return { image, from: 0, loaded: new Set(mine.map(({ line }) => line)), isBooted: true };
}

/** Where no dump has the caches, and the trace works on some: those of its build. */
function withCaches(
  file: string,
  dumps: readonly TraceDump[],
  start: Start | undefined,
): Start | undefined {
  if (start === undefined || dumps.some(({ name }) => name === 'slabs')) return start;
  const items = [...readTrace(readText(file))];
  if (!needsCaches(items)) return start;
  const early = items
    .filter((item) => item.kind === 'op')
    .filter(({ line }) => line < start.from)
    .filter(({ name }) => !HARMLESS.has(name));
  // What else was done has left traces that the dumps of the zones tell.
  if (early.some(({ name }) => name !== 'kc')) return start;
  const { tape } = start.image;
  tape.setRecording(false);
  const lone = LoneCaches.on(start.image, items, early);
  tape.setRecording(true);
  return { ...start, lone };
}

/** The line of a dump that no trace has. */
const TOLD_BY_WALKS = -1;

/** Where no dump has the page tables, those that the walks of the trace tell. */
function withTables(file: string, mark: string, dumps: readonly TraceDump[]): readonly TraceDump[] {
  const recorded = dumps.find(({ name }) => name === 'zones');
  if (recorded === undefined || dumps.some(({ name }) => name === 'pts')) return dumps;
  const zones = parseZones(recorded);
  const lines = tablesToldBy(readTrace(readText(file)), profileOfState({ mark, zones }), zones);
  const told: TraceDump = { kind: 'dump', line: TOLD_BY_WALKS, name: 'pts', args: [], lines };
  return lines.length === 0 ? dumps : [...dumps, told];
}

/** @param own what the trace itself records; the others of `dumps` are of its folder */
function startFrom(own: Beginning, dumps: readonly TraceDump[], from: number): Start | undefined {
  const zones = dumps.find(({ name }) => name === 'zones');
  if (zones === undefined) return undefined;
  const image = openState({
    mark: own.mark,
    zones: parseZones(zones),
    memmap: memmapOf(own.mark, zones, dumps),
    tableFrames: dumps.flatMap(({ name, lines }) => (name === 'pts' ? tableFrames(lines) : [])),
  });
  image.tape.setRecording(false);
  const hasSysfs = image.profile.symbol('slab_kset') !== undefined;
  const nextNode =
    hasSysfs && dumps.some(({ name }) => name === 'slabs')
      ? sysfsNumbers(image.profile)
      : undefined;
  for (const dump of dumps) RECORDED.get(dump.name)?.load?.(image, dump, nextNode);
  image.tape.setRecording(true);
  const mine = dumps.filter((dump) => own.dumps.includes(dump));
  const told = dumps.find(({ line }) => line === TOLD_BY_WALKS);
  return {
    image,
    from,
    loaded: new Set(mine.map(({ line }) => line)),
    nrToldEntries: told?.lines.length ?? 0,
  };
}

/** As it was recorded; else what the lists of zones and caches say of it. */
function memmapOf(mark: string, zones: TraceDump, dumps: readonly TraceDump[]): MemmapRuns {
  const memmap = dumps.find(({ name }) => name === 'memmap');
  if (memmap !== undefined) return parseMemmap(memmap);
  const slabs = dumps.find(({ name }) => name === 'slabs')?.lines ?? [];
  const parsed = parseZones(zones);
  return impliedMemmap(parsed, slabs, profileOfState({ mark, zones: parsed }));
}

const sameDump = (a: TraceDump, b: TraceDump): boolean =>
  a.name === b.name && a.args.join(' ') === b.args.join(' ');

const isIn = (beginning: Beginning, dump: TraceDump): boolean =>
  beginning.dumps.some((other) => sameDump(other, dump));

/** The dumps of a name, the first of each stretch: `pts` has one a range. */
const firstOf = (beginning: Beginning | undefined, name: string): readonly TraceDump[] =>
  (beginning?.dumps ?? []).filter(
    (dump, i, all) => dump.name === name && all.findIndex((other) => sameDump(other, dump)) === i,
  );

/** What a trace records before an operation that changes it. */
function beginningOf(file: string): Beginning {
  let mark = '';
  const dumps: TraceDump[] = [];
  const performed = new Set<string>();
  for (const item of readTrace(readText(file))) {
    if (item.kind === 'mark' && mark === '') mark = item.text;
    if (
      item.kind === 'dump' &&
      RECORDED.get(item.name)?.tells?.(item) !== false &&
      isOfStart(item.name, performed)
    )
      dumps.push(item);
    if (item.kind === 'op' && !HARMLESS.has(item.name)) performed.add(item.name);
    if (item.kind === 'ran') break;
  }
  return { mark, dumps };
}

/** The first dumps between two operations of a trace that have the zones among them. */
function laterBeginningOf(file: string): Beginning | undefined {
  let mark = '';
  let dumps: TraceDump[] = [];
  const isWhole = (): boolean => dumps.some(({ name }) => name === 'zones');
  for (const item of readTrace(readText(file))) {
    if (item.kind === 'mark' && /^[^/]+(\/[^/]+){3}$/.test(item.text)) mark ||= item.text;
    if (item.kind === 'dump' && RECORDED.get(item.name)?.tells?.(item) !== false) dumps.push(item);
    if (item.kind === 'ran' || (item.kind === 'op' && !HARMLESS.has(item.name))) {
      if (isWhole()) break;
      dumps = [];
    }
  }
  return isWhole() ? { mark, dumps } : undefined;
}

/** By family, the shortest trace of each in the folder that starts where this one does. */
function siblingsOf(file: string, own: Beginning): ReadonlyMap<string, Beginning> {
  const folder = dirname(file);
  const here = basename(file);
  const names = readdirSync(folder).filter((name) => name.endsWith('.trace.gz') && name !== here);
  const found = new Map<string, Beginning>();
  for (const family of new Set([...FAMILIES.values()].flat())) {
    const [shortest] = names
      .filter((name) => name.startsWith(`${family}-s`) || name.startsWith(`${family}-n`))
      .sort((a, b) => statSync(join(folder, a)).size - statSync(join(folder, b)).size);
    if (shortest === undefined) continue;
    const other = beginningOf(join(folder, shortest));
    if (sameMachine(own, other)) found.set(family, other);
  }
  return found;
}

function sameMachine(own: Beginning, other: Beginning): boolean {
  const zonesOf = ({ dumps }: Beginning) => dumps.find(({ name }) => name === 'zones')?.lines;
  const [ours, theirs] = [zonesOf(own), zonesOf(other)];
  if (ours === undefined || theirs === undefined) return true;
  return ours.length === theirs.length && ours.every((line, i) => line === theirs[i]);
}
