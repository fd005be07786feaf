/**
 * The text that stands for a machine without a scenario: a dump, a recorded state. Clients show variables of a frame that has a source: VS Code
 * selects no other by itself.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Dap } from '../protocol/dap.js';

/** Kernel files have smaller numbers, declarations of types larger ones. */
const REFERENCE = 900_000;
const PATH = 'mmscope-machine/machine.txt';

export const machineSource: Dap.Source = {
  name: 'machine',
  path: PATH,
  sourceReference: REFERENCE,
  origin: 'mmscope, read-only',
};

export const isMachineSource = ({ path, sourceReference }: Dap.Source): boolean =>
  path?.endsWith(PATH) ?? sourceReference === REFERENCE;

export function machineText({ origin, dumped }: KernelImage): string {
  const { dump } = dumped ?? {};
  const rows = [
    ...(dump === undefined
      ? []
      : [
          ['Kernel', `Linux ${dump.release}, ${dump.arch}, ${dump.paging} page tables`],
          ['Build id', dump.buildId ?? 'not in the dump'],
        ]),
    ['Variables', 'zones with their free lists, caches, vmalloc areas, processes'],
    ['Debug console', 'where(x), walk(va), page(x), expressions of C; ps, vm -p PID, kmem -f'],
    ['Window Memory', 'Show Memory Map: frames, page walks, free areas, caches'],
  ];
  return [
    origin,
    '',
    dump === undefined
      ? 'A machine without a scenario: call its functions in the debug console.'
      : 'A machine that is only looked into: nothing runs in it.',
    '',
    ...rows.map(([name = '', text = '']) => `${name.padEnd(15)}${text}`),
    '',
  ].join('\n');
}
