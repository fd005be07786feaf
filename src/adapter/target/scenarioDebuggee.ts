/**
 * A scenario as what is debugged: the scenario room's machine, turned to what time travel, stacks and expressions need.
 * Statement numbers are the numbers of the program's boundaries.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { kernel as instrumented } from '../../engine/entry/instrumented.js';
import * as plain from '../../engine/entry/functions.js';
import { asVirt } from '../../engine/memory/address.js';
import type { Tape } from '../../engine/memory/tape.js';
import { placeAt, type Place } from '../../engine/types/access.js';
import {
  ScenarioVm,
  type Evaluated as VmEvaluated,
  type Local,
  type MachineEvent,
  type Program,
} from '../../scenario/index.js';
import type { Evaluated, Evaluator, KnownName, Viewpoint } from '../evaluation/evaluator.js';
import { knownNames } from '../evaluation/knownNames.js';
import { errors } from '../protocol/errors.js';
import type { Debuggee, KernelFlavour, Standing } from '../time/debuggee.js';
import type {
  ScenarioFrame,
  ScenarioProgram,
  ScenarioTask,
  ScenarioVariable,
  ScenarioView,
  TextRange,
} from './scenario.js';

export class ScenarioDebuggee implements Debuggee, ScenarioView, Evaluator {
  readonly program: ScenarioProgram;
  private readonly vm: ScenarioVm;

  constructor(
    image: KernelImage,
    private readonly compiled: Program,
    path: string,
  ) {
    const name = path.split(/[\\/]/).at(-1) ?? path;
    this.vm = new ScenarioVm(compiled, image, { kernel: plain, name });
    this.program = programView(compiled, path, name);
  }

  // --- time ----------------------------------------------------------------------------------------------------------

  get tape(): Tape<MachineEvent> {
    return this.vm.tape;
  }

  standing(): Standing {
    const { vm } = this;
    const task = this.nextTask();
    const location = task === undefined ? undefined : vm.location(task);
    if (task === undefined || location === undefined)
      return { task: vm.currentTask, statement: undefined, depth: 0 };
    return { task, statement: location.boundary, depth: vm.depth(task) };
  }

  /** The task whose statement runs next; undefined when none can run. */
  private nextTask(): number | undefined {
    const { vm } = this;
    const current = vm.currentTask;
    // Switching to the current task changes nothing, and tells whether it can run.
    if (vm.switchTask(current)) return current;
    const inVain = new Set(vm.waits().map(({ task }) => task));
    const tasks = vm.tasks();
    for (let i = 1; i < tasks.length; i++) {
      const task = tasks[(current + i) % tasks.length];
      if (task === undefined) continue;
      if (task.status === 'ready' || (task.status === 'waiting' && !inVain.has(task.id)))
        return task.id;
    }
    return undefined;
  }

  runStatement(kernel: KernelFlavour): void {
    const { vm } = this;
    vm.useKernel(kernel === 'plain' ? plain : instrumented);
    try {
      vm.runStatement();
    } finally {
      vm.useKernel(plain);
    }
  }

  /** What the scenario has come to: 0 when every expectation held and no task died or waits for ever. */
  exitCode(): number {
    const { vm } = this;
    const wrong = vm.tasks().some(({ status }) => status === 'failed');
    return vm.failedExpects > 0 || wrong || vm.waits().length > 0 ? 1 : 0;
  }

  /** Why nothing can go on although not everything is done; undefined when everything is. */
  deadlock(): string | undefined {
    const waits = this.vm.waits();
    return waits.length === 0 || this.nextTask() !== undefined
      ? undefined
      : waits.map(({ text }) => text).join('; ');
  }

  // --- view ----------------------------------------------------------------------------------------------------------

  tasks(): readonly ScenarioTask[] {
    const waits = this.vm.waits();
    return this.vm
      .tasks()
      .filter(({ status }) => status !== 'new')
      .map(({ id, name, status }) => ({
        id,
        name,
        state:
          status === 'waiting'
            ? (waits.find(({ task }) => task === id)?.text ?? 'waits no longer')
            : status === 'ready'
              ? ''
              : status,
        over: status === 'ended' || status === 'failed',
      }));
  }

  frames(task: number): readonly ScenarioFrame[] {
    return this.vm.frames(task).map((frame) => ({
      name: frame.function.name,
      isScript: frame.function.kind === 'main',
      range: this.program.range(frame.location.boundary),
    }));
  }

  locals(task: number, frame: number): readonly ScenarioVariable[] {
    const at = this.vm.frames(task)[frame];
    const seen = new Set<string>();
    // A name that hides another one comes first, and is the one that expressions mean.
    return (at === undefined ? [] : this.vm.locals(at)).map(variable).filter(({ name }) => {
      const hidden = seen.has(name);
      seen.add(name);
      return !hidden;
    });
  }

  globals(): readonly ScenarioVariable[] {
    return this.vm.globals().map(variable);
  }

  // --- expressions ---------------------------------------------------------------------------------------------------

  evaluate(expression: string, at: Viewpoint, effects?: 'allowed'): Evaluated {
    const { vm } = this;
    const frame = vm.frames(at.task)[at.frame];
    // What the console does is listened to.
    if (effects === 'allowed') vm.useKernel(instrumented);
    try {
      const result = vm.evaluate(expression, frame, {
        sideEffects: effects === 'allowed',
        ...(at.extra !== undefined &&
          at.extra.length > 0 && {
            values: Object.fromEntries(
              at.extra.map(({ name, type, value }) => [name, { type, value }]),
            ),
          }),
      });
      if (!result.ok) throw errors.cannotEvaluate(result.message);
      return evaluated(result);
    } finally {
      vm.useKernel(plain);
    }
  }

  names(prefix: string): Iterable<KnownName> {
    return knownNames(this.compiled, prefix);
  }
}

const variable = ({ name, type, address, kind }: Local): ScenarioVariable => ({
  name,
  place: placeAt(asVirt(address), type),
  parameter: kind === 'parameter',
});

function evaluated({ type, value, address, bits }: VmEvaluated): Evaluated {
  return {
    type,
    ...(value !== undefined && { value }),
    ...(address !== undefined && { place: placeOf(type, address, bits) }),
  };
}

function placeOf(type: Place['type'], address: number, bits: VmEvaluated['bits']): Place {
  if (bits === undefined) return placeAt(asVirt(address), type);
  const { offset, width } = bits;
  return {
    type,
    address: asVirt(address + (offset >> 3)),
    bitOffset: offset & 7,
    widthBits: width,
  };
}

function programView(program: Program, path: string, name: string): ScenarioProgram {
  const { boundaries, functions, lines, text } = program;
  const ranges: readonly TextRange[] = boundaries.map(({ span }) => {
    const start = lines.position(span.start);
    const end = lines.position(span.end);
    return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
  });
  return {
    path,
    name,
    text,
    nrStatements: boundaries.length,
    position: (offset) => lines.position(offset),
    range: (statement) => ranges[statement] ?? { line: 1, column: 1, endLine: 1, endColumn: 1 },
    entriesOf: (wanted) =>
      functions.flatMap((fn, index) => {
        if (fn.name !== wanted || fn.kind === 'main') return [];
        const first = boundaries.findIndex((boundary) => boundary.function === index);
        return first < 0 ? [] : [first];
      }),
    functionNames: functions.filter(({ kind }) => kind !== 'main').map((fn) => fn.name),
  };
}
