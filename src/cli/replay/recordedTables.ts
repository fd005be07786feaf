/**
 * The kernel's page tables as a trace of walks records them: its first `%pts` dumps are its start and are put into memory at
 * the addresses that they name; each `pt` and `slotpt` behind them is then walked and compared.
 *
 * Operations that map something (vmalloc, ioremap, kmap) are not performed, so what lies in an area they changed is not
 * judged. Areas are large enough to share no table.
 */
import {
  asPhys,
  asVirt,
  PAGE_SIZE,
  parseAddress,
  type PhysAddr,
  type VirtAddr,
} from '../../engine/memory/address.js';
import { PhysicalMemory } from '../../engine/memory/physical.js';
import { Tape } from '../../engine/memory/tape.js';
import { isProfileName, loadProfile } from '../../engine/types/bundled.js';
import type { Profile } from '../../engine/types/profile.js';
import { kernelRegisters } from '../../engine/image/boot/registers.js';
import { ROOT_SYMBOL } from '../../engine/image/boot/tables/bootTables.js';
import type { TraceDump, TraceOp } from '../../engine/image/state/index.js';
import { bitsNamed } from '../../engine/x86/formats.js';
import { indexAt, pagingOf, type Paging } from '../../engine/x86/paging.js';
import { QEMU_CPU } from '../../engine/x86/registers.js';
import { onTape } from '../../engine/x86/tableMemory.js';
import { walkText } from '../../engine/x86/text.js';
import { walk } from '../../engine/x86/walk.js';

/** What a dump or an operation came to. */
export type Judged =
  | { readonly kind: 'judged'; readonly ours: string }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'unsupported' };

const UNSUPPORTED: Judged = { kind: 'unsupported' };
/** Operations whose result begins with the address they mapped. */
const MAPPING = new Set(['vm', 'vmh', 'vmap', 'io', 'kmap', 'kma', 'kml', 'kmlp']);
const NR_FRAMES = 0x20_0000;
const _PAGE_TABLE = bitsNamed('P', 'RW', 'US', 'A', 'D');

export class RecordedTables {
  private readonly paging: Paging;
  private readonly memory = onTape(new Tape(new PhysicalMemory(NR_FRAMES)));
  private readonly changed = new Set<number>();
  private readonly slots = new Map<string, VirtAddr>();
  private started = false;

  private constructor(private readonly profile: Profile) {
    const root = profile.symbol(ROOT_SYMBOL[profile.arch]);
    const phys = (root?.address ?? 0) - profile.constant('__START_KERNEL_map');
    this.paging = pagingOf(kernelRegisters(profile.arch, asPhys(phys)), QEMU_CPU);
  }

  /** @param mark the trace's first mark: `x86_64-slub/512M/pgtable/113` */
  static of(mark: string): RecordedTables | undefined {
    const [name = ''] = mark.split('/');
    return isProfileName(name) ? new RecordedTables(loadProfile(name)) : undefined;
  }

  /** A `%pts` dump: part of the start; behind the first other operation not judged. */
  takeDump({ lines }: TraceDump): Judged {
    if (this.started) return UNSUPPORTED;
    const keyOf = (line: string): number => this.orderOf(line);
    const sorted = [...lines].sort((a, b) => keyOf(a) - keyOf(b));
    /** By depth: the table that lines below belong to. */
    const tables: PhysAddr[] = [this.paging.rootPhys];
    for (const line of sorted) this.put(line, tables);
    return { kind: 'loaded' };
  }

  perform({ name, args, result }: TraceOp): Judged {
    if (name === 'pts') return { kind: 'loaded' };
    if (!this.started) this.addEmptyTables();
    this.started = true;
    if (MAPPING.has(name)) {
      const va = this.address(result?.split(' ')[0] ?? '');
      if (va !== undefined) this.changed.add(this.areaOf(va));
      if (va !== undefined) this.slots.set(args[0] ?? '', va);
      return UNSUPPORTED;
    }
    const va = name === 'pt' ? this.address(args[0] ?? '') : this.slotAddress(name, args);
    if (va === undefined || this.changed.has(this.areaOf(va))) return UNSUPPORTED;
    return { kind: 'judged', ours: walkText(this.paging, walk(this.paging, this.memory, va)) };
  }

  /**
   * A dump leaves out tables without entries. On 64 bit boot makes one for each top-level entry of vmalloc space
   * (preallocate_vmalloc_pages()), from the first free pages, one behind the other.
   */
  private addEmptyTables(): void {
    const [top] = this.paging.levels;
    if (this.paging.mode !== '4-level' || top === undefined) return;
    const start = asVirt(this.profile.constant('VMALLOC_START'));
    const end = this.profile.constant('VMALLOC_END');
    const entryAt = (va: VirtAddr): PhysAddr =>
      asPhys(this.paging.rootPhys + indexAt(top, va) * top.entryBytes);
    const first = this.memory.readWords(entryAt(start), 2);
    const phys = (first?.[1] ?? 0) * 2 ** 32 + (((first?.[0] ?? 0) & ~0xfff) >>> 0);
    for (let va: number = start, i = 0; va <= end; va += 2 ** top.shift, i++)
      this.write(entryAt(asVirt(va)), BigInt(phys + i * PAGE_SIZE) | _PAGE_TABLE, 8);
  }

  private slotAddress(name: string, [slot = '', offset = '0']: readonly string[]) {
    const start = this.slots.get(slot);
    return name !== 'slotpt' || start === undefined ? undefined : asVirt(start + Number(offset));
  }

  private address(text: string): VirtAddr | undefined {
    return parseAddress(text.startsWith('0x') ? text : `0x${text}`, this.paging.pointerSize);
  }

  /** 16 MiB; on 64 bit 512 GiB. */
  private areaOf(va: VirtAddr): number {
    return Math.floor(va / 2 ** (this.paging.pointerSize === 8 ? 39 : 24));
  }

  /** By address, and at one address from the highest level down, tables first. */
  private orderOf(line: string): number {
    const [kind, va = '', level = ''] = line.split(' ');
    return (this.address(va) ?? 0) + (4 - Number(level.slice(1))) * 2 + (kind === 'tb' ? 0 : 1);
  }

  /** One line of a dump: `tb VA Lk PHYS [val=E]` or `pr VA Lk n=N pa=P fl=F [same]`. */
  private put(line: string, tables: PhysAddr[]): void {
    const { levels } = this.paging;
    const [kind, vaText = '', levelText = '', ...fields] = line.split(' ');
    const field = (name: string): bigint => {
      const found = fields.find((each) => each.startsWith(`${name}=`));
      return BigInt(`0x${found?.slice(name.length + 1) ?? '0'}`);
    };
    const depth = levels.length - Number(levelText.slice(1));
    const level = levels[depth];
    const table = tables[depth];
    const va = this.address(vaText);
    if (level === undefined || table === undefined || va === undefined) return;
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
