/**
 * What a scenario has not given back, where it stands: counts and places, and the sentences for people.
 *
 *     3 pages not given back: allocated at line 9 by alloc_page(), at line 12 by alloc_pages() (2 pages) in task writer
 */
import { PAGE_SIZE } from '../../engine/memory/address.js';
import { counted } from '../../engine/view/counted.js';
import type { Allocation } from '../builtins/ledger.js';
import type { Mark } from './pageTable.js';
import type { TapeLedger } from './ledger.js';

/** All that one call of the scenario's text has taken and that is still taken, in however many rounds. */
export interface NotGivenBack {
  readonly kind: Allocation['kind'];
  /** Allocations; of pages, pages. */
  readonly count: number;
  readonly sizeBytes: number;
  /** Orders of the blocks, each once. */
  readonly orders: readonly number[];
  /** Line of the scenario, from 1; undefined: from the debug console. */
  readonly line: number | undefined;
  /** `alloc_pages`; '' from the debug console. */
  readonly function: string;
  /** Name of the task. */
  readonly task: string;
}

/** What of the program names a place. */
export interface PlaceNames {
  readonly line: (offset: number) => number;
  readonly functionAt: (offset: number) => string;
  readonly task: (task: number) => string;
}

/** By place, in the order of the text; what has come from the console last. */
export function notGivenBack(ledger: TapeLedger, names: PlaceNames): readonly NotGivenBack[] {
  const found = new Map<string, { at: Mark; found: NotGivenBack }>();
  const add = (kind: Allocation['kind'], at: Mark, sizeBytes: number, order?: number): void => {
    const key = `${kind} ${at.place} ${at.task}`;
    const before = found.get(key)?.found ?? placed(kind, at, names);
    const orders = order === undefined ? before.orders : [...new Set([...before.orders, order])];
    const count = before.count + (kind === 'pages' ? sizeBytes / PAGE_SIZE : 1);
    const now = { ...before, count, sizeBytes: before.sizeBytes + sizeBytes, orders };
    found.set(key, { at, found: now });
  };
  for (const { order, allocated } of ledger.heldPages())
    add('pages', allocated, PAGE_SIZE << order, order);
  for (const { kind, sizeBytes, allocated } of ledger.heldOthers()) add(kind, allocated, sizeBytes);
  const last = (place: number): number => (place === CONSOLE ? Infinity : place);
  return [...found.values()]
    .sort((a, b) => last(a.at.place) - last(b.at.place) || a.at.task - b.at.task)
    .map(({ found }) => found);
}

/** In place of a place: not in the text. */
export const CONSOLE = -1;

function placed(kind: Allocation['kind'], { place, task }: Mark, names: PlaceNames): NotGivenBack {
  const offset = place - 1;
  const isConsole = place === CONSOLE;
  return {
    kind,
    count: 0,
    sizeBytes: 0,
    orders: [],
    line: isConsole ? undefined : names.line(offset),
    function: isConsole ? '' : names.functionAt(offset),
    task: names.task(task),
  };
}

const NOUNS: Readonly<Record<Allocation['kind'], readonly [string, string]>> = {
  pages: ['page', 'pages'],
  object: ['object', 'objects'],
  area: ['vmalloc area', 'vmalloc areas'],
  'per-CPU': ['per-CPU allocation', 'per-CPU allocations'],
  cache: ['cache', 'caches'],
  'device region': ['region of device numbers', 'regions of device numbers'],
  cdev: ['cdev', 'cdevs'],
  class: ['class', 'classes'],
  device: ['device', 'devices'],
  workqueue: ['workqueue', 'workqueues'],
};
/** Places that one sentence names. */
const MOST_PLACES = 5;

/** A sentence for each kind of thing, without a full stop. */
export function notGivenBackTexts(all: readonly NotGivenBack[]): readonly string[] {
  return (Object.keys(NOUNS) as Allocation['kind'][]).flatMap((kind) => {
    const ofKind = all.filter((one) => one.kind === kind);
    const count = ofKind.reduce((sum, one) => sum + one.count, 0);
    if (count === 0) return [];
    const places = ofKind.slice(0, MOST_PLACES).map((one) => placeText(one, ofKind.length > 1));
    const more = ofKind.length - places.length;
    const rest = more === 0 ? [] : [`at ${counted(more, 'more place')}`];
    return [
      `${counted(count, ...NOUNS[kind])} not given back: allocated ${[...places, ...rest].join(', ')}`,
    ];
  });
}

const placeText = (one: NotGivenBack, tellsCount: boolean): string =>
  `${whereText(one)}${tellsCount ? ` (${one.count})` : ''}`;

/** Where the main task is not worth a word. */
const whereText = (one: Omit<NotGivenBack, 'count' | 'kind'>): string =>
  `${lineText(one)}${one.task === 'main' ? '' : ` in task ${one.task}`}`;

const lineText = ({ line, function: name }: Omit<NotGivenBack, 'count' | 'kind'>): string =>
  line === undefined ? 'in the debug console' : `at line ${line} by ${name}()`;

/** As {@link markText}, with the task in any case: of a page several may have a part. */
export function holdText(mark: Mark, names: PlaceNames): string {
  const one = placed('object', mark, names);
  return `${lineText(one)} in task ${one.task}`;
}

/** `at line 9 by kmalloc() in task writer` */
export const markText = (mark: Mark, names: PlaceNames): string =>
  whereText(placed('object', mark, names));
