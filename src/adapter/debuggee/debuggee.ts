/** What is debugged: a machine, what runs on it, and what expressions are evaluated with. */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Allocations } from '../../engine/view/whereIs.js';
import type { Evaluator } from '../evaluation/evaluator.js';
import type { Runner } from '../time/runner.js';
import type { ScenarioView } from './scenario.js';

export interface Debuggee extends Runner {
  readonly image: KernelImage;
  readonly evaluator: Evaluator;
  /** Who has allocated what. */
  readonly allocations: Allocations;
  /** undefined: the machine stands still and is only looked into. */
  readonly scenario: ScenarioView | undefined;
}
