/**
 * Judges the trace of a user program that has neither a core nor its acts beside it. It starts from the dumps that the trace has
 * first; the process is made anew, and what the program does is known by the family's name.
 */
import { parseZones, type TraceItem, type ZonesDump } from '../../../engine/image/state/index.js';
import type { Verdict } from '../judge.js';
import { ProgramJudge, spansOf } from '../program/judgeProgram.js';
import { cmaUserProgram } from './cmaUser.js';
import { layoutOf, mapText } from './layout.js';
import { knownTables, placeTable } from './placeTables.js';
import { makeProcess } from './plainProcess.js';
import { plainStart } from './plainStart.js';

export const isPlainProgram = (name: string): boolean => /^cmausr-touch\d+\./.test(name);

/** Undefined where the trace does not tell what it starts from. */
export function judgePlain(items: Iterable<TraceItem>): Verdict | undefined {
  const spans = spansOf(items);
  const first = spans.findIndex(({ dumps }) => dumps.some(({ name }) => name === 'zones'));
  const image = plainStart(
    spans.flatMap(({ dumps }, i) => (i === first || i === first + 1 ? dumps : [])),
  );
  if (image === undefined) return undefined;
  const zones = spans[first]?.dumps.find(({ name }) => name === 'zones');
  const isFree = zones === undefined ? () => false : freeIn(parseZones(zones));
  const tables = knownTables(
    spans.flatMap(({ dumps }) => dumps.flatMap(({ name, lines }) => (name === 'pts' ? lines : []))),
  );
  const layout = layoutOf(image.mm.wide);
  const lent = makeProcess(image, () => {
    mapText(image.mm, layout);
    for (const table of tables) if (!isFree(table.pfn)) placeTable(image, table);
  });
  image.tape.setRecording(true);
  const program = cmaUserProgram(
    spans.map(({ text }) => text),
    layout,
  );
  return new ProgramJudge(image, program, lent).judge(spans);
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
