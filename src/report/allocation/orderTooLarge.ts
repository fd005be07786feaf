/**
 * A request of MAX_ORDER or more: the allocator warns and gives nothing, however much is free. Source: Linux mm/page_alloc.c: the check of `order`
 * at the top of __alloc_pages() (WARN_ON_ONCE since 4.20, in the slow path before); mm/slab_common.c: kmalloc_order() up to 5.18.
 */
import type { Context } from '../context.js';
import { decodeGfp } from '../facts/gfp.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { isAtLeast, type KernelVersion } from '../input/version.js';
import { capital, plural, size } from '../render/amount.js';

const WARNING =
  /WARNING: (?:CPU: \d+ PID: \d+ )?at mm\/page_alloc\.c:\d+,? (__alloc_(?:frozen_)?pages\w*)/;
const WITHIN = 60;

/** Orders above this are not what somebody asked for: 2 TiB. */
const GREATEST = 29;

/** The mask and the order as the first two arguments: RDI and RSI of x86-64, x0 and x1 of arm64. */
function requestIn(
  lines: readonly string[],
  version: KernelVersion,
): { readonly order: number; readonly text: string } | undefined {
  const register = (name: string): number | undefined => {
    const found = lines
      .map((line) => new RegExp(`\\b${name}\\s*: ?([0-9a-f]{16})\\b`, 'i').exec(line)?.[1])
      .find((value) => value !== undefined);
    return found === undefined ? undefined : Number(`0x${found}`);
  };
  const mask = register('RDI') ?? register('x0');
  const order = register('RSI') ?? register('x1');
  if (order === undefined || order < 11 || order > GREATEST) return undefined;
  const gfp = mask === undefined || mask > 0xffffffff ? undefined : decodeGfp(mask, version);
  const name = gfp && mask !== 0 && gfp.unknown === 0 ? `, mask ${gfp.text}` : '';
  return {
    order,
    text: `Registers: order ${order} (${plural(2 ** order, 'page')}, ${size(4096 * 2 ** order)})${name}.`,
  };
}

export function orderTooLargeFindings({ lines, input, given, fallback }: Context): Finding[] {
  return lines.flatMap(({ text, number }, index): Finding[] => {
    const warned = WARNING.exec(text)?.[1];
    if (warned === undefined) return [];
    const last = Math.min(lines.length - 1, index + WITHIN);
    const near = lines.slice(index, last + 1).map((line) => line.text);
    const kernel = kernelOf(lines, index, last, given);
    const version = kernel.version ?? fallback;
    const caller = near
      .map(
        (line) =>
          /\b(kmalloc_order\w*|__kmalloc\w*|kmalloc_large\w*|dma_alloc\w*|__dma_direct_alloc\w*|alloc_pages_exact|__get_free_pages|vmalloc\w*|kvmalloc\w*)\b/.exec(
            line,
          )?.[1],
      )
      .find((found) => found !== undefined);
    const asked = lines
      .map(
        (line) =>
          /\b(?:kmalloc|kzalloc|__get_free_pages|dma_alloc_coherent|alloc_pages)\s*\([^)]*?\b(\d{5,})\b/.exec(
            line.text,
          )?.[1],
      )
      .find((found) => found !== undefined);
    const largest = 4096 * 2 ** 10;
    const wanted = Number(asked ?? 0);
    // A smaller size is not what was refused.
    const bytes = wanted > largest && wanted < Number.MAX_SAFE_INTEGER ? wanted : undefined;
    const registers = bytes === undefined ? requestIn(near, version) : undefined;
    const order = bytes === undefined ? registers?.order : Math.ceil(Math.log2(bytes / 4096));
    // 6.4 redefined MAX_ORDER to be inclusive, 6.8 calls it MAX_PAGE_ORDER.
    const limit = isAtLeast(version, [6, 4, 0])
      ? 'order > MAX_ORDER (10)'
      : 'order >= MAX_ORDER (11)';
    return [
      {
        kind: 'order-too-large',
        headline: `A request is larger than the largest block that the allocator has (order 10, ${size(largest)}): it fails however much is free.`,
        place: { input, firstLine: number, lastLine: lines[last]?.number ?? number },
        kernel,
        sections: sections(
          [
            'What it says',
            [
              `${capital(kernelText(kernel))}.`,
              `${warned}() warns: ${limit}.`,
              ...(bytes === undefined
                ? []
                : [
                    `Asked for ${plural(bytes, 'byte')}: ${plural(Math.ceil(bytes / 4096), 'page')}, order ${Math.ceil(Math.log2(bytes / 4096))}.`,
                  ]),
              ...(registers ? [registers.text] : []),
              ...(caller === undefined ? [] : [`It came through ${caller}().`]),
            ],
          ],
          [
            'Why',
            [
              'The buddy allocator keeps blocks of up to order 10 (with 4 kB pages and the usual configuration): 4 MiB. A greater order is a mistake of the caller, often a size that comes unchecked from user space or from a device. It is not a shortage, so that no memory is listed; the warning comes once.',
              'kmalloc() hands anything above its caches to the page allocator, so that the same limit holds for it.',
            ],
          ],
          [
            'What helps',
            [
              'Check the size first. For much memory that need not lie in one piece: kvmalloc() or vmalloc(). For a device: dma_alloc_coherent() with CMA or an IOMMU, or memory reserved at boot. For user-supplied sizes: __GFP_NOWARN and an error.',
            ],
          ],
        ),
        assumed: [
          '4 kB pages, and 11 orders.',
          ...(registers
            ? ['The registers of the arguments still hold what the function was called with.']
            : []),
        ],
        facts: {
          bytes: bytes ?? null,
          order: order ?? null,
          largestBytes: largest,
          caller: caller ?? null,
        },
      },
    ];
  });
}
