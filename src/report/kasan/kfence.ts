/**
 * KFENCE's reports, each as a finding: the access or the bytes that were changed, the object, and its owners.
 *
 * Source: Linux mm/kfence/report.c of 5.12, 5.15, 6.1, Documentation/dev-tools/kfence.rst.
 */
import type { Context } from '../context.js';
import { sections, type Finding } from '../finding.js';
import type { LogLine } from '../input/lines.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, hex, plural } from '../render/amount.js';
import { frameOf, ownerOf, userOf, type Frame } from './stack.js';

interface Owner {
  readonly pid: number;
  readonly frames: Frame[];
}

interface KfenceReport {
  readonly first: number;
  last: number;
  readonly bug: string;
  readonly where: string;
  address?: bigint;
  /** `32B left of`: how far from the object, as the text says it. */
  beside?: { bytes: number; isBefore: boolean };
  /** Bytes that were changed: a number, or `undefined` where it is hidden; `null` where one is as it was. */
  changed?: (number | undefined | null)[];
  trace: Frame[];
  object?: { from: bigint; size: number; cache: string };
  allocated?: Owner;
  freed?: Owner;
}

const START = /^\s*BUG: KFENCE: (.+?) in (\S+(?: \[\w+\])?)/;
const RULER = /^\s*={40,}\s*$/;
const LONGEST = 160;
const PAGE_BYTES = 4096;

export function kfenceFindings(context: Context): Finding[] {
  return context.lines.flatMap(({ text }, first) => {
    const [, bug, where] = START.exec(text) ?? [];
    if (bug === undefined || where === undefined) return [];
    return [
      explainOne(context, read(context.lines, { first, last: first, bug, where, trace: [] })),
    ];
  });
}

function read(lines: readonly LogLine[], report: KfenceReport): KfenceReport {
  let frames: Frame[] | undefined;
  for (let at = report.first + 1; at < Math.min(lines.length, report.first + LONGEST); at++) {
    const text = lines[at]?.text ?? '';
    if (RULER.test(text) || START.test(text)) break;
    const next = readLine(report, text);
    if (next) frames = next;
    const frame = next ? undefined : frameOf(text);
    if (frame) frames?.push(frame);
    if (next || frame) report.last = at;
    if (/^\s*CPU: /.test(text)) frames = undefined;
  }
  return report;
}

/** The list that the frames below the line belong to. */
function readLine(report: KfenceReport, text: string): Frame[] | undefined {
  const access =
    /^\s*(?:Out-of-bounds|Use-after-free|Corrupted memory|Invalid) ?(?:read|write|free)? ?(?:at|of) 0x([0-9a-f]{1,16})(?: \[ (.*?) ?\])?/.exec(
      text,
    );
  if (access) {
    report.address = BigInt(`0x${access[1] ?? '0'}`);
    const beside = /\((\d{1,4})B (left|right) of kfence-/.exec(text);
    if (beside) report.beside = { bytes: Number(beside[1]), isBefore: beside[2] === 'left' };
    if (access[2] !== undefined)
      report.changed = access[2]
        .trim()
        .split(/\s+/)
        .map((byte) =>
          byte === '.' ? null : /^0x[0-9a-f]{2}$/.test(byte) ? Number(byte) : undefined,
        );
    return report.trace;
  }
  const object =
    /kfence-#\d+:? \[?0x([0-9a-f]{1,16})-0x[0-9a-f]+, size=(\d{1,9}), cache=([\w:.-]+)/.exec(text);
  if (object)
    report.object = {
      from: BigInt(`0x${object[1] ?? '0'}`),
      size: Number(object[2]),
      cache: object[3] ?? '',
    };
  const owner = /\b(allocated|freed) by task (\d+)/.exec(text);
  if (!owner) return object ? [] : undefined;
  const made: Owner = { pid: Number(owner[2]), frames: [] };
  if (owner[1] === 'freed') report.freed = made;
  else report.allocated = made;
  return made.frames;
}

function explainOne({ lines, input, given }: Context, report: KfenceReport): Finding {
  const kernel = kernelOf(lines, report.first, report.last, given);
  const { bug, where, object, address, trace, allocated, freed } = report;
  const distance = object && address !== undefined ? Number(address - object.from) : undefined;
  // %p prints hashes: an access that KFENCE sees is within a page of the object.
  const isHashed = distance !== undefined && Math.abs(distance) > 2 * PAGE_BYTES;
  const offset = isHashed ? toldOffset(report) : distance;
  const beyond = object && offset !== undefined ? offset - object.size : undefined;
  const what = object ? `a ${object.size}-byte object of ${object.cache}` : 'an object';
  const by = (owner: Owner | undefined): string | undefined =>
    owner && (ownerOf(owner.frames)?.text ?? `pid ${owner.pid}`);
  const place = placeText(offset, beyond);
  return {
    kind: 'kfence',
    headline: `${where.replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, '()')}: ${bug}${object ? `, ${place} ${what}` : address === undefined ? '' : ` at ${hex(address)}, where no object is told`}.`,
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
          `${capital(kernelText(kernel))}, KFENCE: ${bug}${address === undefined ? '' : ` at ${hex(address)}`}.`,
          ...(userOf(trace) ? [`On behalf of ${userOf(trace)?.text ?? ''}.`] : []),
          ...(object
            ? [
                isHashed
                  ? 'Addresses are hashes in the text (boot with no_hash_pointers to have them).'
                  : `The object is at ${hex(object.from)} to ${hex(object.from + BigInt(object.size - 1))}.`,
              ]
            : []),
          ...changedItems(report),
          ...(allocated ? [`Allocated by pid ${allocated.pid}, in ${by(allocated) ?? ''}.`] : []),
          ...(freed ? [`Freed by pid ${freed.pid}, in ${by(freed) ?? ''}.`] : []),
        ],
      ],
      ['Why', whyItems(report, offset, beyond)],
      [
        'What helps',
        [
          'KFENCE guards only some objects, so that this is rare by design: KASAN, or kfence.sample_interval=10, finds the fault sooner.',
        ],
      ],
    ),
    assumed: [],
    facts: {
      bug,
      where,
      address: address === undefined ? null : hex(address),
      cache: object?.cache ?? null,
      objectSize: object?.size ?? null,
      offset: offset ?? null,
      beyondEnd: beyond ?? null,
      changedBytes: report.changed?.filter((byte) => byte !== null).length ?? null,
      allocatedBy: by(allocated) ?? null,
      freedBy: by(freed) ?? null,
      onBehalfOf: userOf(trace)?.text ?? null,
    },
  };
}

/** From the object's beginning; `right of` counts from its end. */
const toldOffset = ({ beside, object }: KfenceReport): number | undefined =>
  beside && object ? (beside.isBefore ? -beside.bytes : object.size + beside.bytes - 1) : undefined;

function placeText(offset: number | undefined, beyond: number | undefined): string {
  if (offset === undefined || beyond === undefined) return 'at a place that is not told, of';
  if (offset < 0) return `${plural(-offset, 'byte')} before`;
  if (beyond >= 0) return beyond === 0 ? 'right behind' : `${plural(beyond, 'byte')} behind`;
  return `at offset ${offset} of`;
}

function changedItems({ changed }: KfenceReport): string[] {
  if (!changed) return [];
  const count = changed.filter((byte) => byte !== null).length;
  const known = changed.filter((byte): byte is number => typeof byte === 'number');
  return [
    `${plural(count, 'byte')} of ${changed.length} behind or before the object are not as KFENCE left them${known.length === 0 ? '' : `: ${known.map((byte) => hex(byte)).join(' ')}`}.`,
  ];
}

function whyItems(
  { bug, freed, allocated, trace }: KfenceReport,
  offset: number | undefined,
  beyond: number | undefined,
): string[] {
  const user = userOf(trace)?.name;
  if (bug.startsWith('use-after-free'))
    return [
      `${freed ? (ownerOf(freed.frames)?.name ?? 'somebody') : 'Somebody'}() freed it while ${user ?? 'the access'}() still had a pointer: a reference that was not taken, or a lock that does not cover both.`,
    ];
  if (bug.startsWith('out-of-bounds'))
    return [
      offset !== undefined && offset < 0
        ? 'The page before the object has no memory: an index that became negative.'
        : `The page behind the object has no memory: a loop or copy ran past the end${beyond === 0 ? ' by one' : ''}.`,
    ];
  if (bug.startsWith('memory corruption'))
    return [
      'Bytes between the object and the edge of its page were written. KFENCE sees it only when the object is freed: the stack is that of the freeing, and the writer is whoever used the object since it was allocated.',
      ...(allocated
        ? [
            `Look at what ${ownerOf(allocated.frames)?.name ?? 'its owner'}() does with the object, and compare the size it asks for.`,
          ]
        : []),
    ];
  if (bug.startsWith('invalid free'))
    return [
      freed
        ? 'It had been freed already: a second freeing.'
        : 'The address is not the beginning of an object that is in use: a pointer into the middle, or a second freeing.',
    ];
  return ['Nothing was ever allocated at that place: the pointer is wrong.'];
}
