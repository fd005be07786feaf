/**
 * A recorded state with all that its trace tells of it: behind zones and memmap, before the first operation that changes something, a
 * trace may have caches, areas of vmalloc space, pkmap slots, CMA areas and page tables.
 */
import { asVirt } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { loadCma } from './cmaDump.js';
import { loadVmalloc } from './loadVmalloc.js';
import { openState, type StateImage, type StateOptions } from './openState.js';
import { loadPkmap } from './pkmapDump.js';
import { HARMLESS, StateFinder, type RecordedState } from './recordedState.js';
import { loadSlabs } from './slabsLoad.js';
import { loadTables, tableFrames } from './tablesDump.js';
import { readTrace, type TraceDump } from './trace.js';

type Load = (image: KernelImage, dump: TraceDump) => void;

/** In the order in which they are loaded: areas need caches. */
const LOADS: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['pts', (image, { lines }) => loadTables(image, lines)],
  ['slabs', (image, dump) => loadSlabs(image, dump)],
  // Who asked for an area is code of which no profile knows.
  ['vmalloc', (image, { args, lines }) => loadVmalloc(image, args, lines, () => asVirt(0))],
  ['pkmap', (image, { args, lines }) => loadPkmap(image, args, lines)],
  ['cma', (image, { lines }) => loadCma(image, lines)],
]);

/** Operations that only look. */
const LOOKS: ReadonlySet<string> = new Set([...HARMLESS, 'pt', 'pts', 'slotpt', 'pgw']);

/** @throws ImageError when the text has no full state, or it cannot be rebuilt; TraceError when it is not a trace */
export function openBeginning(chunks: Iterable<string>, options: StateOptions = {}): StateImage {
  const { state, dumps } = beginningOf(chunks);
  const tables = dumps.flatMap(({ name, lines }) => (name === 'pts' ? tableFrames(lines) : []));
  const image = openState({ ...state, tableFrames: tables }, options);
  const { tape } = image;
  const { recording } = tape;
  tape.setRecording(false);
  for (const [name, load] of LOADS)
    for (const dump of dumps) if (dump.name === name) load(image, dump);
  tape.setRecording(recording);
  return image;
}

function beginningOf(chunks: Iterable<string>): {
  readonly state: RecordedState;
  readonly dumps: readonly TraceDump[];
} {
  const finder = new StateFinder();
  let state: RecordedState | undefined;
  const dumps: TraceDump[] = [];
  const seen = new Set<string>();
  for (const item of readTrace(chunks)) {
    if (state === undefined) {
      state = finder.take(item);
      continue;
    }
    if (item.kind === 'ran' || (item.kind === 'op' && !LOOKS.has(item.name))) break;
    if (item.kind !== 'dump' || !LOADS.has(item.name)) continue;
    // The second dump of one thing says the same.
    const subject = `${item.name} ${item.name === 'pts' ? item.args.join(' ') : ''}`;
    if (!seen.has(subject)) dumps.push(item);
    seen.add(subject);
  }
  if (state === undefined)
    throw new ImageError(
      'The trace does not contain a full state: it needs a %zones and a %memmap dump.',
    );
  return { state, dumps };
}
