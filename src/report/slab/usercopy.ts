/**
 * Refusals of hardened usercopy: copies between kernel and user space that would leave an object.
 *
 * Source: Linux mm/usercopy.c: usercopy_abort(), report_usercopy(), of 4.8, 4.16, 6.1; mm/slub.c: __check_heap_object().
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, plural } from '../render/amount.js';

const NEW =
  /[Kk]ernel memory (exposure|overwrite) attempt detected (?:from|to) (.+?)(?: '([^']*)')?(?: object)? \((?:offset (\d{1,9}), )?size (\d{1,9})\)!?/;
const OLD =
  /kernel memory (exposure|overwrite) attempt detected (?:from|to) ([0-9a-f]{8,16}) \(([^)]*)\) \((\d+) bytes\)/;

export function usercopyFindings({ lines, input, given }: Context): Finding[] {
  return lines.flatMap(({ text }, index): Finding[] => {
    const old = OLD.exec(text);
    const found = old ?? NEW.exec(text);
    if (!found) return [];
    const isExposure = found[1] === 'exposure';
    const what = old ? 'object' : (found[2] ?? '');
    const name = old ? (found[3] ?? '') : (found[3] ?? '');
    const offset = old || found[4] === undefined ? null : Number(found[4]);
    const bytes = Number(old ? found[4] : found[5]);
    const kernel = kernelOf(lines, index, Math.min(lines.length - 1, index + 20), given);
    const isWhitelist = /whitelist/.test(text);
    const cacheSize = /^(?:kmalloc-(?:\w+-)?)(\d+)$/.exec(name)?.[1];
    const end = (offset ?? 0) + bytes;
    return [
      {
        kind: 'usercopy',
        headline: `A copy ${isExposure ? 'to' : 'from'} user space was refused: ${plural(bytes, 'byte')}${offset === null ? '' : ` at offset ${offset}`} of ${name === '' ? what : `${what} ${name}`} would ${isExposure ? 'expose' : 'overwrite'} kernel memory.`,
        place: { input, firstLine: lines[index]?.number ?? 1, lastLine: lines[index]?.number ?? 1 },
        kernel,
        sections: sections(
          [
            'What it says',
            [
              `${capital(kernelText(kernel))}, hardened usercopy: ${isExposure ? 'copy_to_user() would read' : 'copy_from_user() would write'} ${plural(bytes, 'byte')}${offset === null ? '' : `, ${offset} to ${end - 1} of the object`}.`,
              ...(cacheSize !== undefined && offset !== null && end > Number(cacheSize)
                ? [
                    `The object has ${plural(cacheSize, 'byte')}: the copy goes ${plural(end - Number(cacheSize), 'byte')} beyond its end.`,
                  ]
                : []),
            ],
          ],
          ['Why', [whyText(what, name, isWhitelist, cacheSize !== undefined)]],
        ),
        assumed: [],
        facts: {
          isExposure,
          object: what,
          name,
          offset,
          bytes,
          cacheSize: cacheSize === undefined ? null : Number(cacheSize),
        },
      },
    ];
  });
}

function whyText(what: string, name: string, isWhitelist: boolean, isKmalloc: boolean): string {
  if (/stack/.test(what))
    return 'The range does not lie in one frame of the stack: a length from user space was not checked, or the buffer belongs to another task.';
  if (/text|rodata/.test(what + name))
    return "The range overlaps the kernel's text: the pointer is wrong.";
  if (/vmalloc|vmap/.test(what + name))
    return 'The range leaves its vmalloc() area: the length is larger than the area.';
  if (/spans|page|highmem/.test(what + name))
    return 'The range leaves the pages that were allocated together.';
  if (isKmalloc)
    return 'The length is larger than what is left of the object: a length from user space that was not checked against the buffer.';
  return `The range is not in the part of the object that its cache lets user space have${isWhitelist ? '' : ' (since 4.16)'}: kmem_cache_create_usercopy() names it, and other members are refused; or the length is larger than the object.`;
}
