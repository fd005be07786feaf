/** SLUB and SLAB reports, each as a finding: which bytes, what their pattern says, who had the object, and who is under suspicion. */
import type { Context } from '../context.js';
import { numberingsWith, pageFlagsOf } from '../facts/pageFlags.js';
import { sections, type Facts, type Finding } from '../finding.js';
import { machineOf } from '../input/machineHints.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { seriesOf, type KernelVersion } from '../input/version.js';
import { capital, hex, listed, plural, size } from '../render/amount.js';
import { slabReports, type SlabReport } from './slabReport.js';
import { slotLayout, type SlotLayout } from './slotLayout.js';
import { suspicion } from './suspicion.js';

export const slabFindings = (context: Context): Finding[] =>
  slabReports(context.lines).map((report) => explainOne(context, report));

function explainOne({ lines, input, given, fallback }: Context, report: SlabReport): Finding {
  const kernel = kernelOf(lines, report.first, report.last, given);
  const version = kernel.version ?? fallback;
  const machine = machineOf(lines, report.first, report.last);
  const layout = slotLayout(report);
  const found = suspicion(report, layout);
  const flags = report.slab?.flags;
  const numbering = kernel.source === 'report' ? undefined : numberingOf(report);
  const flagNames =
    flags === undefined
      ? []
      : pageFlagsOf(flags, numbering?.version ?? version, machine.bits ?? 64);
  return {
    kind: 'slab-report',
    headline: `${report.cache === '' ? 'A cache' : report.cache}: ${found.headline}.`,
    place: {
      input,
      firstLine: lines[report.first]?.number ?? 1,
      lastLine: lines[report.last]?.number ?? 1,
    },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          `${capital(kernelText(kernel))}; ${report.allocator}, cache ${report.cache}${report.objectSize === undefined ? '' : `, objects of ${plural(report.objectSize, 'byte')}`}: ${report.problem}.`,
          ...hitItems(report),
          ...placeItems(report, layout),
          ...trackItems(report),
          ...(flags === undefined
            ? []
            : [
                `Flags of the slab's page ${hex(flags)}, by the numbering of Linux ${numbering?.text ?? seriesOf(version)}: ${flagNames.join(', ') || 'none'}. They mean this in those releases only.`,
              ]),
        ],
      ],
      ['Why', found.items],
      ['What helps', found.remedies],
    ),
    assumed: [
      ...(kernel.source === 'report' || flags === undefined
        ? []
        : [
            numbering === undefined
              ? `Flags are decoded as Linux ${seriesOf(version)} numbers them: the text does not name its kernel.`
              : `The text does not name its kernel. The page is a slab, so that PG_slab${numbering.names.includes('head') ? ' and (more than one page) PG_head' : ''} must be among its flags: only ${numbering.text} number them so.`,
          ]),
      ...(layout
        ? [
            `Slots of ${plural(layout.slotSize, 'byte')}: it is not printed, but the only size that fits the object's offset and ${plural(report.slab?.objects ?? 0, 'object')} in ${size(layout.slabBytes)}.`,
          ]
        : []),
    ],
    facts: factsOf(report, layout, flagNames, found.kind),
  };
}

/** The numbering in which the slab's page has PG_slab, and PG_head if its slab is of several pages. */
function numberingOf(
  report: SlabReport,
): { version: KernelVersion; text: string; names: readonly string[] } | undefined {
  const flags = report.slab?.flags;
  if (flags === undefined) return undefined;
  const isLarge = (slotLayout(report)?.slabBytes ?? 0) > 4096;
  const names = isLarge ? ['slab', 'head'] : ['slab'];
  const found = numberingsWith(flags, names);
  const newest = found[0];
  const oldest = found.at(-1);
  if (!newest || !oldest) return undefined;
  const until = newest.until === undefined ? ' and later' : ` to before ${seriesOf(newest.until)}`;
  return { version: newest.since, text: `${seriesOf(oldest.since)}${until}`, names };
}

function hitItems({ hit, bytes, object, objectSize, isHashed }: SlabReport): string[] {
  if (!hit) return [];
  if (isHashed === true && bytes.size === 0)
    return [
      `Wrong: the byte at ${hit.from} (${hex(hit.from)}) in the slab${object === undefined ? '' : `, offset ${hit.from - object.address} of the object`}, and maybe others behind it: 0x${hit.expected.toString(16)} was expected, 0x${hit.found.toString(16)} is there.`,
    ];
  const count = Number(hit.to - hit.from) + 1;
  const shown: string[] = [];
  for (let at = hit.from; at <= hit.to && shown.length < 16; at++) {
    const byte = bytes.get(at);
    if (byte === undefined) break;
    shown.push(byte.toString(16).padStart(2, '0'));
  }
  const where =
    object === undefined
      ? ''
      : hit.from < object.address
        ? `, ${hex(object.address - hit.from)} (${plural(object.address - hit.from, 'byte')}) before the object`
        : objectSize !== undefined && hit.from >= object.address + BigInt(objectSize)
          ? `, ${plural(hit.from - object.address - BigInt(objectSize), 'byte')} behind the end of the object`
          : `, at offset ${hex(hit.from - object.address)} in the object`;
  return [
    `Wrong: ${plural(count, 'byte')} at ${hex(hit.from)}${count > 1 ? ` to ${hex(hit.to)}` : ''}${where}: 0x${hit.expected.toString(16)} was expected, ${shown.length > 0 ? shown.join(' ') : `0x${hit.found.toString(16)} first`} is there.`,
  ];
}

function placeItems(
  { object, slab, isHashed }: SlabReport,
  layout: SlotLayout | undefined,
): string[] {
  const items: string[] = [];
  if (object && isHashed === true)
    items.push(
      `The object begins ${plural(object.offset ?? 0, 'byte')} into the slab. Addresses are hashes (%p).`,
    );
  else if (object)
    items.push(
      `The object is at ${hex(object.address)}${object.offset === undefined ? '' : `, ${object.offset} (${hex(object.offset)}) bytes into the slab`}.`,
    );
  if (slab) items.push(`The slab has ${plural(slab.objects, 'object')}, ${slab.used} in use.`);
  if (layout)
    items.push(
      `Slots of ${plural(layout.slotSize, 'byte')}, ${slab?.objects ?? 0} in ${size(layout.slabBytes)}: slot ${layout.index} begins at ${layout.slotOffset}${layout.leftRedZone > 0 ? `, with a left red zone of ${plural(layout.leftRedZone, 'byte')}, then the object` : ''}.`,
    );
  return items;
}

const trackItems = ({ tracks }: SlabReport): string[] =>
  tracks
    .slice(0, 6)
    .map(
      ({ what, where, age, pid }) =>
        `${capital(what)} by ${where}${age === undefined ? '' : `, ${age} jiffies before`}${pid === undefined ? '' : `, pid ${pid}`}.`,
    );

function factsOf(
  report: SlabReport,
  layout: SlotLayout | undefined,
  flags: readonly string[],
  kind: string,
): Facts {
  const { hit, object, slab } = report;
  return {
    allocator: report.allocator,
    cache: report.cache,
    problem: report.problem,
    suspicion: kind,
    hitFrom: hit && report.isHashed !== true ? hex(hit.from) : null,
    hitOffset: hit && object ? Number(hit.from - object.address) : null,
    hitBytes: hit ? Number(hit.to - hit.from) + 1 : null,
    expected: hit?.expected ?? null,
    object: object && report.isHashed !== true ? hex(object.address) : null,
    beforeObject:
      hit && object && hit.from < object.address ? Number(object.address - hit.from) : null,
    slotSize: layout?.slotSize ?? null,
    slot: layout?.index ?? null,
    leftRedZone: layout?.leftRedZone ?? null,
    objects: slab?.objects ?? null,
    used: slab?.used ?? null,
    pageFlags: [...flags],
    allocatedBy: report.tracks.find(({ what }) => what === 'allocated')?.where ?? null,
    freedBy: report.tracks.find(({ what }) => what === 'freed')?.where ?? null,
    remaining: report.remaining.length,
    trackNames: listed(report.tracks.map(({ where }) => where)),
  };
}
