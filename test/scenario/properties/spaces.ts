/**
 * What the page tables of all address spaces say, read entry by entry, apart from the functions of the kernel that keep the counts: which
 * pages are mapped, how often, and what each address space should count.
 */
import assert from 'node:assert/strict';
import {
  is_migration_entry,
  is_vm_hugetlb_page,
  PageAnon,
  PageHuge,
  PageTail,
  per_cpu,
  pte_page,
  pte_pfn,
  pte_present,
  pte_special,
  pte_to_swp_entry,
  compound_head,
} from '../../../src/engine/entry/functions.js';
import { MA_STATE, ULONG_MAX } from '../../../src/engine/kernel/include/linux/maple_tree.h.js';
import { mas_find } from '../../../src/engine/kernel/lib/maple_tree/find.js';
import type {
  MmStruct,
  Page,
  TaskStruct,
  VmAreaStruct,
} from '../../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../../src/engine/machine/kernel.js';
import { fromPteWords, type PteWords } from '../../../src/engine/machine/pteWords.js';
import { asCell, asPhys, type Cell } from '../../../src/engine/memory/address.js';
import type { ScenarioVm } from '../../../src/scenario/index.js';
import { checkMapleTree } from './mapleTree.js';

/** How often pages are mapped. */
export interface Mappings {
  /** By an entry of a page table each, by page. */
  readonly small: Map<Page, number>;
  /** By an entry of a pmd, by head. */
  readonly whole: Map<Page, number>;
  /** Huge pages of the pool, by head. */
  readonly pool: Map<Page, number>;
  /** Tables of the two lowest levels, of all address spaces: those that NR_PAGETABLE counts. */
  tables: number;
}

interface Area {
  readonly vma: VmAreaStruct;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  readonly isHuge: boolean;
}

const PAGE = 4096;
const PSE = 0x80;

/** The address spaces that tasks use, each once. */
export function spacesOf(vm: ScenarioVm): readonly MmStruct[] {
  const { mm: k } = vm.image;
  const spaces = liveTasks(vm).map((task): MmStruct => k.read_ptr(k.plus(task, k.task_struct.mm)));
  return [...new Set(spaces)].filter((mm) => mm !== 0);
}

const liveTasks = (vm: ScenarioVm): readonly TaskStruct[] =>
  vm
    .tasks()
    .filter(({ status }) => status === 'ready' || status === 'waiting')
    .map(({ pid }) => vm.taskStruct(pid))
    .filter((task) => task !== 0);

/** Tables of an address space that only its CPU still has: of a process that has ended, until another one runs there. */
function borrowedTables(
  { image: { mm: k, nrCpus } }: ScenarioVm,
  used: readonly MmStruct[],
): number {
  const borrowed = new Set<MmStruct>();
  for (let cpu = 0; cpu < nrCpus; cpu++) {
    const task: TaskStruct = k.read_ptr(per_cpu(k, 'current_task', cpu));
    const mm: MmStruct = task === 0 ? task : k.read_ptr(k.plus(task, k.task_struct.active_mm));
    if (mm !== 0 && !used.includes(mm)) borrowed.add(mm);
  }
  return [...borrowed].reduce(
    (sum, mm) => sum + k.read_ulong(k.plus(mm, k.mm_struct.pgtables_bytes)) / PAGE,
    0,
  );
}

/** What tasks have counted, and not given to their address space yet: SMP. */
function gathered(vm: ScenarioVm, mm: MmStruct, member: number): number {
  const { mm: k } = vm.image;
  if (!k.smp) return 0;
  return liveTasks(vm).reduce((sum, task) => {
    if (k.read_ptr(k.plus(task, k.task_struct.mm)) !== mm) return sum;
    return sum + k.read_int(k.plus(task, k.task_struct.rss_stat + 1 + member));
  }, 0);
}

function areasOf(k: Kernel, mm: MmStruct): readonly Area[] {
  const areas: Area[] = [];
  const mas = MA_STATE(k, k.plus(mm, k.mm_struct.mm_mt), 0, 0);
  for (let vma = mas_find(k, mas, ULONG_MAX(k)); vma !== 0; vma = mas_find(k, mas, ULONG_MAX(k)))
    areas.push({
      vma,
      start: k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start)),
      end: k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end)),
      flags: k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)),
      isHuge: is_vm_hugetlb_page(k, vma),
    });
  return areas;
}

/** An entry of a table: where its range begins, and what it holds. */
interface Entry {
  readonly va: number;
  readonly value: PteWords;
}

/** Of each level below the top one how much an entry covers: log2. */
const shiftsOf = (k: Kernel): readonly number[] =>
  k.wide ? [39, 30, 21, 12] : k.PMD_SHIFT === 21 ? [30, 21, 12] : [22, 12];

class Walk {
  readonly shifts: readonly number[];
  readonly perTable: number;
  private readonly entryWords: number;
  readonly anon = { pages: 0 };

  constructor(
    private readonly k: Kernel,
    private readonly mappings: Mappings,
  ) {
    this.shifts = shiftsOf(k);
    this.perTable = this.shifts.at(-2) === 22 ? 1024 : 512;
    this.entryWords = 1024 / this.perTable;
  }

  /** Entries of a table that hold anything. */
  private *entriesIn(table: Cell, nr: number, from: number, shift: number): Generator<Entry> {
    const { k, entryWords } = this;
    for (let i = 0; i < nr; i++) {
      const at = asCell(table + i * entryWords);
      if ((k.words[at] ?? 0) === 0 && (entryWords === 1 || (k.words[at + 1] ?? 0) === 0)) continue;
      yield { va: from + i * 2 ** shift, value: k.read_pte(at) };
    }
  }

  /** The user half of an address space. @returns pages by kind, and tables below the top one */
  of(
    mm: MmStruct,
    areas: readonly Area[],
  ): Record<'anon' | 'other' | 'huge' | 'tables' | 'upper', number> {
    const { k, shifts } = this;
    const pgd: Cell = k.read_ptr(k.plus(mm, k.mm_struct.pgd));
    const sum = { anon: 0, other: 0, huge: 0, tables: 0, upper: 0 };
    const half = k.wide ? 256 : 0xc000_0000 / 2 ** (shifts[0] ?? 0);
    let i = 0;
    const areaAt = (va: number): Area | undefined => {
      while (i < areas.length && va >= (areas[i]?.end ?? 0)) i++;
      const area = areas[i];
      return area !== undefined && va >= area.start ? area : undefined;
    };
    const table = (at: Cell, nr: number, from: number, level: number): void => {
      const shift = shifts[level] ?? 12;
      for (const { va, value } of this.entriesIn(at, nr, from, shift)) {
        const isLast = shift === 12;
        if (!isLast && !(shift < 30 && (value.low & PSE) !== 0 && pte_present(value))) {
          assert.ok(
            (value.low & 1) !== 0,
            `an entry of level ${level} at ${va.toString(16)}: ${fromPteWords(value).toString(16)}`,
          );
          sum.tables++;
          if (shift === 39) sum.upper++;
          const next = k.memory.cell(asPhys(pte_pfn(k, value) * PAGE));
          table(next, this.perTable, va, level + 1);
          continue;
        }
        const where = `the entry of 0x${va.toString(16)} (${fromPteWords(value).toString(16)})`;
        const area = areaAt(va);
        assert.ok(area !== undefined, `${where} is outside of all areas`);
        if (!pte_present(value)) {
          assert.ok(
            !is_migration_entry(pte_to_swp_entry(k, value)),
            `${where} still waits for a migration`,
          );
          assert.fail(`${where} is neither present nor empty`);
        }
        if (isLast) {
          if (pte_special(value)) continue;
          const page = pte_page(k, value);
          this.count(this.mappings.small, page);
          sum[PageAnon(k, compound_head(k, page)) ? 'anon' : 'other']++;
          continue;
        }
        const nrPages = 2 ** (shift - 12);
        assert.ok(va + nrPages * PAGE <= area.end, `${where} reaches beyond its area`);
        // A page table is kept for the time when the entry is split.
        if (!area.isHuge) sum.tables++;
        if (!area.isHuge && pte_pfn(k, value) === k.read_ulong(k.globals.huge_zero_pfn)) continue;
        const head = pte_page(k, value);
        assert.ok(!PageTail(k, head), `${where} maps a tail`);
        assert.equal(PageHuge(k, head), area.isHuge, `${where}: PageHuge`);
        this.count(area.isHuge ? this.mappings.pool : this.mappings.whole, head);
        if (area.isHuge) sum.huge += nrPages;
        else sum[PageAnon(k, head) ? 'anon' : 'other'] += nrPages;
      }
    };
    table(pgd, half, 0, 0);
    return sum;
  }

  private count(map: Map<Page, number>, page: Page): void {
    map.set(page, (map.get(page) ?? 0) + 1);
  }
}

/** Bits of vm_flags. Source: Linux 6.1 include/linux/mm.h. */
const [VM_WRITE, VM_EXEC, VM_SHARED, VM_GROWSDOWN, VM_LOCKED] = [0x2, 0x4, 0x8, 0x100, 0x2000];
const VM_LOCKONFAULT = 0x8_0000;

/** Areas in order; the sums that mm_struct has of them. */
function checkAreas(k: Kernel, mm: MmStruct, areas: readonly Area[]): void {
  const of = k.mm_struct;
  let end = 0;
  const sum = { total: 0, locked: 0, data: 0, stack: 0, exec: 0 };
  for (const { vma, start, end: next, flags } of areas) {
    const name = `area 0x${start.toString(16)}`;
    assert.ok(start >= end && next > start, `${name} begins before the one before it ends`);
    assert.equal(k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm)), mm, `${name}: vm_mm`);
    end = next;
    const pages = (next - start) / PAGE;
    sum.total += pages;
    if ((flags & VM_LOCKED) !== 0) sum.locked += pages;
    // is_exec_mapping(), is_stack_mapping(), is_data_mapping()
    if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) === VM_EXEC) sum.exec += pages;
    else if ((flags & VM_GROWSDOWN) !== 0) sum.stack += pages;
    else if ((flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) === VM_WRITE) sum.data += pages;
    assert.equal(flags & VM_LOCKONFAULT, 0, `${name}: VM_LOCKONFAULT`);
  }
  const long = (member: number): number => k.read_ulong(k.plus(mm, member));
  assert.equal(k.read_int(k.plus(mm, of.map_count)), areas.length, 'map_count');
  assert.deepEqual(
    {
      ...{ total: long(of.total_vm), locked: long(of.locked_vm), data: long(of.data_vm) },
      ...{ stack: long(of.stack_vm), exec: long(of.exec_vm) },
    },
    sum,
    'total_vm, locked_vm, data_vm, stack_vm, exec_vm',
  );
}

/** Every address space: its areas, and what it counts of its pages. */
export function checkSpaces(vm: ScenarioVm): Mappings {
  const { mm: k } = vm.image;
  const mappings: Mappings = { small: new Map(), whole: new Map(), pool: new Map(), tables: 0 };
  const walk = new Walk(k, mappings);
  const spaces = spacesOf(vm);
  mappings.tables = borrowedTables(vm, spaces);
  for (const mm of spaces) {
    const areas = areasOf(k, mm);
    checkAreas(k, mm, areas);
    checkMapleTree(k, k.plus(mm, k.mm_struct.mm_mt));
    const { anon, other, huge, tables, upper } = walk.of(mm, areas);
    const counter = (member: number): number =>
      k.read_long(k.plus(mm, k.mm_struct.rss_stat + member * k.ptr_words)) +
      gathered(vm, mm, member);
    const [ofFile, ofShmem] = [counter(k.MM_FILEPAGES), counter(k.MM_SHMEMPAGES)];
    assert.deepEqual(
      { anon: counter(k.MM_ANONPAGES), other: ofFile + ofShmem },
      { anon, other },
      'rss: MM_ANONPAGES, MM_FILEPAGES + MM_SHMEMPAGES',
    );
    assert.equal(k.read_ulong(k.plus(mm, k.mm_struct.hugetlb_usage)), huge, 'hugetlb_usage');
    const bytes = k.read_ulong(k.plus(mm, k.mm_struct.pgtables_bytes));
    // With PAE the table of the kernel's quarter is the process's own, too.
    const own = !k.wide && k.PMD_SHIFT === 21 ? [tables, tables + 1] : [tables];
    assert.ok(
      own.includes(bytes / PAGE),
      `pgtables_bytes: ${bytes / PAGE} tables, of which ${tables} are found`,
    );
    mappings.tables += bytes / PAGE - upper;
  }
  return mappings;
}
