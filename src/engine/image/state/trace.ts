/**
 * Recorded traces of a real kernel's memory management, item by item.
 *
 * A trace is text: operations with what each returned, and dump blocks. This file knows the shape of a trace and nothing
 * of what operations mean: an operation is its words, its result, and the kernel's tracepoints that fired in it; a dump is
 * its name and its lines.
 *
 *     a 0 0 K -> 194d gfp=cc0            events off: one line
 *
 *     a 0 0 K                            events on: the result has a line of its own
 *       +pa 194d o=0 mt=0 gfp=cc0
 *      -> 194d gfp=cc0
 *
 * Invariant: items come in the order of the text, and at most one item is held, so a trace of any length costs what its
 * largest dump costs.
 */

import { reportSentence } from '../reportText.js';

/** Text that is not a trace; `line` counts from 1. */
export class TraceError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(`line ${line}: ${message}`);
    this.name = 'TraceError';
  }
}

/** Text that is something else altogether says so early. */
const FIRST_LINES = 40;

export type TraceItem = TraceOp | TraceDump | TraceMark | TraceDirective | TraceEvent;

export interface TraceOp {
  readonly kind: 'op';
  readonly line: number;
  readonly name: string;
  readonly args: readonly string[];
  /** What follows `->`; undefined for operations that return nothing. */
  readonly result: string | undefined;
  /** Tracepoints, in the order in which they fired, without the `+`. */
  readonly events: readonly string[];
  /** Further lines of the result, without indentation. */
  readonly details: readonly string[];
}

export interface TraceDump {
  readonly kind: 'dump';
  readonly line: number;
  /** `zones`, `memmap`, ... */
  readonly name: string;
  readonly args: readonly string[];
  /** The lines between the head and its `%end`; nested dumps keep theirs. */
  readonly lines: readonly string[];
}

interface TraceMark {
  readonly kind: 'mark';
  readonly line: number;
  readonly text: string;
}

/** `mode`, and the lone lines `%kstop`, `%run`, `%ran`. */
interface TraceDirective {
  readonly kind: 'mode' | 'kstop' | 'run' | 'ran';
  readonly line: number;
  readonly text: string;
}

/** A tracepoint that fired outside of any operation (a program's page fault, the end of a run). */
interface TraceEvent {
  readonly kind: 'event';
  readonly line: number;
  readonly text: string;
}

/** The words of an operation as a trace writes it. */
export const opText = (op: TraceOp): string => [op.name, ...op.args].join(' ');

/** The items of a trace whose text comes in chunks, cut anywhere. */
export function* readTrace(chunks: Iterable<string>): Generator<TraceItem, void, undefined> {
  let op: OpenOp | undefined;
  let dump: OpenDump | undefined;
  let line = 0;
  for (const text of linesOf(chunks)) {
    line++;
    if (dump !== undefined) {
      if (text.startsWith('%')) dump.depth += text === '%end' ? -1 : 1;
      if (dump.depth > 0) dump.lines.push(text);
      else {
        yield dump;
        dump = undefined;
      }
    } else if (text.startsWith(' ')) {
      if (op !== undefined) addToOp(op, text);
      else yield { kind: 'event', line, text: text.trimStart().replace(/^\+/, '') };
    } else if (text !== '') {
      if (op !== undefined) yield op;
      op = undefined;
      const lone = loneLine(text, line);
      if (lone !== undefined) yield lone;
      else if (text.startsWith('%')) dump = openDump(text, line);
      else {
        const instead = line <= FIRST_LINES ? reportSentence(text) : undefined;
        if (instead !== undefined) throw new TraceError(line, instead);
        op = openOp(text, line);
      }
    }
  }
  if (dump !== undefined)
    throw new TraceError(line, `%${dump.name} of line ${dump.line} has no %end`);
  if (op !== undefined) yield op;
}

function* linesOf(chunks: Iterable<string>): Generator<string, void, undefined> {
  let rest = '';
  for (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

interface OpenOp extends TraceOp {
  result: string | undefined;
  readonly events: string[];
  readonly details: string[];
}

interface OpenDump extends TraceDump {
  readonly lines: string[];
  /** Heads seen and not ended, its own included. */
  depth: number;
}

const ARROW = '->';

function loneLine(text: string, line: number): TraceMark | TraceDirective | undefined {
  const [head = '', ...words] = text.split(' ');
  const rest = words.join(' ');
  switch (head) {
    case 'mark':
      return { kind: 'mark', line, text: rest };
    case 'mode':
      return { kind: 'mode', line, text: rest };
    case '%kstop':
      return { kind: 'kstop', line, text: rest };
    case '%run':
      return { kind: 'run', line, text: rest };
    case '%ran':
      return { kind: 'ran', line, text: rest };
    default:
      return undefined;
  }
}

function openDump(text: string, line: number): OpenDump {
  const [name = '', ...args] = text.slice(1).split(' ');
  if (name === 'end') throw new TraceError(line, '%end without a dump to end');
  return { kind: 'dump', line, name, args, lines: [], depth: 1 };
}

function openOp(text: string, line: number): OpenOp {
  const words = text.split(' ');
  const arrow = words.indexOf(ARROW);
  const [name = '', ...args] = arrow < 0 ? words : words.slice(0, arrow);
  const result = arrow < 0 ? undefined : words.slice(arrow + 1).join(' ');
  return { kind: 'op', line, name, args, result, events: [], details: [] };
}

function addToOp(op: OpenOp, text: string): void {
  const trimmed = text.trimStart();
  if (trimmed.startsWith('+')) op.events.push(trimmed.slice(1));
  else if (trimmed.startsWith(`${ARROW} `)) op.result = trimmed.slice(ARROW.length + 1);
  else op.details.push(trimmed);
}
