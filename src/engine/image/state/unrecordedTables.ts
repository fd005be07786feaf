/**
 * The kernel's page tables on a machine whose state tells of none, or only of those of some ranges: made as boot makes them, in memory that
 * boot reserved and of which nothing else is known. So addresses lead where they do on the recorded machine; the frames of the tables
 * are others. What the state tells stays as it is.
 *
 * Source: Linux 6.1 arch/x86/kernel/setup.c: setup_arch(); arch/x86/mm/init.c: init_mem_mapping().
 */
import { asPhys, asVirt, PAGE_SIZE, type PhysAddr } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { e820__end_of_ram_pfn, e820__memory_setup, FOUR_GIB, ramBelow4G } from '../boot/e820.js';
import { loadKernel } from '../boot/kernelLoad.js';
import { Memblock } from '../boot/memblock.js';
import { kernelRegisters } from '../boot/registers.js';
import { type BootTables, ROOT_SYMBOL, type TablePages } from '../boot/tables/bootTables.js';
import { KernelTables } from '../boot/tables/kernelTables.js';
import type { LevelFormat } from '../../x86/formats.js';
import { onTape } from '../../x86/tableMemory.js';
import { symbolAddress } from './facts.js';
import type { Placement } from './placement.js';

const MiB = 2 ** 20;

/** Gives the machine tables that lead to all of its memory. False where boot would find no room for them. */
export function makeTables(image: KernelImage, placement: Placement): boolean {
  const { profile, mm, tape } = image;
  const plan = planOrNot(image, placement);
  if (plan === undefined) return false;
  const { tables, page } = plan;
  if (mm.machine.processor(mm.cpu).hasTables) {
    addMissing(image, tables, page);
    return true;
  }
  tables.store.writeTo(tape);
  const registers = kernelRegisters(profile.arch, tables.root);
  for (let cpu = 0; cpu < image.nrCpus; cpu++) mm.machine.processor(cpu).setRegisters(registers);
  const rootAddress = symbolAddress(profile, ROOT_SYMBOL[profile.arch]);
  mm.write_va(mm.symbol('init_mm') + mm.mm_struct.pgd, rootAddress);
  for (const name of ['__supported_pte_mask', '__default_kernel_pte_mask']) allOnes(image, name);
  return true;
}

/**
 * The pages of some frames can be written to at their addresses in the direct map, though the kernel's text lies there: by the entry that
 * maps each, be it of a large page.
 */
export function makeWritable({ mm, memory, tape }: KernelImage, pfns: Iterable<number>): void {
  const RW = 2;
  for (const pfn of pfns) {
    const va = asVirt(mm.linear.pageOffset + pfn * PAGE_SIZE);
    for (const { entryPhys } of mm.machine.processor(mm.cpu).walk(va).steps.slice(-1)) {
      const at = memory.cell(entryPhys);
      tape.write(at, (memory.words[at] ?? 0) | RW);
    }
  }
}

/** Entries of the machine's own tables that are empty get what boot's lead to; tables for them are copies. */
function addMissing({ memory, tape }: KernelImage, tables: BootTables, page: TablePages): void {
  const { store, levels } = tables;
  const machine = onTape(tape);
  const nrWords = store.entryBytes / 4;
  const read = (at: PhysAddr): bigint => {
    const [low = 0, high = 0] = machine.readWords(at, nrWords) ?? [];
    return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n);
  };
  const write = (at: PhysAddr, value: bigint): void => {
    for (let i = 0; i < nrWords; i++)
      tape.write(
        memory.cell(asPhys(at + i * 4)),
        Number(BigInt.asIntN(32, value >> BigInt(i * 32))),
      );
  };
  const add = (ours: PhysAddr, boots: PhysAddr, depth: number): void => {
    const level = levels[depth] as LevelFormat;
    for (let at = 0; at < 1 << level.indexBits; at++) {
      const offset = at * store.entryBytes;
      const wanted = store.entry(asPhys(boots + offset));
      if (!tables.isPresent(wanted)) continue;
      const told = read(asPhys(ours + offset));
      const isLeaf = depth === levels.length - 1 || tables.isLarge(wanted);
      if (told === 0n && isLeaf) write(asPhys(ours + offset), wanted);
      if (isLeaf || (told !== 0n && (!tables.isPresent(told) || tables.isLarge(told)))) continue;
      const table = told === 0n ? page() : tables.tableOf(told);
      if (told === 0n)
        write(asPhys(ours + offset), tables.mapping(table, tables.protectionOf(wanted)));
      add(table, tables.tableOf(wanted), depth + 1);
    }
  };
  add(tables.root, tables.root, 0);
}

/** How much RAM makes firmware report memory up to the machine's last page. */
function ramOf({ profile, maxPfn }: KernelImage): number | undefined {
  const end = Math.ceil((maxPfn * PAGE_SIZE) / MiB) * MiB;
  const hole = FOUR_GIB - ramBelow4G(FOUR_GIB);
  return [end, end - hole].find(
    (ramBytes) =>
      ramBytes > 0 &&
      e820__end_of_ram_pfn(e820__memory_setup(ramBytes, profile.arch), Infinity) >= maxPfn &&
      Math.max(ramBytes, ramBelow4G(ramBytes)) <= end,
  );
}

interface Plan {
  readonly tables: BootTables;
  /** A page for another one. */
  readonly page: TablePages;
}

function planOrNot(image: KernelImage, placement: Placement): Plan | undefined {
  const ramBytes = ramOf(image);
  try {
    return ramBytes === undefined ? undefined : planTables(image, placement, ramBytes);
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}

function planTables(image: KernelImage, placement: Placement, ramBytes: number): Plan {
  const { profile } = image;
  const { maxLowPfn, memmap, spare, area } = placement;
  const e820 = e820__memory_setup(ramBytes, profile.arch).filter(({ type }) => type === 'usable');
  const memblock = new Memblock();
  for (const { start, end } of e820)
    memblock.memblock_add(start, Math.min(end, image.maxPfn * PAGE_SIZE));
  const kernel = loadKernel(profile, Math.min(ramBytes, ramBelow4G(ramBytes)));
  memblock.memblock_reserve(0, memblock.memblock_end_of_DRAM());
  for (const { startFrame, endFrame } of spare.left)
    memblock.memblock_phys_free(startFrame * PAGE_SIZE, endFrame * PAGE_SIZE);
  memblock.memblock_reserve(0, kernel.brk.end);
  memblock.current_limit = maxLowPfn * PAGE_SIZE;
  const isWide = profile.arch === 'x86_64';
  const end = (isWide ? image.maxPfn : maxLowPfn) * PAGE_SIZE;
  const tables = new KernelTables(kernel, memblock, end);
  const page = (): PhysAddr => asPhys(memblock.memblock_alloc('page tables', PAGE_SIZE, PAGE_SIZE));
  tables.init_mem_mapping();
  if (placement.sections.length > 0)
    for (const { startMapPage, startFrame, nrFrames } of memmap.extents)
      for (let at = 0; at < nrFrames * PAGE_SIZE; at += tables.tables.pmdSize)
        tables.populateVmemmap(
          asVirt(memmap.base + startMapPage * PAGE_SIZE + at),
          startFrame * PAGE_SIZE + at,
          page,
        );
  tables.paging_init();
  const units = profile.smp
    ? area.perCpuBases.map((base) => base - profile.constant('PAGE_OFFSET'))
    : [0];
  tables.setup_cpu_entry_areas({ units }, page);
  tables.finish();
  return { tables: tables.tables, page };
}

function allOnes({ profile, mm }: KernelImage, name: string): void {
  const symbol = profile.symbol(name);
  const at = mm.findSymbol(name);
  if (symbol === undefined || at === undefined) return;
  for (let i = 0; i < symbol.sizeBytes / 4; i++) mm.write(at + i, -1);
}
