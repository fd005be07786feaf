/**
 * Edits inside statements: each belongs to its statement, and is taken over at its place whenever that is replayed.
 */
import type { Tape } from '../../engine/memory/tape.js';
import type { MachineEvent } from '../../scenario/index.js';
import { settableLocals } from '../debuggee/kernelSources.js';
import type { Place } from './place.js';
import type { ActiveFunction, TraceVisitor } from './statementTrace.js';

/** What an edit did inside a statement after `events` of its events: entries that it wrote, or a local that it set. */
export interface EditSpan {
  readonly events: number;
  readonly from: number;
  readonly to: number;
  readonly local?: LocalEdit;
}

/** A local of an active kernel function gets another value. */
export interface LocalEdit {
  /** Of the function: 0 is the innermost. */
  readonly index: number;
  readonly name: string;
  /** As the engine has it. */
  readonly value: unknown;
}

export class InnerEdits {
  /** By the number of the boundary before. */
  private readonly spans = new Map<number, EditSpan[]>();

  has(boundary: number): boolean {
    return this.spans.has(boundary);
  }

  of(boundary: number): readonly EditSpan[] {
    return this.spans.get(boundary) ?? [];
  }

  add(boundary: number, span: EditSpan): void {
    this.spans.set(boundary, [...this.of(boundary), span]);
  }

  /** Whether one wrote the entry at a position. */
  wrote(boundary: number, position: number): boolean {
    return this.of(boundary).some(({ from, to }) => position >= from && position < to);
  }

  forgetAfter({ boundary, position, events }: Place): void {
    for (const [at, spans] of this.spans) {
      const kept =
        at > boundary ? [] : spans.filter((span) => span.to <= position && span.events <= events);
      if (kept.length === 0) this.spans.delete(at);
      else this.spans.set(at, kept);
    }
  }

  /**
   * Applies the edits inside a statement during its replay, before the visitor sees their places: at the event they lie
   * at, or, where nothing of the kernel follows, at the next write.
   */
  during(
    tape: Tape<MachineEvent>,
    boundary: number,
    visitor: TraceVisitor,
    applied?: (edit: EditSpan) => void,
  ): TraceVisitor {
    const edits = this.of(boundary);
    if (edits.length === 0) return visitor;
    /** Several edits at one place follow one another on the tape. */
    const apply = (
      events: number | undefined,
      stack: readonly ActiveFunction[] | undefined,
    ): boolean => {
      let some = false;
      for (const edit of edits) {
        if (edit.from !== tape.cursor || (events !== undefined && edit.events !== events)) continue;
        const { local } = edit;
        if (local !== undefined) {
          // Right after its event, and only then.
          if (stack === undefined) continue;
          const active = stack[stack.length - 1 - local.index];
          active?.set(settableLocals(active.functionId).indexOf(local.name), local.value);
        } else {
          tape.replayEntriesTo(edit.to);
          visitor.edit?.(edit.from, edit.to);
        }
        applied?.(edit);
        some = true;
      }
      return some;
    };
    return {
      ...visitor,
      before: (n, stack) => {
        apply(n, undefined);
        visitor.before?.(n, stack);
      },
      after: (n, stack, statementId, isEntry) => {
        apply(n + 1, stack);
        visitor.after?.(n, stack, statementId, isEntry);
      },
      diverged: () => apply(undefined, undefined),
    };
  }
}
