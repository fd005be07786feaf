/**
 * The parts of a split dump, put together: each has the frames of one range, and the headers, notes and bitmaps of the whole.
 * A range that no part has is not in the dump.
 *
 * Source: makedumpfile --split; diskdump_mod.h (split, start_pfn, end_pfn).
 */
import { ImageError } from '../../kernelImage.js';
import type { DumpMemory } from '../dumpMemory.js';
import type { Container } from './container.js';

const PAGE_BYTES = 4096;

/** Of parts in any order. @throws ImageError when they are not parts of one dump */
export function joinParts(parts: readonly Container[]): Container {
  const [first, ...others] = parts;
  if (first === undefined) throw new ImageError('There are no parts of a split dump.');
  if (others.length === 0) return first;
  for (const part of parts)
    if (part.part === undefined)
      throw new ImageError(
        `Only the parts of one split dump are opened together; one of the files is not such a part (${part.form}).`,
      );
  if (others.some((part) => part.vmcoreinfo !== first.vmcoreinfo || isOther(part, first)))
    throw new ImageError('The files are parts of different dumps.');
  const memory = new SplitMemory(parts);
  const missing = missingRanges(parts);
  const incomplete = parts.flatMap(({ part }) => part?.incomplete ?? []);
  const problems = [
    ...(missing.length === 0
      ? []
      : [`parts of the split dump are missing, with frames ${missing.join(', ')}`]),
    ...incomplete,
  ];
  return {
    ...first,
    form: `${first.form}, ${parts.length} parts`,
    memory,
    part: undefined,
    cutOff: problems.length === 0 ? undefined : problems.join('; '),
  };
}

const isOther = ({ part }: Container, first: Container): boolean =>
  part?.nrFrames !== first.part?.nrFrames;

function missingRanges(parts: readonly Container[]): string[] {
  const ranges = parts
    .flatMap(({ part }) => part ?? [])
    .sort((a, b) => a.startPfn - b.startPfn || a.endPfn - b.endPfn);
  const missing: string[] = [];
  let at = 0;
  const until = (pfn: number): void => {
    if (at < pfn) missing.push(`0x${at.toString(16)} to 0x${pfn.toString(16)}`);
  };
  for (const { startPfn, endPfn } of ranges) {
    until(startPfn);
    at = Math.max(at, endPfn);
  }
  until(ranges[0]?.nrFrames ?? 0);
  return missing;
}

class SplitMemory implements DumpMemory {
  readonly endFrame: number;

  constructor(private readonly parts: readonly Container[]) {
    this.endFrame = Math.max(...parts.map(({ memory }) => memory.endFrame));
  }

  hasFrame(frame: number): boolean {
    return this.memoryOf(frame) !== undefined;
  }

  read(phys: number, sizeBytes: number): Uint8Array {
    const memory = this.memoryOf(Math.floor(phys / PAGE_BYTES));
    if (memory === undefined) return new Uint8Array(0);
    const first = memory.read(phys, sizeBytes);
    if (first.length === sizeBytes) return first;
    // Where one part ends the next may go on.
    const out = new Uint8Array(sizeBytes);
    out.set(first);
    let done = first.length;
    while (done < sizeBytes && done > 0 && (phys + done) % PAGE_BYTES === 0) {
      const next = this.memoryOf((phys + done) / PAGE_BYTES)?.read(phys + done, sizeBytes - done);
      if (next === undefined || next.length === 0) break;
      out.set(next, done);
      done += next.length;
    }
    return out.subarray(0, done);
  }

  private memoryOf(frame: number): DumpMemory | undefined {
    return this.parts.find(({ memory }) => memory.hasFrame(frame))?.memory;
  }
}
