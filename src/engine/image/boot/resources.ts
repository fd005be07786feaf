/**
 * The tree of resources below iomem_resource: what firmware says of the physical address space, and the kernel's own sections.
 *
 *     struct resource   start, end (inclusive), name | parent, sibling, child: by address, each wholly inside its parent
 *
 * Left out: what is found by looking at hardware that this machine does not have (ROMs, devices of the PCI bus).
 * Differs: the kernel's four resources lie behind its strings; the profile does not say where Linux has them.
 * Source: Linux 6.1 arch/x86/kernel/e820.c: e820__reserve_resources(); arch/x86/kernel/setup.c: setup_arch();
 * arch/x86/kernel/apic/io_apic.c: ioapic_setup_resources(); kernel/resource.c: insert_resource().
 */
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../memory/address.js';
import { byteOffset, sizeOfStruct } from '../../types/named.js';
import { symbolAddress } from './profileFacts.js';
import type { BootLayout } from './setupArch.js';

export interface ResourceTables {
  /** Physical: one for each entry of the memory map. */
  readonly e820: number;
  /** Physical; none on i386. */
  readonly ioapic: number | undefined;
}

/** Room in the kernel's data. */
interface KernelRoom {
  string(text: string): VirtAddr;
  room(sizeBytes: number): VirtAddr;
}

interface Resource {
  readonly at: VirtAddr;
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
  readonly name: VirtAddr;
}

export function writeResources(mm: Kernel, layout: BootLayout, data: KernelRoom): void {
  const root = symbolAddress(mm.profile, 'iomem_resource');
  const all: Resource = {
    at: root,
    start: 0,
    end: mm.profile.arch === 'i386' ? 2 ** 32 - 1 : 2 ** 46 - 1,
    name: data.string('PCI mem'),
  };
  writeLevel(mm, all, [...firmware(mm, layout, data), ...sections(mm, layout, data)]);
}

function firmware(mm: Kernel, { e820, resources }: BootLayout, data: KernelRoom): Resource[] {
  const size = sizeOfStruct(mm.profile, 'resource');
  const names = { usable: data.string('System RAM'), reserved: data.string('Reserved') };
  const va = (phys: number): VirtAddr => asVirt(mm.linear.pageOffset + phys);
  const found = e820.map(({ type, start, end }, i) => ({
    at: va(resources.e820 + i * size),
    start,
    end: end - 1,
    name: names[type],
  }));
  if (resources.ioapic === undefined) return found;
  const ioapic = { at: va(resources.ioapic), start: 0xfec00000, end: 0xfec003ff };
  const lapic = { at: data.room(size), start: 0xfee00000, end: 0xfee00fff };
  return [
    ...found,
    { ...ioapic, name: data.string('IOAPIC 0') },
    { ...lapic, name: data.string('Local APIC') },
  ];
}

function sections(mm: Kernel, { kernel }: BootLayout, data: KernelRoom): Resource[] {
  const section = (text: string, first: string, behind: string): Resource => ({
    at: data.room(sizeOfStruct(mm.profile, 'resource')),
    start: kernel.phys(symbolAddress(mm.profile, first)),
    end: kernel.phys(symbolAddress(mm.profile, behind)) - 1,
    name: data.string(text),
  });
  return [
    section('Kernel code', '_text', '_etext'),
    section('Kernel rodata', '__start_rodata', '__end_rodata'),
    section('Kernel data', '_sdata', '_edata'),
    section('Kernel bss', '__bss_start', '__bss_stop'),
  ];
}

/** A resource and all that lies in it. */
function writeLevel(mm: Kernel, parent: Resource, inside: readonly Resource[]): void {
  const sorted = inside
    .filter(({ start }) => start <= parent.end)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const children: Resource[] = [];
  for (const each of sorted) if (each.start > (children.at(-1)?.end ?? -1)) children.push(each);
  children.forEach((child, i) => {
    const own = sorted.filter(
      (one) => !children.includes(one) && one.end <= child.end && one.start >= child.start,
    );
    writeLevel(mm, child, own);
    pointer(mm, child.at, 'parent', parent.at);
    pointer(mm, child.at, 'sibling', children[i + 1]?.at ?? asVirt(0));
  });
  size(mm, parent.at, 'start', parent.start);
  size(mm, parent.at, 'end', parent.end);
  pointer(mm, parent.at, 'name', parent.name);
  pointer(mm, parent.at, 'child', children[0]?.at ?? asVirt(0));
}

const cellOf = (mm: Kernel, at: VirtAddr, member: string): Cell =>
  mm.cell_at(asVirt(at + byteOffset(mm.profile, 'resource', member)));

function pointer(mm: Kernel, at: VirtAddr, member: string, to: VirtAddr): void {
  mm.write_va(cellOf(mm, at, member), to);
}

/** A resource_size_t, as long as `start` is. */
function size(mm: Kernel, at: VirtAddr, member: string, value: number): void {
  mm.write(cellOf(mm, at, member), (value % 2 ** 32) | 0);
  if (byteOffset(mm.profile, 'resource', 'end') === 8)
    mm.write(
      mm.cell_at(asVirt(at + byteOffset(mm.profile, 'resource', member) + 4)),
      Math.floor(value / 2 ** 32),
    );
}
