/**
 * The dumps of a trace by name: how a dump of the start is put into a machine's memory, and how a later one is judged.
 * `zones` and `memmap` stand apart: they make the machine (openState), and their differences are told by name (judge.ts).
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  dumpCma,
  loadCma,
  loadLru,
  loadPkmap,
  loadSlabs,
  loadTables,
  loadVmalloc,
  lruHead,
  lruLines,
  pkmapHead,
  pkmapLines,
  slabDumpLines,
  slabsLines,
  type TraceDump,
  vmallocHead,
  vmallocLines,
} from '../../engine/image/state/index.js';
import { areas_are_known } from './vmallocOps.js';
import { Callers } from './callers.js';
import { withDevice } from './device.js';
import { printTables } from './tableOps.js';
import type { Untold } from './untold.js';

export interface RecordedDump {
  /**
   * Puts what the dump says into the machine's memory. Nothing is recorded on the tape.
   * @param nextNode the number of sysfs's next node, where it is known
   */
  readonly load?: (image: KernelImage, dump: TraceDump, nextNode?: number) => void;
  /** The same dump of this machine: its lines as the recorder prints them. */
  readonly print?: (image: KernelImage, dump: TraceDump) => readonly string[] | undefined;
  /** Whether the dump tells enough to be a start; if it does not, it is judged. */
  readonly tells?: (dump: TraceDump) => boolean;
  /** The kernel's line with ours in place of what a machine that was rebuilt from dumps cannot know. */
  readonly judgeable?: (untold: Untold, ours: string, kernel: string) => string;
  /** What stands behind the dump's name, where that is more than what was asked for. */
  readonly head?: (image: KernelImage, dump: TraceDump) => string;
}

const callers = new WeakMap<KernelImage, Callers>();

export function callersOf(image: KernelImage): Callers {
  const known = callers.get(image) ?? new Callers(image.mm);
  callers.set(image, known);
  return known;
}

/** Of a caller whose text is not known yet, the text that the recorder gives for the area at the same address. */
function vmallocText(image: KernelImage, lines: readonly string[]): readonly string[] {
  const recorded = new Map(
    lines.map((line) => [line.split(' ')[1] ?? '', / by=(\S+)/.exec(line)?.[1] ?? '']),
  );
  return vmallocLines(image.mm, (area, caller) =>
    callersOf(image).textOf(caller, recorded.get(image.mm.hex(area)) ?? ''),
  );
}

const judgeableSlab: RecordedDump['judgeable'] = (untold, ours, kernel) =>
  untold.indexes(ours, kernel);

export const RECORDED: ReadonlyMap<string, RecordedDump> = new Map<string, RecordedDump>([
  [
    'pkmap',
    {
      load: (image, { args, lines }) => loadPkmap(image, args, lines),
      print: (image) => pkmapLines(image.mm),
      head: (image) => pkmapHead(image.mm),
    },
  ],
  [
    'vmalloc',
    {
      load: (image, { args, lines }) =>
        loadVmalloc(image, args, lines, (text) => callersOf(image).addressOf(text)),
      print: (image, { lines }) =>
        areas_are_known(image.mm) ? vmallocText(image, lines) : undefined,
      head: (image) => vmallocHead(image.mm),
    },
  ],
  [
    'pts',
    {
      load: (image, { lines }) => loadTables(image, lines),
      print: (image, { args, lines }) => {
        const ours = printTables(image, args);
        return ours && withDevice(image, ours, lines);
      },
    },
  ],
  ['slab', { print: (image, dump) => slabDumpLines(image, dump), judgeable: judgeableSlab }],
  [
    'slabs',
    {
      load: loadSlabs,
      print: (image, dump) => slabsLines(image, dump),
      // `geoms` prints the same with nothing but geometries.
      tells: ({ lines }) => lines.some((line) => line.startsWith('%slab ')),
      judgeable: judgeableSlab,
    },
  ],
  [
    'lru',
    {
      load: (image, { args, lines }) => loadLru(image.mm, args, lines),
      print: (image, { lines }) => lruLines(image.mm, lines),
      head: (image) => lruHead(image.mm),
    },
  ],
  ['cma', { load: (image, { lines }) => loadCma(image, lines), print: (image) => dumpCma(image) }],
]);
