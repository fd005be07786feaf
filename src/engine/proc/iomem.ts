/**
 * /proc/iomem: the tree of resources of the physical address space, five levels deep, as root reads it.
 *
 * A machine that was rebuilt without its resources has none to show.
 * Source: Linux 6.1 kernel/resource.c: r_start(), r_next(), r_show().
 */
import type { Kernel } from '../machine/kernel.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import { byteOffset } from '../types/named.js';
import { stringAt } from '../kernel/lib/string.js';

const MAX_IORES_LEVEL = 5;
/** More than any machine has: a damaged tree may go in a circle. */
const MAX_RESOURCES = 10_000;

export function iomem_show(k: Kernel): string[] {
  const root = k.profile.symbol('iomem_resource')?.address;
  if (root === undefined || k.findSymbol('iomem_resource') === 0) return [];
  const r = (member: string): number => byteOffset(k.profile, 'resource', member);
  const offsets = { start: r('start'), end: r('end'), name: r('name') };
  const links = { parent: r('parent'), sibling: r('sibling'), child: r('child') };
  const link = (of: VirtAddr, at: number): VirtAddr => k.read_va(k.cell_at(asVirt(of + at)));
  /** resource_size_t has as many bytes as lie between its two. */
  const sizeBytes = offsets.end - offsets.start;
  const width = physAt(k, asVirt(root + offsets.end), sizeBytes) < 0x10000n ? 4 : 8;

  const lines: string[] = [];
  const show = (first: VirtAddr, depth: number): void => {
    for (let p = first; p !== 0 && lines.length < MAX_RESOURCES; p = link(p, links.sibling)) {
      const [start, end] = [offsets.start, offsets.end].map((at) =>
        physAt(k, asVirt(p + at), sizeBytes)
          .toString(16)
          .padStart(width, '0'),
      );
      const name = link(p, offsets.name);
      const text = name === 0 ? '<BAD>' : stringAt(k, name);
      lines.push(`${' '.repeat(depth * 2)}${start}-${end} : ${text}`);
      // What lies deeper stands at the depth of the last level.
      show(link(p, links.child), Math.min(depth + 1, MAX_IORES_LEVEL - 1));
    }
  };
  show(link(root, links.child), 0);
  return lines;
}

function physAt(k: Kernel, at: VirtAddr, sizeBytes: number): bigint {
  const word = (offset: number): bigint => BigInt(k.words[k.cell_at(asVirt(at + offset))]! >>> 0);
  return sizeBytes === 4 ? word(0) : (word(4) << 32n) | word(0);
}
