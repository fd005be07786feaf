/**
 * The first line of a report: what was asked for.
 *
 * Source: Linux mm/page_alloc.c: warn_alloc_failed(), warn_alloc(), warn_alloc_show_mem(); mm/oom_kill.c: dump_header(); mm/vmalloc.c.
 */
export interface Request {
  readonly kind: 'failure' | 'oom' | 'stall';
  /** The task, as printed. */
  readonly task: string;
  readonly order: number;
  readonly mask: number;
  /** `GFP_ATOMIC|__GFP_COMP`, since 4.6. */
  readonly names?: string;
  /** `(null)`, `0-1`: the nodes that the request may use. */
  readonly nodemask?: string;
  /** `0-1`: those of its cpuset. */
  readonly memsAllowed?: string;
  /** What vmalloc() wanted in all. */
  readonly vmallocBytes?: number;
  /** What it had of that when it failed. */
  readonly vmallocGot?: number;
  /** `exceeds total pages`: why vmalloc() gave up, since 5.13. */
  readonly vmallocWhy?: string;
  readonly stalledMs?: number;
}

const MODE = String.raw`mode:\s?(0x[0-9a-f]+)(?:\(([^)]*)\))?`;
const FAILURE = new RegExp(
  String.raw`^(.{0,40}?):? page allocation failure(?:[.:]|, )?\s*order:\s?(\d{1,2}), ${MODE}`,
);
const STALL = new RegExp(
  String.raw`^(.{0,40}?): page allocation stalls for (\d+)ms,? order:\s?(\d{1,2}), ${MODE}`,
);
const VMALLOC = new RegExp(
  String.raw`^(?:(.{0,40}?): )?vmalloc(?: error)?: (?:allocation failure[,:]? )?(?:size |allocated \d+ of )?(\d+)(?: bytes)?,.*?${MODE}`,
);
const OOM = /^(.{0,40}?) invoked oom-killer: (.*)$/;

/** A comma ends it where `cpuset=` follows. */
const NODEMASK = /\bnodemask=(\(null\)|\d+(?:[-,]\d+)*)/;
const MEMS_ALLOWED = /\bmems_allowed=(\d+(?:[-,]\d+)*)/;
const OLD_VMALLOC = /^\s*vmalloc: allocation failure[:,]?(?: allocated (\d+) of)? (\d+) bytes\s*$/;

/** With what stands in lines of its own: before it what vmalloc() wanted (up to 4.8), behind it the cpuset (up to 4.19; of an OOM report since then behind the list of tasks). */
export function withNeighbours(
  request: Request,
  before: readonly string[],
  after: readonly string[],
): Request {
  const vmalloc = before.map((text) => OLD_VMALLOC.exec(text)).find(Boolean);
  const mems = after.map((text) => MEMS_ALLOWED.exec(text)?.[1]).find(Boolean);
  const nodemask = after.map((text) => NODEMASK.exec(text)?.[1]).find(Boolean);
  return {
    ...(nodemask === undefined ? {} : { nodemask }),
    ...(mems === undefined ? {} : { memsAllowed: mems }),
    ...(vmalloc ? { vmallocBytes: Number(vmalloc[2]) } : {}),
    ...(vmalloc?.[1] === undefined ? {} : { vmallocGot: Number(vmalloc[1]) }),
    ...request,
  };
}

/** The most that any configuration has; a number beyond is damaged. */
const MAX_NUMNODES = 1024;

/** `0-1,3` as numbers; undefined for `(null)`, which means all. */
export function nodesOf(text: string | undefined): ReadonlySet<number> | undefined {
  if (text === undefined || !/^\d/.test(text)) return undefined;
  const nodes = new Set<number>();
  for (const part of text.split(',')) {
    const [from = 0, to = from] = part.split('-').map(Number);
    for (let node = from; node <= Math.min(to, MAX_NUMNODES); node++) nodes.add(node);
  }
  return nodes;
}

export function requestOf(text: string): Request | undefined {
  const line = text.trimStart();
  const nodemask = NODEMASK.exec(line)?.[1];
  const mems = MEMS_ALLOWED.exec(line)?.[1];
  const nodes = {
    ...(nodemask === undefined ? {} : { nodemask }),
    ...(mems === undefined ? {} : { memsAllowed: mems }),
  };
  const failure = FAILURE.exec(line);
  if (failure)
    return {
      kind: 'failure',
      task: failure[1] ?? '',
      order: Number(failure[2]),
      ...maskOf(failure[3], failure[4]),
      ...nodes,
    };
  const stall = STALL.exec(line);
  if (stall)
    return {
      kind: 'stall',
      task: stall[1] ?? '',
      stalledMs: Number(stall[2]),
      order: Number(stall[3]),
      ...maskOf(stall[4], stall[5]),
      ...nodes,
    };
  const vmalloc = VMALLOC.exec(line);
  if (vmalloc) {
    const why = /\bsize \d+, ([a-z_ ]+?)(?: size \d+)?, mode/.exec(line)?.[1];
    const got = /allocated (\d+) of \d+ bytes/.exec(line)?.[1];
    return {
      kind: 'failure',
      task: vmalloc[1] ?? '',
      order: Number(/page order (\d{1,2})\b/.exec(line)?.[1] ?? 0),
      vmallocBytes: Number(vmalloc[2]),
      ...maskOf(vmalloc[3], vmalloc[4]),
      ...nodes,
      ...(got === undefined ? {} : { vmallocGot: Number(got) }),
      ...(why === undefined ? {} : { vmallocWhy: why }),
    };
  }
  const oom = OOM.exec(line);
  const mask = /gfp_mask=(0x[0-9a-f]+)(?:\(([^)]*)\))?/.exec(oom?.[2] ?? '');
  if (!oom || !mask) return undefined;
  return {
    kind: 'oom',
    task: oom[1] ?? '',
    order: Number(/\border=(-?\d{1,2})\b/.exec(oom[2] ?? '')?.[1] ?? 0),
    ...maskOf(mask[1], mask[2]),
    ...nodes,
  };
}

const maskOf = (
  mask: string | undefined,
  names: string | undefined,
): { mask: number; names?: string } => ({
  mask: Number(mask ?? 0),
  ...(names === undefined ? {} : { names }),
});
