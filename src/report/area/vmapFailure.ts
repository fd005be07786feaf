/**
 * A failed vmap allocation: no hole in the range of addresses that it was asked in. Memory itself plays no part.
 *
 * Source: Linux mm/vmalloc.c: alloc_vmap_area(), __vmalloc_node_range(), of 3.10, 4.14, 5.10, 6.1, 6.12.
 */
import type { Context } from '../context.js';
import { decodeGfp } from '../facts/gfp.js';
import { sections, type Finding } from '../finding.js';
import type { LogLine } from '../input/lines.js';
import { machineOf, type Machine } from '../input/machineHints.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { seriesOf } from '../input/version.js';
import { capital, hex, plural, size } from '../render/amount.js';
import { memoryNumber } from '../proc/meminfo.js';
import { areaUse } from './areaUse.js';
import { areaBytes, memoryAreas, type MemoryArea } from './layout.js';

const PATTERN = /^\s*vmap allocation for size (\d+) failed/;
const RANGE =
  /vmalloc_node_range for size (\d+) failed: Address range restricted to (?:0x)?([0-9a-f]+) - (?:0x)?([0-9a-f]+)/;
/** Lines after it in which its trace and the layout of memory may stand. */
const WITHIN = 80;

interface Failure {
  readonly bytes: number;
  readonly range?: MemoryArea;
}

const failureOf = (text: string): Failure | undefined => {
  const plain = PATTERN.exec(text)?.[1];
  if (plain !== undefined) return { bytes: Number(plain) };
  const range = RANGE.exec(text);
  return range
    ? {
        bytes: Number(range[1]),
        range: {
          name: 'range',
          start: BigInt(`0x${range[2] ?? '0'}`),
          end: BigInt(`0x${range[3] ?? '0'}`),
        },
      }
    : undefined;
};

export function vmapFindings(context: Context): Finding[] {
  const { lines } = context;
  const found: Finding[] = [];
  let last = -1;
  lines.forEach(({ text }, index) => {
    const failure = failureOf(text);
    // The same loop of a driver prints it again and again.
    if (!failure || (last >= 0 && index - last < 3)) return;
    last = index;
    found.push(explainOne(context, failure, index));
  });
  return found;
}

/** Whether line `index` is the second half of a vmap failure, which is told with the first. */
export const belongsToVmap = (lines: readonly LogLine[], index: number): boolean =>
  lines.slice(Math.max(0, index - 4), index).some(({ text }) => failureOf(text) !== undefined);

/** What asked for the addresses, by the functions of the trace. */
const CALLERS: readonly (readonly [pattern: RegExp, area: string, text: string])[] = [
  [
    /\bmodule_alloc\b|\bexecmem_alloc\b|\bload_module\b|\blayout_and_allocate\b/,
    'modules',
    "module_alloc(): the modules' area",
  ],
  [
    /\bbpf_jit_alloc_exec\b|\bbpf_jit_binary_alloc\b/,
    'modules',
    "bpf_jit_alloc_exec(): the modules' area",
  ],
  [/\b__?ioremap\w*\b|\bioremap\b/, 'vmalloc', 'ioremap(): vmalloc space'],
  [
    /\bpcpu_get_vm_areas\b/,
    'vmalloc',
    'the per-CPU allocator: vmalloc space, at the same offset for each node',
  ],
];

function explainOne(
  { lines, input, given, fallback }: Context,
  { bytes, range }: Failure,
  first: number,
): Finding {
  const near = lines.slice(first, first + WITHIN).map(({ text }) => text);
  const texts = lines.map(({ text }) => text);
  const request = near
    .map((text) => /vmalloc: allocation failure[:,] (\d+) bytes.*mode:(0x[0-9a-f]+)/.exec(text))
    .find(Boolean);
  const last =
    first +
    Math.max(
      0,
      near.findLastIndex((text) => /^\s*(?:\[<|\w+:|[a-z.]+\s*: 0x)/.test(text)),
    );
  const kernel = kernelOf(lines, first, last, given);
  const machine = machineOf(lines, first, last);
  const caller = CALLERS.find(([pattern]) => near.some((text) => pattern.test(text)));
  const areas = memoryAreas(texts);
  const named = areas.find(({ name }) => name.toLowerCase() === (caller?.[1] ?? 'vmalloc'));
  const area = range ?? named;
  const isModules = caller?.[1] === 'modules';
  const pages = Math.ceil(bytes / 4096);
  const wanted = request ? Number(request[1]) : undefined;
  const guard = wanted !== undefined && bytes - wanted === 4096;
  const vmalloc = areas.find(({ name }) => name === 'vmalloc');
  const use = isModules ? undefined : areaUse(texts, area, bytes);
  const mask = request ? decodeGfp(Number(request[2]), kernel.version ?? fallback) : undefined;
  const where = isModules
    ? "the modules' area"
    : range
      ? 'the range that it was restricted to'
      : 'vmalloc space';
  return {
    kind: 'vmap-failure',
    headline: `No hole of ${plural(pages, 'page')} (${size(bytes)}) in ${where}${area ? ` (${size(areaBytes(area))})` : ''}${isModules ? ': vmalloc=<size> does not help' : ''}.`,
    place: { input, firstLine: lines[first]?.number ?? 1, lastLine: lines[last]?.number ?? 1 },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          `${capital(kernelText(kernel))}.`,
          wanted === undefined
            ? `Wanted: ${plural(bytes, 'byte')} of addresses, ${plural(pages, 'page')} with the guard page.`
            : `Wanted: ${plural(wanted, 'byte')} = ${plural(Math.ceil(wanted / 4096), 'page')}; ${plural(bytes, 'byte')} = ${plural(pages, 'page')}${guard ? ' with the guard page' : ''}.`,
          ...(caller ? [`Asked by ${caller[2]}.`] : []),
          ...(areas.length > 0 ? [areaRows(areas)] : []),
          ...(mask
            ? [
                `Mask ${request?.[2] ?? ''} is ${mask.text} in Linux ${seriesOf(kernel.version ?? fallback)}: it is not the matter, pages of order 0 would do.`,
              ]
            : []),
        ],
      ],
      [
        'Why',
        [
          ...whyItems(isModules, area, vmalloc, pages, machine, chunkOf(texts)),
          ...(use?.items ?? []),
        ],
      ],
      ['What helps', remedies(isModules, machine)],
    ),
    assumed: area === undefined ? ['The text does not tell where the area begins and ends.'] : [],
    facts: {
      bytes,
      pages,
      wantedBytes: wanted ?? null,
      area: isModules ? 'modules' : range ? 'range' : 'vmalloc',
      areaBytes: area ? areaBytes(area) : null,
      areaStart: area ? hex(area.start) : null,
      largestHole: use?.largestHole ?? null,
      vmallocBytes: vmalloc ? areaBytes(vmalloc) : null,
      gfp: mask?.text ?? null,
      helpsVmallocParameter: !isModules && !range && machine.bits !== 64,
    },
  };
}

/** VmallocChunk of /proc/meminfo: 0 since 4.4, where it is no longer computed. */
function chunkOf(texts: readonly string[]): number | undefined {
  const chunk = memoryNumber(texts, 'VmallocChunk');
  return chunk === 0 ? undefined : chunk;
}

const areaRows = (areas: readonly MemoryArea[]): string[][] => [
  ['area', 'from', 'to', 'size'],
  ...areas.map((area) => [area.name, hex(area.start), hex(area.end), size(areaBytes(area))]),
];

function whyItems(
  isModules: boolean,
  area: MemoryArea | undefined,
  vmalloc: MemoryArea | undefined,
  pages: number,
  machine: Machine,
  chunkKb: number | undefined,
): string[] {
  const items: string[] = [];
  if (isModules) {
    items.push(
      `The addresses asked for are of the modules' area${area ? ` (${hex(area.start)} to ${hex(area.end)}, ${size(areaBytes(area))})` : machine.arch === 'arm' ? ' (16 MiB below PAGE_OFFSET on ARM)' : ''}, not of vmalloc space${vmalloc ? ` (${size(areaBytes(vmalloc))})` : ''}: module code has to be within reach of a branch from the kernel. The hint in the message is about another area.`,
      `There is no hole of ${plural(pages, 'page')}: many modules are loaded, or what is free is in pieces.`,
    );
  } else
    items.push(
      area && areaBytes(area) < pages * 4096
        ? `What is wanted is larger than the whole area (${size(areaBytes(area))}): it can never fit, whatever is freed.`
        : `Addresses are used up or in pieces, not memory: ${chunkKb === undefined ? `the largest hole of ${area ? size(areaBytes(area)) : 'the area'}` : `the largest hole (VmallocChunk, ${size(chunkKb * 1024)})`} is smaller than ${plural(pages, 'page')}.`,
    );
  return items;
}

function remedies(isModules: boolean, { arch, bits }: Machine): string[] {
  if (isModules)
    return [
      `Build the large module into the kernel, load fewer modules, unload what is not needed${arch === 'arm' ? '; CONFIG_ARM_MODULE_PLTS lets modules fall back to vmalloc space' : arch === 'arm64' ? '; CONFIG_ARM64_MODULE_PLTS (CONFIG_RANDOMIZE_MODULE_REGION_FULL) widens the range' : ''}.`,
    ];
  if (bits === 64)
    return [
      'vmalloc space of a 64-bit kernel is terabytes: a leak of areas (/proc/vmallocinfo tells who), or a size that was computed wrongly.',
    ];
  return [
    "vmalloc=<size> on the command line makes the area larger (lowmem gets smaller by that). /proc/vmallocinfo tells who has what; ioremap() less of a large device (a graphics card's memory).",
  ];
}
