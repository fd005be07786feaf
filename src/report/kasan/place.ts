/** What an access of a KASAN report hit, in numbers: of which object, variable or area, and where in it or beside it. */
import { hex, plural } from '../render/amount.js';
import type { KasanReport } from './kasanReport.js';

export interface Place {
  readonly cause:
    | 'use-after-free'
    | 'out-of-bounds'
    | 'double-free'
    | 'invalid-free'
    | 'null'
    | 'user'
    | 'wild'
    | 'unknown';
  readonly region: 'slab' | 'stack' | 'global' | 'vmalloc' | 'page' | 'none';
  /** Goes on from a verb: `wrote 4 bytes ...`. */
  readonly short: string;
  readonly items: readonly string[];
  readonly object?: bigint;
  readonly objectSize?: number;
  /** Of the first byte, from the beginning of the object or variable. */
  readonly offset?: number;
  /** From the end of the object to the first byte; negative where the access begins inside. */
  readonly beyondEnd?: number;
  /** Bytes of the access that lie outside. */
  readonly wrongBytes?: number;
  readonly variable?: string;
}

/** `bad`: the first byte that may not be used; `usable`: where what was asked for of the object ends; both by the shadow. */
export function place(report: KasanReport, bad: bigint | undefined, usable?: bigint): Place {
  const cause = causeOf(report);
  const { address } = report;
  if (cause === 'null')
    return none(cause, `through a NULL pointer, ${hex(address ?? 0n)} bytes behind it`);
  if (cause === 'user') return none(cause, `at a user-space address, ${hex(address ?? 0n)}`);
  if (cause === 'wild') return none(cause, `at ${hex(address ?? 0n)}, which is no memory`);
  if (report.frame || report.bug.startsWith('stack') || report.variables.length > 0)
    return stackPlace(report, cause);
  if (report.global !== undefined && report.object === undefined)
    return {
      cause,
      region: 'global',
      short: `outside of a global variable, at ${report.global}`,
      items: [`The nearest variable is ${report.global}.`],
      variable: report.global,
    };
  if (report.object !== undefined || report.cache !== undefined)
    return slabPlace(report, cause, bad, usable);
  if (report.mappedBy !== undefined || report.bug.startsWith('vmalloc'))
    return {
      cause,
      region: 'vmalloc',
      short: 'outside of the pages of a vmalloc() area',
      items: report.mappedBy ? [`The area was made by ${report.mappedBy}.`] : [],
    };
  if (cause === 'invalid-free')
    return {
      cause,
      region: 'page',
      short: `${hex(address ?? 0n)}, which no slab has given out`,
      items:
        report.pfn === undefined
          ? []
          : [`It lies in page frame ${hex(report.pfn)}, not in a slab.`],
    };
  return {
    cause,
    region: 'page',
    short:
      cause === 'use-after-free'
        ? `at ${hex(address ?? bad ?? 0n)}, in a page that was freed`
        : `at ${hex(address ?? bad ?? 0n)}`,
    items:
      report.pfn === undefined ? [] : [`It lies in page frame ${hex(report.pfn)}, not in a slab.`],
  };
}

const none = (cause: Place['cause'], short: string): Place => ({
  cause,
  region: 'none',
  short,
  items: [],
});

function causeOf({ bug, tags, freed, address, region, object }: KasanReport): Place['cause'] {
  if (/double-free/.test(bug) && !/invalid/.test(bug)) return 'double-free';
  if (/free or invalid-free/.test(bug))
    return freed && (object === undefined || address === undefined || address === object)
      ? 'double-free'
      : 'invalid-free';
  if (bug.includes('invalid-free')) return 'invalid-free';
  if (bug.includes('use-after')) return 'use-after-free';
  if (bug.includes('out-of-bounds')) return 'out-of-bounds';
  if (bug.includes('null-ptr')) return 'null';
  if (bug.includes('user-memory')) return 'user';
  if (bug.includes('wild-memory')) return 'wild';
  if (tags && address !== undefined && region) {
    const at = BigInt.asUintN(64, address | (0xffn << 56n));
    if (at < region.from || at >= region.to) return 'out-of-bounds';
    return freed ? 'use-after-free' : 'out-of-bounds';
  }
  return 'unknown';
}

function slabPlace(
  report: KasanReport,
  cause: Place['cause'],
  bad: bigint | undefined,
  usable: bigint | undefined,
): Place {
  const { cache = 'a cache', sizeBytes = 1 } = report;
  const object = report.region?.from ?? report.object;
  const slot = report.objectSize ?? sizeOf(cache);
  const asked =
    cause === 'out-of-bounds' && object !== undefined && usable !== undefined && usable > object
      ? Number(usable - object)
      : undefined;
  const objectSize = asked !== undefined && (slot === undefined || asked < slot) ? asked : slot;
  const address =
    report.tags && report.address !== undefined
      ? BigInt.asUintN(64, report.address | (0xffn << 56n))
      : report.address;
  const kind = objectSize === slot ? 'object' : 'part';
  const what = `${objectSize === undefined ? 'an object' : `${a(objectSize)} ${objectSize}-byte ${kind}`} of ${cache}`;
  if (object === undefined || address === undefined)
    return { cause, region: 'slab', short: `of ${what}`, items: [] };
  const offset = Number(address - object);
  const known = {
    cause,
    region: 'slab',
    object,
    offset,
    ...(objectSize === undefined ? {} : { objectSize }),
  } as const;
  if (cause === 'double-free' || cause === 'invalid-free')
    return {
      ...known,
      short:
        cause === 'double-free'
          ? `${what} that is free already`
          : `${hex(address)}, ${offset === 0 ? 'an' : `${plural(Math.abs(offset), 'byte')} ${offset < 0 ? 'before' : 'inside of'} an`} object of ${cache}: not what kmalloc() returned`,
      items: [`The object begins at ${hex(object)}.`],
    };
  const end = objectSize === undefined ? undefined : offset - objectSize;
  if (
    cause === 'out-of-bounds' &&
    asked === undefined &&
    bad !== undefined &&
    end !== undefined &&
    offset >= 0 &&
    end + sizeBytes <= 0
  )
    return {
      ...known,
      short: `at offset ${offset} of a slot of ${cache} that holds no object`,
      items: [`The slot is at ${hex(object)}; its whole shadow is redzone.`],
    };
  const wrong =
    end === undefined
      ? undefined
      : offset < 0
        ? Math.min(sizeBytes, -offset)
        : Math.min(sizeBytes, Math.max(0, end + sizeBytes));
  const numbers = {
    ...known,
    ...(end === undefined ? {} : { beyondEnd: end }),
    ...(wrong === undefined ? {} : { wrongBytes: wrong }),
  };
  if (cause === 'use-after-free' && (end === undefined || (offset >= 0 && end < 0)))
    return {
      ...numbers,
      short: `at offset ${offset} of ${what} that had been freed`,
      items: [
        `The object is at ${hex(object)}; the access begins at offset ${offset} (${hex(offset)}).`,
      ],
    };
  return {
    ...numbers,
    short:
      offset < 0
        ? `${plural(-offset, 'byte')} before ${what}`
        : end !== undefined && end >= 0
          ? `${end === 0 ? 'right behind' : `${plural(end, 'byte')} behind`} the end of ${what}`
          : wrong !== undefined && wrong > 0
            ? `across the end of ${what}, ${wrong} of them outside`
            : `at offset ${offset} of ${what}${cause === 'out-of-bounds' ? ', of which fewer bytes were asked for' : ''}`,
    items: [
      ...(objectSize === slot || objectSize === undefined
        ? []
        : [
            `The object has ${plural(slot ?? 0, 'byte')}, of which ${objectSize} were asked for, by the shadow: the rest is out of bounds, too.`,
          ]),
      `The object is at ${hex(object)}${objectSize === undefined ? '' : ` to ${hex(object + BigInt(objectSize - 1))}`}; the access begins at offset ${offset}${end === undefined || end < 0 ? '' : `, ${plural(end, 'byte')} behind its end`}.`,
    ],
  };
}

const a = (size: number): string => (/^(?:8|11$|18$)/.test(String(size)) ? 'an' : 'a');

function sizeOf(cache: string): number | undefined {
  const [, size, kilo] = /^(?:dma-)?kmalloc-(?:\w+-)?(\d{1,6})(k)?$/.exec(cache) ?? [];
  return size === undefined ? undefined : Number(size) * (kilo === undefined ? 1 : 1024);
}

function stackPlace(report: KasanReport, cause: Place['cause']): Place {
  const { frame, variables } = report;
  const at = frame?.offset;
  const near =
    at === undefined ? undefined : (variables.findLast(({ from }) => from <= at) ?? variables[0]);
  const variable = near?.name;
  const beyond = near && at !== undefined ? at - near.to : undefined;
  const before = near && at !== undefined && at < near.from ? near.from - at : undefined;
  const name = frame?.name?.replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, '()');
  const whose = name === undefined ? 'of a stack frame' : `of ${name}`;
  const short =
    variable === undefined || beyond === undefined
      ? `outside of the variables ${whose}`
      : before !== undefined
        ? `${plural(before, 'byte')} before variable ${variable} ${whose}`
        : beyond >= 0
          ? `${beyond === 0 ? 'right behind' : `${plural(beyond, 'byte')} behind`} variable ${variable} ${whose}`
          : `in variable ${variable} ${whose}`;
  return {
    cause,
    region: 'stack',
    short,
    items: [
      ...(at === undefined
        ? []
        : [`Offset ${at} in the stack frame${name === undefined ? '' : ` of ${name}`}.`]),
      ...(variables.length > 0
        ? [
            `The frame's variables: ${variables.map((each) => `${each.name} at ${each.from} to ${each.to}`).join(', ')}.`,
          ]
        : []),
    ],
    ...(variable === undefined ? {} : { variable }),
    ...(near && at !== undefined ? { offset: at - near.from } : {}),
    ...(beyond === undefined ? {} : { beyondEnd: beyond }),
  };
}
