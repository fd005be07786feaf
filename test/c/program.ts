/** C programs as scenarios: compiled and run in process, their output as one text. */
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { compileScenario, LineMap, ScenarioVm } from '../../src/scenario/index.js';

export interface ProgramRun {
  /** Errors of the compiler, as `line:column: message`; then nothing has run. */
  readonly errors: readonly string[];
  readonly output: string;
  /** How the run failed: an expectation, a fault, a limit; undefined if it came to its end. */
  readonly failure: string | undefined;
}

const MAX_STATEMENTS = 3_000_000;

export function runProgram(text: string, profileName: ProfileName): ProgramRun {
  const profile = loadProfile(profileName);
  const { program, diagnostics } = compileScenario(text, profile);
  const lines = new LineMap(text);
  if (program === undefined) {
    const errors = diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ message, span }) => {
        const { line, column } = lines.position(span.start);
        return `${line}:${column}: ${message}`;
      });
    return { errors, output: '', failure: undefined };
  }
  const image = bootMachine({ profile, ramBytes: 32 << 20, tapeOptions: { maxEntries: 1 << 20 } });
  const vm = new ScenarioVm(program, image, { kernel, name: 'program.c' });
  let output = '';
  let failure: string | undefined;
  let printed = vm.startPosition;
  let open = false;
  for (let i = 0; ; i++) {
    const result = vm.runStatement();
    for (const { event } of vm.tape.marksBetween(printed, vm.tape.cursor)) {
      if (event.kind === 'expect-failed') failure = event.source;
      if (event.kind !== 'printk') continue;
      if (open && event.continues !== true) output += '\n';
      output += event.text;
      open = event.open === true;
      if (!open) output += '\n';
    }
    printed = vm.tape.cursor;
    if (result.kind === 'failed') failure = result.text;
    if (result.kind === 'exited' || result.kind === 'deadlock') break;
    if (i === MAX_STATEMENTS) {
      failure = 'it runs for too long';
      break;
    }
  }
  return { errors: [], output, failure };
}
