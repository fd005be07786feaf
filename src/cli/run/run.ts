/**
 * `mmscope run FILE.mms`: runs a scenario to its end. What the kernel logs goes to the output, and last what the scenario has come
 * to; what went wrong goes to the error output, with its place.
 */
import { dirname, join } from 'node:path';
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import { openMachine } from '../../engine/image/openMachine.js';
import * as kernel from '../../engine/entry/functions.js';
import type { TapeOptions } from '../../engine/memory/tape.js';
import { nodeFiles } from '../../files/nodeFiles.js';
import {
  endSummary,
  gatherIncludes,
  readScenario,
  ScenarioVm,
  type Diagnostic,
  type MachineEvent,
  type Span,
  type StatementResult,
} from '../../scenario/index.js';
import { isInputError } from '../inputError.js';
import { besideFile, fileExists } from '../openFile.js';
import { diagnosticLines, placeText } from './diagnostics.js';
import { callChain, EndlessRun } from './whereabouts.js';

/** Where lines go. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

const NO_MACHINE = 2;

/** History is needed only to undo the statement of a task that has to wait. */
const TAPE: TapeOptions = { maxEntries: 1 << 21 };

/**
 * Gives 0; 1 when the script has errors, an `expect` did not hold, a task died or nothing could run any more; 2 when there is
 * no such machine.
 *
 * @throws FileError, ImageError, TraceError
 */
export async function run(file: string, output: Output): Promise<number> {
  const text = new TextDecoder().decode(await nodeFiles.readFile(file));
  const findInclude = await gatherIncludes(text, (name, from) => readBeside(name, from ?? file));
  const scenario = readScenario(text, { name: file, findInclude });
  const { sources, machineFindings, machineSpan } = scenario;
  const complain = (findings: readonly Diagnostic[]): void => {
    for (const line of diagnosticLines(file, sources, findings)) output.err(line);
  };
  if (machineFindings.some(({ severity }) => severity === 'error')) {
    complain(machineFindings);
    return 1;
  }
  const { image, close } = await opened(scenario.machine, file, (message) => {
    complain([{ severity: 'error', code: 'bad-pragma', span: machineSpan, message }]);
  });
  if (image === undefined) return NO_MACHINE;
  try {
    const { program, diagnostics } = scenario.compile(image.profile);
    complain(diagnostics);
    if (program === undefined) return 1;
    const vm = new ScenarioVm(program, image, { kernel, name: file });
    return new Runner(vm, file, output).run();
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

/** The machine; what keeps it from being opened is said at the pragma that asks for it. */
async function opened(spec: MachineSpec, file: string, report: (message: string) => void) {
  try {
    return await openMachine(besideScript(spec, file), nodeFiles, { tapeOptions: TAPE });
  } catch (error) {
    if (!isInputError(error)) throw error;
    report(error.message);
    return { image: undefined, close: () => undefined };
  }
}

/** A pragma's path is relative to the script. */
const besideScript = (spec: MachineSpec, file: string): MachineSpec =>
  spec.kind === 'machine' ? spec : { ...spec, path: besideFile(file, spec.path) };

class Runner {
  private failed = false;
  /** Marks left of it are printed. */
  private printed: number;
  /** A line of the log that a part may still follow. */
  private openLine: string | undefined;
  private readonly watch: EndlessRun;

  constructor(
    private readonly vm: ScenarioVm,
    private readonly file: string,
    private readonly output: Output,
  ) {
    this.printed = vm.startPosition;
    this.watch = new EndlessRun(vm, file, output);
  }

  run(): number {
    for (;;) {
      const result = this.vm.runStatement();
      this.print();
      this.complain(result);
      if (result.kind === 'exited' || result.kind === 'deadlock') break;
      this.watch.passed();
    }
    this.endLine();
    const summary = endSummary(this.vm.expects);
    if (summary !== '') this.output.out(summary);
    return this.failed ? 1 : 0;
  }

  /** What was reported since. A statement that was undone has reported nothing. */
  private print(): void {
    const { tape } = this.vm;
    for (const { event } of tape.marksBetween(this.printed, tape.cursor)) this.printEvent(event);
    this.printed = tape.cursor;
  }

  private printEvent(event: MachineEvent): void {
    if (event.kind === 'printk') this.printLine(event);
    if (event.kind === 'address-misuse' || event.kind === 'stale-tlb') {
      this.endLine();
      this.output.out(`note: ${event.text}`);
    }
    if (event.kind !== 'expect-failed') return;
    this.failed = true;
    this.endLine();
    const { source, operands, span } = event;
    const values = operands === '' ? '' : `: ${operands}`;
    this.output.err(`${this.place(span)}: failed: ${source}${values}`);
  }

  /** Parts of a line are printed when it is whole, or when it is clear that nothing follows. */
  private printLine({ text, continues, open }: Extract<MachineEvent, { kind: 'printk' }>): void {
    if (continues !== true) this.endLine();
    const line = (this.openLine ?? '') + text;
    this.openLine = undefined;
    if (open === true) this.openLine = line;
    else this.output.out(line);
  }

  private endLine(): void {
    if (this.openLine !== undefined) this.output.out(this.openLine);
    this.openLine = undefined;
  }

  private complain(result: StatementResult): void {
    if (result.kind !== 'failed' && result.kind !== 'deadlock') return;
    this.endLine();
    this.failed = true;
    if (result.kind === 'failed') {
      const name = this.vm.tasks()[result.task]?.name ?? '?';
      this.output.err(`${this.place(result.span)}: task ${name} died: ${result.text}`);
      for (const line of callChain(this.vm, this.file, result.task)) this.output.err(line);
      return;
    }
    this.output.err(`${this.file}: deadlock: no task can run`);
    for (const { text } of result.waits) this.output.err(`  ${text}`);
  }

  private place(span: Span): string {
    return placeText(this.file, this.vm.program.sources, span);
  }
}
