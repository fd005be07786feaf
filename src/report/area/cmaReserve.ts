/** An area of CMA that could not be set aside at boot. Source: Linux mm/cma.c: cma_declare_contiguous_nid() of 4.4, 5.10, 6.6. */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital } from '../render/amount.js';

const PATTERN = /\bcma: Failed to reserve (\d+) MiB(?: on node (-?\d+))?/;

export function cmaReserveFindings({ lines, input, given }: Context): Finding[] {
  return lines.flatMap(({ text, number }, index): Finding[] => {
    const [, mib, node] = PATTERN.exec(text) ?? [];
    if (mib === undefined) return [];
    const kernel = kernelOf(lines, index, index, given);
    return [
      {
        kind: 'cma-failure',
        headline: `The area of ${mib} MiB for CMA was not set aside at boot: drivers that need it get -ENOMEM.`,
        place: { input, firstLine: number, lastLine: number },
        kernel,
        sections: sections(
          [
            'What it says',
            [
              ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
              `Wanted: ${mib} MiB in one piece${node === undefined || node === '-1' ? '' : `, on node ${node}`}.`,
            ],
          ],
          [
            'Why',
            [
              'memblock had no free range of that size, aligned to pageblocks, below the limit of the area: below 4 GiB (or what ZONE_DMA reaches) for the default area, in lowmem alone on 32-bit kernels, or where cma=SIZE@START or the device tree says. What is reserved before (crashkernel, firmware, initrd) breaks the range up.',
            ],
          ],
          [
            'What helps',
            [
              'A smaller cma=, another place (cma=SIZE@START, alloc-ranges of the device tree), or less that is reserved low: crashkernel=SIZE,high.',
            ],
          ],
        ),
        assumed: [],
        facts: { reason: 'reserve', mib: Number(mib), ret: null },
      },
    ];
  });
}
