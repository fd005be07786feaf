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

const notOfThisMachine = (line: string): Error =>
  new Error(`'${line}' is not a line of a %pts dump of this machine`);

class Tables {
  private readonly tables = new Map<string, PhysAddr>();

  constructor(
    private readonly paging: Paging,
    private readonly memory: WritableTableMemory,
  ) {}

  /** Tables first: a run of entries may go on in the next table, whose line stands behind it. */
  load(lines: readonly string[]): void {
    const sorted = [...lines].sort((a, b) => this.orderOf(a) - this.orderOf(b));
    for (const line of sorted) this.put(line, 'tb');
    for (const line of sorted) this.put(line, 'pr');
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

  private put(line: string, kind: 'tb' | 'pr'): void {
    const { levels } = this.paging;
    const [name, vaText = '', levelText = '', ...fields] = line.split(' ');
    if (name !== kind) return;
    const field = (wanted: string): bigint => {
      const found = fields.find((each) => each.startsWith(`${wanted}=`));
      return BigInt(`0x${found?.slice(wanted.length + 1) ?? '0'}`);
    };
    const depth = levels.findIndex(({ shift }) => sizeLevel(shift) === Number(levelText.slice(1)));
    const level = levels[depth];
    const va = this.address(vaText);
    if (level === undefined || va === undefined) throw notOfThisMachine(line);
    const entryAt = (each: VirtAddr): number => {
      const table = this.tableAt(depth, each);
      if (table === undefined) throw notOfThisMachine(line);
      return table + indexAt(level, each) * level.entryBytes;
    };
    if (kind === 'tb') {
      const phys = fields[0] ?? '0';
      const value = fields[1] === undefined ? BigInt(`0x${phys}`) | _PAGE_TABLE : field('val');
      this.write(entryAt(va), value, level.entryBytes);
      this.tables.set(this.keyOf(depth + 1, va), asPhys(parseInt(phys, 16)));
      return;
    }
    const step = fields.includes('same') ? 0n : 1n << BigInt(level.shift);
    for (let i = 0; i < field('n'); i++)
      this.write(
        entryAt(asVirt(va + i * 2 ** level.shift)),
        (field('pa') + BigInt(i) * step) | field('fl'),
        level.entryBytes,
      );
  }

  private tableAt(depth: number, va: VirtAddr): PhysAddr | undefined {
    return depth === 0 ? this.paging.rootPhys : this.tables.get(this.keyOf(depth, va));
  }

  /** What an entry of the level above leads to, which is one table. */
  private keyOf(depth: number, va: VirtAddr): string {
    const above = this.paging.levels[depth - 1];
    return `${depth} ${above === undefined ? 0 : Math.floor(va / 2 ** above.shift)}`;
  }

  private write(at: number, value: bigint, entryBytes: 4 | 8): void {
    this.memory.writeWord(asPhys(at), Number(BigInt.asIntN(32, value)));
    if (entryBytes === 8)
      this.memory.writeWord(asPhys(at + 4), Number(BigInt.asIntN(32, value >> 32n)));
  }
}
