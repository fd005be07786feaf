/**
 * Any image as an ELF core: what a kdump would have of the machine as it stands, for crash, drgn and mmscope to open.
 *
 *     ELF header | program headers | notes: NT_PRSTATUS of each CPU, VMCOREINFO | memory, page-aligned
 *
 * The kernel's image and the direct map have their virtual addresses, as in /proc/vmcore. What the image does not have is in
 * no segment.
 *
 * Source: System V ABI, chapters 4 and 5; Linux 6.1 fs/proc/vmcore.c, kernel/crash_core.c.
 */
import { asPhys, PAGE_SIZE } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { vmcoreinfoOf } from './vmcoreinfo.js';

interface Load {
  readonly phys: number;
  readonly va: bigint;
  readonly sizeBytes: number;
  /** Index of the piece of memory that holds it: the kernel's image is a part of one. */
  readonly piece: number;
  readonly within: number;
}

interface Piece {
  readonly startFrame: number;
  readonly endFrame: number;
}

const PT_LOAD = 1;
const PT_NOTE = 4;
const MAX_HEADERS = 0xfffe;
/** Memory is given in chunks of 1 MiB. */
const CHUNK_FRAMES = 256;
const NT_PRSTATUS = 1;
const PRSTATUS_BYTES = { 4: 144, 8: 336 } as const;

/** The file, in order, a chunk at a time. @throws ImageError when the memory lies in too many pieces */
export function* elfCore(image: KernelImage): Generator<Uint8Array> {
  const pieces = piecesOf(image);
  const loads = loadsOf(image, pieces);
  if (loads.length > MAX_HEADERS)
    throw new ImageError(
      `The memory lies in ${loads.length} pieces, more than an ELF core has room for: it leaves out too many pages.`,
    );
  yield headerBytes(image, pieces, loads);
  for (const { startFrame, endFrame } of pieces)
    for (let frame = startFrame; frame < endFrame; frame += CHUNK_FRAMES) {
      const bytes = (Math.min(frame + CHUNK_FRAMES, endFrame) - frame) * PAGE_SIZE;
      yield image.memory.readBytes(asPhys(frame * PAGE_SIZE), bytes);
    }
}

/** Runs of frames that are there. */
function piecesOf({ memory, maxPfn }: KernelImage): Piece[] {
  const pieces: Piece[] = [];
  for (let frame = 0; frame < maxPfn;) {
    if (!memory.has(frame)) {
      frame++;
      continue;
    }
    const startFrame = frame;
    while (frame < maxPfn && memory.has(frame)) frame++;
    pieces.push({ startFrame, endFrame: frame });
  }
  return pieces;
}

function loadsOf({ profile, mm }: KernelImage, pieces: readonly Piece[]): Load[] {
  const { pageOffset, directMapEndFrame, kernelMap } = mm.linear;
  const mask = profile.pointerSize * 8;
  const address = (va: number): bigint => BigInt.asUintN(mask, BigInt(va));
  const loads: Load[] = [];
  pieces.forEach(({ startFrame, endFrame }, piece) => {
    const load = (from: number, to: number, va: bigint): void => {
      if (from < to)
        loads.push({
          phys: from * PAGE_SIZE,
          va,
          sizeBytes: (to - from) * PAGE_SIZE,
          piece,
          within: (from - startFrame) * PAGE_SIZE,
        });
    };
    if (kernelMap !== undefined)
      load(
        Math.max(startFrame, kernelMap.startFrame),
        Math.min(endFrame, kernelMap.endFrame),
        address(
          kernelMap.start +
            (Math.max(startFrame, kernelMap.startFrame) - kernelMap.startFrame) * PAGE_SIZE,
        ),
      );
    const low = Math.min(endFrame, directMapEndFrame);
    load(startFrame, low, address(pageOffset + startFrame * PAGE_SIZE));
    // Highmem has no address of its own.
    load(Math.max(startFrame, directMapEndFrame), endFrame, address(-1));
  });
  return loads;
}

function headerBytes(
  image: KernelImage,
  pieces: readonly Piece[],
  loads: readonly Load[],
): Uint8Array {
  const wide = image.profile.pointerSize === 8 || image.maxPfn > 2 ** 20;
  const notes = notesOf(image);
  const [headerBytes, entryBytes] = wide ? [64, 56] : [52, 32];
  const notesAt = headerBytes + entryBytes * (loads.length + 1);
  const total = Math.ceil((notesAt + notes.length) / PAGE_SIZE) * PAGE_SIZE;
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  view.setUint16(16, 4, true);
  view.setUint16(18, image.profile.pointerSize === 8 ? 62 : 3, true);
  view.setUint32(20, 1, true);
  if (wide) view.setBigUint64(32, BigInt(headerBytes), true);
  else view.setUint32(28, headerBytes, true);
  const sizes = wide ? 52 : 40;
  view.setUint16(sizes, headerBytes, true);
  view.setUint16(sizes + 2, entryBytes, true);
  view.setUint16(sizes + 4, loads.length + 1, true);

  const starts: number[] = [];
  let offset = total;
  for (const { startFrame, endFrame } of pieces) {
    starts.push(offset);
    offset += (endFrame - startFrame) * PAGE_SIZE;
  }
  const entry = (index: number, type: number, fields: readonly bigint[]): void => {
    const at = headerBytes + index * entryBytes;
    view.setUint32(at, type, true);
    const flags = type === PT_LOAD ? 7 : 0;
    if (wide) {
      view.setUint32(at + 4, flags, true);
      fields.forEach((field, i) => view.setBigUint64(at + 8 + i * 8, field, true));
    } else {
      fields.forEach((field, i) =>
        view.setUint32(at + 4 + i * 4, Number(field & 0xffffffffn), true),
      );
      view.setUint32(at + 24, flags, true);
    }
  };
  // offset, vaddr, paddr, filesz, memsz
  entry(0, PT_NOTE, [BigInt(notesAt), 0n, 0n, BigInt(notes.length), BigInt(notes.length)]);
  loads.forEach(({ phys, va, sizeBytes, piece, within }, i) =>
    entry(i + 1, PT_LOAD, [
      BigInt((starts[piece] ?? 0) + within),
      va,
      BigInt(phys),
      BigInt(sizeBytes),
      BigInt(sizeBytes),
    ]),
  );
  out.set(notes, notesAt);
  return out;
}

function notesOf(image: KernelImage): Uint8Array {
  const status = new Uint8Array(PRSTATUS_BYTES[image.profile.pointerSize]);
  const info = Uint8Array.from(vmcoreinfoOf(image), (letter) => letter.charCodeAt(0));
  const notes = [
    ...Array.from({ length: Math.min(image.nrCpus, 512) }, () => note('CORE', NT_PRSTATUS, status)),
    note('VMCOREINFO', 0, info),
  ];
  const out = new Uint8Array(notes.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of notes) {
    out.set(each, at);
    at += each.length;
  }
  return out;
}

function note(owner: string, type: number, description: Uint8Array): Uint8Array {
  const nameBytes = owner.length + 1;
  const start = 12 + Math.ceil(nameBytes / 4) * 4;
  const out = new Uint8Array(start + Math.ceil(description.length / 4) * 4);
  const view = new DataView(out.buffer);
  view.setUint32(0, nameBytes, true);
  view.setUint32(4, description.length, true);
  view.setUint32(8, type, true);
  out.set(
    Uint8Array.from(owner, (letter) => letter.charCodeAt(0)),
    12,
  );
  out.set(description, start);
  return out;
}
