/** Allocation failures, stalls and OOM reports of a text, each as a finding. */
import { belongsToVmap } from '../area/vmapFailure.js';
import { sections, type Facts, type Finding } from '../finding.js';
import type { Context } from '../context.js';
import { machineOf } from '../input/machineHints.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, plural, size } from '../render/amount.js';
import { gather, type Gathered } from './collect.js';
import { headline } from './headline.js';
import { judge, type Verdict } from './judge.js';
import type { MemInfo } from './memInfo.js';
import { isOfCgroup, oomDetails, oomItems, type OomDetails } from './oomDetails.js';
import { scenarioText } from '../steppable/scenarioText.js';
import { remedies } from './remedies.js';
import { nodesOf, requestOf, withNeighbours, type Request } from './request.js';
import { decodeRequest, requestItems, type DecodedRequest } from './requestText.js';
import { memoryItems, memoryRows, memoryUses } from './whereMemoryIs.js';
import { victimFindings } from './victimAlone.js';
import { whyItems, zoneTitle } from './verdictText.js';

/** Lines after an OOM report in which its victim is named. */
const VICTIM_WITHIN = 400;

export function allocationFindings(context: Context): Finding[] {
  const reports = gather(context.lines, requestOf).filter(
    ({ start, first }) => start.vmallocBytes === undefined || !belongsToVmap(context.lines, first),
  );
  const isOfReport = (index: number): boolean =>
    reports.some(({ start, first, last }) => {
      return start.kind === 'oom' && index >= first && index < last + VICTIM_WITHIN;
    });
  return [
    ...reports.map((report, at) => explainOne(context, report, reports[at + 1]?.first)),
    ...victimFindings(context, isOfReport),
  ];
}

function explainOne(
  { lines, input, given, fallback }: Context,
  report: Gathered<Request>,
  next: number | undefined,
): Finding {
  const { first, last, memInfo } = report;
  const texts = (from: number, to: number): string[] =>
    lines.slice(Math.max(0, from), to).map(({ text }) => text);
  const request = withNeighbours(report.start, texts(first - 3, first), [
    ...texts(first + 1, first + 4),
    ...texts(first, Math.min(next ?? lines.length, last + VICTIM_WITHIN)).filter((text) =>
      /^\s*oom-kill:constraint=/.test(text),
    ),
  ]);
  const kernel = kernelOf(lines, first, last, given);
  const decoded = decodeRequest(request, kernel, fallback);
  const machine = machineOf(lines, first, last);
  const order = Math.max(0, request.order);
  const nodes = nodesOf(request.nodemask) ?? hardwallNodes(decoded);
  const judged = judge(memInfo, decoded.mask, order, decoded.version, {
    ...machine,
    ...(nodes ? { nodes } : {}),
  });
  const pageSize = memInfo?.pageSize ?? 4096;
  const other = otherCause(request, memInfo, texts(first - INJECTED_WITHIN, last + 1));
  const verdict = other === undefined ? judged : { ...judged, cause: other };
  const oom =
    request.kind === 'oom'
      ? oomDetails(lines.slice(first, Math.min(next ?? lines.length, last + VICTIM_WITHIN)))
      : {};
  const ofCgroup = isOfCgroup(oom);
  const uses = memInfo && memoryUses(memInfo);
  const scenario =
    ofCgroup || !memInfo ? undefined : scenarioText({ decoded, verdict, memInfo, kernel });
  return {
    kind: request.kind === 'oom' ? 'out-of-memory' : 'page-allocation-failure',
    headline: ofCgroup
      ? `The memory cgroup ${oom.memcg ?? ''} reached its limit${oom.memcgLimitKb === undefined ? '' : ` of ${size(oom.memcgLimitKb * 1024)}`}; the machine is not out of memory.`
      : headline(decoded, verdict, pageSize, managedBytes(memInfo)),
    place: {
      input,
      firstLine: lines[first]?.number ?? 1,
      lastLine: lines[last]?.number ?? 1,
    },
    kernel,
    sections: sections(
      [
        'What it says',
        [
          `${capital(kernelText(kernel))}.`,
          ...requestItems(decoded, verdict, pageSize),
          ...tables(memInfo, verdict),
        ],
      ],
      [
        'Why',
        [
          ...oomItems(oom),
          ...otherItems(verdict, request, memInfo),
          ...(memInfo && !ofCgroup && other === undefined
            ? whyItems(verdict, memInfo, order, decoded.version)
            : []),
        ],
      ],
      [
        'What helps',
        ofCgroup
          ? ['Raise memory.max (memory.limit_in_bytes), or have what runs in the cgroup use less.']
          : remedies(decoded, verdict, pageSize),
      ],
      [
        'Where the memory is',
        memInfo && uses ? [memoryRows(uses, pageSize), ...memoryItems(memInfo, uses)] : [],
      ],
    ),
    assumed: [...decoded.assumed, ...assumptions(report, verdict, memInfo)],
    facts: factsOf(decoded, verdict, memInfo, oom),
    ...(scenario === undefined ? {} : { scenario }),
  };
}

/** Lines before a report in which fault injection says that it forces a failure. */
const INJECTED_WITHIN = 40;

/** A cpuset binds only what is asked for on behalf of a user. */
const hardwallNodes = ({ request, mask }: DecodedRequest): ReadonlySet<number> | undefined =>
  mask.flags.has('HARDWALL') ? nodesOf(request.memsAllowed) : undefined;

/** What refuses without a look at zones. */
function otherCause(
  { kind, order, vmallocBytes, vmallocWhy }: Request,
  memInfo: MemInfo | undefined,
  texts: readonly string[],
): Verdict['cause'] | undefined {
  if (
    texts.some((text) => /\bshould_fail(?:_\w+)?\+0x|FAULT_INJECTION: forcing a failure/.test(text))
  )
    return 'fault-injection';
  if (kind === 'oom' && order < 0) return 'by-hand';
  if (vmallocBytes === undefined) return undefined;
  const managed = managedBytes(memInfo);
  return vmallocWhy === 'exceeds total pages' || (managed !== undefined && vmallocBytes > managed)
    ? 'beyond-memory'
    : undefined;
}

function otherItems({ cause }: Verdict, request: Request, memInfo: MemInfo | undefined): string[] {
  if (cause === 'fault-injection')
    return [
      'Fault injection (CONFIG_FAULT_INJECTION: fail_page_alloc, failslab) made the request fail: memory plays no part. The code that asked is tested for how it takes it.',
    ];
  if (cause === 'by-hand')
    return [
      'Order -1: no request failed. SysRq f (or a write of f to /proc/sysrq-trigger) called the OOM killer, which kills a process whatever is free.',
    ];
  if (cause !== 'beyond-memory') return [];
  const managed = managedBytes(memInfo);
  return [
    `vmalloc() refuses more pages than the machine has${managed === undefined ? '' : ` (${plural(request.vmallocBytes ?? 0, 'byte')} of ${managed})`} before it asks for the first one: zones and watermarks play no part. Most often the length comes from user space and was not checked, or its computation overflowed.`,
  ];
}

/** All memory that the allocator has. */
function managedBytes(memInfo: MemInfo | undefined): number | undefined {
  if (!memInfo) return undefined;
  const { counts, zones, pageSize } = memInfo;
  const ram = counts.get('pages RAM');
  if (ram !== undefined) return (ram - (counts.get('pages reserved') ?? 0)) * pageSize;
  const kB = zones.reduce((sum, zone) => sum + (zone.kB.get('managed') ?? 0), 0);
  return kB === 0 ? undefined : kB * 1024;
}

function tables(memInfo: MemInfo | undefined, verdict: Verdict): string[][][] {
  if (!memInfo || memInfo.zones.length === 0) return [];
  const pages = (kB: number | undefined): string =>
    kB === undefined ? '' : String(Math.floor((kB * 1024) / memInfo.pageSize));
  const zones = memInfo.zones.map((zone) => [
    zoneTitle(zone),
    ...['free', 'free_cma', 'min', 'low', 'high', 'managed', 'present'].map((name) =>
      pages(zone.kB.get(name)),
    ),
    zone.lowmemReserve?.join(' ') ?? '',
    verdictWord(zone, verdict),
  ]);
  const heading = [
    'pages',
    'free',
    'CMA',
    'min',
    'low',
    'high',
    'managed',
    'present',
    'lowmem_reserve',
    'verdict',
  ];
  return [[heading, ...zones], ...listTable(memInfo)];
}

function verdictWord(zone: MemInfo['zones'][number], { allowed }: Verdict): string {
  const found = allowed.find((each) => each.zone === zone);
  if (!found) return 'not allowed';
  const words = { mark: 'below the mark', order: 'too fragmented', block: 'no block' };
  return found.judgement.refusal === undefined ? 'passes' : words[found.judgement.refusal];
}

function listTable({ zones }: MemInfo): string[][][] {
  const withLists = zones.filter(({ lists }) => lists);
  const most = Math.max(0, ...withLists.map(({ lists }) => lists?.length ?? 0));
  if (most === 0) return [];
  return [
    [
      ['blocks by order', ...Array.from({ length: most }, (_, order) => String(order))],
      ...withLists.map((zone) => [
        zoneTitle(zone),
        ...(zone.lists ?? []).map(
          ({ count, letters }) => `${count}${letters === undefined ? '' : ` ${letters}`}`,
        ),
      ]),
    ],
  ];
}

function assumptions(
  report: Gathered<Request>,
  verdict: Verdict,
  memInfo: MemInfo | undefined,
): string[] {
  const items: string[] = [];
  if (report.borrowed)
    items.push(
      'The numbers are those of the report beside it, of the same moment: this one prints none.',
    );
  if (
    !verdict.order.isCertain &&
    verdict.allowed.some(({ judgement }) => judgement.lowmemReserve > 0)
  )
    items.push(`Zones by index, for lowmem_reserve[]: ${verdict.order.names.join(', ')}.`);
  if (
    memInfo &&
    verdict.allowance.losesHighatomic &&
    verdict.allowance.orderRule === 'free-block' &&
    memInfo.zones.every(({ kB }) => !kB.has('reserved_highatomic') && !kB.has('free_highatomic'))
  )
    items.push(
      'The report does not tell how much is reserved for high-atomic requests: taken as 0.',
    );
  return items;
}

function factsOf(
  { request, mask }: DecodedRequest,
  verdict: Verdict,
  memInfo: MemInfo | undefined,
  oom: OomDetails,
): Facts {
  return {
    task: request.task,
    order: request.order,
    mask: `0x${request.mask.toString(16)}`,
    gfp: mask.text,
    flags: [...mask.flags],
    cause: isOfCgroup(oom) ? 'cgroup' : verdict.cause,
    rule: verdict.allowance.orderRule,
    highestZone: verdict.highest,
    mayUseCma: verdict.allowance.cma,
    pageSize: memInfo?.pageSize ?? null,
    zones: verdict.allowed.map(({ zone, free, freeCma, boost, judgement, reserveIndex }) => ({
      node: zone.node ?? null,
      name: zone.name,
      free,
      freeCma: freeCma ?? null,
      min: judgement.min,
      boost: boost ?? null,
      adjustedMin: judgement.adjustedMin,
      lowmemReserve: judgement.lowmemReserve,
      reserveIndex,
      usable: judgement.usable,
      refusal: judgement.refusal ?? null,
      useless: judgement.useless.map(({ order, count, letters }) => ({ order, count, letters })),
      useful: judgement.useful.map(({ order, count, letters }) => ({ order, count, letters })),
      largestUsefulOrder: judgement.largestUseful,
      halving: judgement.halving.map(({ order, usable, min }) => ({ order, usable, min })),
    })),
    ...oom,
  };
}
