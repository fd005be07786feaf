/**
 * What a profile says of the kernel's boot (types/profile.ts: BootRecord), read.
 */
import type { Profile } from '../../types/profile.js';

export interface CacheRecord {
  readonly name: string;
  /** Where in the read-only data the name lies; undefined where it is no constant. */
  readonly nameOffset: number | undefined;
  /** Undefined of those that the allocators make themselves. */
  readonly geometry: CacheGeometry | undefined;
}

interface CacheGeometry {
  readonly size: number;
  readonly align: number;
  readonly flags: number;
  /** Where in the text the constructor lies. */
  readonly ctorOffset: number | undefined;
  readonly useroffset: number;
  readonly usersize: number;
}

/** Oldest first. */
export function cacheRecords({ boot }: Profile): readonly CacheRecord[] {
  return (boot?.caches ?? []).map((line) => {
    const [name = '', at = '-', ...geometry] = line.split(' ');
    return { name, nameOffset: offsetIn(at), geometry: geometryIn(geometry) };
  });
}

function geometryIn(fields: readonly string[]): CacheGeometry | undefined {
  const [size, align, flags = '0', ctor = '0', useroffset, usersize] = fields;
  if (size === undefined) return undefined;
  return {
    size: Number(size),
    align: Number(align),
    flags: parseInt(flags, 16),
    ctorOffset: offsetIn(ctor),
    useroffset: Number(useroffset),
    usersize: Number(usersize),
  };
}

const offsetIn = (text: string): number | undefined =>
  text.startsWith('+') ? parseInt(text.slice(1), 16) : undefined;

export type GrowthStep =
  | { readonly kind: 'slabs'; readonly cache: string; readonly count: number }
  | {
      readonly kind: 'blocks' | 'freed' | 'held';
      readonly order: number;
      readonly reclaimable: boolean;
      readonly count: number;
    }
  | { readonly kind: 'tables'; readonly count: number }
  /** The first held block goes, and a slab of this cache takes its place. */
  | { readonly kind: 'inHeld'; readonly cache: string }
  | { readonly kind: 'before' | 'step'; readonly cache: string };

export const growthSteps = ({ boot }: Profile): readonly GrowthStep[] =>
  (boot?.growth ?? '')
    .split(' ')
    .filter((token) => token !== '')
    .map(growthStep);

function growthStep(token: string): GrowthStep {
  const [what = '', times] = token.split('*');
  const count = Number(times ?? 1);
  const rest = what.slice(1);
  const block = { order: Number.parseInt(rest, 10), reclaimable: rest.endsWith('r'), count };
  switch (what[0]) {
    case '#':
      return { kind: 'blocks', ...block };
    case '~':
      return { kind: 'freed', ...block };
    case '(':
      return { kind: 'held', ...block };
    case ')':
      return { kind: 'inHeld', cache: rest };
    case '%':
      return { kind: 'tables', count };
    case '!':
      return { kind: 'step', cache: rest };
    case '@':
      return { kind: 'before', cache: rest };
    default:
      return { kind: 'slabs', cache: what, count };
  }
}

export interface ObjectsRecord {
  readonly name: string;
  /** Handed out in all. */
  readonly count: number;
  /** Freed again, in this order: by number of the slab and index of the object. */
  readonly freed: readonly { readonly slab: number; readonly index: number }[];
  /** SLAB: how many objects the node has; the others are in use, or in a CPU's array. */
  readonly nodeFree: number | undefined;
}

export function objectRecords({ boot }: Profile): readonly ObjectsRecord[] {
  return (boot?.objects ?? []).map((line) => {
    const [name = '', count, ...slabs] = line.split(' ');
    const nodeFree = slabs.find((text) => text.startsWith('@'))?.slice(1);
    const lists = slabs.filter((text) => !text.startsWith('@'));
    const freed = lists.flatMap((text) => {
      const [slab, indexes = ''] = text.split(':');
      return indexes.split(',').map((index) => ({ slab: Number(slab), index: Number(index) }));
    });
    return {
      name,
      count: Number(count),
      freed,
      nodeFree: nodeFree === undefined ? undefined : Number(nodeFree),
    };
  });
}

/** `slab_node`, `last_node`: numbers of sysfs's nodes. */
export function bootFact({ boot }: Profile, name: string): number | undefined {
  const line = (boot?.facts ?? []).find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}
