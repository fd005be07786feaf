/**
 * The dumps of a trace by name: how a dump of the start is put into a machine's memory, and how a later one is judged.
 * `zones` and `memmap` stand apart: they make the machine (openState), and their differences are told by name (judge.ts).
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import {
  dumpCma,
  loadCma,
  loadPkmap,
  pkmapHead,
  pkmapLines,
  slabDumpLines,
  slabsLines,
  type TraceDump,
} from '../../engine/image/state/index.js';
import { tablesText } from './tableOps.js';

export interface RecordedDump {
  /** Puts what the dump says into the machine's memory. Nothing is recorded on the tape. */
  readonly load?: (image: KernelImage, dump: TraceDump) => void;
  /** The same dump of this machine: its lines as the recorder prints them. */
  readonly print?: (image: KernelImage, dump: TraceDump) => readonly string[] | undefined;
  /** What stands behind the dump's name, where that is more than what was asked for. */
  readonly head?: (image: KernelImage, dump: TraceDump) => string;
}

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
    'pts',
    {
      print: (image, { args }) => tablesText(image, args),
    },
  ],
  ['slab', { print: (image, dump) => slabDumpLines(image, dump) }],
  ['slabs', { print: (image, dump) => slabsLines(image, dump) }],
  ['cma', { load: (image, { lines }) => loadCma(image, lines), print: (image) => dumpCma(image) }],
]);
