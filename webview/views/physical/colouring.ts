/**
 * What the cells can be coloured by: their use, which is the state byte itself (pageState.ts), or one byte a cell that the adapter
 * tells (src/engine/view/frameValues.ts). A scale says what such a byte looks like.
 */
import { NO_VALUE } from '../../../src/engine/view/frameValues.js';
import type { MapMachine } from '../../../src/engine/view/map.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import { mix, type Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';

export type Colouring =
  | 'use'
  | 'order'
  | 'migratetype'
  | 'zone'
  | 'references'
  | 'mappings'
  | 'pins'
  | 'age'
  | 'owner'
  | 'process'
  | `PG_${string}`
  | `KPF_${string}`;

interface ColouringRow {
  readonly id: Colouring;
  readonly label: string;
  /** Different things that have names, or more and less of one thing. */
  readonly scale: 'names' | 'amount';
  /** The amount at which the colour is full. */
  readonly full: number;
  readonly hint: string;
  /** What amounts are called, where the number says nothing: those that the legend shows. */
  readonly words?: readonly (readonly [value: number, text: string])[];
}

const names = (id: Colouring, label: string, hint: string): ColouringRow => ({
  id,
  label,
  scale: 'names',
  full: 1,
  hint,
});
const amount = (
  id: Colouring,
  label: string,
  full: number,
  hint: string,
  words?: ColouringRow['words'],
): ColouringRow => ({
  id,
  label,
  scale: 'amount',
  full,
  hint,
  ...(words !== undefined && { words }),
});

const ORDERS = [0, 1, 5, 10].map((order) => [order, String(order)] as const);
const AGES = [
  [0, 'never'],
  [1, 'long ago'],
  [8, 'a while ago'],
  [15, 'just now'],
] as const;
const FLAG_WORDS = [
  [0, 'not set'],
  [15, 'set'],
] as const;

const PROCESS: ColouringRow = amount(
  'process',
  'Process',
  1,
  'Frames that the entries of the pagemap lead to',
);

const COLOURINGS: readonly ColouringRow[] = [
  names('use', 'Use', 'What the frame is used for'),
  amount('order', 'Order', 10, 'Order of the block that the frame belongs to', ORDERS),
  names('migratetype', 'Migratetype', 'Migratetype of its pageblock'),
  names('zone', 'Zone', 'Zone of the frame'),
  amount('references', 'References', 8, '_refcount'),
  amount('mappings', 'Mappings', 8, '_mapcount + 1: page tables that map it'),
  amount('pins', 'Pins', 4, '_refcount / GUP_PIN_COUNTING_BIAS'),
  amount('age', 'Age', 15, 'When its struct page or its bytes were written last', AGES),
  names('owner', 'Owner', 'Slab cache, vmalloc area or address space'),
];

/** What a machine can be coloured by: all that a struct page tells, or what the machine says. */
export const colouringsOf = (kind: MapMachine | undefined): readonly ColouringRow[] =>
  kind?.colourings === undefined
    ? COLOURINGS
    : [...COLOURINGS, PROCESS].filter(({ id }) => kind.colourings?.includes(id));

/** What was kept of another time, where there is such a colouring; whether a machine has it is seen when it comes. */
export function knownColouring(id: unknown): Colouring | undefined {
  const isFlag = typeof id === 'string' && /^(?:PG|KPF)_\w+$/.test(id);
  return isFlag ? (id as Colouring) : [...COLOURINGS, PROCESS].find((row) => row.id === id)?.id;
}

/** The row of a colouring, also of a page flag. */
export function colouringOf(id: Colouring): ColouringRow {
  const row = [...COLOURINGS, PROCESS].find((known) => known.id === id);
  return row ?? amount(id, id, 15, `Frames that have ${id}`, FLAG_WORDS);
}

const NAME_KINDS: readonly PageKindName[] = [
  'kernel',
  'pageCache',
  'slab',
  'free',
  'pageTable',
  'compoundHead',
  'perCpu',
  'user',
  'freeCma',
  'locked',
];
const FAINTEST = 0.14;

/** The colour of a value; undefined: the cell has none. */
export function valueColor(palette: Palette, row: ColouringRow, value: number): Rgb | undefined {
  if (value === NO_VALUE) return undefined;
  if (row.scale === 'names') {
    const kind = NAME_KINDS[value % NAME_KINDS.length] ?? 'kernel';
    return palette.kinds[pageKindCode(kind)];
  }
  const share = Math.min(1, value / row.full);
  const strong = palette.kinds[pageKindCode('pageCache')] ?? palette.foreground;
  return mix(palette.background, strong, value === 0 ? FAINTEST : 0.3 + 0.7 * share);
}
