/**
 * The modes of data breakpoints: whether the machine stops in front of the line that touches what is watched, or behind it. The
 * protocol gives a mode to `dataBreakpointInfo` only, so it is a part of the data id: `page:0x1a2b/flags/PG_locked@before`.
 *
 * Source: DAP BreakpointMode, 1.65.
 */
import type { Dap } from '../protocol/dap.js';

export type DataMode = 'after' | 'before';

export const BREAKPOINT_MODES: readonly (Dap.BreakpointMode & { readonly mode: DataMode })[] = [
  {
    mode: 'after',
    label: 'After',
    description: 'Stops behind the line that touches the data: the new value can be looked at.',
    appliesTo: ['data'],
  },
  {
    mode: 'before',
    label: 'Before',
    description: 'Stops in front of the line that is about to touch the data.',
    appliesTo: ['data'],
  },
];

const SUFFIX = '@before';

export const withMode = (dataId: string, mode: string | undefined): string =>
  mode === 'before' ? `${dataId}${SUFFIX}` : dataId;

export function modeIn(dataId: string): { readonly bare: string; readonly mode: DataMode } {
  return dataId.endsWith(SUFFIX)
    ? { bare: dataId.slice(0, -SUFFIX.length), mode: 'before' }
    : { bare: dataId, mode: 'after' };
}
