/**
 * Whether what set a bit of a page-table entry was the processor on its walk: nothing in the kernel or the scenario names that
 * write, so it is told by what the tape holds behind it. A walk sets A and D and nothing else, and then fills the TLB, or
 * leaves the address in cr2 when it ends in a fault.
 *
 * Source: SDM vol. 3A 4.8; src/engine/x86/mmu.ts, which writes in that order.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { formatAddress } from '../../engine/memory/address.js';
import type { Tape } from '../../engine/memory/tape.js';
import { bitsNamed } from '../../engine/x86/formats.js';
import type { Processor } from '../../engine/x86/processor.js';

const ACCESSED = Number(bitsNamed('A'));
const DIRTY = Number(bitsNamed('D'));

/**
 * ` by the processor, on a write to 0xffffc90000005000`; undefined where it was somebody else. The cursor is left anywhere.
 *
 * @param first position of the entry that set the bit
 * @param end of the statement
 */
export function processorText(
  { mm, nrCpus, profile }: KernelImage,
  tape: Pick<Tape, 'searchForward' | 'seek'>,
  first: number,
  end: number,
): string | undefined {
  const processors = Array.from({ length: nrCpus }, (_, cpu) => mm.machine.processor(cpu));
  const seen = { dirtied: false, cell: -1 };
  const behind = tape.searchForward(first, end, (cell, before, after) => {
    seen.cell = cell;
    const changed = before ^ after;
    const isWalk = (changed & ~(ACCESSED | DIRTY)) === 0 && (changed & before) === 0;
    // A word of the TLB may change by these bits, too.
    if (!isWalk || processors.some((each) => each.owns(cell))) return true;
    seen.dirtied ||= (changed & DIRTY) !== 0;
    return false;
  });
  const walked = processors.find((each) => each.owns(seen.cell));
  if (behind === undefined || behind === first || walked === undefined) return undefined;
  const { tlb } = walked;
  const filled = endOfRun(tape, behind, end, walked);
  tape.seek(filled.end);
  const entry = tlb.entries().find(({ cell }) => filled.cell >= cell && filled.cell < cell + 4);
  const access = seen.dirtied ? 'a write to' : 'an access to';
  const address = entry?.va ?? walked.registers.cr2;
  const how = entry === undefined ? ', which faults' : '';
  const where = entry === undefined ? '' : 'the page at ';
  return ` by the processor, on ${access} ${where}${formatAddress(address, profile.pointerSize)}${how}`;
}

/** The words of one set of its TLB are written one behind the other. */
function endOfRun(
  tape: Pick<Tape, 'searchForward'>,
  from: number,
  end: number,
  processor: Processor,
): { readonly cell: number; readonly end: number } {
  let last = -1;
  const behind = tape.searchForward(from, end, (cell) => {
    if (!processor.owns(cell) || (last >= 0 && cell >> 4 !== last >> 4)) return true;
    last = cell;
    return false;
  });
  return { cell: last, end: behind ?? end };
}
