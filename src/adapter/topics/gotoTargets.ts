/**
 * DAP gotoTargets and goto. A target is a place in time: where a line was or will be passed, the last change of something that it
 * names, the start of its task. One is a place in the code: the statement of the scenario that is to run next, an edit.
 */
import { changeOf } from '../time/changes.js';
import { watchedWords } from '../breakpoints/dataTarget.js';
import { kernelFileOf, kernelLines, kernelText } from '../debuggee/kernelSources.js';
import { errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import type { ScenarioFile } from '../debuggee/scenario.js';
import type { Session } from '../session.js';
import { hitsInside, hitsOfStatements, type HitTarget } from '../time/hits.js';
import { isInside, type Place } from '../time/place.js';
import { foreignId } from '../time/stackText.js';
import type { Timeline } from '../time/timeline.js';
import { findTarget } from './dataBreakpoints.js';
import { edit } from './editing.js';
import type { Handlers } from './table.js';

export type GotoTarget =
  | { readonly kind: 'time'; readonly label: string; readonly place: Place }
  | { readonly kind: 'statement'; readonly label: string; readonly statement: number };

/** Things of a line whose last change is offered. */
const MOST_CHANGES = 4;

export const gotoHandlers = (session: Session): Handlers<'gotoTargets' | 'goto'> => ({
  gotoTargets({ source, line, column }) {
    const { target } = session.current;
    const { place } = target.timeline;
    const ours = session.counting.toOurLine(line);
    const at = column === undefined ? undefined : session.counting.toOurColumn(column);
    const found = targetsOf(session, source, ours, at);
    if (found.length === 0) sayWhyNone(session, source, ours);
    return {
      targets: found.map((one) => ({
        id: session.gotoTargets.offer(place, one),
        label: one.label,
        line,
      })),
    };
  },

  goto({ threadId, targetId }, { afterResponse }) {
    const { target } = session.current;
    const { timeline, scenario } = target;
    const task = target.taskOf(threadId);
    const chosen = session.gotoTargets.taken(timeline.place, targetId);
    if (chosen === undefined) throw errors.noSuchTarget(targetId);
    if (chosen.kind === 'statement' && task !== target.currentTask())
      throw errors.badArguments(
        `The next statement is set of the task that runs now: step into ${target.nameOf(task) ?? 'that one'} first.`,
      );
    const { run } = session.moves();
    if (chosen.kind === 'time') {
      afterResponse(() => run.jump(chosen.place, 'goto'));
      return undefined;
    }
    edit(session, () => scenario?.setNextStatement(target.currentTask(), chosen.statement));
    afterResponse(() => run.jump(timeline.place, 'goto'));
    return undefined;
  },
});

/** A line without a statement has no targets; one that has some was not passed in what is recorded, and that is said. */
function sayWhyNone(session: Session, source: Dap.Source, line: number): void {
  const { timeline } = session.current.target;
  const file = kernelFileOf(source);
  if (file !== undefined && kernelLines(file).has(line))
    throw errors.notRecorded(
      isInside(timeline.place)
        ? `Line ${line} is not passed in the statement that the machine stands in.`
        : `Lines of the kernel are known of the statement that the machine stands in: step into one first.`,
    );
  const own = file === undefined ? fileOf(session, source) : undefined;
  if (own === undefined || statementsOn(session, own, line).length === 0) return;
  throw errors.notRecorded(
    `Line ${line} was not passed in what is recorded${sinceWhen(timeline)}.`,
  );
}

/** ` (the older part was dropped ...)` */
const sinceWhen = ({ firstPlace }: Timeline): string =>
  firstPlace.boundary > 0 ? ': the older part was dropped when history was full' : ' so far';

function fileOf(session: Session, source: Dap.Source): ScenarioFile | undefined {
  const program = session.current.target.scenario?.program;
  if (program === undefined || source.path === undefined) return undefined;
  const wanted = session.host.resolvePath(source.path);
  return program.files.find(({ path }) => path === wanted);
}

function targetsOf(
  session: Session,
  source: Dap.Source,
  line: number,
  column: number | undefined,
): readonly GotoTarget[] {
  const { timeline } = session.current.target;
  const file = kernelFileOf(source);
  if (file !== undefined) {
    const statements = kernelLines(file).get(line) ?? [];
    const text = kernelText(file).content.split('\n')[line - 1] ?? '';
    const hits = isInside(timeline.place) ? hitsInside(timeline, statements) : [];
    return [
      ...hits.map((hit) => hitTarget(hit, ' in this statement')),
      ...changes(session, text, column),
    ];
  }
  const own = fileOf(session, source);
  if (own === undefined) return [];
  const statements = statementsOn(session, own, line);
  const text = own.text.split('\n')[line - 1] ?? '';
  return [
    ...nextStatement(session, statements, column),
    ...hitsCalledBack(timeline, statements),
    ...hitsOfStatements(timeline, new Set(statements)).map((hit) =>
      hitTarget(hit, timeline.firstPlace.boundary > 0 ? ' that are recorded' : ''),
    ),
    ...changes(session, text, column),
    ...taskStart(session, statements),
  ];
}

/** Hits in functions that the kernel has called back, in the statement that the cursor stands in. */
const hitsCalledBack = (
  timeline: Timeline,
  statements: readonly number[],
): readonly GotoTarget[] =>
  isInside(timeline.place)
    ? hitsInside(timeline, statements.map(foreignId)).map((hit) =>
        hitTarget(hit, ' in this statement'),
      )
    : [];

function hitTarget({ number, of, which, place }: HitTarget, where: string): GotoTarget {
  const words = which === '' ? '' : `, the ${which} one`;
  return { kind: 'time', label: `hit ${number} of ${of} of this line${where}${words}`, place };
}

function statementsOn(session: Session, file: ScenarioFile, line: number): readonly number[] {
  const program = session.current.target.scenario?.program;
  if (program === undefined) return [];
  return Array.from({ length: program.nrStatements }, (_, statement) => statement).filter(
    (statement) => program.file(statement) === file && program.range(statement).line === line,
  );
}

/** A statement of the function that the task is in, when the task stands between two statements. */
function nextStatement(
  session: Session,
  statements: readonly number[],
  column: number | undefined,
): readonly GotoTarget[] {
  const { timeline, scenario } = session.current.target;
  const { place, boundaries } = timeline;
  const here = boundaries.statement(place.boundary);
  if (scenario === undefined || isInside(place) || timeline.hasEnded(place.boundary)) return [];
  const { program } = scenario;
  const reachable = statements.filter(
    (one) => program.functionAt(one) === program.functionAt(here),
  );
  const wanted =
    reachable.find((one) => column === undefined || program.range(one).endColumn > column) ??
    reachable.at(-1);
  if (wanted === undefined) return [];
  return [{ kind: 'statement', label: 'set as the next statement (an edit)', statement: wanted }];
}

/** The last change of each thing that a line names, the one at the column first. */
function changes(
  session: Session,
  text: string,
  column: number | undefined,
): readonly GotoTarget[] {
  const { target } = session.current;
  const [innermost] = session.current.frames.of(target.currentTask());
  const found: GotoTarget[] = [];
  for (const name of thingsIn(text, column)) {
    const watched = findTarget(session, {
      name,
      ...(innermost !== undefined && { frameId: innermost.id }),
    });
    if (typeof watched === 'string') continue;
    const words = watchedWords(target.image, watched.place);
    const change = words && changeOf(target.timeline, target.tape, words, 'last');
    if (change === undefined) continue;
    found.push({ kind: 'time', label: `last change of ${name}`, place: change.place });
    if (found.length === MOST_CHANGES) break;
  }
  return found;
}

/** Names of objects, members and elements as they stand in a line; functions that are called are none. */
function thingsIn(text: string, column: number | undefined): readonly string[] {
  const code = text.replace(/"(?:\\.|[^"\\])*"|\/\/.*$/g, (part) => ' '.repeat(part.length));
  const matches = [...code.matchAll(/[A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*|\[\w+\])*(?![\w(])/g)];
  const isAt = ({ index, 0: name }: RegExpExecArray): boolean =>
    column !== undefined && index < column && column <= index + name.length;
  return [...new Set([...matches.filter(isAt), ...matches].map(([name]) => name))];
}

function taskStart(session: Session, statements: readonly number[]): readonly GotoTarget[] {
  const { timeline, scenario } = session.current.target;
  const { boundaries } = timeline;
  const [statement] = statements;
  const fn = statement === undefined ? undefined : scenario?.program.functionAt(statement);
  if (fn?.kind !== 'task') return [];
  const task = scenario?.tasks().find(({ name }) => name === fn.name)?.id;
  for (let at = Math.max(boundaries.first, 0); at <= boundaries.last; at++)
    if (boundaries.task(at) === task && !timeline.hasEnded(at))
      return [
        { kind: 'time', label: `start of the task ${fn.name}`, place: timeline.boundaryPlace(at) },
      ];
  return [];
}
