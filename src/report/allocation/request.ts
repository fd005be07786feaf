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
  /** What vmalloc() wanted in all. */
  readonly vmallocBytes?: number;
  /** What it had of that when it failed. */
  readonly vmallocGot?: number;
  readonly stalledMs?: number;
}

const MODE = String.raw`mode:\s?(0x[0-9a-f]+)(?:\(([^)]*)\))?`;
const FAILURE = new RegExp(
  String.raw`^(.{0,40}?):? page allocation failure(?:[.:]|, )?\s*order:\s?(\d+), ${MODE}`,
);
const STALL = new RegExp(
  String.raw`^(.{0,40}?): page allocation stalls for (\d+)ms,? order:\s?(\d+), ${MODE}`,
);
const VMALLOC = new RegExp(
  String.raw`^(?:(.{0,40}?): )?vmalloc(?: error)?: (?:allocation failure[,:]? )?(?:size |allocated \d+ of )?(\d+)(?: bytes)?,.*?${MODE}`,
);
const OOM = /^(.{0,40}?) invoked oom-killer: (.*)$/;

export function requestOf(text: string): Request | undefined {
  const line = text.trimStart();
  const nodemask = /nodemask=(\(null\)|[\d,-]+)/.exec(line)?.[1];
  const nodes = nodemask === undefined ? {} : { nodemask };
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
    const got = /allocated (\d+) of \d+ bytes/.exec(line)?.[1];
    return {
      kind: 'failure',
      task: vmalloc[1] ?? '',
      order: Number(/page order (\d+)/.exec(line)?.[1] ?? 0),
      vmallocBytes: Number(vmalloc[2]),
      ...maskOf(vmalloc[3], vmalloc[4]),
      ...nodes,
      ...(got === undefined ? {} : { vmallocGot: Number(got) }),
    };
  }
  const oom = OOM.exec(line);
  const mask = /gfp_mask=(0x[0-9a-f]+)(?:\(([^)]*)\))?/.exec(oom?.[2] ?? '');
  if (!oom || !mask) return undefined;
  return {
    kind: 'oom',
    task: oom[1] ?? '',
    order: Number(/\border=(-?\d+)/.exec(oom[2] ?? '')?.[1] ?? 0),
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
