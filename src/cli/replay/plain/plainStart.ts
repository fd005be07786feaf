/**
 * The machine that a plain trace of a user program starts from: the dumps of one moment, put into memory. Nothing is taken from
 * other traces of the folder: another program boots to other bytes.
 */
import {
  impliedMemmap,
  openState,
  parseMemmap,
  parseZones,
  profileOfState,
  type StateImage,
  type TraceDump,
} from '../../../engine/image/state/index.js';

/** What is put into memory besides the zones and the memory map, when the process is there. */
export const LOADED = ['lru', 'cma'];

/** @param dumps of one moment; undefined without the zones */
export function plainStart(dumps: readonly TraceDump[]): StateImage | undefined {
  const find = (name: string): TraceDump | undefined => dumps.find((dump) => dump.name === name);
  const text = find('zones');
  if (text === undefined) return undefined;
  const zones = parseZones(text);
  const memmap = find('memmap');
  const image = openState({
    mark: '',
    zones,
    memmap:
      memmap === undefined
        ? impliedMemmap(zones, [], profileOfState({ mark: '', zones }))
        : parseMemmap(memmap),
  });
  image.tape.setRecording(false);
  return image;
}
