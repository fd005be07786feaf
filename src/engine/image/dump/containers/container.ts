/**
 * What a dump is in, by its first bytes: an ELF core, a kdump-compressed file, either of them flattened, a LiME image, or the
 * bytes of memory themselves. Whichever it is, the answer is memory, and the notes beside it.
 */
import { readElfCore, readNotes, EM_X86_64, type Note } from '../../core/elf.js';
import { asciiz, type RandomAccess } from '../../core/randomAccess.js';
import { ImageError } from '../../kernelImage.js';
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
}

/** @throws ImageError when nothing of the file can be made sense of */
export function openContainer(file: RandomAccess, codecs: Codecs): Container {
  const start = file.read(0, 64);
  if (start.length === 0) throw new ImageError('The file is empty.');
  if (isFlattened(start)) {
    const inner = openContainer(openFlattened(file), codecs);
    return { ...inner, form: `${inner.form}, flattened` };
  }
  if (isKdump(start)) return kdump(file, codecs);
  if (isLime(start)) return bare('LiME image', new RangeMemory(file, limeRanges(file)));
  if (String.fromCharCode(...start.subarray(0, 4)) === '\x7fELF') return elf(file);
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
    form: 'ELF core',
    memory: new RangeMemory(file, ranges, endPhys),
    notes: core.notes,
    vmcoreinfo: vmcoreinfoIn(core.notes),
    wide: core.machine === EM_X86_64,
    physBase: undefined,
    cutOff: core.cutOff,
  };
}

function kdump(file: RandomAccess, codecs: Codecs): Container {
  const header = readKdumpHeader(file);
  const piece = (place: typeof header.notes): Uint8Array | undefined =>
    place && file.read(place.at, Math.min(place.sizeBytes, MAX_NOTES_BYTES));
  const notes = readNotes(piece(header.notes) ?? new Uint8Array(0));
  const text = piece(header.vmcoreinfo);
  const isWhole = header.startPfn === 0 && header.endPfn === header.nrFrames;
  return {
    form: `kdump-compressed, version ${header.version}`,
    memory: new KdumpMemory(file, header, codecs),
    notes,
    vmcoreinfo: text === undefined ? vmcoreinfoIn(notes) : asciiz(text),
    wide: header.wide,
    physBase: header.physBase,
    cutOff: isWhole
      ? undefined
      : `it is a part of a split dump, frames 0x${header.startPfn.toString(16)} to 0x${header.endPfn.toString(16)}`,
  };
}

const MAX_NOTES_BYTES = 1 << 24;

function vmcoreinfoIn(notes: readonly Note[]): string | undefined {
  const note = notes.find(({ owner }) => owner === 'VMCOREINFO');
  return note && asciiz(note.description);
}
