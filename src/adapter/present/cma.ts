/** CMA areas: the bitmap as ranges, and the largest hole, which decides whether a request can be met. */
import { cmaAreas, largestHole, usedPages, type CmaView } from '../../engine/view/cmaAreas.js';
import { counted } from '../../engine/view/counted.js';
import type { MachineContext } from './context.js';
import { fact, group, type Shown } from './shown.js';

const NAME = 'CMA areas';

export function cma(context: MachineContext): Shown {
  const areas = cmaAreas(context.image);
  if (areas.length === 0)
    return fact(
      NAME,
      "none: this machine has no reserve ('cma=16M' in the machine pragma makes one)",
    );
  return group(NAME, counted(areas.length, 'area'), {
    named: () => cmaAreas(context.image).map(showArea),
  });
}

const hex = (pfn: number): string => `0x${pfn.toString(16)}`;

function showArea(view: CmaView): Shown {
  const { name, basePfn, nrPages, orderPerBit, ranges } = view;
  const value = `${usedPages(view)} of ${counted(nrPages, 'page')} given out, largest hole ${counted(largestHole(view), 'page')}`;
  return group(name, value, {
    named: () => [
      fact('base_pfn', hex(basePfn)),
      fact('count', `${nrPages}`),
      fact('order_per_bit', `${orderPerBit}`),
    ],
    nrIndexed: ranges.length,
    indexed: (start, count) =>
      ranges
        .slice(start, start + count)
        .map(({ used, startPfn, endPfn }, i) =>
          fact(
            `[${start + i}]`,
            `pfn ${hex(startPfn)}–${hex(endPfn)}: ${counted(endPfn - startPfn, 'page')} ${used ? 'given out' : 'not given out'}`,
          ),
        ),
  });
}
