/** What a benchmark measured, as one table or as JSON. */
import { textTable } from '../table.js';

/** What the native kernel takes on this machine. */
export interface Native {
  /** Nanoseconds of a pair of calls, by order; empty when they are not known of this machine. */
  readonly pairNs: Readonly<Record<string, number>>;
  /** Where the figures are from, or how to get them. */
  readonly note: string;
}

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ns' | 'ms' | 'MB';
  /** What the native kernel takes for the same on this machine; null when that is not known. */
  readonly native?: number | null;
  /** What it must not exceed: in its unit, or as a multiple of native. */
  readonly target?: number;
  readonly targetRatio?: number;
}

const UNKNOWN = '-';

const rounded = (value: number): string =>
  value >= 100 ? Math.round(value).toString() : value.toPrecision(3);

/** How many times as long as native. */
const ratio = ({ value, native }: Row): number | undefined =>
  typeof native === 'number' ? value / native : undefined;

function targetText({ target, targetRatio }: Row): string {
  if (targetRatio !== undefined) return `<= ${targetRatio}x`;
  return target === undefined ? '' : `<= ${target}`;
}

/** Undefined when there is no target, or nothing to hold it against. */
function isMet(row: Row): boolean | undefined {
  if (row.target !== undefined) return row.value <= row.target;
  const times = ratio(row);
  if (row.targetRatio === undefined || times === undefined) return undefined;
  return times <= row.targetRatio;
}

function verdict(row: Row): string {
  const met = isMet(row);
  if (met !== undefined) return met ? 'met' : 'MISSED';
  return row.targetRatio === undefined ? '' : UNKNOWN;
}

export function rowsTable(rows: readonly Row[], native: Native): string[] {
  const body = rows.map((row) => {
    const times = ratio(row);
    const isCompared = row.native !== undefined;
    return [
      row.name,
      `${rounded(row.value)} ${row.unit}`,
      typeof row.native === 'number' ? rounded(row.native) : isCompared ? UNKNOWN : '',
      times === undefined ? (isCompared ? UNKNOWN : '') : `${times.toPrecision(2)}x`,
      targetText(row),
      verdict(row),
    ];
  });
  return [...textTable([['', 'measured', 'native', 'ratio', 'target', ''], ...body]), native.note];
}

export function rowsJson(rows: readonly Row[]): string {
  const objects = rows.map((row) => ({ ...row, ratio: ratio(row), met: isMet(row) }));
  return JSON.stringify(objects, undefined, 2);
}
