/**
 * What crash and drgn say of addresses: reads that failed, and translations (`vtop`).
 *
 * Source: crash's memory.c: readmem() and its messages (PAGE_EXCLUDED_ERRMSG, SEEK_ERRMSG, READ_ERRMSG, INVALID_KVADDR); x86_64.c: x86_64_kvtop(),
 * x86_64_translate_pte(); libdrgn's memory_reader.c, kdump.c.
 */
import type { Context } from '../context.js';
import { addressKind } from '../facts/kernelAddress.js';
import { entryOf, type Entry } from '../facts/pte.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, hex } from '../render/amount.js';

const CRASH =
  /^\s*(?:crash|\w{2,12}): (page excluded|page incomplete|zero page excluded|seek error|read error|invalid kernel virtual address)(?:: (?:kernel|user) virtual address)?: ([0-9a-f]{1,16})\s+type: "([^"]*)"/;
const DRGN =
  /\bFaultError: (?:(could not read memory from kdump: Excluded page)|(could not find memory segment|address is not mapped)): 0x([0-9a-f]{1,16})/;
const VTOP = /^\s*(PGD|P4D|PUD|PMD|PTE): [0-9a-f]{1,16} => ([0-9a-f]{1,16})\b/;
const VTOP_TOP = /^\s*PAGE DIRECTORY: ([0-9a-f]{1,16})\b/;
const VTOP_ASKED = /^\s*crash(?:>|-\S*>?) vtop (?:-\S+ )*(?:0x)?([0-9a-f]{4,16})\b/;

interface Failure {
  readonly index: number;
  readonly isExcluded: boolean;
  readonly words: string;
  readonly address: bigint;
  readonly type?: string;
}

export function accessFindings(context: Context): Finding[] {
  const failures = context.lines.flatMap(({ text }, index): Failure[] => {
    const crash = CRASH.exec(text);
    if (crash)
      return [
        {
          index,
          words: crash[1] ?? '',
          isExcluded: /excluded|incomplete/.test(crash[1] ?? ''),
          address: BigInt(`0x${crash[2] ?? '0'}`),
          type: crash[3] ?? '',
        },
      ];
    const drgn = DRGN.exec(text);
    return drgn
      ? [
          {
            index,
            words: drgn[1] ?? drgn[2] ?? '',
            isExcluded: drgn[1] !== undefined,
            address: BigInt(`0x${drgn[3] ?? '0'}`),
          },
        ]
      : [];
  });
  const first = failures[0];
  return [...(first ? [failed(context, first, failures)] : []), ...walked(context)];
}

function failed(
  { lines, input, given }: Context,
  first: Failure,
  all: readonly Failure[],
): Finding {
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  const { address, isExcluded, words, type } = first;
  const bits = address >> 32n === 0n ? 32 : 64;
  const told = addressKind(address, bits, kernel.version ? { version: kernel.version } : {});
  const last = all.at(-1) ?? first;
  return {
    kind: 'crash-output',
    headline: isExcluded
      ? `The page of ${hex(address)} is not in the dump: makedumpfile left it out.`
      : told.kind === 'null' || told.kind === 'poison'
        ? `${hex(address)} cannot be read: ${told.text}.`
        : `${hex(address)} cannot be read: the dump has no memory that the tool could find there.`,
    place: {
      input,
      firstLine: lines[first.index]?.number ?? 1,
      lastLine: lines[last.index]?.number ?? 1,
    },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
          `${capital(words)}: ${hex(address)}${type === undefined ? '' : `, read as ${type}`}.`,
          `${hex(address)}: ${told.text}.`,
        ],
      ],
      ['Why', isExcluded ? EXCLUDED : ABSENT],
      [
        'What helps',
        isExcluded
          ? [
              'Dump again with less left out (makedumpfile -d 1, or -d 31 of a version that knows the kernel). In the dump that is there: what does not lead through that page can still be read.',
            ]
          : [
              'The vmlinux of exactly this build (compare the build ids), and the offset of KASLR and phys_base from VMCOREINFO (crash --kaslr, -m phys_base=). Where the file is cut off, what is behind the cut is missing.',
            ],
      ],
    ),
    assumed: [],
    facts: {
      address: hex(address),
      addressKind: told.kind,
      isExcluded,
      type: type ?? null,
      failures: all.length,
    },
  };
}

const EXCLUDED = [
  'A dump level leaves out pages of zeros (1), page cache (2, 4), user memory (8) and free pages (16). Its bytes are unknown, not zero.',
  'If the kernel itself needs the page (a slab, a page table, a struct page), makedumpfile took it for one of these: since 6.10 slab pages have no flag of their own (PG_slab became a page type), and a makedumpfile older than the kernel leaves them out.',
  'If the page really was free or of a process, the pointer is the fault: it leads to memory that was freed, or the list that it is in is damaged.',
];

const ABSENT = [
  'The number is translated with the idea that the tool has of where the kernel lies. If symbols are of another build, or the offset of KASLR or phys_base is not known (no VMCOREINFO in the dump), everything is looked for at a wrong place: then even the first variables cannot be read.',
  'If other things can be read, the pointer itself is wrong: not an address of the kernel, or of memory that the machine does not have.',
];

/** The rows of crash's `vtop`. */
function walked({ lines, input, given }: Context): Finding[] {
  const entries: Entry[] = [];
  let asked: bigint | undefined;
  let last = 0;
  let first = -1;
  for (const [index, { text }] of lines.entries()) {
    const virtual = VTOP_ASKED.exec(text)?.[1];
    if (virtual !== undefined) {
      if (entries.length > 0) break;
      asked = BigInt(`0x${virtual}`);
      first = index;
    }
    const top = VTOP_TOP.exec(text)?.[1];
    const row = top === undefined ? VTOP.exec(text) : undefined;
    if (top === undefined && !row) continue;
    if (first < 0) first = index;
    last = index;
    entries.push(
      top === undefined
        ? entryOf((row?.[1] ?? 'PTE') as Entry['level'], BigInt(`0x${row?.[2] ?? '0'}`))
        : entryOf('PGD', BigInt(`0x${top}`)),
    );
  }
  const end = entries.at(-1);
  if (!end || entries.length < 2) return [];
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  const what = asked === undefined ? 'The address' : hex(asked);
  const isMapped = end.isPresent && (end.isLarge || end.level === 'PTE');
  return [
    {
      kind: 'crash-output',
      headline: isMapped
        ? `${what} is mapped to frame ${hex(end.frame)}${end.isWritable ? '' : ', read-only'}${end.isLarge ? ', by a large page' : ''}.`
        : `${what} is not mapped: its ${end.level} is ${end.value === 0n ? 'empty' : `${hex(end.value)}, not present`}.`,
      place: {
        input,
        firstLine: lines[first]?.number ?? 1,
        lastLine: lines[last]?.number ?? 1,
      },
      kernel,
      sections: sections([
        'The page tables',
        [
          ...entries.map(
            (entry) =>
              `${entry.level} ${hex(entry.value)}: ${entry.flags.join(' ') || 'no flag'}${entry.value === 0n ? '' : `; frame ${hex(entry.isPresent ? entry.frame : entry.invertedFrame)}`}.`,
          ),
          ...(end.isPresent || end.value === 0n
            ? []
            : [
                `The frame of an entry that is not present is stored inverted (against L1TF, since 4.19): ${hex(end.frame)} stands for ${hex(end.invertedFrame)}, physical ${hex(end.invertedFrame << 12n)}. An access faults; the page may still be there (DEBUG_PAGEALLOC, set_memory_np(), PROT_NONE).`,
              ]),
        ],
      ]),
      assumed: ['The entries are read as those of x86-64.'],
      facts: {
        address: asked === undefined ? null : hex(asked),
        isMapped,
        frame: isMapped ? hex(end.frame) : null,
        invertedFrame: !isMapped && end.value !== 0n ? hex(end.invertedFrame) : null,
        isWritable: end.isWritable,
      },
    },
  ];
}
