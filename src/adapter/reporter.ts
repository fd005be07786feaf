/**
 * What the machine prints: lines of the kernel log and failed expectations, each told once however often the cursor passes
 * it. An edit that cuts the tape makes what comes after it new. Many lines of one statement are a report: a group that can be folded.
 */
import type { Connection } from './protocol/connection.js';
import type { Counting } from './protocol/counting.js';
import { defined, type Dap } from './protocol/dap.js';
import { warningText } from '../engine/entry/warningText.js';
import type { Mark } from '../engine/memory/marks.js';
import { failedExpectText, type MachineEvent } from '../scenario/index.js';
import { eventText } from './evaluation/eventNames.js';
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

/** So many lines that one statement prints are a report. */
const REPORT_LINES = 8;

type LogLine = Extract<MachineEvent, { kind: 'printk' }>;

/** How many whole lines of the log follow one another from a mark on, all of one statement. */
function linesFrom(
  marks: readonly Mark<MachineEvent>[],
  from: number,
  { timeline: { boundaries } }: Target,
): number {
  const statement = boundaries.lastUpTo(marks[from]?.position ?? 0);
  let end = from;
  for (; end < marks.length; end++) {
    const mark = marks[end];
    if (mark?.event.kind !== 'printk') break;
    const { open, continues } = mark.event;
    if (open === true || continues === true) break;
    if (boundaries.lastUpTo(mark.position) !== statement) break;
  }
  return end - from;
}

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
    this.tellAll(fresh, target);
    this.toldThere = position === this.toldTo ? Math.max(told, here.length) : here.length;
    this.toldTo = position;
  }

  private tellAll(marks: readonly Mark<MachineEvent>[], target: Target): void {
    for (let at = 0; at < marks.length;) {
      const nrLines = linesFrom(marks, at, target);
      const isReport = nrLines >= REPORT_LINES;
      const end = at + Math.max(1, nrLines);
      for (let i = at; i < end; i++) {
        const event = marks[i]?.event;
        if (event !== undefined) this.tell(event, target, isReport && i === at);
      }
      if (isReport) this.connection.event('output', { group: 'end', output: '' });
      at = end;
    }
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

  private tell(event: MachineEvent, target: Target, beginsGroup: boolean): void {
    if (event.kind === 'printk') this.logged(event, beginsGroup);
    // A scenario's own is in the log.
    if (event.kind === 'warn' && !event.text.startsWith('WARNING:'))
      this.line('stderr', warningText(event.text));
    if (event.kind === 'api-misuse') this.line('important', event.text);
    if (event.kind === 'address-misuse' || event.kind === 'stale-tlb')
      this.line('console', event.text);
    if (event.kind === 'huge-page' || event.kind === 'waits' || event.kind === 'wakes')
      this.line('console', eventText(target.context, event));
    if (event.kind === 'expect-failed')
      this.line('stderr', failedExpectText(event), this.sourceAt(target, event.span.start));
  }

  /** Parts of a line appear as they come, each behind the other; another line begins where none continues it. */
  private logged({ level, text, continues, open }: LogLine, beginsGroup: boolean): void {
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
      this.line(category, text, beginsGroup ? { group: 'start' } : {}, style);
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
