/**
 * `%pts` dumps: page tables, put into a machine's memory at the addresses that they name. A machine that was rebuilt from lists
 * has no tables; with them its CPUs get the kernel's registers, so that addresses can be walked.
 *
 *     tb VA Lk PHYS [val=E]                      a table, and the entry that leads to it
 *     pr VA Lk n=N pa=P fl=F [same]              N entries from VA on
 *
 * Invariant: a dump names every table in its range but those of PUDs, of which it names the first one in use. On 64 bit boot
 * makes one for each top-level entry of vmalloc space; those are put where boot put them.
 */
import {
  asPhys,
  asVirt,
  PAGE_SIZE,
  parseAddress,
  type PhysAddr,
  type VirtAddr,
} from '../../memory/address.js';
import { bitsNamed } from '../../x86/formats.js';
import { indexAt, pagingOf, type Paging } from '../../x86/paging.js';
import { QEMU_CPU } from '../../x86/registers.js';
import { onTape, type WritableTableMemory } from '../../x86/tableMemory.js';
import { sizeLevel } from '../../x86/text.js';
import { kernelRegisters } from '../boot/registers.js';
import { ROOT_SYMBOL } from '../boot/tables/bootTables.js';
import type { KernelImage } from '../kernelImage.js';

const _PAGE_TABLE = bitsNamed('P', 'RW', 'US', 'A', 'D');

/** Frames that a dump says hold tables. */
export function tableFrames(lines: readonly string[]): number[] {
  return lines.flatMap((line) => {
    const [kind, , , phys = ''] = line.split(' ');
    return kind === 'tb' ? [Math.floor(parseInt(phys, 16) / PAGE_SIZE)] : [];
  });
}

/** Puts the lines of a dump into a machine's memory. */
export function loadTables(image: KernelImage, lines: readonly string[]): void {
  const paging = kernelTables(image);
  const tables = new Tables(paging, onTape(image.tape));
  tables.load(lines);
  if (paging.mode === '4-level') tables.addVmallocTables(image);
}

/** The kernel's own tables; the machine has them from here on. */
function kernelTables({ profile, mm, nrCpus }: KernelImage): Paging {
  const root = profile.symbol(ROOT_SYMBOL[profile.arch]);
  const phys = root && mm.phys_of(root.address);
  if (phys === undefined) throw new Error(`profile ${profile.name} has no top-level table`);
  const registers = kernelRegisters(profile.arch, phys);
  mm.write_long(mm.symbol('init_mm') + mm.mm_struct.pgd, root?.address ?? 0);
  for (let cpu = 0; cpu < nrCpus; cpu++) mm.machine.processor(cpu).setRegisters(registers);
  return pagingOf(registers, QEMU_CPU);
}

class Tables {
  constructor(
    private readonly paging: Paging,
    private readonly memory: WritableTableMemory,
  ) {}

  load(lines: readonly string[]): void {
    /** By depth: the table that the lines to come belong to. */
    const tables: PhysAddr[] = [this.paging.rootPhys];
    for (const line of [...lines].sort((a, b) => this.orderOf(a) - this.orderOf(b)))
      this.put(line, tables);
  }

  /** preallocate_vmalloc_pages(): from the first free pages of boot, one behind the other. */
  addVmallocTables({ profile }: KernelImage): void {
    const [top] = this.paging.levels;
    if (top === undefined) return;
    const start = asVirt(profile.constant('VMALLOC_START'));
    const end = profile.constant('VMALLOC_END');
    const entryAt = (va: VirtAddr): PhysAddr =>
      asPhys(this.paging.rootPhys + indexAt(top, va) * top.entryBytes);
    const [low = 0, high = 0] = this.memory.readWords(entryAt(start), 2) ?? [];
    if (low === 0) return;
    const first = high * 2 ** 32 + ((low & ~0xfff) >>> 0);
    for (let va: number = start, i = 0; va <= end; va += 2 ** top.shift, i++)
      this.write(entryAt(asVirt(va)), BigInt(first + i * PAGE_SIZE) | _PAGE_TABLE, 8);
  }

  private address(text: string): VirtAddr | undefined {
    return parseAddress(`0x${text}`, this.paging.pointerSize);
  }

  /** By address, and at one address from the highest level down, tables first. */
  private orderOf(line: string): number {
    const [kind, va = '', level = ''] = line.split(' ');
    return (this.address(va) ?? 0) + (4 - Number(level.slice(1))) * 2 + (kind === 'tb' ? 0 : 1);
  }

  private put(line: string, tables: PhysAddr[]): void {
    const { levels } = this.paging;
    const [kind, vaText = '', levelText = '', ...fields] = line.split(' ');
    const field = (name: string): bigint => {
      const found = fields.find((each) => each.startsWith(`${name}=`));
      return BigInt(`0x${found?.slice(name.length + 1) ?? '0'}`);
    };
    const depth = levels.findIndex(({ shift }) => sizeLevel(shift) === Number(levelText.slice(1)));
    const level = levels[depth];
    const table = tables[depth];
    const va = this.address(vaText);
    if (level === undefined || table === undefined || va === undefined)
      throw new Error(`'${line}' is not a line of a %pts dump of this machine`);
    const at = table + indexAt(level, va) * level.entryBytes;
    if (kind === 'tb') {
      const phys = fields[0] ?? '0';
      const value = fields[1] === undefined ? BigInt(`0x${phys}`) | _PAGE_TABLE : field('val');
      this.write(at, value, level.entryBytes);
      tables[depth + 1] = asPhys(parseInt(phys, 16));
      return;
    }
    const step = fields.includes('same') ? 0n : 1n << BigInt(level.shift);
    for (let i = 0n; i < field('n'); i++)
      this.write(
        at + Number(i) * level.entryBytes,
        (field('pa') + i * step) | field('fl'),
        level.entryBytes,
      );
  }

  private write(at: number, value: bigint, entryBytes: 4 | 8): void {
    this.memory.writeWord(asPhys(at), Number(BigInt.asIntN(32, value)));
    if (entryBytes === 8)
      this.memory.writeWord(asPhys(at + 4), Number(BigInt.asIntN(32, value >> 32n)));
  }
}
