/** Physical memory as text: how many frames of each zone are what, and what changed. For "Copy as text". */
import { counted } from '../../../src/engine/view/counted.js';
import { kindOfState, PAGE_KINDS, detailOfState } from '../../../src/engine/view/pageState.js';
import { FRAME_CHANGES } from '../../../src/engine/view/frameChanges.js';
import type { Machine } from '../../shell/session.js';
import { bytesText, countText, hexPfn } from '../../text.js';
import type { Changes } from './changes.js';

const MOST_CHANGES = 200;

export function tableOf({ zones, totals, nrFrames }: Machine, changes: Changes): string {
  const lines = [
    `Physical memory: ${counted(countText(nrFrames), 'frame')}, ${bytesText(nrFrames * 4096)}`,
    '',
  ];
  for (const { name, startPfn, endPfn } of zones)
    lines.push(`zone ${name.padEnd(8)} pfn ${hexPfn(startPfn)} - ${hexPfn(endPfn)}`);
  lines.push('');
  totals.forEach((count, code) => {
    const label = PAGE_KINDS[code]?.label ?? '';
    if (count > 0) lines.push(`${label.padEnd(18)}${countText(count).padStart(12)}`);
  });
  if (changes.runs.length === 0) return `${lines.join('\n')}\n`;
  lines.push('', 'Changed:');
  for (const [firstPfn, nrPages, before, after, change] of changes.runs.slice(0, MOST_CHANGES)) {
    const what = FRAME_CHANGES[change] ?? '';
    const range = nrPages === 1 ? hexPfn(firstPfn) : `${hexPfn(firstPfn)}+${nrPages}`;
    lines.push(
      `pfn ${range.padEnd(18)} ${what.padEnd(10)} ${stateText(before)} -> ${stateText(after)}`,
    );
  }
  const more = changes.runs.length - MOST_CHANGES;
  if (more > 0) lines.push(`and ${countText(more)} more`);
  return `${lines.join('\n')}\n`;
}

function stateText(state: number): string {
  const order = detailOfState(state);
  const label = PAGE_KINDS[kindOfState(state)]?.label ?? '?';
  return order === 0 ? label : `${label} (order ${order})`;
}
