/** Who wrote something: the line, the function, the statement and the task, with the values before and after. */
import { tables } from '../../engine/entry/instrumented.js';
import type { WriteArguments, WriteBody } from '../../engine/view/history.js';
import type { Target } from '../debuggee/target.js';
import type { Session } from '../session.js';
import { changeOf, type Change } from '../time/changes.js';
import { processorText } from '../time/processorWrite.js';
import { scenarioStatement, stackText } from '../time/stackText.js';
import { kernelFrame } from './stack.js';
import { askedFor, labelOf } from './writtenThing.js';

export async function tellWrite(
  session: Session,
  args: WriteArguments,
  which: 'last' | 'next',
): Promise<WriteBody> {
  const { target } = session.current;
  const asked = askedFor(session, args);
  if (typeof asked === 'string') return { found: false, text: asked, label: labelOf(args) };
  const { label } = asked;
  const change = changeOf(target.timeline, target.tape, asked.words, which);
  if (change === undefined)
    return { found: false, label, text: `${label}: ${nothingFound(target, which)}` };
  const [before, after] = valuesAround(target, change, asked.read);
  const common = { found: true, label, time: change.last + 1, old: before, new: after };
  if (change.edited)
    return { ...common, text: `${label}: ${before} -> ${after}, by an edit in the debugger` };
  return { ...common, ...(await writerOf(session, change, `${label}: ${before} -> ${after}`)) };
}

function nothingFound({ timeline }: Target, which: 'last' | 'next'): string {
  if (which === 'next')
    return 'nothing that has been run so far writes it after this. A data breakpoint stops at what will.';
  return timeline.boundaries.first > 0
    ? 'nothing has written it as far back as history is kept.'
    : 'nothing has written it since the machine was opened.';
}

function valuesAround(
  { tape, timeline }: Target,
  { first, last }: Change,
  read: () => string,
): readonly [string, string] {
  tape.seek(first);
  const before = read();
  tape.seek(last + 1);
  const after = read();
  timeline.goTo(timeline.place);
  return [before, after];
}

/** Who wrote, where the machine itself did. */
async function writerOf(
  session: Session,
  { boundary, first, stack }: Change,
  what: string,
): Promise<Omit<WriteBody, 'found' | 'label'>> {
  const { target } = session.current;
  const { timeline, tape, image, scenario } = target;
  const { boundaries } = timeline;
  const task = boundaries.task(boundary);
  const taskName = scenario?.tasks().find(({ id }) => id === task)?.name;
  const statement = statementAt(session, boundary);
  const byProcessor = processorText(image, tape, first, timeline.endOf(boundary)) ?? '';
  timeline.goTo(timeline.place);
  const innermost = stack.at(-1);
  const calledBack = innermost === undefined ? undefined : scenarioStatement(innermost);
  const frame =
    innermost === undefined
      ? statement
      : calledBack !== undefined
        ? statementText(session, calledBack)
        : await kernelFrame(session, {
            statementId: innermost,
            functionId: tables.statementFunction[innermost] ?? 0,
          });
  const at =
    statement === undefined
      ? ''
      : ` at ${taskName ?? 'task'}:${session.counting.toOurLine(statement.line)}: ${statement.text}`;
  return {
    text: `${what}${byProcessor}${stackText(stack, scenario?.program)}${at}`,
    seq: boundary,
    threadId: target.threadOf(task),
    ...(taskName !== undefined && { task: taskName }),
    ...(frame !== undefined && {
      frame: { name: frame.name, line: frame.line, ...(frame.source && { source: frame.source }) },
    }),
    ...(statement !== undefined && { statement }),
  };
}

const statementAt = (session: Session, boundary: number): WriteBody['statement'] =>
  statementText(session, session.current.target.timeline.boundaries.statement(boundary));

function statementText(session: Session, number: number): WriteBody['statement'] {
  const { counting } = session;
  const program = session.current.target.scenario?.program;
  if (program === undefined || number < 0) return undefined;
  const { line, column, endLine, endColumn } = program.range(number);
  const { name, path, text: whole } = program.file(number);
  const [first = ''] = whole.split('\n').slice(line - 1, line);
  const text = first.slice(column - 1, endLine === line ? endColumn - 1 : undefined).trim();
  return {
    name: program.functionAt(number).name,
    source: { name, path },
    line: counting.toTheirLine(line),
    text,
  };
}
