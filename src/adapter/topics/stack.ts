/** DAP threads, stackTrace, scopes. */
import { tables } from '../../engine/entry/instrumented.js';
import { formatAddress } from '../../engine/memory/address.js';
import type { Container, Shown } from '../present/shown.js';
import { showChangeBreakpoints } from './changeBreakpoints.js';
import { cpuScope, globalsScope, machineScope } from '../present/machine.js';
import { showKernelLocals } from '../present/kernelLocals.js';
import { showPlace } from '../present/typedValue.js';
import { lastAllocation } from '../present/verdict.js';
import { qualified } from '../evaluation/qualifiedNames.js';
import { dumpScope } from '../dump/scope.js';
import { kernelNames } from '../evaluation/kernelNames.js';
import { errors } from '../protocol/errors.js';
import { defined, type Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import type { FrameView } from '../debuggee/frames.js';
import { machineSource } from '../debuggee/machineSource.js';
import { kernelPlace, kernelSource } from '../debuggee/kernelSources.js';
import type { ScenarioVariable } from '../debuggee/scenario.js';
import { KERNEL_MODULE, SCENARIO_MODULE } from './modules.js';
import type { Handlers } from './table.js';
import { useOf } from './viewpoint.js';

export const stackHandlers = (session: Session): Handlers<'threads' | 'stackTrace' | 'scopes'> => ({
  threads() {
    const { live } = session;
    if (live === undefined || live.ending.isOver) return { threads: [] };
    return {
      threads: live.target.tasks().map(({ id, name, pid, state }) => {
        const notes = [
          ...(pid === undefined ? [] : [`pid ${pid}`]),
          ...(state === '' ? [] : [state]),
        ];
        return {
          id: live.target.threadOf(id),
          name: notes.length === 0 ? name : `${name} (${notes.join(', ')})`,
        };
      }),
    };
  },

  async stackTrace({ threadId, startFrame = 0, levels = 0 }) {
    const { target, frames } = session.current;
    const all = frames.of(target.taskOf(threadId));
    const wanted = all.slice(startFrame, levels > 0 ? startFrame + levels : undefined);
    const stackFrames: Dap.StackFrame[] = [];
    for (const { id, view } of wanted)
      stackFrames.push({ id, ...(await describeFrame(session, view)) });
    return { stackFrames, totalFrames: all.length };
  },

  scopes({ frameId }) {
    const { target, frames } = session.current;
    const view = frames.get(frameId);
    const { context } = target;
    const scopes: Dap.Scope[] = [];
    if (view.kind !== 'machine')
      scopes.push(scope(session, 'Locals', localsOf(session, view), false, 'locals'));
    const globals = target.scenario?.globals() ?? [];
    if (view.kind !== 'machine' && !isScript(view) && globals.length > 0)
      scopes.push(scope(session, 'Scenario', hiddenVariables(session, view, globals), false));
    const { dumped } = target.image;
    if (dumped !== undefined) {
      scopes.push(scope(session, 'Machine', dumpScope(context, dumped), false));
      scopes.push(scope(session, 'Globals', globalsScope(context), true));
      return { scopes };
    }
    const more = (): readonly Shown[] => [
      lastAllocation(target.image.mm, target.attempts),
      ...showChangeBreakpoints(session),
    ];
    scopes.push(scope(session, 'Machine', machineScope(context, more), false));
    scopes.push(scope(session, 'Globals', globalsScope(context), true));
    scopes.push(scope(session, 'CPU', cpuScope(context), false, 'registers'));
    return { scopes };
  },
});

function scope(
  session: Session,
  name: string,
  container: Container,
  expensive: boolean,
  presentationHint?: string,
): Dap.Scope {
  const variablesReference = session.current.variables.add(container);
  return defined({ name, variablesReference, expensive, presentationHint });
}

/** Locals of the scenario lie in memory; those of a kernel function are the engine's, typed as C. */
function localsOf(session: Session, view: Exclude<FrameView, { kind: 'machine' }>): Container {
  const { target } = session.current;
  const { context } = target;
  if (view.kind === 'scenario') {
    const locals = target.scenario?.locals(view.task, view.index) ?? [];
    // The scenario's own variables are its locals.
    const globals = isScript(view) ? (target.scenario?.globals() ?? []) : [];
    return variablesIn(session, [...locals, ...globals]);
  }
  if (view.kind === 'called') return variablesIn(session, calledLocals(session, view));
  return {
    named: (format) => {
      const captured = target.capturedLocals()[view.index];
      if (captured === undefined) return [];
      const { functionId, locals } = captured;
      return showKernelLocals(
        context,
        { functionId, index: view.index },
        kernelNames(target.image.mm, functionId, locals),
        format,
      );
    },
  };
}

/** Variables in view of a function that the kernel has called. */
function calledLocals(
  session: Session,
  { task, index, frame }: Extract<FrameView, { kind: 'called' }>,
): readonly ScenarioVariable[] {
  const { target } = session.current;
  const captured = target.capturedLocals()[index];
  if (captured === undefined) return [];
  return target.scenario?.calledLocals(task, frame.statement, useOf(captured)) ?? [];
}

const isScript = (view: FrameView): boolean => view.kind === 'scenario' && view.frame.isScript;

const variablesIn = (
  session: Session,
  variables: readonly ScenarioVariable[],
  hidden: () => ReadonlySet<string> = () => NO_NAMES,
): Container => ({
  named: (format) => {
    const names = hidden();
    return variables.map(({ name, place, offset }) => {
      const expression = names.has(name) ? qualified(name) : name;
      return {
        ...showPlace(session.current.target.context, name, place, expression, format),
        declaration: { kind: 'scenario', offset },
      };
    });
  },
});

const NO_NAMES: ReadonlySet<string> = new Set();

/** The scenario's variables as a function sees them: one that a local hides has an expression of its own. */
const hiddenVariables = (
  session: Session,
  view: Exclude<FrameView, { kind: 'machine' }>,
  globals: readonly ScenarioVariable[],
): Container =>
  variablesIn(session, globals, () => {
    const { target } = session.current;
    const locals =
      view.kind === 'scenario'
        ? (target.scenario?.locals(view.task, view.index) ?? []).map(({ name }) => name)
        : view.kind === 'called'
          ? calledLocals(session, view).map(({ name }) => name)
          : Object.keys(target.capturedLocals()[view.index]?.locals ?? {});
    return new Set(locals);
  });

async function describeFrame(
  session: Session,
  view: FrameView,
): Promise<Omit<Dap.StackFrame, 'id'>> {
  const { target } = session.current;
  if (view.kind === 'machine')
    return {
      name: target.image.origin,
      source: machineSource,
      line: session.counting.toTheirLine(1),
      column: session.counting.toTheirColumn(1),
    };
  if (view.kind === 'kernel') return kernelFrame(session, view);
  const program = target.scenario?.program;
  if (program === undefined) throw errors.notRunnable(target.image.dumped === undefined);
  // Without an end: clients select a range that has one, and the next key typed would replace the statement.
  const { line, column } = view.frame.range;
  const { name, path } = view.frame.file;
  return {
    name: view.frame.name,
    source: { name, path },
    line: session.counting.toTheirLine(line),
    column: session.counting.toTheirColumn(column),
    instructionPointerReference: formatAddress(
      program.code.addressOf(view.frame.statement),
      target.image.profile.pointerSize,
    ),
    moduleId: SCENARIO_MODULE,
  };
}

/** A line of a kernel function, as a frame shows it. */
export async function kernelFrame(
  session: Session,
  view: Pick<Extract<FrameView, { kind: 'kernel' }>, 'functionId' | 'statementId'>,
): Promise<Omit<Dap.StackFrame, 'id'>> {
  const fn = tables.functions[view.functionId];
  const name = fn?.name ?? '?';
  const language = session.kernelLanguage;
  const linux = await session.linuxSource?.placeOf(view.functionId);
  if (linux !== undefined)
    return {
      name,
      source: { name: linux.path.split('/').at(-1) ?? name, path: linux.path },
      line: session.counting.toTheirLine(linux.line),
      column: session.counting.toTheirColumn(1),
      moduleId: KERNEL_MODULE,
    };
  return {
    name,
    source: kernelSource(kernelPlace(view.functionId, language)?.file ?? ''),
    line: session.counting.toTheirLine(tables.statementLine[language][view.statementId] ?? 1),
    column: session.counting.toTheirColumn(1),
    moduleId: KERNEL_MODULE,
  };
}
