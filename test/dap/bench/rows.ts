/** Figures of the debugger: milliseconds (or MB), what a peer takes, and what must not be exceeded. */
import { textTable } from '../../../src/cli/table.js';

export interface Row {
  readonly name: string;
  readonly ms: number;
  readonly unit?: 'ms' | 'MB';
  readonly most?: number;
  readonly peer?: number;
  readonly mostOfPeer?: number;
  readonly note?: string;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

const isMet = ({ ms, most = Infinity, peer, mostOfPeer = Infinity }: Row): boolean =>
  ms <= most && (peer === undefined || ms / peer <= mostOfPeer);

export function table(rows: readonly Row[]): readonly string[] {
  const lines = rows.map((row) => {
    const { name, ms, unit = 'ms', most, peer, mostOfPeer, note = '' } = row;
    const targets = [most && `<= ${most}`, mostOfPeer && `<= ${mostOfPeer}x`].filter(Boolean);
    return [
      name,
      `${ms.toPrecision(3)} ${unit}`,
      peer === undefined ? '' : peer.toPrecision(3),
      peer === undefined ? '' : `${(ms / peer).toPrecision(2)}x`,
      targets.join(', '),
      targets.length === 0 ? '' : isMet(row) ? 'met' : 'MISSED',
      note,
    ];
  });
  return textTable([['', 'measured', 'peer', 'ratio', 'target', '', ''], ...lines]);
}
