/** A trace in spans: each has one printed line of the recorder, and what was heard and dumped behind it. */
import {
  opText,
  type TraceDump,
  type TraceItem,
  type TraceOp,
} from '../../../engine/image/state/index.js';

/** A printed line of the recorder, and the events behind it up to the next one. */
export interface Span {
  readonly line: number;
  readonly op: TraceOp | undefined;
  readonly text: string;
  readonly events: string[];
  readonly dumps: TraceDump[];
}

export function spansOf(items: Iterable<TraceItem>): Span[] {
  const spans: Span[] = [];
  for (const item of items) {
    if (item.kind === 'event') spans.at(-1)?.events.push(item.text);
    else if (item.kind === 'dump') spans.at(-1)?.dumps.push(item);
    else if (item.kind === 'mark')
      spans.push({ line: item.line, op: undefined, text: item.text, events: [], dumps: [] });
    else if (item.kind === 'op')
      spans.push({
        line: item.line,
        op: item,
        text: opText(item),
        events: [...item.events],
        dumps: [],
      });
  }
  return spans;
}

/** What an operation printed; the later driver puts the number of pages behind the arguments. */
export function resultOf({ args, result, details }: TraceOp): string {
  const number = args.find((arg) => arg.startsWith('ret='));
  const first = [result, number].filter((text) => text !== undefined);
  return [...first, ...details].join('\n');
}
