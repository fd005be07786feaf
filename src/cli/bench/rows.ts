/** What a benchmark measured, as one table or as JSON. */
import { textTable } from '../table.js';

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ns' | 'ms' | 'MB';
  /** What the same takes in a real kernel on real hardware, from - to. */
  readonly native?: readonly [number, number];
  /** What it must not exceed. */
  readonly target?: number;
}

const rounded = (value: number): string =>
  value >= 100 ? Math.round(value).toString() : value.toPrecision(3);

/** How many times as long as native, at its middle. */
const ratio = ({ value, native }: Row): number | undefined =>
  native && value / ((native[0] + native[1]) / 2);

export function rowsTable(rows: readonly Row[]): string[] {
  const body = rows.map((row) => {
    const times = ratio(row);
    return [
      row.name,
      `${rounded(row.value)} ${row.unit}`,
      row.native ? row.native.join('-') : '',
      times === undefined ? '' : `${times.toPrecision(2)}x`,
      row.target === undefined ? '' : `<= ${row.target}`,
      row.target === undefined ? '' : row.value <= row.target ? 'met' : 'MISSED',
    ];
  });
  return textTable([['', 'measured', 'native', 'ratio', 'target', ''], ...body]);
}

export function rowsJson(rows: readonly Row[]): string {
  const objects = rows.map((row) => ({ ...row, ratio: ratio(row) }));
  return JSON.stringify(objects, undefined, 2);
}
