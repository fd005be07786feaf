/**
 * /proc/vmallocinfo of a dumped kernel, by rising address.
 *
 * Differs: addresses are shown as they are, as a kernel with `no_hash_pointers` does.
 * Source: Linux 6.1 mm/vmalloc.c: s_show(), show_numa_info(), show_purge_info(); Linux 6.12: vmalloc_info_show().
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { isDumpError, Problems, type Inspected } from '../inspected.js';
import { listEntries } from '../list.js';
import { memmapOf, type DumpedMemmap } from '../memmap.js';
import { vmapAreasOf, vmStructAt, type VmapAreaView } from '../vmalloc.js';
import { nodesOf, type NodeView } from '../zones.js';

const FLAGS: readonly (readonly [number, string])[] = [
  [0x1, 'ioremap'],
  [0x2, 'vmalloc'],
  [0x4, 'vmap'],
  [0x8, 'user'],
  [0x10, 'dma-coherent'],
  // Since 6.9 (e6f798225a31).
  [0x1000, 'sparse'],
];

export function vmallocinfo(k: Inspected): string[] {
  const problems = new Problems();
  const numa = {
    memmap: memmapOf(k),
    nodes: k.findGlobal('node_data') === undefined ? [] : nodesOf(k),
  };
  const lines = vmapAreasOf(k, problems).map((area) => line(k, area, numa));
  for (const { start, end } of purged(k, problems))
    lines.push(`${rangeText(k, start, end - start)} unpurged vm_area`);
  return [...lines, ...problems.found.map((text) => `# ${text}`)];
}

interface Numa {
  readonly memmap: DumpedMemmap;
  /** None in kernels that know only one. */
  readonly nodes: readonly NodeView[];
}

const rangeText = (k: Inspected, start: VirtAddr, sizeBytes: number): string =>
  `${k.hex(start)}-${k.hex(asVirt(start + sizeBytes))} ${String(sizeBytes).padStart(7)}`;

function line(k: Inspected, area: VmapAreaView, numa: Numa): string {
  const { start, end, vm } = area;
  if (vm === 0) return `${rangeText(k, start, end - start)} vm_map_ram`;
  const { sizeBytes, flags, nrPages, physAddr, caller, pages } = vmStructAt(k, vm);
  const digits = k.dump.arch === 'i386' ? 8 : 16;
  return [
    rangeText(k, start, sizeBytes),
    ...(caller === 0 ? [] : [symbolText(k, caller)]),
    ...(nrPages === 0 ? [] : [`pages=${nrPages}`]),
    ...(physAddr === 0 ? [] : [`phys=0x${physAddr.toString(16).padStart(digits, '0')}`]),
    ...FLAGS.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name),
    ...(nrPages > 0 ? nodeCounts(k, pages, nrPages, numa) : []),
  ].join(' ');
}

/** `N0=4`: how many pages lie on each node. */
function nodeCounts(k: Inspected, pages: VirtAddr, nrPages: number, numa: Numa): string[] {
  if (numa.nodes.length === 0 || pages === 0) return [];
  if (numa.nodes.length === 1) return [`N${numa.nodes[0]?.node ?? 0}=${nrPages}`];
  const counts = new Map<number, number>();
  try {
    for (let i = 0; i < nrPages; i++) {
      const pfn = numa.memmap.pageToPfn(k.space.pointer(pages, i * k.pointerSize));
      const node = numa.nodes.find(({ at }) => {
        const first = k.number(at, 'pglist_data', 'node_start_pfn');
        const spanned = k.number(at, 'pglist_data', 'node_spanned_pages');
        return pfn !== undefined && pfn >= first && pfn < first + spanned;
      });
      if (node !== undefined) counts.set(node.node, (counts.get(node.node) ?? 0) + 1);
    }
  } catch (error) {
    if (!isDumpError(error)) throw error;
  }
  return [...counts].sort(([a], [b]) => a - b).map(([node, count]) => `N${node}=${count}`);
}

/** `kernel_clone+0xbf/0x430`, as %pS prints it. */
export function symbolText(k: Inspected, address: VirtAddr): string {
  const found = k.dump.symbols.at(address);
  if (found === undefined) return k.hex(address);
  const size = found.sizeBytes === undefined ? '' : `/0x${found.sizeBytes.toString(16)}`;
  return `${found.name}+0x${(address - found.address).toString(16)}${size}`;
}

function purged(k: Inspected, problems: Problems): VmapAreaView[] {
  const areas: VmapAreaView[] = [];
  problems.tried(
    'areas to be purged',
    () => {
      for (const { head, offset } of purgedHeads(k))
        for (const at of listEntries(k, head, offset, 'vmap_area', 'list'))
          areas.push({
            at,
            start: k.pointer(at, 'vmap_area', 'va_start'),
            end: k.pointer(at, 'vmap_area', 'va_end'),
            vm: asVirt(0),
          });
    },
    undefined,
  );
  return areas;
}

function purgedHeads(k: Inspected): { readonly head: VirtAddr; readonly offset: number }[] {
  const list = k.findGlobal('purge_vmap_area_list');
  if (list !== undefined) return [{ head: list, offset: 0 }];
  if (k.findGlobal('vmap_nodes') === undefined) return [];
  const nodes = k.globalPointer('vmap_nodes');
  const nrNodes = Math.min(k.space.u32(k.global('nr_vmap_nodes')), 1024);
  return Array.from({ length: nrNodes }, (_, i) => ({
    head: asVirt(nodes + i * k.sizeof('vmap_node')),
    offset: k.offset('vmap_node', 'lazy.head'),
  }));
}
