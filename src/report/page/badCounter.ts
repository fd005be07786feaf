/**
 * A mm that was torn down and still counts pages: `BUG: Bad rss-counter state`, `BUG: non-zero pgtables_bytes on freeing mm`.
 *
 * Source: Linux kernel/fork.c: check_mm(), of 3.4, 4.6, 5.7, 6.1.
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, plural } from '../render/amount.js';

const RSS = /BUG: Bad rss-counter state mm:(\S+) (?:idx:(\d)|type:(MM_\w+)) val:(-?\d+)/;
const TABLES = /BUG: non-zero (?:pgtables_bytes|nr_ptes|nr_pmds) on freeing mm: (-?\d+)/;

/** enum of include/linux/mm_types_task.h, since 4.5; before, 2 was swap and 3 did not exist. */
const TYPES = ['MM_FILEPAGES', 'MM_ANONPAGES', 'MM_SWAPENTS', 'MM_SHMEMPAGES'];

const MEANINGS: Readonly<Record<string, string>> = {
  MM_FILEPAGES: 'pages of files',
  MM_ANONPAGES: 'anonymous pages',
  MM_SWAPENTS: 'swapped pages',
  MM_SHMEMPAGES: 'pages of shared memory',
};

export function badCounterFindings({ lines, input, given }: Context): Finding[] {
  return lines.flatMap(({ text, number }, index): Finding[] => {
    const rss = RSS.exec(text);
    const tables = rss ? null : TABLES.exec(text);
    if (!rss && !tables) return [];
    const type = rss ? (rss[3] ?? TYPES[Number(rss[2])] ?? '') : 'page tables';
    const value = Number(rss ? rss[4] : tables?.[1]);
    const what = MEANINGS[type] ?? 'bytes of page tables';
    const kernel = kernelOf(lines, index, index, given);
    const isTooMany = value > 0;
    return [
      {
        kind: 'bad-counter',
        headline: `A process ended, and its mm still counts ${value} ${what}: ${isTooMany ? 'some were mapped and never unmapped' : 'some were unmapped that it had not mapped'}, or the count is wrong.`,
        place: { input, firstLine: number, lastLine: number },
        kernel,
        sections: sections(
          [
            'What it says',
            [
              `${capital(kernelText(kernel))}, check_mm(): ${type} is ${value} when all is unmapped.`,
            ],
          ],
          [
            'Why',
            [
              isTooMany
                ? `${plural(value, rss ? 'page' : 'byte')} too many: an entry was put into the page tables twice or by hand (a driver that maps pages), a huge page was split without its count, or a table was overwritten so that exit_mmap() did not see the entries.`
                : `${plural(-value, rss ? 'page' : 'byte')} too few: pages were unmapped that were not counted when they were mapped (an entry that a driver inserted, or one that was overwritten).`,
              'Look for "BUG: Bad page map" or "Bad page state" around it: these name the entry and the page.',
            ],
          ],
        ),
        assumed: rss?.[2] === undefined ? [] : ['The index is taken as numbered since 4.5.'],
        facts: { type, value },
      },
    ];
  });
}
