/**
 * Judges the trace of a user program that has neither a core nor its acts beside it. It starts from the dumps that the trace has
 * first; the process is made anew, and what the program does is known by the family's name and the seed.
 */
import type { Kernel } from '../../../engine/machine/kernel.js';
import {
  parseMemmap,
  parseZones,
  type StateImage,
  type TraceDump,
  type TraceItem,
  type ZonesDump,
} from '../../../engine/image/state/index.js';
import type { Verdict } from '../judge.js';
import { ProgramJudge } from '../program/judgeProgram.js';
import { spansOf, type Span } from '../program/spans.js';
import { type Action, Processes } from '../program/processes.js';
import { ToldPages } from '../program/toldPages.js';
import { cmaUserProgram } from './cmaUser.js';
import { type Guest, guestOf, type GuestProgram } from './guest.js';
import { hugeProgram } from './huge.js';
import { Likeness } from './likeness.js';
import {
  framesOfLists,
  listedPages,
  neededText,
  nextFrames,
  ownFrames,
  textOf,
  withLog,
  withWaiting,
} from './ownFrames.js';
import { knownTables, placeTable } from './placeTables.js';
import { stackOrder, stacksIn } from './otherStacks.js';
import { makeProcess, setGathered, setNumbers, unlist } from './plainProcess.js';
import { migrProgram } from './migr.js';
import { freeIn } from '../freeFrames.js';
import { SILENT } from '../ops.js';
import { RECORDED } from '../recorded.js';
import { LOADED, plainStart } from './plainStart.js';
import { withThreads } from './withThreads.js';
import { usrProgram } from './usr.js';
import { FILE_PAGES, usr2Program } from './usr2.js';

/** What is known of a family of programs. */
interface Family {
  readonly name: RegExp;
  /** The kernel of the first program is that of all older traces of a folder. */
  readonly of: GuestProgram;
  /** Whether what stands in front of the first state is left out: it is not harmless. */
  readonly fromState?: boolean;
  /** Whether the program has opened its /proc/self/pagemap. */
  readonly readsPagemap?: boolean;
  /** Whether it has had transparent huge pages switched on, whatever the kernel made of the size of memory. */
  readonly enablesHugePages?: boolean;
  /** How many pages of a file the program has written when the trace begins. */
  readonly filePages: number;
  /** The program as the trace finds it. */
  readonly guest: (guest: Guest, dumps: readonly TraceDump[]) => Guest;
  readonly program: (guest: Guest, spans: readonly Span[], seed: number) => Action[];
}

const HUGE_PAGES: Omit<Family, 'name'> = {
  of: 3,
  fromState: true,
  readsPagemap: true,
  filePages: 0,
  guest: (guest, dumps) => withWaiting(guest, listsOf(dumps)),
  program: hugeProgram,
};

const FAMILIES: readonly Family[] = [
  {
    name: /^usr\./,
    of: 1,
    filePages: 0,
    guest: (guest) => guest,
    program: (guest, spans) =>
      usrProgram(
        guest,
        spans.map(({ text }) => text),
      ),
  },
  {
    name: /^cmausr-touch\d+\./,
    of: 1,
    filePages: 0,
    guest: (guest) => guest,
    program: (guest, spans) =>
      cmaUserProgram(
        spans.map(({ text }) => text),
        guest,
      ),
  },
  {
    name: /^usr2-s(\d+)\./,
    of: 2,
    filePages: FILE_PAGES,
    guest: (guest) => guest,
    program: (guest, spans, seed) =>
      usr2Program(guest, seed, (nr) => spans[nr]?.text.startsWith('failed ') === true),
  },
  {
    name: /^migr-s(\d+)\./,
    of: 2,
    fromState: true,
    readsPagemap: true,
    filePages: 0,
    guest: (guest, dumps) => withLog(guest, listsOf(dumps)),
    program: migrProgram,
  },
  {
    name: /^huge-s(\d+)\./,
    ...HUGE_PAGES,
  },
  {
    name: /^thp-s(\d+)\./,
    enablesHugePages: true,
    ...HUGE_PAGES,
  },
];

export const isPlainProgram = (name: string): boolean =>
  FAMILIES.some((family) => family.name.test(name));

/**
 * Where neither the trace nor `idle` tells what it starts from, its operations are unsupported.
 * @param idle the folder's trace `idle`, which starts as all traces of the first program do
 */
export function judgePlain(
  name: string,
  items: Iterable<TraceItem>,
  idle: () => Iterable<TraceItem> | undefined,
): Verdict {
  const family = FAMILIES.find((each) => each.name.test(name));
  const all = spansOf(items);
  const own = stateAt(all);
  const spans = family?.fromState === true ? all.slice(own.at) : all;
  // Its last dump of the zones is not of its start.
  const isStart = all.slice(0, own.at).every(({ op }) => op === undefined || HARMLESS.has(op.name));
  const dumps = isStart || family?.of !== 1 ? own.dumps : stateAt(spansOf(idle() ?? [])).dumps;
  const recorded = dumps.find((dump) => dump.name === 'zones');
  const isWide = recorded?.lines.some((line) => /^zone \d+ DMA32 /.test(line)) === true;
  const zones =
    isStart || recorded === undefined ? recorded : withThreads(recorded, stackOrder(isWide));
  const image = plainStart(isStart || zones === undefined ? dumps : [zones]);
  if (image === undefined || zones === undefined || family === undefined) return untold(all);
  const guest = family.guest(guestOf(image.mm, family.of), dumps);
  const { strange, told, processes } = start(image, {
    guest,
    family,
    spans,
    zones: parseZones(zones),
    dumps,
  });
  image.tape.setRecording(true);
  const seed = Number(family.name.exec(name)?.[1] ?? 1);
  const program = family.program(guest, spans, seed);
  const likeness = new Likeness(image, guest, strange);
  return new ProgramJudge(image, program, { told, likeness, processes }).judge(spans);
}

/** Nothing was performed. */
function untold(spans: readonly Span[]): Verdict {
  const names = new Map<string, number>();
  for (const { op } of spans)
    if (op !== undefined && !SILENT.has(op.name)) names.set(op.name, (names.get(op.name) ?? 0) + 1);
  const unsupported = [...names.values()].reduce((sum, nr) => sum + nr, 0);
  return {
    ...{ ops: 0, partly: 0, differ: 0, events: 0, stateDiffer: 0, unsupported, first: undefined },
    ...{ notJudged: new Map(), unsupportedNames: names },
    notes: [
      'what it starts from is told by idle-s1.trace.gz of its machine, which is not beside it',
    ],
  };
}

const listsOf = (dumps: readonly TraceDump[]): readonly string[] | undefined =>
  dumps.find((dump) => dump.name === 'lru')?.lines;

/** Operations that the program does not change anything with. */
const HARMLESS: ReadonlySet<string> = new Set(['events', 'umm', 'probes2', 'drain', 'dump']);

/** The first dumps of one moment with the zones among them, and at which operation they are. */
function stateAt(spans: readonly Span[]): { readonly at: number; readonly dumps: TraceDump[] } {
  const at = spans.findIndex(({ dumps }) => dumps.some((dump) => dump.name === 'zones'));
  const state = at < 0 ? [] : spans.slice(at);
  const end = state.findIndex(({ dumps }) => dumps.length === 0);
  return { at, dumps: state.slice(0, end < 0 ? undefined : end).flatMap(({ dumps }) => dumps) };
}

/** The list of movable pages of order 0 among those of a CPU. */
const MOVABLE = 1;

interface Beginning {
  readonly guest: Guest;
  readonly family: Family;
  readonly spans: readonly Span[];
  readonly zones: ZonesDump;
  readonly dumps: readonly TraceDump[];
}

interface Start {
  /** Pages that were lent, and those that others had: what becomes of them is not judged. */
  readonly strange: ReadonlySet<number>;
  readonly told: ToldPages;
  readonly processes: Processes;
}

/** The process as the trace finds it. */
function start(image: StateImage, { guest, family, spans, zones, dumps }: Beginning): Start {
  const isFree = freeIn(zones);
  const lines = spans.flatMap(({ dumps }) =>
    dumps.flatMap((dump) => (dump.name === 'pts' ? dump.lines : [])),
  );
  const lists = listsOf(dumps);
  const shownText = textOf(guest, lines);
  const frames =
    lists === undefined
      ? seenFrames({ guest, family, zones }, lines, new Set(shownText.values()))
      : framesOfLists(lists);
  const text = shownText.size > 0 ? shownText : neededText(guest);
  const numbers = `${guest.numbers} rss_anon=${guest.pages.length.toString(16)}`;
  const strange = new Set<number>();
  const told = new ToldPages(
    strange,
    otherStacks(image.mm, dumps, isFree),
    stackOrder(image.mm.wide),
  );
  let processes: Processes | undefined;
  const lent = makeProcess(
    image,
    guest,
    {
      frames: frames?.some(isFree) === true ? undefined : frames,
      text,
      enablesHugePages: family.enablesHugePages === true,
    },
    () => {
      processes = new Processes(image.mm, told);
      for (const table of knownTables(lines)) if (!isFree(table.pfn)) placeTable(image, table);
      if (family.filePages > 0) processes.perform({ pid: 1, name: 'open', args: [] });
      for (let i = 0; i < family.filePages; i++)
        processes.perform({ pid: 1, name: 'write', args: ['1000'] });
      setNumbers(image.mm, numbers);
      setGathered(image.mm, guest.nrOtherFaults);
      if (family.readsPagemap === true) processes.perform({ pid: 1, name: 'pagemap', args: [] });
    },
  );
  unlist(image.mm, lent);
  for (const name of LOADED) {
    const dump = dumps.find((each) => each.name === name);
    if (dump !== undefined) RECORDED.get(name)?.load?.(image, dump);
  }
  const listed = lists === undefined ? [] : listedPages(lists);
  for (const pfn of [...lent, ...shownText.values(), ...listed])
    if (frames?.includes(pfn) !== true) strange.add(pfn);
  return { strange, told, processes: processes ?? new Processes(image.mm, told) };
}

/** Where the trace has a map of memory, the stacks that it shows. */
function otherStacks(
  k: Kernel,
  dumps: readonly TraceDump[],
  isFree: (pfn: number) => boolean,
): number[] {
  const memmap = dumps.find(({ name }) => name === 'memmap');
  if (memmap === undefined) return [];
  const flags = (1 << k.__NR_PAGEFLAGS) - 1;
  return stacksIn(parseMemmap(memmap), stackOrder(k.wide), flags, isFree);
}

/** Frames of the program's pages and of those of its file, by what its tables show. */
function seenFrames(
  { guest, family, zones }: Pick<Beginning, 'guest' | 'family' | 'zones'>,
  lines: readonly string[],
  text: ReadonlySet<number>,
): number[] | undefined {
  const own = ownFrames(guest, lines);
  const first = own?.frames[0];
  if (own === undefined || first === undefined) return undefined;
  const zone = zones.zones.find(({ populated }) => {
    const { start, spanned } = populated?.fields ?? { start: 0, spanned: 0 };
    return first >= start && first < start + spanned;
  });
  const next = zone?.populated?.pcp[0]?.lists.get(MOVABLE)?.pfns[0] ?? 0;
  const isFree = freeIn(zones);
  const isTaken = (pfn: number): boolean => text.has(pfn) || isFree(pfn);
  return [...own.frames, ...nextFrames(own, family.filePages, next, isTaken)];
}
