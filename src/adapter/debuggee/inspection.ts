/**
 * A machine without a scenario: one thread, standing still for good. Everything can be looked at and edited, and the
 * console can call kernel functions: an empty scenario lends it its evaluator.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { compileScenario } from '../../scenario/index.js';
import type { Debuggee } from './debuggee.js';
import { ScenarioDebuggee } from './scenarioDebuggee.js';

export function inspection(image: KernelImage): Debuggee {
  const { program } = compileScenario('', image.profile);
  if (program === undefined) throw new Error('the empty scenario does not compile');
  const { tape, evaluator, allocations } = new ScenarioDebuggee(image, program, 'console');
  return {
    image,
    tape,
    evaluator,
    allocations,
    scenario: undefined,
    standing: () => ({ task: 0, statement: undefined, depth: 0 }),
    runStatement: () => undefined,
    beginStatement: () => true,
    resumeStatement: () => true,
    wasCalledBack: () => false,
    nrLeft: () => 0,
    depthOf: () => 0,
    canRun: () => false,
    waitsFor: () => undefined,
    switchTo: () => undefined,
    endTask: () => undefined,
  };
}
