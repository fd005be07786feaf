/** All findings of the scenario's front end about a text. Pure: loaded with the engine, at the first scenario opened. */
import { profileWith } from '../../engine/types/bundled.js';
import {
  defaultMachine,
  describedMachine,
  readScenario,
  type Diagnostic,
  type ReadScenario,
  type ScenarioFile,
  type Sources,
} from '../../scenario/index.js';

export { gatherIncludes } from '../../scenario/index.js';

export interface CheckedScenario {
  readonly diagnostics: readonly Diagnostic[];
  /** Where their spans lead: the text and the files that it includes. */
  readonly sources: Sources;
}

export function checkScenario(text: string, file: ScenarioFile = {}): CheckedScenario {
  const scenario = readScenario(text, file);
  return { diagnostics: findingsOf(scenario), sources: scenario.sources };
}

function findingsOf(scenario: ReadScenario): readonly Diagnostic[] {
  const described = describedMachine(scenario.machine);
  const { profile, compound } = described ?? defaultMachine;
  const { diagnostics } = scenario.compile(profileWith(profile, { compound }));
  // Only a session knows the kernel of a machine in a file: what another kernel may well have is not reported.
  return described === undefined
    ? diagnostics.filter(({ code }) => !OF_THE_KERNEL.has(code))
    : diagnostics;
}

const OF_THE_KERNEL = new Set<Diagnostic['code']>([
  'unknown-name',
  'unknown-type',
  'unknown-member',
  'incomplete-type',
  'type-mismatch',
  'conversion',
  'not-constant',
]);
