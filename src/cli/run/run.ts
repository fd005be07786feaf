/**
 * `mmscope run FILE.mms`: runs a scenario to its end. What the kernel logs goes to the output, and last what the scenario has come
 * to; what went wrong goes to the error output, with its place.
 */
import { dirname, join } from 'node:path';
import { ImageError, type KernelImage } from '../../engine/image/kernelImage.js';
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import { dumpSpecOf, openMachine } from '../../engine/image/openMachine.js';
import { reportSentence } from '../../engine/image/reportText.js';
import * as kernel from '../../engine/entry/functions.js';
import type { TapeOptions } from '../../engine/memory/tape.js';
import { nodeFiles } from '../../files/nodeFiles.js';
import { inlineWidely } from '../inlining.js';
import {
  gatherIncludes,
  onOtherMachine,
  readScenario,
  ScenarioVm,
  type Diagnostic,
} from '../../scenario/index.js';
import { isInputError } from '../inputError.js';
import { besideFile, fileExists } from '../openFile.js';
import { diagnosticLines } from './diagnostics.js';
import { RunReport, type Output } from './report.js';
import { EndlessRun } from './whereabouts.js';

const NO_MACHINE = 2;

/** History is needed only to undo the statement of a task that has to wait. */
const TAPE: TapeOptions = { maxEntries: 1 << 21 };

/**
 * Gives 0; 1 when the script has errors, an `expect` did not hold, a task died or nothing could run any more; 2 when there is
 * no such machine.
 *
 * @param options.on a dump or a recorded state to run on, whatever the script asks for
 * @param options.atEnd looks at the machine when it has come to its end
 * @throws FileError, ImageError, TraceError
 */
export async function run(
  file: string,
  output: Output,
  { on, atEnd }: { on?: string | undefined; atEnd?: (image: KernelImage) => void } = {},
): Promise<number> {
  const text = new TextDecoder().decode(await nodeFiles.readFile(file));
  const instead = reportSentence(text.trimStart().split('\n', 1)[0] ?? '');
  if (instead !== undefined) {
    output.err(`${file}: ${instead}`);
    return 1;
  }
  const findInclude = await gatherIncludes(text, (name, from) => readBeside(name, from ?? file));
  const scenario = readScenario(text, { name: file, findInclude });
  const { sources, machineFindings, machineSpan } = scenario;
  const complain = (findings: readonly Diagnostic[]): void => {
    for (const line of diagnosticLines(file, sources, findings)) output.err(line);
  };
  const override = on === undefined ? undefined : await dumpSpecOf(on, nodeFiles);
  if (override === undefined && machineFindings.some(({ severity }) => severity === 'error')) {
    complain(machineFindings);
    return 1;
  }
  const { image, close } = await opened(
    override ?? besideScript(scenario.machine, file),
    (message) => {
      if (override !== undefined) output.err(`mmscope: ${message}`);
      else complain([{ severity: 'error', code: 'bad-pragma', span: machineSpan, message }]);
    },
  );
  if (image === undefined) return NO_MACHINE;
  try {
    const other = override && onOtherMachine(scenario, image.origin);
    if (other !== undefined) output.out(`note: ${other}`);
    const { program, diagnostics } = scenario.compile(image.profile);
    complain(diagnostics);
    if (program === undefined) return 1;
    const vm = new ScenarioVm(program, image, { kernel, name: file });
    const watch = new EndlessRun(vm, file, output);
    const code = runToEnd(vm, new RunReport(vm, file, output), watch);
    atEnd?.(image);
    return code;
  } finally {
    close();
  }
}

/** An included file, relative to the file that includes it. */
async function readBeside(name: string, from: string) {
  const path = join(dirname(from), name);
  if (!fileExists(path)) return undefined;
  return { path, text: new TextDecoder().decode(await nodeFiles.readFile(path)) };
}

/** The machine; what keeps it from being opened is said where it is asked for. */
async function opened(spec: MachineSpec, report: (message: string) => void) {
  try {
    const machine = await openMachine(spec, nodeFiles, { tapeOptions: TAPE });
    inlineWidely();
    if (machine.image.dumped === undefined) return machine;
    machine.close();
    throw new ImageError(cannotRunOn(machine.image));
  } catch (error) {
    if (!isInputError(error)) throw error;
    report(error.message);
    return { image: undefined, close: () => undefined };
  }
}

const cannotRunOn = ({ origin }: KernelImage): string =>
  `A scenario cannot run on ${origin}. mmscope runs the algorithms of Linux 6.1 on the builds that it ships with. 'mmscope info' and 'mmscope eval' look into it.`;

/** A pragma's path is relative to the script. */
const besideScript = (spec: MachineSpec, file: string): MachineSpec =>
  spec.kind === 'machine' ? spec : { ...spec, path: besideFile(file, spec.path) };

/** From the first statement to the last. */
function runToEnd(vm: ScenarioVm, report: RunReport, watch: EndlessRun): number {
  for (;;) {
    const result = vm.runStatement();
    report.tellNew();
    if (result.kind === 'failed') report.died(result.task, result);
    if (result.kind === 'deadlock') report.deadlock();
    if (result.kind === 'exited' || result.kind === 'deadlock') break;
    watch.passed();
  }
  report.end();
  return report.failed ? 1 : 0;
}
