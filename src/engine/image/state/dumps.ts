/**
 * An image as the recorder's text: `%zones`, `%memmap`. Of a state just rebuilt, byte for byte what was recorded.
 */
import { asVirt, fromWords, type VirtAddr } from '../../memory/address.js';
import type { Kernel } from '../../machine/kernel.js';
import type { KernelImage } from '../kernelImage.js';
import { readVirtual } from '../assemble.js';
import { readZones } from './readZones.js';
import { zonesLines } from './zonesText.js';

/** The lines between `%zones` (or `%zones-brief`) and `%end`. */
export function dumpZones(image: KernelImage, brief = false): string[] {
  return zonesLines(readZones(image), image.profile.pointerSize, brief);
}

/** Struct pages read at once: a whole number of frames of mem_map for every size of the structure. */
const CHUNK = 512;

/** The lines between `%memmap FROM TO` and `%end`. No frame of mem_map is touched by it. */
export function* dumpMemmap(image: KernelImage, fromPfn: number, toPfn: number): Generator<string> {
  const { mm } = image;
  const shown = [
    ...longWords(mm, mm.page.flags),
    mm.page._refcount,
    mm.page._mapcount,
    ...longWords(mm, mm.page.private),
  ];
  const first = new Int32Array(shown.length);
  let startPfn = fromPfn;
  let count = 0;
  for (let chunk = fromPfn; chunk < toPfn; chunk += CHUNK) {
    const nrPages = Math.min(CHUNK, toPfn - chunk);
    const words = readPages(image, chunk, nrPages);
    for (let i = 0; i < nrPages; i++) {
      const at = i * mm.memmap.page_words;
      if (words !== undefined && count > 0 && shown.every((o, n) => words[at + o] === first[n])) {
        count++;
        continue;
      }
      if (count > 0) yield runLine(mm, startPfn, count, first);
      startPfn = chunk + i;
      count = words === undefined ? 0 : 1;
      if (words !== undefined) shown.forEach((o, n) => (first[n] = words[at + o] ?? 0));
    }
  }
  if (count > 0) yield runLine(mm, startPfn, count, first);
}

const longWords = (mm: Kernel, offset: number): number[] =>
  mm.wide ? [offset, offset + 1] : [offset];

function runLine(mm: Kernel, pfn: number, count: number, shown: Int32Array): string {
  let next = 0;
  const word = (): number => (shown[next++] ?? 0) >>> 0;
  const long = (): string => {
    const low = word();
    const high = mm.wide ? word() : 0;
    return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0');
  };
  const [flags, refcount, mapcount, priv] = [long(), word(), word(), long()];
  return `mm ${pfn.toString(16)} ${count.toString(16)} ${flags} ${refcount.toString(16)} ${mapcount.toString(16)} ${priv}`;
}

/** `pfn_to_page()` as an address, whether there is a page or not. */
export const pageAddress = ({ memmap }: Kernel, pfn: number): VirtAddr =>
  asVirt(fromWords(memmap.baseLow, memmap.baseHigh) + pfn * memmap.page_words * 4);

/** The words of adjacent struct pages; undefined where mem_map has none. */
function readPages(image: KernelImage, startPfn: number, nrPages: number): Int32Array | undefined {
  const { memmap } = image.mm;
  const sizeBytes = nrPages * memmap.page_words * 4;
  const bytes = readVirtual(image, pageAddress(image.mm, startPfn), sizeBytes);
  if (bytes?.length !== sizeBytes) return undefined;
  return new Int32Array(bytes.buffer, bytes.byteOffset, sizeBytes / 4);
}
