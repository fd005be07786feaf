/**
 * What a dump is in, by its first bytes: an ELF core, a kdump-compressed file, either of them flattened, a LiME image, or the
 * bytes of memory themselves. Whichever it is, the answer is memory, and the notes beside it.
 */
import { readElfCore, readNotes, EM_X86_64, type Note } from '../../core/elf.js';
import { asciiz, type RandomAccess } from '../../core/randomAccess.js';
import { ImageError } from '../../kernelImage.js';
import { reportSentence } from '../../reportText.js';
import type { Codecs, DumpMemory } from '../dumpMemory.js';
import { isFlattened, openFlattened } from './flattened.js';
import { isKdump, readKdumpHeader } from './kdumpHeader.js';
import { KdumpMemory } from './kdumpMemory.js';
import { isLime, limeRanges } from './lime.js';
import { RangeMemory } from './rangeMemory.js';

export interface Container {
  /** `ELF core`, `kdump-compressed, version 6`: for people. */
  readonly form: string;
  readonly memory: DumpMemory;
  readonly notes: readonly Note[];
  /** The text of VMCOREINFO, where the container has a place for it. */
  readonly vmcoreinfo: string | undefined;
  /** Whether the machine is x86-64, as the container has it; undefined where it does not say. It may err: see describe.ts. */
  readonly wide: boolean | undefined;
  readonly physBase: number | undefined;
  /** What is missing of the file, for people; undefined when it is whole. */
  readonly cutOff: string | undefined;
  /** Which of a split dump's frames the file has; undefined when it is not a part of one. */
  readonly part: Part | undefined;
}

interface Part {
  readonly startPfn: number;
  readonly endPfn: number;
  /** Of the whole dump. */
  readonly nrFrames: number;
  /** What is missing of this very file. */
  readonly incomplete: string | undefined;
}

/** The form of `/proc/kcore`: the kernel goes on while it is read. */
export const LIVE_FORM = 'memory of the running kernel';

/** @throws ImageError when nothing of the file can be made sense of */
export function openContainer(file: RandomAccess, codecs: Codecs): Container {
  const start = file.read(0, 64);
  if (start.length === 0) throw new ImageError('The file is empty.');
  if (isFlattened(start)) {
    const flat = openFlattened(file);
    const inner = openContainer(flat, codecs);
    const cutOff = flat.isCutOff
      ? 'the flattened file has no end: it is cut off, and what came last is missing'
      : inner.cutOff;
    return { ...inner, form: `${inner.form}, flattened`, cutOff };
  }
  if (isKdump(start)) return kdump(file, codecs);
  if (isLime(start)) return bare('LiME image', new RangeMemory(file, limeRanges(file)));
  if (String.fromCharCode(...start.subarray(0, 4)) === '\x7fELF') return elf(file);
  const [line = ''] = String.fromCharCode(...file.read(0, Math.min(file.size, 256))).split('\n');
  const sentence = reportSentence(line);
  if (sentence !== undefined) throw new ImageError(sentence);
  return bare(
    'raw image',
    new RangeMemory(file, [{ startPhys: 0, sizeBytes: file.size, offset: 0 }]),
  );
}

const bare = (form: string, memory: DumpMemory): Container => ({
  form,
  memory,
  notes: [],
  vmcoreinfo: undefined,
  wide: undefined,
  physBase: undefined,
  cutOff: undefined,
  part: undefined,
});

function elf(file: RandomAccess): Container {
  const core = readElfCore(file);
  const ranges = core.segments.map(({ startPhys, fileBytes, offset }) => ({
    startPhys,
    sizeBytes: fileBytes,
    offset,
  }));
  const endPhys = Math.max(...core.segments.map((each) => each.startPhys + each.memBytes));
  return {
    form: core.isLive ? LIVE_FORM : 'ELF core',
    memory: new RangeMemory(file, ranges, endPhys),
    notes: core.notes,
    vmcoreinfo: vmcoreinfoIn(core.notes),
    wide: core.machine === EM_X86_64,
    physBase: undefined,
    cutOff: core.cutOff,
    part: undefined,
  };
}

function kdump(file: RandomAccess, codecs: Codecs): Container {
  const header = readKdumpHeader(file);
  const piece = (place: typeof header.notes): Uint8Array | undefined =>
    place && file.read(place.at, Math.min(place.sizeBytes, MAX_NOTES_BYTES));
  const notes = readNotes(piece(header.notes) ?? new Uint8Array(0));
  const text = piece(header.vmcoreinfo);
  const { startPfn, endPfn, nrFrames } = header;
  const memory = new KdumpMemory(file, header, codecs);
  // Of a split dump one part may have all frames, and the others none.
  const isAlone = header.isSplit && endPfn - startPfn < nrFrames;
  const incomplete = header.isIncomplete
    ? 'it was not written to its end (makedumpfile says so in its header)'
    : memory.cutOff();
  return {
    form: `kdump-compressed, version ${header.version}`,
    memory,
    notes,
    vmcoreinfo: text === undefined ? vmcoreinfoIn(notes) : asciiz(text),
    wide: header.wide,
    physBase: header.physBase,
    cutOff: isAlone
      ? `it is a part of a split dump, frames 0x${startPfn.toString(16)} to 0x${endPfn.toString(16)}${incomplete === undefined ? '' : `; ${incomplete}`}`
      : incomplete,
    part: header.isSplit ? { startPfn, endPfn, nrFrames, incomplete } : undefined,
  };
}

const MAX_NOTES_BYTES = 1 << 24;

function vmcoreinfoIn(notes: readonly Note[]): string | undefined {
  const note = notes.find(({ owner }) => owner === 'VMCOREINFO');
  return note && asciiz(note.description);
}
