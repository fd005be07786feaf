/**
 * A machine without a scenario: one thread, standing still for good. Everything can be looked at and edited, and the
 * console can call kernel functions: an empty scenario lends it its evaluator.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Program } from '../../scenario/index.js';
import type { Opened } from './open.js';
import { ScenarioDebuggee } from './scenarioDebuggee.js';
import type { ScenarioView } from './scenario.js';

const NO_SCENARIO: ScenarioView = {
  program: undefined,
  tasks: () => [{ id: 0, name: 'machine', state: '', over: false }],
  frames: () => [],
  locals: () => [],
  globals: () => [],
};

export function inspection(image: KernelImage, empty: Program): Omit<Opened, 'close'> {
  const evaluator = new ScenarioDebuggee(image, empty, 'console');
  return {
    image,
    debuggee: {
      tape: evaluator.tape,
      standing: () => ({ task: 0, statement: undefined, depth: 0 }),
      runStatement: () => undefined,
    },
    scenario: NO_SCENARIO,
    evaluator,
    exitCode: () => 0,
    deadlock: () => undefined,
  };
}
