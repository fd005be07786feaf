/** DAP setBreakpoints, setFunctionBreakpoints, setExceptionBreakpoints, breakpointLocations. */
import { errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import { defined } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { kernelFileOf, kernelLines } from '../debuggee/kernelSources.js';
import { differs } from './checksums.js';
import type { Handlers } from './table.js';

export const breakpointHandlers = (
  session: Session,
): Handlers<
  'setBreakpoints' | 'setFunctionBreakpoints' | 'setExceptionBreakpoints' | 'breakpointLocations'
> => ({
  async setBreakpoints({ source, breakpoints = [], sourceModified }) {
    await session.loading;
    const key = keyOf(session, source);
    session.breakpoints.setLines(
      key,
      source,
      breakpoints.map((breakpoint) => ({
        ...breakpoint,
        line: session.counting.toOurLine(breakpoint.line),
        ...(breakpoint.column !== undefined && {
          column: session.counting.toOurColumn(breakpoint.column),
        }),
      })),
    );
    const answers = settled(session, () => session.breakpoints.answersOfLines(key));
    const isOld = sourceModified === true || isAnotherText(session, source, key);
    return { breakpoints: isOld ? answers.map(inOldText) : answers };
  },

  async setFunctionBreakpoints({ breakpoints }) {
    await session.loading;
    session.breakpoints.setFunctions(breakpoints);
    return { breakpoints: settled(session, () => session.breakpoints.answersOfFunctions()) };
  },

  async setExceptionBreakpoints(args) {
    await session.loading;
    session.breakpoints.setExceptions(args);
    return { breakpoints: settled(session, () => session.breakpoints.answersOfExceptions()) };
  },

  /** Every place in a range of lines where a breakpoint would stop without being moved. */
  async breakpointLocations({ source, line, column, endLine, endColumn }) {
    await session.loading;
    const { counting } = session;
    const from = counting.toOurLine(line);
    const to = endLine === undefined ? from : counting.toOurLine(endLine);
    const first = column === undefined ? 0 : counting.toOurColumn(column);
    const last = endColumn === undefined ? Infinity : counting.toOurColumn(endColumn);
    const inRange = (one: number, at = 1): boolean =>
      one >= from && one <= to && (one > from || at >= first) && (one < to || at <= last);
    const file = kernelFileOf(source);
    if (file !== undefined)
      return {
        breakpoints: [...kernelLines(file).keys()]
          .filter((one) => inRange(one))
          .map((one) => ({ line: session.counting.toTheirLine(one) })),
      };
    return { breakpoints: programLocations(session, source, inRange) };
  },
});

/** Whether the client's file is no longer the text that runs. */
function isAnotherText(session: Session, source: Dap.Source, key: string): boolean {
  const program = session.live?.target.scenario?.program;
  const file = program?.files.find(({ path }) => path === key);
  return file !== undefined && differs(source, file.text);
}

const inOldText = (breakpoint: Dap.Breakpoint): Dap.Breakpoint => ({
  ...breakpoint,
  message:
    'The file has changed since it was loaded, so lines may differ: restart to run it as it is.',
});

function programLocations(
  session: Session,
  source: Dap.Source,
  inRange: (line: number, column: number) => boolean,
): Dap.BreakpointLocation[] {
  const program = session.live?.target.scenario?.program;
  if (program === undefined || source.path === undefined) return [];
  const wanted = session.host.resolvePath(source.path);
  const file = program.files.find(({ path }) => path === wanted);
  if (file === undefined) return [];
  const seen = new Map<string, Dap.BreakpointLocation>();
  for (let statement = 0; statement < program.nrStatements; statement++) {
    const range = program.range(statement);
    if (program.file(statement) !== file || !inRange(range.line, range.column)) continue;
    seen.set(`${range.line}:${range.column}`, {
      line: session.counting.toTheirLine(range.line),
      column: session.counting.toTheirColumn(range.column),
      endLine: session.counting.toTheirLine(range.endLine),
      endColumn: session.counting.toTheirColumn(range.endColumn),
    });
  }
  return [...seen.values()].sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
}

/** Arms, and answers with what became of the breakpoints; events report the others that changed. */
export function settled(session: Session, answers: () => Dap.Breakpoint[]): Dap.Breakpoint[] {
  session.arm(new Set(answers().map(({ id }) => id ?? -1)));
  return answers().map((breakpoint) => session.counting.toTheirs(defined(breakpoint)));
}

/** What tells sources apart: the kernel's file, or the absolute path. */
function keyOf(session: Session, source: Dap.Source): string {
  const file = kernelFileOf(source);
  if (file !== undefined) return `kernel:${file}`;
  if (source.path === undefined)
    throw errors.badArguments("'setBreakpoints' needs a source with a path or a sourceReference.");
  return session.host.resolvePath(source.path);
}
