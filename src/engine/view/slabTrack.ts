/**
 * Which call allocated an object, and which freed it: SLUB writes both behind the object of a cache with SLAB_STORE_USER.
 *
 * Source: Linux 6.1 mm/slub.c: struct track, get_info_end(), get_track().
 */
import { symbolText } from '../kernel/lib/vsprintf.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { StructReader } from './structReader.js';

export interface SlabTrack {
  readonly what: 'allocated' | 'freed';
  /** `main+0x10/0x40` */
  readonly by: string;
  readonly cpu: number;
  readonly pid: number;
  /** In jiffies, of the time when it happened. */
  readonly when: number;
}

/** What is known of an object, allocation first; nothing of a cache that keeps no tracks, or of an object never used. */
export function slabTracks(
  reader: StructReader,
  cache: VirtAddr,
  object: VirtAddr,
): readonly SlabTrack[] {
  const { mm, profile } = reader.image;
  const flags = reader.uint('kmem_cache', 'flags', cache) ?? 0;
  const inuse = reader.uint('kmem_cache', 'inuse', cache);
  const offset = reader.uint('kmem_cache', 'offset', cache);
  const size = reader.sizeof('track');
  if ((flags & mm.SLAB_STORE_USER) === 0 || size === undefined) return [];
  if (inuse === undefined || offset === undefined) return [];
  const first = object + inuse + (offset >= inuse ? profile.pointerSize : 0);
  return (['allocated', 'freed'] as const).flatMap((what, i) => {
    const track = asVirt(first + i * size);
    const by = reader.pointer('track', 'addr', track);
    if (by === undefined || by === 0) return [];
    const number = (member: string): number => reader.uint('track', member, track) ?? 0;
    const cpu = number('cpu');
    return [{ what, by: symbolText(mm, by), cpu, pid: number('pid'), when: number('when') }];
  });
}

/** `allocated by main+0x10/0x40 (CPU 0, pid 1, at jiffy 4294937296)` */
export const trackText = ({ what, by, cpu, pid, when }: SlabTrack): string =>
  `${what} by ${by} (CPU ${cpu}, pid ${pid}, at jiffy ${when})`;
