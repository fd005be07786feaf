/**
 * Tables of the fixed places of the address space: fixmap and pkmap (tables only), the CPU entry areas.
 *
 *     CPU_ENTRY_AREA_BASE   IDT, read-only
 *     + one page, by CPU    GDT │ entry stack │ TSS │ exception or double fault stacks │ debug store (Intel)
 *
 * Source: Linux 6.1 arch/x86/mm/init_32.c: page_table_range_init(), permanent_kmaps_init(); arch/x86/mm/cpu_entry_area.c;
 * arch/x86/kernel/apic/apic.c, io_apic.c (the two pages of the fixmap).
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { findMember } from '../../../types/members.js';
import { bitsNamed } from '../../../x86/formats.js';
import type { PerCpuAreas } from '../perCpuAreas.js';
import { sizeofStruct, symbolAddress } from '../profileFacts.js';
import type { BootTables, TablePages } from './bootTables.js';
import { fix_to_virt } from './headTables.js';

/** A PTE table for each 2 or 4 MiB of a range. */
function page_table_range_init(
  tables: BootTables,
  start: number,
  end: number,
  pages: TablePages,
): void {
  const first = Math.floor(start / tables.pmdSize) * tables.pmdSize;
  for (let va = first; va < end; va += tables.pmdSize)
    tables.populate(asVirt(va), tables.levels.length - 1, pages);
}

/** i386. */
export function early_ioremap_page_table_range_init(tables: BootTables, pages: TablePages): void {
  const start = fix_to_virt(tables, '__end_of_fixed_addresses') + PAGE_SIZE;
  page_table_range_init(tables, start, tables.profile.constant('FIXADDR_TOP'), pages);
}

/** i386. */
export function permanent_kmaps_init(tables: BootTables, pages: TablePages): void {
  const base = tables.profile.constant('PKMAP_BASE');
  const last = tables.profile.constant('LAST_PKMAP');
  page_table_range_init(tables, base, base + last * PAGE_SIZE, pages);
}

/** 64 bit: the places of local APIC and I/O APIC. */
const APIC_PAGES = { FIX_APIC_BASE: 0xfee0_0000, FIX_IO_APIC_BASE_0: 0xfec0_0000 } as const;

export function map_apics(tables: BootTables): void {
  for (const [name, phys] of Object.entries(APIC_PAGES))
    tables.set_pte_vaddr(
      fix_to_virt(tables, name),
      tables.mapping(phys, tables.PAGE_KERNEL_NOCACHE),
      () => {
        throw new Error('the fixmap has no table');
      },
    );
}

/** A member of struct cpu_entry_area and what lies behind it: of each CPU its own. */
interface EntryAreaPart {
  readonly member: string;
  readonly symbol: string;
  readonly symbolOffset?: number;
  readonly nrPages: number;
  readonly protection: bigint;
}

export function setup_cpu_entry_areas(
  tables: BootTables,
  perCpu: PerCpuAreas,
  pages: TablePages,
): void {
  const { profile } = tables;
  const base = profile.constant('CPU_ENTRY_AREA_BASE');
  const size = sizeofStruct(profile, 'cpu_entry_area');
  if (tables.mode !== '4-level')
    page_table_range_init(tables, base, base + PAGE_SIZE + size, pages);
  perCpu.units.forEach((unit, cpu) => {
    const area = base + PAGE_SIZE + cpu * size;
    for (const part of entryAreaParts(tables)) {
      const va = area + memberOffset(tables, 'cpu_entry_area', part.member);
      const phys = perCpuPhys(tables, part.symbol, unit) + (part.symbolOffset ?? 0);
      mapPages(tables, asVirt(va), phys, part, pages);
    }
    if (hasDebugStore(tables)) reserveDebugBuffers(tables, area, pages);
  });
  // idt_map_in_cea()
  const idt = { nrPages: 1, protection: tables.PAGE_KERNEL_RO };
  mapPages(tables, asVirt(base), tables.symbolPhys('idt_table'), idt, pages);
}

function mapPages(
  tables: BootTables,
  start: VirtAddr,
  phys: number,
  { nrPages, protection }: Pick<EntryAreaPart, 'nrPages' | 'protection'>,
  pages: TablePages,
): void {
  for (let i = 0; i < nrPages; i++)
    tables.set_pte_vaddr(
      asVirt(start + i * PAGE_SIZE),
      tables.mapping(phys + i * PAGE_SIZE, protection),
      pages,
    );
}

function entryAreaParts(tables: BootTables): readonly EntryAreaPart[] {
  const { profile, PAGE_KERNEL, PAGE_KERNEL_RO } = tables;
  const wide = tables.mode === '4-level';
  // A task gate makes the processor write to GDT and TSS: on i386 they cannot be read-only.
  const descriptors = wide ? PAGE_KERNEL_RO : PAGE_KERNEL;
  const sizeof = (tag: string): number => sizeofStruct(profile, tag) / PAGE_SIZE;
  const parts: EntryAreaPart[] = [
    { member: 'gdt', symbol: 'gdt_page', nrPages: 1, protection: descriptors },
    {
      member: 'entry_stack_page',
      symbol: 'entry_stack_storage',
      nrPages: 1,
      protection: PAGE_KERNEL,
    },
    { member: 'tss', symbol: 'cpu_tss_rw', nrPages: sizeof('tss_struct'), protection: descriptors },
  ];
  if (!wide)
    parts.push({
      member: 'doublefault_stack',
      symbol: 'doublefault_stack',
      nrPages: 1,
      protection: PAGE_KERNEL,
    });
  for (const name of wide ? ['DF', 'NMI', 'DB', 'MCE'] : [])
    parts.push({
      member: `estacks.${name}_stack`,
      symbol: 'exception_stacks',
      symbolOffset: memberOffset(tables, 'exception_stacks', `${name}_stack`),
      nrPages: stackPages(tables, name),
      protection: PAGE_KERNEL,
    });
  if (hasDebugStore(tables))
    parts.push({
      member: 'cpu_debug_store',
      symbol: 'cpu_debug_store',
      nrPages: sizeof('debug_store'),
      protection: PAGE_KERNEL,
    });
  return parts;
}

/** A stack reaches to the guard behind it. */
function stackPages(tables: BootTables, name: string): number {
  const order = ['DF', 'NMI', 'DB', 'MCE', 'VC'];
  const next = order[order.indexOf(name) + 1] ?? '';
  const offset = (member: string): number => memberOffset(tables, 'cea_exception_stacks', member);
  return (offset(`${next}_stack_guard`) - offset(`${name}_stack`)) / PAGE_SIZE;
}

/** Of Intel's processors alone; the reference machine of the kernel without PAE has one. */
const hasDebugStore = (tables: BootTables): boolean => tables.profile.arch === 'i386';

/** PAGE_NONE: entries that are not present, but not zero. */
function reserveDebugBuffers(tables: BootTables, area: number, pages: TablePages): void {
  const start = area + memberOffset(tables, 'cpu_entry_area', 'cpu_debug_buffers');
  const nrPages = sizeofStruct(tables.profile, 'debug_store_buffers') / PAGE_SIZE;
  for (let i = 0; i < nrPages; i++)
    tables.set_pte_vaddr(asVirt(start + i * PAGE_SIZE), bitsNamed('A', 'G'), pages);
}

/** per_cpu_ptr_to_phys() of a static per-CPU object. */
const perCpuPhys = (tables: BootTables, symbol: string, unit: number): number =>
  tables.profile.symbol(symbol)?.perCpu === true && tables.profile.smp
    ? unit + symbolAddress(tables.profile, symbol)
    : tables.symbolPhys(symbol);

function memberOffset({ profile }: BootTables, tag: string, member: string): number {
  const type = profile.types.struct(tag);
  const found = type && findMember(type, member);
  if (found === undefined) throw new Error(`profile ${profile.name} has no ${tag}.${member}`);
  return found.offsetBits / 8;
}
