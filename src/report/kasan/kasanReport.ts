/**
 * Reports of KASAN, read line by line: the access, where it hit, the object's two owners, the shadow around.
 *
 * Source: Linux mm/kasan/report.c, report_generic.c, report_hw_tags.c of 4.4, 4.9, 4.15, 5.11, 6.1, 6.4.
 */
import type { LogLine } from '../input/lines.js';
import { isShadowRow } from './shadow.js';
import { frameOf, type Frame } from './stack.js';

interface Owner {
  readonly frames: readonly Frame[];
  readonly pid?: number;
}

export interface KasanReport {
  readonly first: number;
  readonly last: number;
  /** `slab-use-after-free`. */
  readonly bug: string;
  /** `foo+0x12/0x40`, as the first line has it. */
  readonly where?: string;
  readonly access?: 'read' | 'write' | 'free';
  readonly sizeBytes?: number;
  readonly address?: bigint;
  readonly task?: string;
  readonly pid?: number;
  readonly trace: readonly Frame[];
  readonly allocated?: Owner;
  readonly freed?: Owner;
  /** Stacks that queued the object for RCU or a worker. */
  readonly related: readonly Owner[];
  readonly cache?: string;
  readonly object?: bigint;
  readonly objectSize?: number;
  readonly region?: { readonly from: bigint; readonly to: bigint };
  /** As `located 16 bytes inside of` says, from the beginning of the region. */
  readonly inside?: number;
  /** Of the stack: the function, the offset of the access in its frame, and its variables. */
  readonly frame?: { readonly name?: string; readonly offset: number };
  readonly variables: readonly {
    readonly from: number;
    readonly to: number;
    readonly name: string;
  }[];
  readonly global?: string;
  /** Who made the vmalloc() area. */
  readonly mappedBy?: string;
  readonly tags?: { readonly pointer: number; readonly memory: number };
  readonly pfn?: number;
  readonly shadowRows: readonly string[];
}

type Draft = { -readonly [name in keyof KasanReport]: KasanReport[name] } & {
  trace: Frame[];
  related: Owner[];
  variables: { from: number; to: number; name: string }[];
  shadowRows: string[];
};

const START =
  /^\s*BUG: KASAN: ([a-z][a-z -]*?)(?: in (\S+(?: \[?\w+\]?)?)(?: \([^)]*\)| \S+:\d+.*)?)?(?: (?:at addr|on address)\s+\(?(?:0x)?([0-9a-f]{1,16}|null)\)?)?\s*$/;
const RULER = /^\s*={40,}\s*$/;
const LONGEST = 400;
/** Lines within which another first line is of the same report. */
const INLINED = 2;

export function kasanReports(lines: readonly LogLine[]): KasanReport[] {
  const found: KasanReport[] = [];
  for (let index = 0; index < lines.length; index++) {
    const start = START.exec(lines[index]?.text ?? '');
    if (!start) continue;
    // syzbot's reports name the inlined functions, too, each as the bug: the last one is the place.
    const next = lines
      .slice(index + 1, index + 1 + INLINED)
      .map(({ text }) => START.exec(text)?.[1]);
    if (next.includes(start[1])) continue;
    const report = readReport(lines, index, start);
    found.push(report);
    index = Math.max(index, report.last);
  }
  return found;
}

function readReport(lines: readonly LogLine[], first: number, start: RegExpExecArray): KasanReport {
  const [, bug = '', where, address] = start;
  const draft: Draft = {
    first,
    last: first,
    bug,
    trace: [],
    related: [],
    variables: [],
    shadowRows: [],
    ...(where === undefined ? {} : { where }),
    ...(address === undefined ? {} : { address: word(address) }),
  };
  let frames: Frame[] = draft.trace;
  for (let at = first + 1; at < Math.min(lines.length, first + LONGEST); at++) {
    const text = lines[at]?.text ?? '';
    if (START.test(text)) break;
    if (RULER.test(text)) {
      if (draft.address === undefined && draft.trace.length === 0) continue;
      break;
    }
    const stack = stackStart(draft, text);
    if (stack) {
      frames = stack;
      draft.last = at;
      continue;
    }
    const frame = frameOf(text);
    if (frame && readName(draft, text)) draft.last = at;
    else if (frame) {
      frames.push(frame);
      draft.last = at;
    } else if (LINES.some((read) => read(draft, text))) draft.last = at;
  }
  if (/free$/.test(draft.bug) && !draft.bug.startsWith('use')) {
    draft.access ??= 'free';
    const { region, inside } = draft;
    if (region && inside !== undefined) draft.address ??= region.from + BigInt(inside);
  }
  return draft;
}

const word = (text: string): bigint => (text === 'null' ? 0n : BigInt(`0x${text}`));

/** The list that the frames of the lines below belong to. */
function stackStart(draft: Draft, text: string): Frame[] | undefined {
  const owner =
    /^\s*(?:INFO: )?(Allocated|Freed)(?: by task (\d+)\b.*| in (\S+).*?(?: pid=(\d+))?)?:?\s*$/.exec(
      text,
    );
  if (owner) {
    const frames: Frame[] = [];
    const first = owner[3] === undefined ? undefined : frameOf(` ${owner[3]}`);
    if (first) frames.push(first);
    const pid = owner[2] ?? owner[4];
    const read = { frames, ...(pid === undefined ? {} : { pid: Number(pid) }) };
    if (owner[1] === 'Freed') draft.freed ??= read;
    else draft.allocated ??= read;
    return frames;
  }
  if (
    /^\s*(?:Last|Second to last)(?: potentially related work creation| call_rcu\(\)).*:\s*$/.test(
      text,
    )
  ) {
    const frames: Frame[] = [];
    draft.related.push({ frames });
    return frames;
  }
  return /^\s*Call [Tt]race:/.test(text) ? draft.trace : undefined;
}

/** Lines that look like a frame and name something else. */
function readName(draft: Draft, text: string): boolean {
  const name = frameOf(text)?.text;
  if (draft.frame && draft.frame.name === undefined && draft.variables.length === 0) {
    draft.frame = { ...draft.frame, ...(name === undefined ? {} : { name }) };
    return true;
  }
  if (draft.global === '') {
    draft.global = name ?? '';
    return true;
  }
  if (draft.mappedBy === '') {
    draft.mappedBy = name ?? '';
    return true;
  }
  return false;
}

const LINES: readonly ((draft: Draft, text: string) => boolean)[] = [
  readAccess,
  readObject,
  readPlace,
  readRest,
];

function readAccess(draft: Draft, text: string): boolean {
  const access =
    /^\s*(Read|Write|Free)(?: of size (\d{1,9}))?(?: (?:at|of) addr(?:ess)? (?:0x)?([0-9a-f]{1,16}))?(?: by task (.*)\/(\d+))?\s*$/.exec(
      text,
    );
  if (!access) return false;
  const [, what, size, address, task, pid] = access;
  draft.access = what === 'Read' ? 'read' : what === 'Write' ? 'write' : 'free';
  if (size !== undefined) draft.sizeBytes = Number(size);
  if (address !== undefined) draft.address = word(address);
  if (task !== undefined) draft.task = task;
  if (pid !== undefined) draft.pid = Number(pid);
  return true;
}

function readObject(draft: Draft, text: string): boolean {
  const object = /belongs to the object at ([0-9a-f]{1,16})/.exec(text)?.[1];
  const cache = /which belongs to the cache (\S+) of size (\d{1,9})/.exec(text);
  const old =
    /^\s*Object at ([0-9a-f]{1,16}), in cache (\S+) size: (\d+)/.exec(text) ??
    /^\s*Object at ([0-9a-f]{1,16}), in cache (\S+)/.exec(text);
  const region = /(\d{1,9})-byte region \[([0-9a-f]{1,16}), ([0-9a-f]{1,16})\)/.exec(text);
  if (object !== undefined) draft.object = word(object);
  if (cache) draft.cache = cache[1] ?? '';
  if (cache) draft.objectSize ??= Number(cache[2]);
  if (old) {
    draft.object = word(old[1] ?? '0');
    draft.cache = old[2] ?? '';
    if (old[3] !== undefined) draft.objectSize = Number(old[3]);
  }
  if (region) {
    draft.region = { from: word(region[2] ?? '0'), to: word(region[3] ?? '0') };
    draft.objectSize = Number(region[1]);
  }
  const inside = /located (\d{1,9}) bytes inside of/.exec(text)?.[1];
  if (inside !== undefined) draft.inside = Number(inside);
  const slub = /^\s*BUG (\S+) \(.*\): kasan: bad access detected/.exec(text)?.[1];
  if (slub !== undefined) draft.cache = slub;
  const trailer = /^\s*(?:INFO: )?Object (?:0x)?([0-9a-f]{8,16}) @offset=/.exec(text)?.[1];
  if (trailer !== undefined) draft.object ??= word(trailer);
  return [object, cache, old, region, inside, slub, trailer].some(
    (found) => found !== undefined && found !== null,
  );
}

function readPlace(draft: Draft, text: string): boolean {
  const offset = /located (?:in stack of task .* )?at offset (\d{1,9}) in frame:/.exec(text)?.[1];
  if (offset !== undefined) draft.frame = { offset: Number(offset) };
  const variable = /^\s*\[(\d{1,9}), (\d{1,9})\) '([^']*)'/.exec(text);
  if (variable)
    draft.variables.push({
      from: Number(variable[1]),
      to: Number(variable[2]),
      name: variable[3] ?? '',
    });
  if (/The buggy address belongs to the variable:/.test(text)) draft.global = '';
  const global = /^\s*Address (?:[0-9a-f]+ )?belongs to variable (\S+)/.exec(text)?.[1];
  if (global !== undefined) draft.global = global;
  const mapped =
    /(?:virtual mapping at|created by:|vmalloc virtual mapping)\s*$/.test(text) ||
    /vmalloc region .* allocated at (\S+)/.test(text);
  if (mapped) draft.mappedBy = /allocated at (\S+)/.exec(text)?.[1] ?? '';
  return (
    offset !== undefined ||
    variable !== null ||
    global !== undefined ||
    mapped ||
    draft.global === ''
  );
}

function readRest(draft: Draft, text: string): boolean {
  if (isShadowRow(text)) {
    draft.shadowRows.push(text);
    return true;
  }
  const tags = /Pointer tag: \[([0-9a-f]{1,16})\], memory tag: \[([0-9a-f]{1,16})\]/.exec(text);
  if (tags)
    draft.tags = {
      pointer: Number.parseInt(tags[1] ?? '0', 16),
      memory: Number.parseInt(tags[2] ?? '0', 16),
    };
  const pfn = /^\s*page:.*\bpfn:0x([0-9a-f]{1,16})/.exec(text)?.[1];
  if (pfn !== undefined) draft.pfn ??= Number.parseInt(pfn, 16);
  const pid = /^\s*PID = (\d+)/.exec(text)?.[1];
  const owner = draft.freed ?? draft.allocated;
  if (pid !== undefined && owner && owner.frames.length === 0) {
    if (draft.freed) draft.freed = { ...owner, pid: Number(pid) };
    else draft.allocated = { ...owner, pid: Number(pid) };
  }
  return (
    tags !== null ||
    pid !== undefined ||
    /^\s*(?:page:|flags: 0x|raw: |page dumped because: kasan|Memory state around|\^\s*$|The buggy address|CPU: |Hardware name)/.test(
      text,
    )
  );
}
