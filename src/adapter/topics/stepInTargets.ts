/**
 * DAP stepInTargets, and stepIn with one: which call of this line to go into. Of a kernel function's line, and of a statement of
 * the scenario, the calls that it makes are known before they are made, for runs are deterministic. Calls of the scenario's own
 * functions that follow the first one are told from the code: whether the statement comes to them is seen when it runs.
 */
import type { RequestContext } from '../protocol/connection.js';
import type { FrameView } from '../debuggee/frames.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { beginsAt, callsAhead } from '../time/activations.js';
import { isInside, type Place } from '../time/place.js';
import { functionName } from '../time/stackText.js';
import type { Handlers } from './table.js';

export type StepInTarget =
  | { readonly kind: 'place'; readonly name: string; readonly place: Place }
  /** The `nth` call of a function of the scenario that the statement makes from here on. */
  | { readonly kind: 'call'; readonly name: string; readonly nth: number };

/** More than a menu shows. */
const MOST_TARGETS = 50;

export const stepInTargetHandlers = (session: Session): Handlers<'stepInTargets'> => ({
  stepInTargets({ frameId }) {
    const { target, frames } = session.current;
    const view = frames.get(frameId);
    const here = target.timeline.place;
    const targets = isInnermost(session, view) ? targetsHere(session).slice(0, MOST_TARGETS) : [];
    return {
      targets: targets.map((one, i) => ({
        id: session.stepInTargets.offer(here, one),
        label: labelOf(targets, i),
      })),
    };
  },
});

/** stepIn with a target. */
export function stepInto(session: Session, targetId: number, context: RequestContext): void {
  const { target } = session.current;
  const chosen = session.stepInTargets.taken(target.timeline.place, targetId);
  if (chosen === undefined) throw errors.noSuchTarget(targetId);
  const { run } = session.moves();
  context.afterResponse(() => {
    if (chosen.kind === 'place') run.stepTo(chosen.place);
    else run.stepToBoundary(callEnds(session, chosen.name, chosen.nth));
  });
}

/** Only what runs next can be gone into. */
function isInnermost(session: Session, view: FrameView): boolean {
  const { target } = session.current;
  if (view.kind === 'machine' || view.index !== 0 || view.task !== target.currentTask())
    return false;
  const [innermost] = session.current.frames.of(view.task);
  return innermost?.view === view;
}

function targetsHere(session: Session): readonly StepInTarget[] {
  const { timeline, scenario } = session.current.target;
  const { place } = timeline;
  const { boundary } = place;
  if (timeline.hasEnded(boundary) || timeline.isEditStep(boundary)) return [];
  timeline.complete(boundary);
  timeline.goTo(place);
  const kernel = callsAhead(timeline.trace(boundary), place).map((call): StepInTarget => ({
    kind: 'place',
    name: functionName(call.statementId, scenario?.program),
    place: call.place,
  }));
  const isInKernel =
    isInside(place) && timeline.trace(boundary).stackAfter(place.events).length > 0;
  return isInKernel ? kernel : [...kernel, ...scenarioCalls(session, boundary)];
}

/** The function that the statement enters at its end, and those that its code calls behind that. */
function scenarioCalls(session: Session, boundary: number): readonly StepInTarget[] {
  const { timeline, scenario } = session.current.target;
  const { boundaries } = timeline;
  const program = scenario?.program;
  const next = boundary + 1;
  const isEntered =
    timeline.isComplete(boundary) &&
    boundaries.task(next) === boundaries.task(boundary) &&
    boundaries.depth(next) > boundaries.depth(boundary);
  if (program === undefined || !isEntered) return [];
  const entered = program.functionAt(boundaries.statement(next)).name;
  const calls = program.callsOf(boundaries.statement(boundary));
  const behind = calls.slice(calls.indexOf(entered) + 1);
  const first: StepInTarget = {
    kind: 'place',
    name: entered,
    place: timeline.boundaryPlace(next),
  };
  return [
    first,
    ...behind.map((name, i): StepInTarget => ({
      kind: 'call',
      name,
      nth: [entered, ...behind.slice(0, i)].filter((one) => one === name).length + 1,
    })),
  ];
}

/** Ends a motion where the call begins, or behind the statement when that makes no such call. */
function callEnds(session: Session, name: string, nth: number): (boundary: number) => boolean {
  const { timeline, scenario } = session.current.target;
  const { boundaries, place } = timeline;
  const task = boundaries.task(place.boundary);
  const depth = boundaries.depth(place.boundary);
  let left = nth;
  return (boundary) => {
    if (boundaries.task(boundary) !== task) return false;
    if (boundaries.depth(boundary) <= depth) return true;
    const program = scenario?.program;
    if (program === undefined || boundaries.depth(boundary) !== depth + 1) return false;
    const statement = boundaries.statement(boundary);
    if (program.functionAt(statement).name !== name || !program.isFirst(statement)) return false;
    return beginsAt(timeline, program, boundary) && --left === 0;
  };
}

/** Calls of one name are told apart by their number. */
function labelOf(targets: readonly StepInTarget[], i: number): string {
  const name = targets[i]?.name ?? '';
  const same = targets.filter((one) => one.name === name).length;
  if (same === 1) return `${name}()`;
  const number = targets.slice(0, i + 1).filter((one) => one.name === name).length;
  return `${name}(), call ${number} of ${same}`;
}
