/**
 * A recorded state with all that its trace tells of it: behind zones and memmap, before the first operation that changes its subject, a
 * trace may have caches, areas of vmalloc space, pkmap slots, CMA areas and page tables.
 */
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { loadCma } from './cmaDump.js';
import { loadVmalloc } from './loadVmalloc.js';
import { openState, type StateImage, type StateOptions } from './openState.js';
import { loadPkmap } from './pkmapDump.js';
import { bootOfState, writeBootResources } from './recordedBoot.js';
import {
  HARMLESS,
  isOfStart,
  profileOfState,
  StateFinder,
  type RecordedState,
} from './recordedState.js';
import { loadSlabs } from './slabsLoad.js';
import { loadTables, tableFrames } from './tablesDump.js';
import { readTrace, type TraceDump } from './trace.js';

type Load = (image: KernelImage, dump: TraceDump) => void;

/** In the order in which they are loaded: areas need caches. */
const LOADS: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['pts', (image, { lines }) => loadTables(image, lines)],
  ['slabs', (image, dump) => loadSlabs(image, dump)],
  [
    'vmalloc',
    (image, { args, lines }) =>
      loadVmalloc(image, args, lines, (text) => toldCaller(image.mm, text)),
  ],
  ['pkmap', (image, { args, lines }) => loadPkmap(image, args, lines)],
  ['cma', (image, { lines }) => loadCma(image, lines)],
]);

/** Operations that only look. */
const LOOKS: ReadonlySet<string> = new Set([...HARMLESS, 'pt', 'pts', 'slotpt', 'pgw']);

/** Operations by which a run makes ready for what it records first. */
const MOST_PREPARED = 16;

/** @throws ImageError when the text has no full state, or it cannot be rebuilt; TraceError when it is not a trace */
export function openBeginning(chunks: Iterable<string>, options: StateOptions = {}): StateImage {
  const { state, dumps } = beginningOf(chunks);
  const profile = options.profile ?? profileOfState(state);
  const boot = bootOfState(state, profile);
  const tables = dumps.flatMap(({ name, lines }) => (name === 'pts' ? tableFrames(lines) : []));
  const known = { ...state, tableFrames: [...tables, ...(boot?.frames ?? [])] };
  const image = openState(known, { ...options, profile });
  const { tape } = image;
  const { recording } = tape;
  tape.setRecording(false);
  if (boot !== undefined) writeBootResources(image, boot);
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
  const performed = new Set<string>();
  let nrPerformed = 0;
  for (const item of readTrace(chunks)) {
    if (state === undefined) {
      state = finder.take(item);
      continue;
    }
    if (item.kind === 'ran' || nrPerformed > MOST_PREPARED) break;
    if (item.kind === 'op' && !LOOKS.has(item.name)) {
      performed.add(item.name);
      nrPerformed++;
    }
    if (item.kind !== 'dump' || !LOADS.has(item.name) || !isOfStart(item.name, performed)) continue;
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

/**
 * What stands for the code that asked for an area: a dump has its name, and no profile its address. In the last page of the address space
 * there is no code.
 */
function toldCaller({ machine, wide }: Kernel, text: string): VirtAddr {
  if (text === '') return asVirt(0);
  const first = (wide ? 0 : 2 ** 32) - PAGE_SIZE / 2;
  for (let i = 0; ; i++) {
    const address = asVirt(first + i);
    const known = machine.codeText(address);
    if (known === undefined) machine.addCodeText(address, text);
    if (known === undefined || known === text) return address;
  }
}
