/**
 * Operations and dumps of recorded traces that look at the kernel's page tables: the image's own, through init_mm.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { page_address } from '../../engine/entry/functions.js';
import { asVirt, parseAddress, type VirtAddr } from '../../engine/memory/address.js';
import { imagePaging, type ImagePaging } from '../../engine/view/imagePaging.js';
import { tableLines, walkText } from '../../engine/x86/text.js';
import { walk } from '../../engine/x86/walk.js';
import type { Machine } from './machine.js';
import { NotThere, number, SKIP, type Operation } from './operation.js';

function pagingOf(image: KernelImage): ImagePaging {
  const paging = imagePaging(image);
  if (paging === undefined) throw new NotThere();
  return paging;
}

/** Undefined of a machine whose tables no dump told. */
export const printTables = (image: KernelImage, args: readonly string[]): string[] | undefined =>
  imagePaging(image) === undefined ? undefined : tablesText(image, args);

/** `pt VA LEVEL[INDEX]@PHYS=ENTRY ...` */
export function walkOf({ image }: Machine, va: VirtAddr): string {
  const { kernel, memory } = pagingOf(image);
  return walkText(kernel, walk(kernel, memory, va));
}

/** An address as scripts (0x) and dumps (without) write it. */
function addressOf({ profile }: KernelImage, text: string | undefined): VirtAddr {
  const digits = text?.replace(/^0x/, '') ?? '';
  const va = parseAddress(`0x${digits}`, profile.pointerSize);
  if (va === undefined) throw new Error(`'${text ?? ''}' is not an address`);
  return va;
}

/**
 * The lines of `%pts A B`. The recorder prints a run of entries when it comes to something else, but for tables that lead to
 * tables: those may stand before the run that they end.
 */
function tablesText(image: KernelImage, [first, last]: readonly string[]): string[] {
  const { kernel, memory } = pagingOf(image);
  const bounds = { first: addressOf(image, first), last: addressOf(image, last) };
  return inOrder(tableLines(kernel, memory, bounds));
}

/** Lines of tables and of runs as the recorder prints them. */
export function inOrder(tables: Iterable<string>): string[] {
  const lines: string[] = [];
  let run: string[] = [];
  for (const line of tables) {
    if (/^tb \S+ L[34]/.test(line)) {
      lines.push(line);
    } else {
      lines.push(...run);
      run = [line];
    }
  }
  return [...lines, ...run];
}

/** `pt VA` */
const look: Operation = (machine, [va]) => walkOf(machine, addressOf(machine.image, va));

/** The kernel's address of what is in a slot: of pages the one that they have now. */
function slotAddress(machine: Machine, index: number): VirtAddr | undefined {
  const object = machine.slot(index);
  if (object === undefined) return undefined;
  return 'address' in object ? object.address : page_address(machine.mm, object.page);
}

/** `slotpt SLOT OFF` */
const lookInSlot: Operation = (machine, [slot, offset]) => {
  const address = slotAddress(machine, number(slot));
  return address === undefined ? SKIP : walkOf(machine, asVirt(address + number(offset)));
};

export const TABLE_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['pt', look],
  ['slotpt', lookInSlot],
]);
