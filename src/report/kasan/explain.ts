/** KASAN's reports, each as a finding: which bytes, of what, who had it, and what the shadow says of them. */
import type { Context } from '../context.js';
import { sections, type Facts, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { seriesOf, type KernelVersion } from '../input/version.js';
import { capital, hex, plural } from '../render/amount.js';
import { kasanReports, type KasanReport } from './kasanReport.js';
import { place, type Place } from './place.js';
import { firstBad, readShadow, shadowAt, shadowMeaning, usableEnd } from './shadow.js';
import { isDeferred, ownerOf, userOf } from './stack.js';
import { reasons, remedies } from './why.js';

export const kasanFindings = (context: Context): Finding[] =>
  kasanReports(context.lines).map((report) => explainOne(context, report));

/** What the shadow says of the first byte that may not be used. */
interface ShadowTold {
  readonly granule: 8 | 16;
  readonly bad?: bigint;
  readonly byte?: number;
  readonly meaning?: string;
  /** Where what was asked for of the object ends. */
  readonly end?: bigint;
}

function explainOne({ lines, input, given, fallback }: Context, report: KasanReport): Finding {
  const kernel = kernelOf(lines, report.first, report.last, given);
  const version = kernel.version ?? fallback;
  const shadow = toldShadow(report, version);
  const where = place(report, shadow.bad, shadow.end);
  return {
    kind: 'kasan',
    headline: headline(report, where),
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
          `${capital(kernelText(kernel))}, KASAN: ${report.bug}.`,
          ...accessItems(report),
          ...where.items,
          ...ownerItems(report, where),
          ...shadowItems(shadow, report),
        ],
      ],
      ['Why', reasons(report, where)],
      ['What helps', remedies(report, where)],
    ),
    assumed:
      kernel.source === 'report' || shadow.byte === undefined || shadow.byte < 0xf8
        ? []
        : [
            `Values of the shadow are those of Linux ${seriesOf(version)}: the text does not name its kernel.`,
          ],
    facts: factsOf(report, where, shadow),
  };
}

function toldShadow(report: KasanReport, version: KernelVersion): ShadowTold {
  const shadow = readShadow(report.shadowRows, report.tags !== undefined);
  const { address, sizeBytes = 1 } = report;
  if (address === undefined) return { granule: shadow.granule };
  if (shadow.granule === 16) {
    const at = BigInt.asUintN(64, address | (0xffn << 56n));
    const byte = report.tags?.memory ?? shadowAt(shadow, at);
    return { granule: 16, bad: at, ...(byte === undefined ? {} : { byte }) };
  }
  const bad = firstBad(shadow, address, sizeBytes);
  const byte = shadowAt(shadow, bad ?? address);
  if (byte === undefined) return { granule: 8 };
  const meaning = shadowMeaning(byte, version);
  const object = report.region?.from ?? report.object;
  const end = object === undefined ? undefined : usableEnd(shadow, bad ?? address, object);
  return {
    granule: 8,
    byte,
    ...(bad === undefined ? {} : { bad }),
    ...(meaning === undefined ? {} : { meaning }),
    ...(end === undefined ? {} : { end }),
  };
}

const VERBS = { read: 'read', write: 'wrote', free: 'freed' } as const;

function headline(report: KasanReport, where: Place): string {
  const who = (report.where ?? userOf(report.trace)?.text ?? 'The kernel').replace(
    /\+0x[0-9a-f]+\/0x[0-9a-f]+/,
    '()',
  );
  const size = report.sizeBytes === undefined ? '' : ` ${plural(report.sizeBytes, 'byte')}`;
  const verb = VERBS[report.access ?? 'read'];
  return report.access === 'free'
    ? `${who} frees ${where.short}.`
    : `${who} ${verb}${size || ' memory'} ${where.short}.`;
}

function accessItems({
  access,
  sizeBytes,
  address,
  task,
  pid,
  trace,
  where,
}: KasanReport): string[] {
  if (access === undefined && address === undefined) return [];
  const user = userOf(trace);
  const by = task === undefined ? '' : ` by ${task}${pid === undefined ? '' : ` (pid ${pid})`}`;
  return [
    `${capital(access ?? 'access')}${sizeBytes === undefined ? '' : ` of ${plural(sizeBytes, 'byte')}`}${address === undefined ? '' : ` at ${hex(address)}`}${by}${where === undefined ? '' : `, in ${where}`}.`,
    ...(user && user.text !== where ? [`On behalf of ${user.text}.`] : []),
  ];
}

function ownerItems({ allocated, freed, related }: KasanReport, { cause }: Place): string[] {
  const owner = (verb: string, { frames, pid }: NonNullable<KasanReport['freed']>): string => {
    const by = ownerOf(frames);
    const later = isDeferred(frames);
    return `${verb}${pid === undefined ? '' : ` by pid ${pid}`}${by ? `, in ${by.text}` : ''}${later === 'rcu' ? ' (called back by RCU)' : later === 'work' ? ' (by a worker)' : ''}.`;
  };
  return [
    ...(allocated ? [owner('Allocated', allocated)] : []),
    ...(freed
      ? [
          owner(
            cause === 'out-of-bounds' ? 'An earlier owner of this memory freed it' : 'Freed',
            freed,
          ),
        ]
      : []),
    ...related.slice(0, 1).flatMap(({ frames }) => {
      const by = frames.find(({ name, isGuess }) => !isGuess && !QUEUING.test(name));
      return by ? [`Queued for RCU or a worker last in ${by.text}.`] : [];
    }),
  ];
}

const QUEUING =
  /^_*(?:kasan\w*|call_rcu\w*|kvfree_call_rcu|queue_\w*work\w*|insert_work|schedule_\w*work\w*|stack_trace\w*|save_stack\w*|mod_delayed_work\w*)$/;

function shadowItems({ granule, bad, byte, meaning }: ShadowTold, report: KasanReport): string[] {
  if (report.tags) {
    const { pointer, memory } = report.tags;
    return [
      `The pointer has tag ${hex(pointer)}, its memory tag ${hex(memory)}: ${memory === 0xfe ? 'the tag of memory that is free or was never given out' : memory === 0xff ? 'memory that has no tag of its own' : 'that of another object'}.`,
    ];
  }
  if (byte === undefined || granule === 16) return [];
  const at = bad === undefined ? '' : ` of ${hex(bad)}, the first byte that may not be used`;
  return [
    `Shadow ${hex(byte)}${at}: ${meaning ?? 'a value that KASAN does not use: the shadow is of other memory, or was overwritten'}.`,
  ];
}

function factsOf(report: KasanReport, where: Place, shadow: ShadowTold): Facts {
  return {
    bug: report.bug,
    cause: where.cause,
    access: report.access ?? null,
    bytes: report.sizeBytes ?? null,
    address: report.address === undefined ? null : hex(report.address),
    where: report.where ?? null,
    onBehalfOf: userOf(report.trace)?.text ?? null,
    task: report.task ?? null,
    pid: report.pid ?? null,
    region: where.region,
    cache: report.cache ?? null,
    object: where.object === undefined ? null : hex(where.object),
    objectSize: where.objectSize ?? null,
    offset: where.offset ?? null,
    beyondEnd: where.beyondEnd ?? null,
    wrongBytes: where.wrongBytes ?? null,
    variable: where.variable ?? null,
    allocatedBy: owner(report.allocated),
    allocatedPid: report.allocated?.pid ?? null,
    freedBy: owner(report.freed),
    freedPid: report.freed?.pid ?? null,
    freedLater: report.freed ? (isDeferred(report.freed.frames) ?? null) : null,
    shadow: shadow.byte === undefined ? null : hex(shadow.byte),
    firstBad: shadow.bad === undefined ? null : hex(shadow.bad),
    pfn: report.pfn ?? null,
  };
}

const owner = (of: KasanReport['freed']): string | null =>
  of ? (ownerOf(of.frames)?.text ?? null) : null;
