/** What a scenario reports, as marks on the tape beside the kernel's own events. */
import type { KernelEvent } from '../../engine/machine/events.js';
import type { Span } from '../syntax/span.js';

type ScenarioEvent =
  /** `expect(...)` did not hold. */
  | {
      readonly kind: 'expect-failed';
      /** The call as written: `expect(PageHead(page))`. */
      readonly source: string;
      /** What was compared in it: `page_count(p) is 2`; empty where there is nothing to say. */
      readonly operands: string;
      readonly span: Span;
      readonly task: number;
    }
  /** A task sleeps until a page or a rw_semaphore is free. */
  | {
      readonly kind: 'waits';
      readonly task: number;
      /** `waits for the lock of page 0x2400, which main holds` */
      readonly text: string;
      readonly name: string;
      readonly pid: number;
    }
  /** A function of the kernel was called, or memory accessed, as it must not be: told on machines with `debug_vm=on`. */
  | {
      readonly kind: 'api-misuse';
      readonly misuse: Misuse;
      /** One sentence: what was misused, and where the page was allocated and freed. */
      readonly text: string;
      /** The call, or the statement of an access; undefined in the debug console. */
      readonly span: Span | undefined;
      readonly task: number;
    };

export type Misuse =
  | 'double free'
  | 'use after free'
  | 'reference count'
  | 'order'
  | 'locked'
  | 'mapped'
  | 'kunmap'
  | 'sleeping call';

/** `expect(page_count(p) == 1) does not hold: page_count(p) is 2` */
export const failedExpectText = ({ source, operands }: FailedExpect): string =>
  `${source} does not hold${operands === '' ? '' : `: ${operands}`}`;

export type MachineEvent = KernelEvent | ScenarioEvent;

export type FailedExpect = Extract<ScenarioEvent, { kind: 'expect-failed' }>;
