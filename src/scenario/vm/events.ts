/** What a script reports, as marks on the tape beside the kernel's own events. */
import type { KernelEvent } from '../../engine/machine/events.js';
import type { Span } from '../syntax/span.js';

export type ScenarioEvent =
  /** `expect(...)` did not hold. */
  {
    readonly kind: 'expect-failed';
    /** The call as written: `expect(PageHead(page))`. */
    readonly source: string;
    /** What was compared in it: `page_count(p) is 2`; empty where there is nothing to say. */
    readonly operands: string;
    readonly span: Span;
    readonly task: number;
  };

/** `expect(page_count(p) == 1) does not hold: page_count(p) is 2` */
export const failedExpectText = ({ source, operands }: ScenarioEvent): string =>
  `${source} does not hold${operands === '' ? '' : `: ${operands}`}`;

export type MachineEvent = KernelEvent | ScenarioEvent;
