/**
 * Which debuggee a launch asks for: a scenario on the machine that it (or the launch) names, or a machine to look into.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  compileScenario,
  LineMap,
  readMachine,
  scanPragmas,
  type Diagnostic,
  type MachineSpec,
  type Program,
} from '../../scenario/index.js';
import type { Host } from '../host.js';
import { errors } from '../protocol/errors.js';
import type { LaunchArguments } from '../protocol/dap.js';
import type { Reporter } from '../reporter.js';
import { openImage } from './images.js';
import { inspection } from './inspection.js';
import type { Opened } from './open.js';
import { ScenarioDebuggee } from './scenarioDebuggee.js';

export async function openDebuggee(
  args: LaunchArguments,
  host: Host,
  reporter: Reporter,
): Promise<Opened> {
  const override = specOf(args, host);
  const program = nonEmpty(args.program);
  if (program === undefined) {
    if (override === undefined) throw errors.nothingToDebug();
    const { image, close } = await openImage(override, args, host);
    return { ...inspection(image, emptyProgram(image)), close };
  }
  const path = host.resolvePath(program);
  const text = await readText(path, host);
  const { machine } = readMachine(scanPragmas(text));
  const spec = override ?? resolved(machine, path, host);
  const { image, close } = await openImage(spec, args, host);
  try {
    const debuggee = new ScenarioDebuggee(image, compiled(text, path, image, reporter), path);
    return {
      image,
      debuggee,
      scenario: debuggee,
      evaluator: debuggee,
      exitCode: () => debuggee.exitCode(),
      deadlock: () => debuggee.deadlock(),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The machine that the launch itself names. */
function specOf(args: LaunchArguments, host: Host): MachineSpec | undefined {
  const core = nonEmpty(args.core);
  if (core !== undefined) return { kind: 'core', path: host.resolvePath(core) };
  const state = nonEmpty(args.state);
  return state === undefined ? undefined : { kind: 'state', path: host.resolvePath(state) };
}

/** A pragma's path is relative to the scenario. */
const resolved = (machine: MachineSpec, scenario: string, host: Host): MachineSpec =>
  machine.kind === 'machine'
    ? machine
    : { ...machine, path: host.resolvePath(machine.path, scenario) };

async function readText(path: string, host: Host): Promise<string> {
  try {
    return new TextDecoder().decode(await host.readFile(path));
  } catch (error) {
    throw errors.cannotRead(path, error instanceof Error ? error.message : String(error));
  }
}

/** Tells everything there is to say about the text; refuses it when there are errors. */
function compiled(text: string, path: string, image: KernelImage, reporter: Reporter): Program {
  const { program, diagnostics } = compileScenario(text, image.profile);
  const lines = new LineMap(text);
  const sentences = diagnostics
    .filter(({ severity }) => severity !== 'hint')
    .map((diagnostic) => sentence(diagnostic, path, lines));
  for (const { text: line, severity, place } of sentences)
    reporter.line(severity === 'error' ? 'stderr' : 'console', line, place);
  const failed = sentences.filter(({ severity }) => severity === 'error');
  const [first] = failed;
  if (first !== undefined) throw errors.scenarioHasErrors(first.text, failed.length);
  if (program === undefined) throw new Error('a scenario without errors has no program');
  return program;
}

function sentence({ severity, message, span }: Diagnostic, path: string, lines: LineMap) {
  const { line, column } = lines.position(span.start);
  const name = path.split(/[\\/]/).at(-1) ?? path;
  return {
    severity,
    text: `${name}:${line}:${column}: ${severity}: ${message}`,
    place: { source: { name, path }, line, column },
  };
}

/** What a machine without a scenario evaluates expressions with. */
function emptyProgram(image: KernelImage): Program {
  const { program } = compileScenario('', image.profile);
  if (program === undefined) throw new Error('the empty scenario does not compile');
  return program;
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
