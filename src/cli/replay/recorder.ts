/**
 * The recorder's own memory: it ran inside the kernel that it recorded, kept its script, its objects and its output in static
 * data, and wrote to a device through areas of vmalloc space that it moved along.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import { imagePaging } from '../../engine/view/imagePaging.js';
import { StructReader } from '../../engine/view/structReader.js';
import { walk } from '../../engine/x86/walk.js';
import { isRecorderCall } from './callers.js';
import type { KernelWord } from './words.js';

/**
 * Its object file's variables lie in one stretch of .bss, so many bytes before and behind `n_ops`, a name that no other static
 * has. Which names lie in it does not matter: `buf` and `line` are others' names, too.
 */
const STRETCH = {
  4: { anchor: 'n_ops', before: 0x3afc, behind: 0x19c1a4 },
  8: { anchor: 'n_ops', before: 0x6b88, behind: 0x2202c0 },
} as const;

/** Physical addresses of the recorder's variables; a run in which none of them changed has none to leave out. */
export function recorderStatics(
  { profile }: KernelImage,
  words: readonly KernelWord[],
): { readonly start: number; readonly end: number } | undefined {
  const { anchor, before, behind } = STRETCH[profile.pointerSize];
  for (const { symbol, phys } of words) {
    const [name, offset = ''] = symbol?.split('+') ?? [];
    if (name !== anchor) continue;
    const at = phys - parseInt(offset, 16);
    return { start: at - before, end: at + behind };
  }
  return undefined;
}

const VM_IOREMAP = 1;

/** Physical addresses of the entries that map the recorder's windows to its device. */
export function deviceEntries(image: KernelImage): ReadonlySet<number> {
  const found = new Set<number>();
  const paging = imagePaging(image);
  if (paging === undefined) return found;
  for (const { start, sizeBytes } of windowsOf(image))
    for (let at = 0; at < sizeBytes; at += PAGE_SIZE) {
      const { steps } = walk(paging.kernel, paging.memory, asVirt(start + at));
      const last = steps.at(-1);
      if (last !== undefined) found.add(last.entryPhys);
    }
  return found;
}

/** Areas made by ioremap() that no operation of the trace made. */
function* windowsOf(
  image: KernelImage,
): Generator<{ readonly start: VirtAddr; readonly sizeBytes: number }> {
  const reader = new StructReader(image);
  const head = reader.symbol('vmap_area_list');
  const list = reader.offset('vmap_area', 'list') ?? 0;
  if (head === undefined) return;
  for (let at = reader.pointerAt(head); at !== undefined && at !== head;) {
    const area = asVirt(at - list);
    const vm = reader.pointer('vmap_area', 'vm', area) ?? asVirt(0);
    const start = reader.pointer('vm_struct', 'addr', vm);
    const caller = reader.pointer('vm_struct', 'caller', vm) ?? asVirt(0);
    const isMapped = ((reader.uint('vm_struct', 'flags', vm) ?? 0) & VM_IOREMAP) !== 0;
    if (start !== undefined && isMapped && !isRecorderCall(image.mm, caller))
      yield { start, sizeBytes: reader.uint('vm_struct', 'size', vm) ?? 0 };
    at = reader.pointerAt(at);
  }
}
