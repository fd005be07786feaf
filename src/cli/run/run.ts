/**
 * `mmscope run FILE.mms`: runs a scenario to its end. What the kernel logs goes to the output, and last what the scenario has come
 * to; what went wrong goes to the error output, with its place.
 */
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import { openMachine } from '../../engine/image/openMachine.js';
import * as kernel from '../../engine/entry/functions.js';
import type { TapeOptions } from '../../engine/memory/tape.js';
import { nodeFiles } from '../../files/nodeFiles.js';
import { LineMap, readScenario, ScenarioVm } from '../../scenario/index.js';
import { besideFile } from '../openFile.js';
import { diagnosticLines } from './diagnostics.js';
import { RunReport, type Output } from './report.js';

/** History is needed only to undo the statement of a task that has to wait. */
const TAPE: TapeOptions = { maxEntries: 1 << 21 };

/**
 * Gives 0; 1 when the script has errors, an `expect` did not hold, a task died or nothing could run any more.
 *
 * @throws FileError, ImageError, TraceError
 */
export async function run(file: string, output: Output): Promise<number> {
  const text = new TextDecoder().decode(await nodeFiles.readFile(file));
  const scenario = readScenario(text);
  const spec = besideScript(scenario.machine, file);
  const { image, close } = await openMachine(spec, nodeFiles, { tapeOptions: TAPE });
  try {
    const { program, diagnostics } = scenario.compile(image.profile);
    for (const line of diagnosticLines(file, text, diagnostics)) output.err(line);
    if (program === undefined) return 1;
    const vm = new ScenarioVm(program, image, { kernel, name: file });
    return runToEnd(vm, new RunReport(vm, file, new LineMap(text), output));
  } finally {
    close();
  }
}

/** A pragma's path is relative to the script. */
const besideScript = (spec: MachineSpec, file: string): MachineSpec =>
  spec.kind === 'machine' ? spec : { ...spec, path: besideFile(file, spec.path) };

/** From the first statement to the last. */
function runToEnd(vm: ScenarioVm, report: RunReport): number {
  for (;;) {
    const result = vm.runStatement();
    report.tellNew();
    if (result.kind === 'failed') report.died(result.task, result);
    if (result.kind === 'deadlock') report.deadlock(result.waits);
    if (result.kind === 'exited' || result.kind === 'deadlock') break;
  }
  report.end();
  return report.failed ? 1 : 0;
}
