/**
 * `mmscope run FILE.mms`: runs a scenario to its end. What the kernel logs goes to the output, and last what the scenario has come
 * to; what went wrong goes to the error output, with its place.
 */
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import { openMachine } from '../../engine/image/openMachine.js';
import * as kernel from '../../engine/entry/functions.js';
import type { TapeOptions } from '../../engine/memory/tape.js';
import { nodeFiles } from '../../files/nodeFiles.js';
import {
  endSummary,
  LineMap,
  readScenario,
  ScenarioVm,
  type MachineEvent,
  type StatementResult,
} from '../../scenario/index.js';
import { besideFile } from '../openFile.js';
import { diagnosticLines, placeText } from './diagnostics.js';

/** Where lines go. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

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
    return new Runner(vm, file, new LineMap(text), output).run();
  } finally {
    close();
  }
}

/** A pragma's path is relative to the script. */
const besideScript = (spec: MachineSpec, file: string): MachineSpec =>
  spec.kind === 'machine' ? spec : { ...spec, path: besideFile(file, spec.path) };

class Runner {
  private failed = false;
  /** Marks left of it are printed. */
  private printed: number;

  constructor(
    private readonly vm: ScenarioVm,
    private readonly file: string,
    private readonly lines: LineMap,
    private readonly output: Output,
  ) {
    this.printed = vm.startPosition;
  }

  run(): number {
    for (;;) {
      const result = this.vm.runStatement();
      this.print();
      this.complain(result);
      if (result.kind === 'exited' || result.kind === 'deadlock') break;
    }
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
    if (event.kind === 'printk') this.output.out(event.text);
    if (event.kind === 'address-misuse' || event.kind === 'stale-tlb')
      this.output.out(`note: ${event.text}`);
    if (event.kind !== 'expect-failed') return;
    this.failed = true;
    const { source, operands, span } = event;
    const values = operands === '' ? '' : `: ${operands}`;
    this.output.err(`${placeText(this.file, this.lines, span)}: failed: ${source}${values}`);
  }

  private complain(result: StatementResult): void {
    if (result.kind === 'failed') {
      const name = this.vm.tasks()[result.task]?.name ?? '?';
      this.fail(`task ${name} died: ${result.text}`);
    }
    if (result.kind === 'deadlock') {
      this.fail('deadlock: no task can run');
      for (const { text } of result.waits) this.output.err(`  ${text}`);
    }
  }

  private fail(text: string): void {
    this.failed = true;
    this.output.err(`${this.file}: ${text}`);
  }
}
