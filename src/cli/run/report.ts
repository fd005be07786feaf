/**
 * What `mmscope run` says about a run while it goes on: the kernel's log, notes of mmscope (`note: ...`), and what went wrong, with its
 * place, on the error output.
 *
 *     f.mms:4:3: task main died: BUG: kernel NULL pointer dereference, address: 0000000000000008
 *       because PGD[0x0] is not present
 *       in free_all() at f.mms:4:3
 *       in main at f.mms:9:1
 */
import { warningText } from '../../engine/entry/warningText.js';
import type { FailedAllocation } from '../../engine/machine/events.js';
import { noteOf } from '../../engine/verdict/notes.js';
import { failureReason } from '../../engine/verdict/reason.js';
import {
  endSummary,
  notGivenBackTexts,
  type Death,
  type MachineEvent,
  type ScenarioVm,
  type Span,
} from '../../scenario/index.js';
import { placeText } from './diagnostics.js';

/** Where lines go. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export class RunReport {
  /** Something went wrong. */
  failed = false;
  /** Marks left of it are told. */
  private told: number;
  /** Of the request that is under way. */
  private notes: string[] = [];
  /** A line of the log that a part may still follow. */
  private openLine: string | undefined;

  constructor(
    private readonly vm: ScenarioVm,
    private readonly file: string,
    private readonly output: Output,
  ) {
    this.told = vm.startPosition;
  }

  /** What was reported since. A statement that was undone has reported nothing. */
  tellNew(): void {
    const { tape } = this.vm;
    for (const { event, position } of tape.marksBetween(this.told, tape.cursor))
      this.tell(event, position);
    this.told = tape.cursor;
    this.notes = [];
  }

  private tell(event: MachineEvent, position: number): void {
    const { output } = this;
    if (event.kind !== 'printk') this.endLine();
    switch (event.kind) {
      case 'printk':
        this.log(event);
        break;
      case 'warn':
        // A scenario's own is in the log.
        if (!event.text.startsWith('WARNING:')) output.out(warningText(event.text));
        break;
      case 'api-misuse':
        this.fail(`${this.placeOf(event.span)}: ${event.text}`);
        break;
      case 'address-misuse':
      case 'stale-tlb':
        output.out(`note: ${event.text}`);
        break;
      case 'direct-compact':
      case 'direct-reclaim':
      case 'out-of-memory':
        this.notes.push(noteOf(event) ?? '');
        break;
      case 'allocation-failed':
        this.tellFailure(event, position);
        break;
      case 'expect-failed':
        this.failed = true;
        output.err(`${this.at(event.span)}: failed: ${withOperands(event)}`);
        break;
      case 'bug':
      case 'signal':
      case 'bad-page':
      case 'slab-corruption':
      case 'migrate':
      case 'range-failed':
      case 'huge-page':
      case 'waits':
      case 'wakes':
        break;
    }
  }

  /** Parts of a line are printed when it is whole, or when it is clear that nothing follows. */
  private log({ text, continues, open }: Extract<MachineEvent, { kind: 'printk' }>): void {
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

  /** A kernel would have gone on where ours gives up: that is said where the request fails. */
  private tellFailure(event: FailedAllocation, position: number): void {
    const notes = [...new Set(this.notes)];
    this.notes = [];
    if (notes.length === 0) return;
    const { image, tape } = this.vm;
    const here = tape.cursor;
    tape.seek(position);
    const reason = failureReason(image.mm, event);
    tape.seek(here);
    this.output.out(`note: the request of order ${event.order} ${notes.join(', ')}; ${reason}`);
  }

  died(task: number, { text, rule, calls, span }: Death): void {
    this.endLine();
    const name = this.vm.tasks()[task]?.name ?? '?';
    this.fail(`${this.at(span)}: task ${name} died: ${text}`);
    if (rule !== undefined) this.output.err(`  because ${rule}`);
    for (const call of calls) {
      const caller = call.function === name ? call.function : `${call.function}()`;
      this.output.err(`  in ${caller} at ${this.at(call.span)}`);
    }
  }

  deadlock(): void {
    this.endLine();
    this.fail(`${this.file}: deadlock: no task can run`);
    for (const text of this.vm.deadlockTexts()) this.output.err(`  ${text}`);
  }

  /** What it has come to. */
  end(): void {
    const { vm } = this;
    this.endLine();
    const summary = endSummary(vm.expects, notGivenBackTexts(vm.holdings.notGivenBack()));
    if (summary !== '') this.output.out(summary);
  }

  private fail(text: string): void {
    this.failed = true;
    this.output.err(text);
  }

  /** A misuse without a call is one of the statement that runs, of which the file alone is said. */
  private placeOf(span: Span | undefined): string {
    return span === undefined ? this.file : this.at(span);
  }

  private at(span: Span): string {
    return placeText(this.file, this.vm.program.sources, span);
  }
}

/** `expect(page_count(p) == 1): page_count(p) is 2` */
const withOperands = ({ source, operands }: { source: string; operands: string }): string =>
  operands === '' ? source : `${source}: ${operands}`;
