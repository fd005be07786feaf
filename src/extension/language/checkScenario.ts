/** All findings of the scenario's front end about a text. Pure: loaded with the engine, at the first scenario opened. */
import { PROFILE_NAMES, profileWith } from '../../engine/types/bundled.js';
import type { ProfileName } from '../../engine/types/profile.js';
import {
  compileScenario,
  defaultMachine,
  readMachine,
  scanPragmas,
  type Diagnostic,
  type MachineSpec,
} from '../../scenario/index.js';

export function checkScenario(text: string): readonly Diagnostic[] {
  const { machine } = readMachine(scanPragmas(text));
  const named = profileOf(machine);
  const compound = machine.kind === 'machine' ? machine.compound : defaultMachine.compound;
  const profile = profileWith(named ?? defaultMachine.profile, compound);
  const { diagnostics } = compileScenario(text, profile);
  // Of a machine in a file, only a session knows the kernel: what another kernel may well have is no finding.
  return named === undefined
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

/** The kernel that a machine runs, where the text says it; recordings are named by theirs. */
function profileOf(machine: MachineSpec): ProfileName | undefined {
  if (machine.kind === 'machine') return machine.profile;
  const named = PROFILE_NAMES.filter((name) => machine.path.includes(name));
  return named.sort((a, b) => b.length - a.length)[0];
}
