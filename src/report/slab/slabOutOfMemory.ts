/**
 * A cache that could not grow: SLUB's own lines behind a failed page allocation, often the only ones (__GFP_NOWARN is on the larger order).
 *
 * Source: Linux mm/slub.c: slab_out_of_memory(), of 2.6.31, 4.9, 5.15, 6.1.
 */
import type { Context } from '../context.js';
import { decodeGfp, gfpBitTexts, mayReclaim } from '../facts/gfp.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, plural } from '../render/amount.js';

const START =
  /^\s*SLUB: Unable to allocate memory on node (-?\d+)(?:,| \()?\s*\(?gfp=(0x[0-9a-f]+)/;
const CACHE =
  /^\s*cache: (\S+), object size: (\d+), buffer size: (\d+), default order: (\d+), min order: (\d+)/;
const NODE = /^\s*node (\d+): slabs: (\d+), objs: (\d+), free: (\d+)/;
const WITHIN = 12;

export function slabOutOfMemoryFindings({ lines, input, given, fallback }: Context): Finding[] {
  return lines.flatMap(({ text, number }, index): Finding[] => {
    const start = START.exec(text);
    if (!start) return [];
    const near = lines.slice(index, index + WITHIN).map((line) => line.text);
    const cache = near.map((line) => CACHE.exec(line)).find((match) => match !== null);
    const nodes = near.map((line) => NODE.exec(line)).filter((match) => match !== null);
    const kernel = kernelOf(lines, index, Math.min(lines.length - 1, index + WITHIN), given);
    const version = kernel.version ?? fallback;
    const mask = decodeGfp(Number(start[2]), version);
    const name = cache?.[1] ?? 'a cache';
    const minOrder = Number(cache?.[5] ?? 0);
    const free = nodes.reduce((sum, [, , , , count]) => sum + Number(count), 0);
    return [
      {
        kind: 'page-allocation-failure',
        headline: `${name} could not grow: not even ${plural(2 ** minOrder, 'page')} for a new slab (order ${minOrder}) ${minOrder === 0 ? 'was' : 'were'} to be had with ${mask.text}.`,
        place: {
          input,
          firstLine: number,
          lastLine: lines[Math.min(lines.length - 1, index + nodes.length + 1)]?.number ?? number,
        },
        kernel,
        sections: sections(
          [
            'What it says',
            [
              `${capital(kernelText(kernel))}.`,
              `Mask ${start[2] ?? ''}: ${mask.text} (${gfpBitTexts(Number(start[2]), version).join(', ')}); ${start[1] === '-1' ? 'any node' : `node ${start[1] ?? ''}`}.`,
              ...(cache
                ? [
                    `Cache ${name}: objects of ${plural(cache[2] ?? '', 'byte')}, slots of ${cache[3] ?? ''}; slabs of order ${cache[4] ?? ''}, or ${minOrder} where that fails.`,
                  ]
                : []),
              ...nodes.map(
                ([, node, slabs, objects, left]) =>
                  `Node ${node ?? ''}: ${plural(slabs ?? '', 'slab')}, ${plural(objects ?? '', 'object')}, ${left ?? ''} free.`,
              ),
            ],
          ],
          [
            'Why',
            [
              `All objects of its slabs are in use, and the page allocator gave no page for another one${mayReclaim(mask) ? '' : '. The request may not sleep: it takes what is free at that moment'}.`,
              ...(free > 0
                ? [
                    `${plural(free, 'object')} count as free: they are in slabs of other CPUs or of nodes that the request may not use.`,
                  ]
                : []),
              'The zones stand in the report of the page allocation failure before it, if it was printed (it is limited in rate).',
            ],
          ],
          [
            'What helps',
            [
              mayReclaim(mask)
                ? 'Look at what has the memory: /proc/slabinfo, /proc/meminfo.'
                : 'A higher vm.min_free_kbytes keeps more free for such bursts; the caller should cope, or allocate where it may sleep.',
            ],
          ],
        ),
        assumed: [],
        facts: {
          cache: cache?.[1] ?? null,
          gfp: mask.text,
          order: minOrder,
          defaultOrder: cache === undefined ? null : Number(cache[4]),
          freeObjects: free,
          cause: 'slab',
        },
      },
    ];
  });
}
