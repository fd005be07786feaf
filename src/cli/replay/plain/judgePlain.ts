/**
 * Judges the trace of a user program that has neither a core nor its acts beside it. It starts from the dumps that the trace has
 * first; the process is made anew, and what the program does is known by the family's name and the seed.
 */
import {
  parseZones,
  type StateImage,
  type TraceItem,
  type ZonesDump,
} from '../../../engine/image/state/index.js';
import type { Verdict } from '../judge.js';
import { ProgramJudge, spansOf, type Span } from '../program/judgeProgram.js';
import { type Action, Processes } from '../program/processes.js';
import { cmaUserProgram } from './cmaUser.js';
import { type Guest, guestOf } from './guest.js';
import { Likeness } from './likeness.js';
import { ownFrames, textOf } from './ownFrames.js';
import { knownTables, placeTable } from './placeTables.js';
import { makeProcess, setNumbers } from './plainProcess.js';
import { plainStart } from './plainStart.js';
import { FILE_PAGES, usr2Program } from './usr2.js';

/** What is known of a family of programs. */
interface Family {
  readonly name: RegExp;
  /** How many pages of a file the program has written when the trace begins. */
  readonly filePages: number;
  readonly program: (guest: Guest, spans: readonly Span[], seed: number) => Action[];
}

const FAMILIES: readonly Family[] = [
  {
    name: /^cmausr-touch\d+\./,
    filePages: 0,
    program: (guest, spans) => cmaUserProgram(spans.map(({ text }) => text), guest),
  },
  {
    name: /^usr2-s(\d+)\./,
    filePages: FILE_PAGES,
    program: (guest, spans, seed) =>
      usr2Program(guest, seed, (nr) => spans[nr]?.text.startsWith('failed ') === true),
  },
];

export const isPlainProgram = (name: string): boolean =>
  FAMILIES.some((family) => family.name.test(name));

/** Undefined where the trace does not tell what it starts from. */
export function judgePlain(name: string, items: Iterable<TraceItem>): Verdict | undefined {
  const family = FAMILIES.find((each) => each.name.test(name));
  const spans = spansOf(items);
  const first = spans.findIndex(({ dumps }) => dumps.some((dump) => dump.name === 'zones'));
  const dumps = spans.flatMap((span, i) => (i === first || i === first + 1 ? span.dumps : []));
  const zones = dumps.find((dump) => dump.name === 'zones');
  const image = plainStart(dumps);
  if (image === undefined || zones === undefined || family === undefined) return undefined;
  const guest = guestOf(image.mm.wide);
  const { lent, processes } = start(image, { guest, family, spans, zones: parseZones(zones) });
  image.tape.setRecording(true);
  const seed = Number(family.name.exec(name)?.[1] ?? 1);
  const program = family.program(guest, spans, seed);
  const likeness = new Likeness(image, guest, lent);
  return new ProgramJudge(image, program, { told: lent, likeness, processes }).judge(spans);
}

interface Beginning {
  readonly guest: Guest;
  readonly family: Family;
  readonly spans: readonly Span[];
  readonly zones: ZonesDump;
}

/** The process as the trace finds it; gives the pages that were lent for it. */
function start(
  image: StateImage,
  { guest, family, spans, zones }: Beginning,
): { readonly lent: ReadonlySet<number>; readonly processes: Processes } {
  const isFree = freeIn(zones);
  const lines = spans.flatMap(({ dumps }) =>
    dumps.flatMap((dump) => (dump.name === 'pts' ? dump.lines : [])),
  );
  const frames = ownFrames(guest, family.filePages, lines);
  const text = textOf(guest, lines);
  const numbers = spans.find(({ op }) => op?.name === 'umm')?.op?.result;
  let processes: Processes | undefined;
  const lent = makeProcess(image, guest, { frames: frames?.some(isFree) === true ? undefined : frames, text }, () => {
    processes = new Processes(image.mm);
    for (const table of knownTables(lines)) if (!isFree(table.pfn)) placeTable(image, table);
    if (family.filePages > 0) processes.perform({ pid: 1, name: 'open', args: [] });
    for (let i = 0; i < family.filePages; i++)
      processes.perform({ pid: 1, name: 'write', args: ['1000'] });
    if (numbers !== undefined) setNumbers(image.mm, numbers);
  });
  for (const pfn of text.values()) lent.add(pfn);
  return { lent, processes: processes ?? new Processes(image.mm) };
}

/** Whether a frame was on a free list or a per-CPU list. */
function freeIn({ zones }: ZonesDump): (pfn: number) => boolean {
  const blocks = zones.flatMap(({ populated }) => [
    ...(populated?.free_area ?? []).flatMap(({ lists }, order) =>
      lists.flat().map((start) => ({ start, end: start + (1 << order) })),
    ),
    ...(populated?.pcp ?? []).flatMap(({ lists }) =>
      [...lists.values()].flatMap(({ pfns }) => pfns.map((start) => ({ start, end: start + 1 }))),
    ),
  ]);
  return (pfn) => blocks.some(({ start, end }) => pfn >= start && pfn < end);
}
