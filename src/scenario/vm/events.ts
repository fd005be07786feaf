/** What a script reports, as marks on the tape beside the kernel's own events. */
import type { KernelEvent } from '../../engine/machine/events.js';
import type { Span } from '../syntax/span.js';

export type ScenarioEvent =
  /** `expect(...)` did not hold. */
  {
    readonly kind: 'expect-failed';
    /** The call as written: `expect(PageHead(page))`. */
    readonly source: string;
    readonly span: Span;
    readonly task: number;
  };

export type MachineEvent = KernelEvent | ScenarioEvent;
