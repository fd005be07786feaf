/** What is said behind a fault in a guard page: which area it protects, and which function of the scenario allocated that. */
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt } from '../../engine/memory/address.js';
import { counted } from '../../engine/view/counted.js';
import { guardedArea } from '../../engine/view/guardPage.js';
import type { Program } from '../compile/program.js';
import { FUNCTION_STRIDE } from '../semantics/window.js';

const PAGE_SIZE = 4096;

/** @param oops the kernel's words for a fault */
export function guardNote(
  { window, functions }: Program,
  k: Kernel,
  oops: string,
): string | undefined {
  const hex = /page fault for address: ([0-9a-f]+)/.exec(oops)?.[1];
  if (hex === undefined) return undefined;
  const bits = BigInt(`0x${hex}`);
  const va = asVirt(Number(k.wide ? BigInt.asIntN(64, bits) : bits));
  const area = guardedArea(k, va);
  if (area === undefined) return undefined;
  const pages = (area.end - area.start) / PAGE_SIZE;
  const size = counted(pages, 'page');
  const caller = functions[(area.caller - window.functions) / FUNCTION_STRIDE];
  const by = caller === undefined ? '' : `, from ${caller.name}()`;
  return `${k.hex(va)} is in the guard page of the area ${k.hex(area.start)}-${k.hex(area.end)} (${size}${by})`;
}
