/**
 * Opens what a launch asks for: a scenario on the machine that it (or the launch) names, or a machine to look into. What
 * cannot be opened is answered in words.
 */
import { WantsVmlinux } from '../../engine/image/dump/wanted.js';
import { ImageError } from '../../engine/image/kernelImage.js';
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import {
  FileError,
  openMachine,
  type OpenedMachine,
  type OpenOptions,
} from '../../engine/image/openMachine.js';
import { TraceError } from '../../engine/image/state/index.js';
import { isProfileName, loadProfile, PROFILE_NAMES } from '../../engine/types/bundled.js';
import type { Profile } from '../../engine/types/profile.js';
import {
  gatherIncludes,
  onOtherMachine,
  readScenario,
  type CompiledScript,
  type Diagnostic,
  type Program,
  type Sources,
} from '../../scenario/index.js';
import type { Host } from '../host.js';
import type { LaunchArguments } from '../protocol/dap.js';
import { errors } from '../protocol/errors.js';
import type { Reporter } from '../reporter.js';
import type { Debuggee } from './debuggee.js';
import { inspection } from './inspection.js';
import { ScenarioDebuggee } from './scenarioDebuggee.js';

export interface OpenedDebuggee {
  readonly debuggee: Debuggee;
  /** Gives back the file behind its machine. */
  readonly close: () => void;
}

/** @param heed called every few milliseconds while the machine is booted or rebuilt: ends that by what it throws */
export async function openDebuggee(
  args: LaunchArguments,
  host: Host,
  reporter: Reporter,
  heed: () => void,
): Promise<OpenedDebuggee> {
  const override = specOf(args, host);
  const program = nonEmpty(args.program);
  if (program === undefined) {
    if (override === undefined) throw errors.nothingToDebug();
    const { image, close } = await open(override, args, host, heed);
    return { debuggee: inspection(image), close };
  }
  const path = host.resolvePath(program);
  const text = await readText(path, host);
  const findInclude = await gatherIncludes(text, (name, from) =>
    readIncluded(name, from ?? path, host),
  );
  const scenario = readScenario(text, { name: path.split(/[\\/]/).at(-1), findInclude });
  const misread = scenario.machineFindings.filter(({ severity }) => severity === 'error');
  if (misread.length > 0 && override === undefined)
    refuse(misread, scenario.sources, path, reporter);
  const spec = override ?? resolved(scenario.machine, path, host);
  const { image, close } = await open(spec, args, host, heed);
  try {
    if (image.dumped !== undefined) throw errors.cannotRunOn(image.origin);
    const other = override && onOtherMachine(scenario, image.origin);
    if (other !== undefined) reporter.line('console', other);
    const compiled = checked(scenario.compile(image.profile), scenario.sources, path, reporter);
    return { debuggee: new ScenarioDebuggee(image, compiled, path), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function open(
  spec: MachineSpec,
  args: LaunchArguments,
  host: Host,
  heed: () => void,
): Promise<OpenedMachine> {
  const options = { ...openOptions(args), heed };
  try {
    return await openMachine(spec, host, options);
  } catch (error) {
    if (error instanceof FileError) throw errors.cannotRead(error.path, error.reason);
    if (error instanceof WantsVmlinux) throw errors.wantsVmlinux(error.message, error.wanted);
    if (error instanceof ImageError || error instanceof TraceError)
      throw errors.cannotOpen(error.message);
    throw error;
  }
}

/** cell, before, after */
const ENTRY_BYTES = 12;
/** The rest is for what hangs on the tape: events, and what is remembered of steps and hits. Boundaries take theirs of the tape's. */
const TAPE_SHARE = 15 / 16;

function openOptions({ profile, historyMiB }: LaunchArguments): OpenOptions {
  const profiles = profile === undefined || profile === '' ? undefined : [profileNamed(profile)];
  return {
    ...(profiles && { profiles }),
    ...(historyMiB !== undefined &&
      historyMiB > 0 && {
        tapeOptions: { maxEntries: Math.floor((historyMiB * 2 ** 20 * TAPE_SHARE) / ENTRY_BYTES) },
      }),
  };
}

function profileNamed(name: string): Profile {
  if (isProfileName(name)) return loadProfile(name);
  throw errors.cannotOpen(
    `'${name}' is not a kernel that mmscope knows: set 'profile' to one of ${PROFILE_NAMES.join(', ')}.`,
  );
}

/** The machine that the launch itself names. */
function specOf(args: LaunchArguments, host: Host): MachineSpec | undefined {
  const core = nonEmpty(args.core);
  if (core !== undefined) {
    const given = (path: string | undefined): string | undefined =>
      nonEmpty(path) === undefined ? undefined : host.resolvePath(path ?? '');
    return {
      kind: 'core',
      path: host.resolvePath(core),
      parts: args.parts?.map((part) => host.resolvePath(part)),
      vmlinux: given(args.vmlinux),
      systemMap: given(args.systemMap),
      btf: given(args.btf),
    };
  }
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
    if (error instanceof FileError) throw errors.cannotRead(path, error.reason);
    throw error;
  }
}

/** An included file, relative to the file that includes it; undefined if there is none. */
async function readIncluded(name: string, from: string, host: Host) {
  const path = host.resolvePath(name, from);
  try {
    return { path, text: new TextDecoder().decode(await host.readFile(path)) };
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** Reports everything there is to say about the text; refuses it when there are errors. */
function checked(
  { program, diagnostics }: CompiledScript,
  sources: Sources,
  path: string,
  reporter: Reporter,
): Program {
  refuse(diagnostics, sources, path, reporter);
  if (program === undefined) throw new Error('a scenario without errors has no program');
  return program;
}

/** Reports findings; throws when there are errors among them. */
function refuse(
  diagnostics: readonly Diagnostic[],
  sources: Sources,
  path: string,
  reporter: Reporter,
): void {
  const sentences = diagnostics
    .filter(({ severity }) => severity !== 'hint')
    .map((diagnostic) => sentence(diagnostic, path, sources));
  for (const { text: line, severity, place } of sentences)
    reporter.line(severity === 'error' ? 'stderr' : 'console', line, place);
  const failed = sentences.filter(({ severity }) => severity === 'error');
  const [first] = failed;
  if (first !== undefined) throw errors.scenarioHasErrors(first.text, failed.length);
}

function sentence({ severity, message, span }: Diagnostic, main: string, sources: Sources) {
  const { line, column, file } = sources.position(span.start);
  const path = file.path ?? main;
  const name = path.split(/[\\/]/).at(-1) ?? path;
  return {
    severity,
    text: `${name}:${line}:${column}: ${severity}: ${message}`,
    place: { source: { name, path }, line, column },
  };
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
