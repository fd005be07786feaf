/** The bits of each entry that a walk took, below its table: on and off like switches. */
import type { BitBody, StepBody } from '../../../src/engine/view/atlas/pageWalk.js';
import type { Painter } from '../../board/painter.js';
import type { Item, Row } from '../../board/scene.js';
import { TABLE_HEIGHT, TABLE_TOP, type Column } from './walkColumns.js';

export interface SwitchPresses {
  readonly flip: (bit: BitBody) => void;
}

/** Where a column is too narrow for a sentence, a word for each bit: none is cut off. */
const NARROW_PX = 292;
/** And where one is too narrow for these, too, none of them. */
const TOO_NARROW_PX = 168;
const SHORT: Readonly<Record<string, string>> = {
  RW: 'writes allowed',
  US: 'user mode allowed',
  PWT: 'write-through',
  PCD: 'cache disabled',
  A: 'accessed',
  D: 'dirty',
  PSE: 'large page',
  PAT: 'bit 2 of PAT index',
  G: 'global',
  SW1: '_PAGE_SPECIAL',
  SW2: '_PAGE_UFFD_WP',
  SW3: '_PAGE_SOFT_DIRTY',
  SW4: '_PAGE_DEVMAP',
  NX: 'no execute',
};

const TOP = TABLE_TOP + TABLE_HEIGHT + 48;
const BIT_HEIGHT = 22;

/** @param before the steps of the walk at the time that is compared with */
export function paintSwitches(
  painter: Painter,
  steps: readonly StepBody[],
  before: readonly StepBody[],
  columns: readonly Column[],
  press: SwitchPresses,
): { readonly rows: readonly Row[]; readonly bottom: number } {
  const { palette } = painter;
  const longest = Math.max(0, ...steps.map(({ bits }) => bits.length));
  const rows: Item[][] = Array.from({ length: longest }, () => []);
  let bottom = 0;
  steps.forEach((step, i) => {
    const column = columns[i];
    if (column === undefined) return;
    painter.text(column.x, TOP, step.value, {
      mono: true,
      size: 11,
      bold: true,
      maxWidth: column.width,
      data: { value: step.value },
    });
    const old = before[i]?.bits;
    step.bits.forEach((bit, row) => {
      const was = old?.find(({ name }) => name === bit.name)?.set;
      const y = TOP + 10 + row * BIT_HEIGHT;
      rows[row]?.push(paintBit(painter, step, bit, was, column, y, press));
    });
    bottom = Math.max(bottom, TOP + 10 + step.bits.length * BIT_HEIGHT);
    if (step.reservedBits.length === 0) return;
    const text = `reserved: ${step.reservedBits.join(', ')}`;
    painter.text(column.x, bottom + 14, text, { size: 11, color: palette.error });
    bottom += 18;
  });
  return { rows, bottom };
}

function paintBit(
  painter: Painter,
  { level }: StepBody,
  bit: BitBody,
  was: boolean | undefined,
  column: Column,
  y: number,
  press: SwitchPresses,
): Item {
  const { palette } = painter;
  const { set: on, expression } = bit;
  const isOther = was !== undefined && was !== on;
  const track = { x: column.x, y: y + 4, width: 26, height: 13 };
  painter.rect(track, {
    fill: on ? column.color : painter.tint(palette.foreground, 0.12),
    stroke: isOther ? palette.changed : painter.tint(palette.foreground, 0.45),
    strokeWidth: isOther ? 2 : 1,
    radius: 6.5,
    data: {
      bit: `${level}/${bit.name}`,
      set: on ? 1 : 0,
      ...(isOther && { differs: was ? 1 : 0 }),
    },
  });
  painter.circle(track.x + (on ? 19.5 : 6.5), track.y + 6.5, 4.5, {
    fill: on ? painter.inkOn(column.color) : painter.tint(palette.foreground, 0.7),
  });
  const old = isOther ? `was ${was ? 1 : 0}` : '';
  painter.text(column.x + 33, y + 15, bit.name, { size: 11.5, bold: on, mono: true });
  const meaning = column.width < NARROW_PX ? (SHORT[bit.name] ?? bit.meaning) : bit.meaning;
  const facts = [old, column.width < TOO_NARROW_PX ? '' : meaning].filter((text) => text !== '');
  painter.text(column.x + 66, y + 15, facts.join('; '), {
    size: 11,
    color: isOther ? palette.foreground : palette.muted,
    maxWidth: column.width - 68,
  });
  const value = `${on ? 1 : 0}${isOther ? `, ${old}` : ''}`;
  const canSet = expression === undefined ? '' : '\nEnter or a click flips it';
  return {
    key: `bit/${level}/${bit.name}`,
    label: `${level} ${bit.name}, bit ${bit.bit}: ${value}; ${bit.meaning}${canSet}`,
    box: { x: column.x - 2, y: y + 1, width: column.width, height: BIT_HEIGHT - 2 },
    selected: on,
    ...(expression !== undefined && {
      press: () => press.flip(bit),
      watch: { add: expression },
    }),
  };
}
