/**
 * The state that a trace records first: its first full `%zones` and the `%memmap` that belongs to it.
 */
import type { Profile, ProfileName } from '../../types/profile.js';
import { isProfileName, loadProfile, PROFILE_NAMES } from '../../types/bundled.js';
import { ImageError } from '../kernelImage.js';
import { parseMemmap, type MemmapRuns } from './memmapDump.js';
import { readTrace, type TraceDump, type TraceItem } from './trace.js';
import type { ZonesDump } from './zonesDump.js';
import { parseZones } from './zonesText.js';

export interface RecordedState {
  /** Text of the first `mark` line: `x86_64-slub/512M/idle/1`. '' without one. */
  readonly mark: string;
  readonly zones: ZonesDump;
  readonly memmap: MemmapRuns;
  /** Frames that are known to hold page tables, of a state that records these. */
  readonly tableFrames?: readonly number[];
}

/** Operations that leave the machine as it is: two dumps with only these between them are of one moment. */
export const HARMLESS: ReadonlySet<string> = new Set(['dump', 'ck', 'events']);

/** What changes the subject of a dump, where few operations do. */
const CHANGED_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ['pkmap', ['kmap', 'kunmap', 'kmap_flush']],
]);

/** Whether a dump tells of the machine as it was before operations of these names. */
export const isOfStart = (dump: string, performed: ReadonlySet<string>): boolean =>
  CHANGED_BY.get(dump)?.every((name) => !performed.has(name)) ?? performed.size === 0;

/** Looks through the items of a trace for the state that they begin with. */
export class StateFinder {
  private mark = '';
  private zones: ZonesDump | undefined;

  /** Takes the next item; gives the state when this item completes it. */
  take(item: TraceItem): RecordedState | undefined {
    if (item.kind === 'mark' && this.mark === '') this.mark = item.text;
    if (item.kind === 'dump') return this.takeDump(item);
    if (item.kind !== 'op' || !HARMLESS.has(item.name)) this.zones = undefined;
    return undefined;
  }

  private takeDump(dump: TraceDump): RecordedState | undefined {
    if (dump.name === 'zones') this.zones = parseZones(dump);
    if (dump.name !== 'memmap' || this.zones === undefined) return undefined;
    return { mark: this.mark, zones: this.zones, memmap: parseMemmap(dump) };
  }
}

/** @throws ImageError when the text has no full state; TraceError when it is not a trace */
export function findState(chunks: Iterable<string>): RecordedState {
  const finder = new StateFinder();
  for (const item of readTrace(chunks)) {
    const state = finder.take(item);
    if (state !== undefined) return state;
  }
  throw new ImageError(
    'The trace does not contain a full state: it needs a %zones and a %memmap dump.',
  );
}

/**
 * The profile of the kernel a state was recorded on. The mark says it (`x86_64-slub/512M/...`); else the address of the
 * first zone tells it, for no two of the bundled builds have `contig_page_data` in the same place.
 */
export function profileOfState(state: Pick<RecordedState, 'mark' | 'zones'>): Profile {
  const named = state.mark.split('/')[0] ?? '';
  if (isProfileName(named)) return loadProfile(named);
  const name = PROFILE_NAMES.find((candidate) => fits(candidate, state));
  if (name !== undefined) return loadProfile(name);
  throw new ImageError('The trace does not name the bundled kernel build that it was recorded on.');
}

function fits(name: ProfileName, state: Pick<RecordedState, 'zones'>): boolean {
  const zone = state.zones.zones[0]?.populated;
  return zone !== undefined && zone.at === loadProfile(name).symbol('contig_page_data')?.address;
}
