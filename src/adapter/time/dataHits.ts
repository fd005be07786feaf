/**
 * Where data breakpoints stop during one statement: at each line of the kernel that writes or reads what is watched; behind it, or
 * in front of it when the breakpoint says so. Where the scenario itself touches it, behind its statement or in front of that.
 *
 * The places depend on the tape alone. Memory is at the timeline's place afterwards.
 */
import { formatPlace } from '../../engine/types/format.js';
import { readScalar, type ScalarValue } from '../../engine/types/access.js';
import { numberIn } from '../breakpoints/dataTarget.js';
import { watchedEntries, type DataWatch } from '../breakpoints/dataWatch.js';
import type { ExtraName } from '../evaluation/evaluator.js';
import type { Trigger, Verdict } from '../breakpoints/trigger.js';
import type { Place } from './place.js';
import { processorText } from './processorWrite.js';
import { readsDuring } from './readFinder.js';
import type { StatementTrace } from './statementTrace.js';
import type { Hit, StopFinderParts } from './stops.js';
import { stackText } from './stackText.js';

export interface Deciding extends StopFinderParts {
  /** Whether a trigger stops at a place. */
  readonly decide: (place: Place, trigger: Trigger, extra: readonly ExtraName[]) => Verdict;
}

/** What one line did to what one watch looks at, perhaps in several words. */
interface Touch {
  readonly watch: DataWatch;
  /** Events of the statement that had happened by then. */
  readonly events: number;
  /** Positions of its first entry and behind its last one; the same for a read. */
  readonly from: number;
  to: number;
  readonly isWrite: boolean;
}

export function dataHits(parts: Deciding, boundary: number): readonly Hit[] {
  const { timeline } = parts;
  const touches = touchesDuring(parts, boundary);
  if (touches.length === 0) return [];
  const trace = timeline.trace(boundary);
  return touches.flatMap((touch) => {
    const hit = hitOf(parts, boundary, touch, trace);
    return hit === undefined ? [] : [hit];
  });
}

function touchesDuring(parts: Deciding, boundary: number): readonly Touch[] {
  const { timeline, tape } = parts;
  const { data } = parts.armed();
  if (data.length === 0) return [];
  const touches: Touch[] = [];
  const from = timeline.boundaries.position(boundary);
  const entries = watchedEntries(tape, data, from, timeline.endOf(boundary));
  const trace = entries.length === 0 ? undefined : timeline.trace(boundary);
  for (const { watch, position } of entries) {
    const events = trace?.eventsBeforeEntry(position) ?? 0;
    const known = touches.findLast((touch) => touch.watch === watch);
    if (known?.events === events) known.to = position + 1;
    else touches.push({ watch, events, from: position, to: position + 1, isWrite: true });
  }
  for (const { watch, events, position } of readsDuring(timeline, tape, boundary, data)) {
    // A line that reads and writes stops once: at the write, which tells more.
    const writes = touches.some((touch) => touch.watch === watch && touch.events === events);
    if (!writes) touches.push({ watch, events, from: position, to: position, isWrite: false });
  }
  return touches;
}

function hitOf(
  parts: Deciding,
  boundary: number,
  touch: Touch,
  trace: StatementTrace,
): Hit | undefined {
  const { timeline } = parts;
  const { watch, events } = touch;
  const told = tell(parts, boundary, touch);
  timeline.goTo(timeline.place);
  const place = watch.before
    ? placeInFront(parts, boundary, events, trace)
    : timeline.placeBehind(boundary, events);
  const verdict = parts.decide(place, watch.trigger, told.names);
  if (verdict.kind === 'pass') return undefined;
  if (verdict.kind === 'log') return { kind: 'log', place, text: verdict.text, id: watch.id };
  const note = verdict.note === undefined ? '' : ` (${verdict.note})`;
  return {
    kind: 'stop',
    place,
    reason: 'data breakpoint',
    text: `${watch.target.label}${told.text}${stackText(trace.stackAfter(events), parts.program)}${note}`,
    breakpointId: watch.id,
  };
}

/** `: 0 -> 1`, ` is read: 1`, with the names that conditions use. */
function tell(
  { tape, context, timeline }: Deciding,
  boundary: number,
  { watch, from, to, isWrite }: Touch,
): { readonly text: string; readonly names: readonly ExtraName[] } {
  const { place: watched } = watch.target;
  const number = numberIn(watched);
  const look = (position: number) => {
    tape.seek(position);
    const value = readScalar(context.memory, number);
    return { value, text: formatPlace(context.profile, context.memory, watched) };
  };
  const named = (name: string, value: ScalarValue | undefined): readonly ExtraName[] =>
    value === undefined ? [] : [{ name, type: number.type, value }];
  const before = look(from);
  const after = isWrite ? look(to) : before;
  const names = [...named('old', before.value), ...named('new', after.value)];
  if (!isWrite) return { text: ` is read: ${before.text}`, names };
  const by = processorText(context.image, tape, from, timeline.endOf(boundary)) ?? '';
  return { text: `: ${before.text} -> ${after.text}${by}`, names };
}

/** Where the line after the last event is about to run; of the scenario's own, where its statement is. */
function placeInFront(
  { timeline }: Deciding,
  boundary: number,
  events: number,
  trace: StatementTrace,
): Place {
  return events === 0
    ? timeline.boundaryPlace(boundary)
    : { boundary, events, position: trace.position(events - 1) };
}
