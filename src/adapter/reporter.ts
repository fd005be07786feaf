/**
 * What the machine prints: lines of the kernel log and failed expectations, each told once however often the cursor passes
 * it. An edit that cuts the tape makes what comes after it new.
 */
import type { Connection } from './protocol/connection.js';
import type { Counting } from './protocol/counting.js';
import { defined, type Dap } from './protocol/dap.js';
import { warningText } from '../engine/entry/warningText.js';
import { failedExpectText, type MachineEvent } from '../scenario/index.js';
import type { Target } from './debuggee/target.js';
import { styled, styleOfLevel, type Style } from './ansi.js';
import { isInside } from './time/place.js';

type Category = 'console' | 'stdout' | 'stderr' | 'important';

const STYLE_OF: Readonly<Record<Category, Style>> = {
  console: 'plain',
  stdout: 'plain',
  stderr: 'red',
  important: 'bold',
};

/** Kernel log levels up to KERN_WARNING. */
const MOST_SEVERE = 4;

export class Reporter {
  /** Everything before this position has been told, and so many marks at it. */
  private toldTo = 0;
  private toldThere = 0;
  /** The category of a line of the log that has no end yet. */
  private openCategory: Category | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly counting: Counting,
    /** Whether the client shows ANSI colours. */
    private readonly isColoured: () => boolean = () => false,
  ) {}

  line(
    category: Category,
    text: string,
    source: Partial<Dap.OutputEvent['body']> = {},
    style: Style = STYLE_OF[category],
  ): void {
    const plain = text.replace(/\n$/, '');
    const output = `${this.isColoured() ? styled(style, plain) : plain}\n`;
    this.connection.event('output', defined({ ...source, category, output }));
  }

  /** The cursor has come to the timeline's place: tells what is new up to there. */
  passed(target: Target): void {
    const { tape } = target;
    const { position } = target.timeline.place;
    if (position < this.toldTo) return;
    const before = tape.marksBetween(this.toldTo, position);
    const here = tape.marksBetween(position, position + 1).slice(0, this.passedHere(target));
    const told = this.toldThere;
    const fresh = position === this.toldTo ? here.slice(told) : [...before.slice(told), ...here];
    for (const { event } of fresh) this.tell(event, target);
    this.toldThere = position === this.toldTo ? Math.max(told, here.length) : here.length;
    this.toldTo = position;
  }

  /** An edit has cut the tape here. */
  cutAt(position: number): void {
    if (position >= this.toldTo) return;
    this.toldTo = position;
    this.toldThere = Infinity;
  }

  /** How many of the marks at the cursor's own position happened before the place. */
  private passedHere({ timeline }: Target): number {
    const { place, boundaries } = timeline;
    // At a boundary that was left again, they are of the statement after it.
    if (!isInside(place)) return boundaries.last === place.boundary ? Infinity : 0;
    return timeline
      .trace(place.boundary)
      .marks.filter((mark) => mark.position === place.position && mark.events <= place.events)
      .length;
  }

  private tell(event: MachineEvent, target: Target): void {
    if (event.kind === 'printk') this.logged(event);
    // A scenario's own is in the log.
    if (event.kind === 'warn' && !event.text.startsWith('WARNING:'))
      this.line('stderr', warningText(event.text));
    if (event.kind === 'api-misuse') this.line('important', event.text);
    if (event.kind === 'address-misuse' || event.kind === 'stale-tlb')
      this.line('console', event.text);
    if (event.kind === 'expect-failed')
      this.line('stderr', failedExpectText(event), this.sourceAt(target, event.span.start));
  }

  /** Parts of a line appear as they come, each behind the other; another line begins where none continues it. */
  private logged({
    level,
    text,
    continues,
    open,
  }: Extract<MachineEvent, { kind: 'printk' }>): void {
    const before = this.openCategory;
    const category =
      continues === true && before !== undefined
        ? before
        : level <= MOST_SEVERE
          ? 'stderr'
          : 'stdout';
    if (before !== undefined && continues !== true) this.part(before, '\n');
    this.openCategory = undefined;
    const style = styleOfLevel(level);
    if (open !== true) {
      this.line(category, text, {}, style);
      return;
    }
    this.part(category, this.isColoured() ? styled(style, text) : text);
    this.openCategory = category;
  }

  private part(category: Category, output: string): void {
    this.connection.event('output', { category, output });
  }

  private sourceAt({ scenario }: Target, offset: number): Partial<Dap.OutputEvent['body']> {
    const program = scenario?.program;
    if (program === undefined) return {};
    const { line, column, file } = program.position(offset);
    return {
      source: { name: file.name, path: file.path },
      line: this.counting.toTheirLine(line),
      column: this.counting.toTheirColumn(column),
    };
  }
}
