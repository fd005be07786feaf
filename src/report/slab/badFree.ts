/**
 * Frees that the allocator refuses without a report of slab debugging: the kernel stops, or warns, in kfree() itself.
 *
 * Source: Linux mm/slub.c: set_freepointer() with CONFIG_SLAB_FREELIST_HARDENED (4.14), free_large_kmalloc() (5.17, free_nonslab_page() before),
 * kfree() of 3.x; mm/slab_common.c since 6.1.
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital } from '../render/amount.js';

const STOP =
  /(kernel BUG|WARNING: (?:CPU: \d+ PID: \d+ )?)\s?at (?:\.\/)?mm\/(?:slub|slab_common|slab)\.[ch]:(\d+)/;
const FUNCTION =
  /(?:RIP: [0-9a-f]{4}:|\bpc : |\bPC is at |\bLR is at |EIP is at |epc\s*: |NIP \[\w+\] )(?:\[<[0-9a-f]+>\]\s*)*(\w+)\+0x|WARNING: .* (\w+)\+0x/;
const DOUBLE = /^(?:__slab_free|kfree|kmem_cache_free|set_freepointer|do_slab_free|slab_free)$/;
const LARGE = /^(?:free_large_kmalloc|free_nonslab_page|kfree)$/;
const WITHIN = 40;

export function badFreeFindings({ lines, input, given }: Context): Finding[] {
  return lines.flatMap(({ text, number }, index): Finding[] => {
    const stop = STOP.exec(text);
    if (!stop) return [];
    const last = Math.min(lines.length - 1, index + WITHIN);
    const near = lines.slice(index, last + 1).map((line) => line.text);
    const found = near.map((line) => FUNCTION.exec(line)).find((match) => match !== null);
    const name = found?.[1] ?? found?.[2];
    const isWarning = stop[1]?.startsWith('WARNING') === true;
    const kind = isWarning
      ? name !== undefined && LARGE.test(name)
        ? 'not-from-slab'
        : undefined
      : name !== undefined && DOUBLE.test(name)
        ? name === 'kfree'
          ? 'not-from-slab'
          : 'double-free'
        : undefined;
    if (kind === undefined || name === undefined) return [];
    const kernel = kernelOf(lines, index, last, given);
    const caller = callerOf(near);
    const by = caller === undefined ? '' : `: ${caller} called it`;
    return [
      {
        kind: 'slab-report',
        headline:
          kind === 'double-free'
            ? `${name}() was given an object that is the first of the freelist already${by}: it was freed twice in a row.`
            : `${name}() was given a pointer that kmalloc() did not return${by}.`,
        place: { input, firstLine: number, lastLine: lines[last]?.number ?? number },
        kernel,
        sections: sections(
          ['What it says', [`${capital(kernelText(kernel))}, mm/slub.c: ${name}().`]],
          [
            'Why',
            kind === 'double-free'
              ? [
                  'set_freepointer() stops where an object would point to itself (CONFIG_SLAB_FREELIST_HARDENED): it is freed while it is at the head of its freelist, with no other free in between. Other double frees pass unseen.',
                  'The call trace shows the second free.',
                ]
              : [
                  'The page of the pointer is neither a slab nor a large kmalloc() block: memory of vmalloc(), of the stack, of alloc_pages() without __GFP_COMP, or an address in the middle of something; or the page was freed already (a double free of a large block).',
                ],
          ],
          [
            'What helps',
            [
              kind === 'double-free'
                ? 'slub_debug=FU or KASAN name the first free too.'
                : 'kvfree() frees what kvmalloc() gave, vfree() what vmalloc() gave, __free_pages() what alloc_pages() gave. KASAN names who allocated it.',
            ],
          ],
        ),
        assumed: [],
        facts: {
          suspicion: kind,
          function: name,
          caller: caller ?? null,
          line: Number(stop[2]),
          isWarning,
        },
      },
    ];
  });
}

/** The first function of the trace that is not of the allocator. */
function callerOf(texts: readonly string[]): string | undefined {
  const from = texts.findIndex((text) => /^\s*Call [Tt]race:/.test(text));
  const trace = texts.slice(Math.max(0, from));
  for (const text of trace) {
    if (/^\s*(?:RIP|WARNING|kernel BUG)|\?/.test(text)) continue;
    const call =
      /^\s*(?:\[<[0-9a-f]+>\] )?([A-Za-z_]\w*)[\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+(?: (\[\w+\]))?/.exec(
        text,
      );
    if (!call) continue;
    const name = call[1] ?? '';
    if (
      /^(?:__)?(?:k[vz]?free\w*|slab_free\w*|do_slab_free|kmem_cache_free\w*|free_large_kmalloc|free_nonslab_page|dump_stack\w*|show_\w+|die|do_trap\w*|do_error_trap|\w*invalid_op\w*|report_bug|handle_bug|__warn\w*|warn_slowpath\w*)$/.test(
        name,
      )
    )
      continue;
    return `${name}()${call[2] === undefined ? '' : ` ${call[2]}`}`;
  }
  return undefined;
}
