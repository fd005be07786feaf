/**
 * Reports of SLUB's and SLAB's debugging, read line by line.
 *
 * Source: Linux mm/slub.c: slab_bug(), print_trailer(), print_track(), check_bytes_and_report(); mm/slab.c: __slab_error(),
 * check_poison_obj(), of 2.6.32, 4.9, 5.10, 6.1.
 */
import type { LogLine } from '../input/lines.js';
import { lastWrong, placedBytes, type Row } from './hashedRows.js';
import type { RedZones } from './slabRedZones.js';

interface Track {
  readonly what: 'allocated' | 'freed';
  readonly where: string;
  readonly age?: number;
  readonly pid?: number;
}

export interface SlabReport {
  readonly first: number;
  readonly last: number;
  readonly allocator: 'SLUB' | 'SLAB';
  readonly cache: string;
  readonly problem: string;
  /** Bytes that are wrong, inclusive. */
  readonly hit?: {
    readonly from: bigint;
    readonly to: bigint;
    readonly found: number;
    readonly expected: number;
    /** In the slab, as it is printed since 5.9. */
    readonly offset?: number;
  };
  readonly tracks: readonly Track[];
  readonly object?: { readonly address: bigint; readonly offset?: number; readonly fp?: bigint };
  readonly slab?: {
    readonly address?: bigint;
    readonly objects: number;
    readonly used: number;
    readonly flags?: bigint;
  };
  /** Bytes of the dump, by address. */
  readonly bytes: ReadonlyMap<bigint, number>;
  /** Where the rows of each part begin: Redzone, Object, Padding. */
  readonly parts: ReadonlyMap<string, bigint>;
  /** The same in the order of their lines. */
  readonly rows: readonly Row[];
  /** What SLAB found in front of an object and behind it. */
  readonly redZones?: RedZones;
  /** The function of SLAB that found it. */
  readonly foundIn?: string;
  /** `Objects remaining`: those that are listed. */
  readonly remaining: readonly bigint[];
  readonly objectSize?: number;
  /** Addresses are hashes in the text: those here count from the beginning of the slab. */
  readonly isHashed?: boolean;
  /** Addresses have 16 digits. */
  readonly isWide?: boolean;
}

const LONGEST = 220;
const LARGEST_SLAB = 1n << 20n;
const SLUB = /^\s*BUG (\S.*?) \((?:Not tainted|Tainted[^)]*)\): (.*)$/;
const SLUB_OLD = /^\s*BUG (\S+): (.*(?:[Rr]edzone|[Pp]oison|[Ff]ree|[Oo]bject).*)$/;
const SLAB_CORRUPTION =
  /^\s*Slab corruption(?: \([^)]*\))?: (\S+)?\s*start=(?:0x)?([0-9a-f]+), len=(\d+)/;
const SLAB_ERROR = /^\s*slab error in (\w+)\(\): cache [`'](.*?)': (.*)$/;
const WRONG_CACHE = /^\s*cache_from_obj: Wrong slab cache\. (\S+) but object is from (\S+)/;

type Draft = { -readonly [name in keyof SlabReport]: SlabReport[name] } & {
  tracks: Track[];
  remaining: bigint[];
  bytes: Map<bigint, number>;
  parts: Map<string, bigint>;
  rows: Row[];
};

export function slabReports(lines: readonly LogLine[]): SlabReport[] {
  const found: SlabReport[] = [];
  lines.forEach(({ text }, index) => {
    const draft = startOf(text, index);
    if (draft) found.push(readReport(lines, draft));
  });
  return found;
}

function startOf(text: string, index: number): Draft | undefined {
  const make = (allocator: 'SLUB' | 'SLAB', cache: string, problem: string): Draft => ({
    first: index,
    last: index,
    allocator,
    cache,
    problem,
    tracks: [],
    remaining: [],
    bytes: new Map(),
    parts: new Map(),
    rows: [],
  });
  const slub = SLUB.exec(text) ?? SLUB_OLD.exec(text);
  if (slub) return make('SLUB', slub[1] ?? '', slub[2] ?? '');
  const corruption = SLAB_CORRUPTION.exec(text);
  if (corruption) {
    const draft = make('SLAB', corruption[1] ?? '', 'Poison overwritten');
    draft.object = { address: BigInt(`0x${corruption[2] ?? '0'}`) };
    draft.objectSize = Number(corruption[3]);
    return draft;
  }
  const error = SLAB_ERROR.exec(text);
  if (error) return { ...make('SLAB', error[2] ?? '', error[3] ?? ''), foundIn: error[1] ?? '' };
  const wrong = WRONG_CACHE.exec(text);
  return wrong
    ? make('SLUB', wrong[1] ?? '', `Wrong slab cache: the object is from ${wrong[2] ?? ''}`)
    : undefined;
}

function readReport(lines: readonly LogLine[], draft: Draft): SlabReport {
  const size = /-(\d+)$/.exec(draft.cache)?.[1];
  if (draft.objectSize === undefined && /^(?:dma-|dma-kmalloc|kmalloc|size)/.test(draft.cache)) {
    const kilo = /-(\d+)k$/.exec(draft.cache)?.[1];
    if (size !== undefined) draft.objectSize = Number(size);
    if (kilo !== undefined) draft.objectSize = Number(kilo) * 1024;
  }
  for (
    let index = draft.first + 1;
    index < Math.min(lines.length, draft.first + LONGEST);
    index++
  ) {
    const text = lines[index]?.text ?? '';
    if (startOf(text, index)) break;
    if (readLine(draft, text)) draft.last = index;
  }
  const hit = draft.allocator === 'SLAB' ? unpoisoned(draft) : undefined;
  if (hit) draft.hit ??= hit;
  return isHashed(draft) ? withoutHashes(draft) : draft;
}

/**
 * `%p` prints a hash of an address, of 32 bits in 16 digits: two of them say nothing of how far apart they are. On 32-bit kernels hashes look
 * like addresses, but no slab is that large.
 */
const isHashed = ({ hit, object, isWide }: Draft): boolean =>
  hit !== undefined &&
  object !== undefined &&
  (isWide === true
    ? (hit.from | object.address) >> 32n === 0n
    : hit.to < hit.from ||
      hit.to - hit.from > LARGEST_SLAB ||
      hit.from - object.address > LARGEST_SLAB ||
      object.address - hit.from > LARGEST_SLAB);

/** Addresses from the offsets that are printed beside them, as if the slab began at 0; how many bytes are wrong is not known then. */
function withoutHashes(draft: Draft): SlabReport {
  const { hit, object } = draft;
  if (hit?.offset === undefined || object?.offset === undefined) {
    const unplaced: Draft = { ...draft, isHashed: true, bytes: new Map() };
    delete unplaced.hit;
    return unplaced;
  }
  const at = BigInt(hit.offset);
  const bytes = placedBytes(draft.rows, object.offset, draft.objectSize ?? 0);
  const isTold = draft.objectSize !== undefined && bytes.get(at) === hit.found;
  return {
    ...draft,
    isHashed: true,
    hit: { ...hit, from: at, to: isTold ? lastWrong(bytes, at, hit.expected) : at },
    object: { address: BigInt(object.offset), offset: object.offset },
    bytes: isTold ? bytes : new Map(),
    parts: new Map(),
  };
}

/** SLAB prints the rows that are wrong and no address: the bytes that are not POISON_FREE. */
function unpoisoned({ bytes, object, objectSize }: Draft): SlabReport['hit'] {
  const end = object && objectSize !== undefined ? object.address + BigInt(objectSize) - 1n : -1n;
  const wrong = [...bytes].filter(([at, byte]) => byte !== 0x6b && !(byte === 0xa5 && at === end));
  const [first, last] = [wrong[0], wrong.at(-1)];
  return first && last
    ? { from: first[0], to: last[0], found: first[1], expected: 0x6b }
    : undefined;
}

const address = (text: string | undefined): bigint =>
  BigInt(`0x${(text ?? '').replace(/^0x/i, '') || '0'}`);

function readLine(draft: Draft, text: string): boolean {
  const hit =
    /(?:0x)?([0-9a-f]{8,16})-(?:0x)?([0-9a-f]{8,16})(?: @offset=(\d+))?\. First byte 0x([0-9a-f]+) instead of 0x([0-9a-f]+)/i.exec(
      text,
    );
  if (hit) {
    draft.isWide = (hit[1] ?? '').length === 16;
    draft.hit ??= {
      from: address(hit[1]),
      to: address(hit[2]),
      found: Number.parseInt(hit[4] ?? '0', 16),
      expected: Number.parseInt(hit[5] ?? '0', 16),
      ...(hit[3] === undefined ? {} : { offset: Number(hit[3]) }),
    };
    return true;
  }
  const track =
    /^\s*(?:INFO: )?(Allocated|Freed) in (\S+(?: \[\w+\])?)(?: age=(\d+))?(?: cpu=\d+)?(?: pid=(\d+))?/.exec(
      text,
    );
  if (track) {
    draft.tracks.push({
      what: track[1] === 'Freed' ? 'freed' : 'allocated',
      where: track[2] ?? '',
      ...(track[3] === undefined ? {} : { age: Number(track[3]) }),
      ...(track[4] === undefined ? {} : { pid: Number(track[4]) }),
    });
    return true;
  }
  const user = /^\s*Last user: \[<[0-9a-f]+>\]\s?\((\S+)\)/.exec(text)?.[1];
  if (user !== undefined) {
    draft.tracks.push({ what: 'freed', where: user });
    return true;
  }
  const slab =
    /^\s*(?:INFO: )?Slab (?:0x)?([0-9a-f]{8,16}) objects=(\d+) used=(\d+)(?:.*?flags=(?:0x)?([0-9a-f]+))?/i.exec(
      text,
    );
  if (slab) {
    draft.slab = {
      address: address(slab[1]),
      objects: Number(slab[2]),
      used: Number(slab[3]),
      ...(slab[4] === undefined ? {} : { flags: address(slab[4]) }),
    };
    return true;
  }
  const zones = /\bredzone 1:\s*0x([0-9a-f]+), redzone 2:\s*0x([0-9a-f]+)/i.exec(text);
  if (zones) {
    draft.redZones ??= { first: address(zones[1]), second: address(zones[2]) };
    return true;
  }
  return readObject(draft, text) || readRow(draft, text);
}

function readObject(draft: Draft, text: string): boolean {
  const object =
    /^\s*(?:INFO: )?Object (?:0x)?([0-9a-f]{8,16}) @offset=(\d+)(?: fp=(?:0x)?\s*\(?([0-9a-f]+|null)?\)?)?/i.exec(
      text,
    );
  if (!object) return false;
  const fp = object[3] === undefined || object[3] === 'null' ? undefined : address(object[3]);
  if (/remaining/i.test(draft.problem)) draft.remaining.push(address(object[1]));
  draft.object ??= {
    address: address(object[1]),
    offset: Number(object[2]),
    ...(fp === undefined ? {} : { fp }),
  };
  return true;
}

function readRow(draft: Draft, text: string): boolean {
  const row =
    /^\s*(Redzone|Object|Padding|Bytes b4|[0-9a-f]{3})\s*(?:(?:0x)?([0-9a-f]{8,16}))?:\s+((?:[0-9a-f]{2}\s){1,16})/i.exec(
      `${text} `,
    );
  if (!row) return false;
  const part = row[1] ?? '';
  const at =
    row[2] === undefined
      ? (draft.object?.address ?? 0n) + BigInt(`0x${/^[0-9a-f]{3}$/i.test(part) ? part : '0'}`)
      : address(row[2]);
  if (row[2] === undefined && !/^[0-9a-f]{3}$/i.test(part)) return false;
  if (!draft.parts.has(part)) draft.parts.set(part, at);
  const bytes = (row[3] ?? '')
    .trim()
    .split(/\s+/)
    .map((byte) => Number.parseInt(byte, 16));
  draft.rows.push({ part, bytes });
  bytes.forEach((byte, index) => draft.bytes.set(at + BigInt(index), byte));
  return true;
}
