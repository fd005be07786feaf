/**
 * A scenario as what is debugged: the scenario room's machine, turned to what time travel needs. Statement numbers are the
 * numbers of the program's boundaries.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import * as plain from '../../engine/entry/functions.js';
import { kernel as instrumented } from '../../engine/entry/instrumented.js';
import type { Allocations } from '../../engine/view/whereIs.js';
import type { Tape } from '../../engine/memory/tape.js';
import {
  ScenarioVm,
  type BlockReason,
  type MachineEvent,
  type Program,
} from '../../scenario/index.js';
import type { KernelFlavour, Standing } from '../time/runner.js';
import type { Debuggee } from './debuggee.js';
import { nextTask, RunningScenario } from './runningScenario.js';
import { ScenarioEvaluator } from './scenarioEvaluator.js';

export class ScenarioDebuggee implements Debuggee {
  readonly scenario: RunningScenario;
  readonly evaluator: ScenarioEvaluator;
  readonly allocations: Allocations;
  private readonly vm: ScenarioVm;

  constructor(
    readonly image: KernelImage,
    program: Program,
    path: string,
  ) {
    const name = path.split(/[\\/]/).at(-1) ?? path;
    this.vm = new ScenarioVm(program, image, { kernel: plain, name });
    this.scenario = new RunningScenario(this.vm, path, name);
    this.evaluator = new ScenarioEvaluator(this.vm);
    this.allocations = {
      object: (address) => this.vm.holdings.allocated('object', address),
      area: (address) => this.vm.holdings.allocated('area', address),
      cache: (address) => this.vm.holdings.allocated('cache', address),
      perCpu: (address) => this.vm.holdings.allocated('per-CPU', address),
      page: (pfn) => this.vm.holdings.pageHistory(pfn),
      holders: (pfn) => this.vm.holdings.pageHolders(pfn),
      pinned: () => this.vm.holdings.pinnedFrames(),
    };
  }

  get tape(): Tape<MachineEvent> {
    return this.vm.tape;
  }

  standing(): Standing {
    const { vm } = this;
    const task = nextTask(vm);
    const location = task === undefined ? undefined : vm.location(task);
    if (task === undefined || location === undefined)
      return { task: vm.currentTask, statement: undefined, depth: 0 };
    return { task, statement: location.boundary, depth: vm.depth(task) };
  }

  runStatement(kernel: KernelFlavour): void {
    this.vm.runStatement(kernel === 'plain' ? plain : instrumented);
  }

  beginStatement(mayRest: () => boolean): boolean {
    return this.vm.runStatement(plain, mayRest).kind !== 'unfinished';
  }

  resumeStatement(mayRest: () => boolean): boolean {
    return this.vm.resumeStatement(mayRest).kind !== 'unfinished';
  }

  wasCalledBack(): boolean {
    return this.vm.wasCalledBack;
  }

  nrLeft(): number {
    return this.vm.nrLeft;
  }

  depthOf(task: number): number {
    return this.vm.depth(task);
  }

  canRun(task: number): boolean {
    return this.vm.canRun(task);
  }

  waitsFor(task: number): BlockReason | undefined {
    return this.vm.waitsFor(task);
  }

  switchTo(task: number): void {
    this.vm.turns.give(task);
  }

  endTask(task: number): void {
    this.vm.turns.end(task);
  }
}
