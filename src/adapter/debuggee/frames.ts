/**
 * The stack of a task: the kernel functions that are active inside its statement, innermost first, then the scenario's.
 * Frame ids live until the machine moves.
 */
import { tables } from '../../engine/entry/instrumented.js';
import { errors } from '../protocol/errors.js';
import { isInside } from '../time/place.js';
import { scenarioStatement } from '../time/stackText.js';
import type { Timeline } from '../time/timeline.js';
import type { ScenarioFrame, ScenarioView } from './scenario.js';

export type FrameView =
  | {
      readonly kind: 'kernel';
      readonly task: number;
      /** 0 is the innermost active kernel function. */
      readonly index: number;
      readonly functionId: number;
      readonly statementId: number;
    }
  /** A function of the scenario that the kernel has called back, among the kernel's. */
  | {
      readonly kind: 'called';
      readonly task: number;
      /** Among the functions inside the statement: 0 is the innermost. */
      readonly index: number;
      readonly frame: ScenarioFrame;
    }
  | {
      readonly kind: 'scenario';
      readonly task: number;
      readonly index: number;
      readonly frame: ScenarioFrame;
    }
  /** There is no scenario: the machine itself. */
  | { readonly kind: 'machine'; readonly task: number };

export class Frames {
  private byId = new Map<number, FrameView>();
  private ids = new Map<number, readonly { readonly id: number; readonly view: FrameView }[]>();
  private nextId = 1;

  constructor(
    private readonly target: {
      readonly timeline: Timeline;
      readonly scenario: ScenarioView | undefined;
    },
  ) {}

  /** The machine moves. */
  clear(): void {
    this.byId = new Map();
    this.ids = new Map();
  }

  /** The frames of a task, innermost first, with their ids. */
  of(task: number): readonly { readonly id: number; readonly view: FrameView }[] {
    const known = this.ids.get(task);
    if (known !== undefined) return known;
    const frames = this.viewsOf(task).map((view) => {
      const id = this.nextId++;
      this.byId.set(id, view);
      return { id, view };
    });
    this.ids.set(task, frames);
    return frames;
  }

  get(id: number): FrameView {
    const view = this.byId.get(id);
    if (view === undefined) throw errors.noSuchFrame(id);
    return view;
  }

  private viewsOf(task: number): FrameView[] {
    const { scenario } = this.target;
    if (scenario === undefined) return [{ kind: 'machine', task }];
    const frames = scenario
      .frames(task)
      .map((frame, index) => ({ kind: 'scenario', task, index, frame }) as const);
    return [...this.insideViews(task, scenario), ...frames];
  }

  /** Only the task that runs is inside a statement. */
  private insideViews(task: number, scenario: ScenarioView): FrameView[] {
    const { timeline } = this.target;
    const { place, boundaries } = timeline;
    if (!isInside(place) || boundaries.task(place.boundary) !== task) return [];
    const stack = timeline.trace(place.boundary).stackAfter(place.events);
    return stack.reverse().map((statementId, index): FrameView => {
      const statement = scenarioStatement(statementId);
      if (statement !== undefined)
        return { kind: 'called', task, index, frame: scenario.calledFrame(statement) };
      const functionId = tables.statementFunction[statementId] ?? 0;
      return { kind: 'kernel', task, index, functionId, statementId };
    });
  }
}
