/** /proc/iomem of a dumped kernel, as root reads it. Source: Linux 6.1 kernel/resource.c: r_show(). */
import type { VirtAddr } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';

const MAX_LEVEL = 5;
/** More than any machine has: a damaged tree may go in a circle. */
const MAX_RESOURCES = 10_000;

export function iomem(k: Inspected): string[] {
  const root = k.global('iomem_resource');
  const number = (at: VirtAddr, name: string): number => k.number(at, 'resource', name);
  const width = number(root, 'end') < 0x10000 ? 4 : 8;
  const lines: string[] = [];
  const show = (first: VirtAddr, depth: number): void => {
    let at = first;
    while (at !== 0 && lines.length < MAX_RESOURCES) {
      const [start, end] = ['start', 'end'].map((name) =>
        number(at, name).toString(16).padStart(width, '0'),
      );
      const name = k.pointer(at, 'resource', 'name');
      const text = name === 0 ? '<BAD>' : k.space.text(name);
      lines.push(`${' '.repeat(Math.min(depth, MAX_LEVEL - 1) * 2)}${start}-${end} : ${text}`);
      if (depth < 64) show(k.pointer(at, 'resource', 'child'), depth + 1);
      at = k.pointer(at, 'resource', 'sibling');
    }
  };
  show(k.pointer(root, 'resource', 'child'), 0);
  return lines;
}
