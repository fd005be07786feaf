/**
 * Operations and dumps of recorded traces that look at the kernel's page tables: the image's own, through init_mm.
 */
import { ImageError, type KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, parseAddress, type VirtAddr } from '../../engine/memory/address.js';
import { imagePaging, type ImagePaging } from '../../engine/view/imagePaging.js';
import { tableLines, walkText } from '../../engine/x86/text.js';
import { walk } from '../../engine/x86/walk.js';
import type { Machine } from './machine.js';
import { number, SKIP, type Operation } from './operation.js';

function pagingOf(image: KernelImage): ImagePaging {
  const paging = imagePaging(image);
  if (paging === undefined) throw new ImageError('the recorded state has no page tables');
  return paging;
}

/** `pt VA LEVEL[INDEX]@PHYS=ENTRY ...` */
export function walkOf({ image }: Machine, va: VirtAddr): string {
  const { kernel, memory } = pagingOf(image);
  return walkText(kernel, walk(kernel, memory, va));
}

/** An address as scripts (0x) and dumps (without) write it. */
function addressOf({ profile }: KernelImage, text: string | undefined): VirtAddr {
  const digits = text?.replace(/^0x/, '') ?? '';
  const va = parseAddress(`0x${digits}`, profile.pointerSize);
  if (va === undefined) throw new Error(`'${text ?? ''}' is no address`);
  return va;
}

/**
 * The lines of `%pts A B`. The recorder prints a table when it comes to it, and a run of entries when the next one begins: so a
 * run may stand behind tables that come after it.
 */
export function tablesText(image: KernelImage, [first, last]: readonly string[]): string[] {
  const { kernel, memory } = pagingOf(image);
  const bounds = { first: addressOf(image, first), last: addressOf(image, last) };
  const lines: string[] = [];
  let run: string | undefined;
  for (const line of tableLines(kernel, memory, bounds)) {
    if (line.startsWith('tb')) lines.push(line);
    else if (run !== undefined) lines.push(run);
    if (!line.startsWith('tb')) run = line;
  }
  return run === undefined ? lines : [...lines, run];
}

/** `pt VA` */
const look: Operation = (machine, [va]) => walkOf(machine, addressOf(machine.image, va));

/** `slotpt SLOT OFF` */
const lookInSlot: Operation = (machine, [slot, offset]) => {
  const object = machine.slot(number(slot));
  if (object?.kind !== 'area') return SKIP;
  return walkOf(machine, asVirt(object.address + number(offset)));
};

export const TABLE_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['pt', look],
  ['slotpt', lookInSlot],
]);
