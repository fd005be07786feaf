/** `BUG: Bad page map`: an entry of a process's page table that leads to a page which cannot be. Source: Linux mm/memory.c: print_bad_pte(). */
import type { Context } from '../context.js';
import { entryOf } from '../facts/pte.js';
import { sections, type Finding } from '../finding.js';
import { machineOf } from '../input/machineHints.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, hex } from '../render/amount.js';

const BAD =
  /^\s*BUG: Bad page map in process (.{0,40}?)\s+pte:([0-9a-f]{8,16}) pmd:([0-9a-f]{8,16})/i;
const WITHIN = 12;
const PAGE = /^\s*page:\S* .*\bmapcount:(-?\d+) .*\bpfn:(?:0x)?([0-9a-f]+)/;
const UNCOUNTED =
  'A page is dumped with it: the entry led to a real page, and taking it away made the map count of that page too low. The entry was made without being counted, the page was unmapped twice, or the table was written over by entries of another page.';

/** _PAGE_SPECIAL: a bit of software, 9, since 2.6.28 on 64 bits. */
const isSpecial = (value: bigint): boolean => ((value >> 9n) & 1n) === 1n;
const VM_PFNMAP = 0x400;
const VM_MIXEDMAP = 0x10000000;

/** A special entry is for areas of frames without struct pages. */
function specialText(near: readonly string[]): string {
  const found = near
    .map((line) => /\bvm_flags:([0-9a-f]{8,16})/.exec(line)?.[1])
    .find((value) => value !== undefined);
  const flags = found === undefined ? undefined : Number(`0x${found}`);
  const isMeant = flags !== undefined && (flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0;
  return `Bit 9 is set: the entry is special (pte_mkspecial(), for frames without a struct page)${flags === undefined ? '' : `, and vm_flags ${hex(flags)} of the area ${isMeant ? 'have' : 'have neither'} ${isMeant ? 'VM_PFNMAP or VM_MIXEDMAP' : 'VM_PFNMAP nor VM_MIXEDMAP, so that no such entry belongs there'}`}.`;
}

export function badMapFindings({ lines, input, given }: Context): Finding[] {
  return lines.flatMap(({ text, number }, index): Finding[] => {
    const bad = BAD.exec(text);
    if (!bad) return [];
    const value = BigInt(`0x${bad[2] ?? '0'}`);
    const entry = entryOf('PTE', value);
    const near = lines.slice(index, index + WITHIN).map((line) => line.text);
    const address = near
      .map((line) => /addr:(?:0x)?([0-9a-f]{8,16})/i.exec(line)?.[1])
      .find((found) => found !== undefined);
    const kernel = kernelOf(lines, index, Math.min(lines.length - 1, index + 40), given);
    const page = near.map((line) => PAGE.exec(line)).find(Boolean);
    const mapcount = Number(page?.[1] ?? 0);
    const arch = machineOf(lines, index, Math.min(lines.length - 1, index + 40)).arch;
    const isX86 = arch === undefined || arch === 'x86_64' || arch === 'i386';
    const isWild = entry.isPresent && entry.frame >= 1n << 34n;
    const ones = value.toString(2).replace(/0/g, '').length;
    return [
      {
        kind: 'bad-page-map',
        headline: page
          ? `${bad[1] ?? ''} unmapped page ${hex(BigInt(`0x${page[2] ?? '0'}`))}, whose map count is ${mapcount} then: it was unmapped more often than it was mapped.`
          : `The page table of ${bad[1] ?? ''} has an entry ${hex(value)} that cannot be: ${isWild ? `its frame ${hex(entry.frame)} is beyond all memory` : `frame ${hex(entry.frame)}`}.`,
        place: { input, firstLine: number, lastLine: number },
        kernel,
        sections: sections(
          [
            'What it says',
            [
              `${capital(kernelText(kernel))}.`,
              `Entry ${hex(value)}${isX86 ? `: ${entry.flags.join(' ') || 'no flag'}; frame ${hex(entry.frame)}${entry.isPresent ? '' : ', not present'}` : ''}; PMD 0x${bad[3] ?? ''}${address === undefined ? '' : `; at user address 0x${address}`}.`,
            ],
          ],
          [
            'Why',
            [
              ...(page ? [UNCOUNTED] : []),
              'The kernel walked the table (at munmap, exit, fork) and found an entry of which vm_normal_page() cannot make a page: a frame that does not exist, or a special entry in an ordinary area. The page-table page itself was overwritten, or a driver wrote an entry with a wrong frame.',
              ...(isX86 && entry.isPresent && isSpecial(value) ? [specialText(near)] : []),
              ...(ones <= 2
                ? [
                    'Only one or two bits are set: a stray write of a small number, or a flipped bit.',
                  ]
                : []),
              'The entry is ignored; the page that should be there leaks or its count stays too high ("Bad rss-counter state" follows at exit).',
            ],
          ],
        ),
        assumed: isX86
          ? ['The entry is read as one of x86.']
          : [`Entries of ${arch} are not decoded; the frame is read as x86 has it.`],
        facts: {
          process: bad[1] ?? '',
          pte: hex(value),
          frame: hex(entry.frame),
          isPresent: entry.isPresent,
          address: address === undefined ? null : `0x${address}`,
          page: page ? hex(BigInt(`0x${page[2] ?? '0'}`)) : null,
          mapcount: page ? mapcount : null,
        },
      },
    ];
  });
}
