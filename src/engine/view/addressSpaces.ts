/**
 * The address spaces of a machine: the kernel's, and one for each process that has memory of its own; and from a frame back
 * to every virtual address that leads to it in any of them.
 *
 * Invariant: an answer is of the state at the tape's cursor. The reverse index is made once and used until an entry of the
 * tape changes one of the tables that it was made from.
 *
 * Source: Linux 6.1 include/linux/sched.h (task_struct), include/linux/mm_types.h (mm_struct.pgd),
 * arch/x86/include/asm/pgtable.h (the kernel half is the same in all of them).
 */
import type { KernelImage } from '../image/kernelImage.js';
import { asVirt, type Pfn, type PhysAddr, type VirtAddr } from '../memory/address.js';
import { toldTasks } from '../machine/knownTasks.js';
import { addressOf, type Paging } from '../x86/paging.js';
import { mappedRanges, type Bounds, type MappedRange, type TableMissing } from '../x86/ranges.js';
import { FrameIndex, type Alias } from '../x86/reverse.js';
import { walk, type Walk } from '../x86/walk.js';
import { imagePaging, pagingAt, type ImagePaging } from './imagePaging.js';
import type { AddressRange } from './atlas/addressRange.js';
import { StructReader } from './structReader.js';

export interface Space {
  /** `kernel`, or the process: `init (pid 1)`. */
  readonly name: string;
  readonly paging: Paging;
  readonly isKernel: boolean;
  /** A CPU had it loaded. */
  readonly isCurrent: boolean;
}

export interface SpaceAlias extends Alias {
  readonly space: Space;
}

/** A damaged list of tasks may have no end. */
const MAX_TASKS = 1 << 15;
const MAX_COMM = 16;

interface Indexed {
  readonly space: Space;
  readonly index: FrameIndex;
}

interface Ranges {
  readonly mapped: readonly MappedRange[];
  readonly unread: readonly AddressRange[];
}
const NO_RANGES: Ranges = { mapped: [], unread: [] };

/** What a table tells of. */
const extentOf = ({ va, level }: TableMissing): AddressRange => ({
  start: va,
  end: asVirt(va + 2 ** (level.shift + level.indexBits)),
});

export class AddressSpaces {
  private readonly reader: StructReader;
  private at = -1;
  private cuts = -1;
  private found: readonly Space[] = [];
  private paging: ImagePaging | undefined;
  private processors: readonly Paging[] = [];
  private readonly pagings = new Map<PhysAddr, Paging>();
  private indices: readonly Indexed[] | undefined;
  /** Made from the same tables as the indices, and as long of use. */
  private readonly ranges = new Map<PhysAddr, Ranges>();

  constructor(private readonly image: KernelImage) {
    this.reader = new StructReader(image);
  }

  /** The kernel's first; none for a machine without page tables. */
  all(): readonly Space[] {
    this.sync();
    return this.found;
  }

  get kernel(): Space | undefined {
    return this.all()[0];
  }

  /** The one that addresses of the user half mean: what a CPU has loaded, else the first process. */
  get current(): Space | undefined {
    const spaces = this.all();
    return spaces.find(({ isCurrent }) => isCurrent) ?? spaces.find(({ isKernel }) => !isKernel);
  }

  walk(space: Space, va: VirtAddr): Walk | undefined {
    return this.paging && walk(space.paging, this.paging.memory, va);
  }

  /** Every virtual address of the frame's first byte; the kernel half once. */
  aliasesOf(pfn: Pfn): readonly SpaceAlias[] {
    this.sync();
    return this.indexed().flatMap(({ space, index }) =>
      index.aliasesOf(pfn).map((alias) => ({ ...alias, space })),
    );
  }

  /** The address space that a frame holds a page table of. */
  tableOf(pfn: Pfn): Space | undefined {
    this.sync();
    return this.indexed().find(({ index }) => index.isTable(pfn))?.space;
  }

  /** What its tables map, neighbours with the same rights and size of page as one, in the order of the address space. */
  rangesOf(space: Space): readonly MappedRange[] {
    return this.readOf(space).mapped;
  }

  /** What nobody can tell, for its tables are not there: in a dump, memory that was left out. */
  unreadOf(space: Space): readonly AddressRange[] {
    return this.readOf(space).unread;
  }

  private readOf({ paging }: Space): Ranges {
    this.sync();
    this.indexed();
    const known = this.ranges.get(paging.rootPhys);
    if (known !== undefined || this.paging === undefined) return known ?? NO_RANGES;
    const unread: AddressRange[] = [];
    const mapped = [
      ...mappedRanges(paging, this.paging.memory, undefined, undefined, (table) =>
        unread.push(extentOf(table)),
      ),
    ];
    this.ranges.set(paging.rootPhys, { mapped, unread });
    return { mapped, unread };
  }

  private sync(): void {
    const { tape } = this.image;
    const moved = tape.cursor !== this.at || tape.cuts !== this.cuts;
    if (!moved) return;
    if (this.tablesChanged()) this.indices = undefined;
    this.at = tape.cursor;
    this.cuts = tape.cuts;
    const before = this.found;
    // A processor's paging is another object when one of its registers has changed.
    const { mm, nrCpus } = this.image;
    const now = Array.from({ length: nrCpus }, (_, cpu) => mm.machine.processor(cpu).paging);
    if (now.some((paging, cpu) => paging !== this.processors[cpu])) {
      this.processors = now;
      this.pagings.clear();
      this.paging = imagePaging(this.image);
    }
    this.found = this.paging === undefined ? [] : this.findSpaces(this.paging);
    if (!sameRoots(before, this.found)) this.indices = undefined;
  }

  /** Whether what the cursor passed since the last look changed a table. After a cut nobody can say. */
  private tablesChanged(): boolean {
    const { tape } = this.image;
    if (tape.cuts !== this.cuts || this.at < tape.start || this.indices === undefined) return true;
    const from = Math.min(this.at, tape.cursor);
    const to = Math.max(this.at, tape.cursor);
    return this.indices.some(({ index }) => index.changedBetween(tape, from, to));
  }

  private indexed(): readonly Indexed[] {
    if (this.paging === undefined) return [];
    const { memory } = this.paging;
    const halves = halvesOf(this.image, this.paging.kernel);
    if (this.indices === undefined) this.ranges.clear();
    this.indices ??= this.found.map((space) => {
      const bounds = space.isKernel ? halves.kernel : halves.user;
      return { space, index: new FrameIndex(space.paging, memory, bounds) };
    });
    return this.indices;
  }

  private findSpaces({ kernel, loaded }: ImagePaging): readonly Space[] {
    const spaces: Space[] = [
      {
        name: 'kernel',
        paging: kernel,
        isKernel: true,
        isCurrent: false,
      },
    ];
    const current = new Set(loaded.map(({ rootPhys }) => rootPhys));
    for (const [root, name] of this.processes())
      if (root !== kernel.rootPhys)
        spaces.push({
          name,
          paging: this.pagingOf(root),
          isKernel: false,
          isCurrent: current.has(root),
        });
    for (const [cpu, paging] of loaded.entries())
      if (spaces.every((space) => space.paging.rootPhys !== paging.rootPhys))
        spaces.push({ name: `CPU ${cpu}`, paging, isKernel: false, isCurrent: true });
    return spaces;
  }

  private pagingOf(root: PhysAddr): Paging {
    const known = this.pagings.get(root);
    if (known !== undefined) return known;
    const paging = pagingAt(this.image, root);
    this.pagings.set(root, paging);
    return paging;
  }

  /** Each mm once, under its first task's name. */
  private processes(): ReadonlyMap<PhysAddr, string> {
    const { reader, image } = this;
    const found = new Map<PhysAddr, string>();
    const init = reader.symbol('init_task');
    const tasks = reader.offset('task_struct', 'tasks');
    if (init === undefined || tasks === undefined) return found;
    const add = (task: VirtAddr): void => {
      const mm = reader.pointer('task_struct', 'mm', task);
      const pgd = mm ? reader.pointer('mm_struct', 'pgd', mm) : undefined;
      const root = pgd ? image.mm.phys_of(pgd) : undefined;
      if (root !== undefined && !found.has(root)) found.set(root, this.taskName(task));
    };
    for (const task of toldTasks(image.mm)) add(task);
    let task = init;
    for (let i = 0; i < MAX_TASKS; i++) {
      add(task);
      const next = reader.pointerAt(task + tasks);
      if (next === undefined || next === 0 || next - tasks === init) break;
      task = asVirt(next - tasks);
    }
    return found;
  }

  private taskName(task: VirtAddr): string {
    const { reader } = this;
    const comm = reader.offset('task_struct', 'comm');
    const name = comm === undefined ? undefined : reader.textAt(task + comm, MAX_COMM);
    return `${name ?? 'task'} (pid ${reader.uint('task_struct', 'pid', task) ?? '?'})`;
  }
}

const sameRoots = (a: readonly Space[], b: readonly Space[]): boolean =>
  a.length === b.length &&
  a.every(({ paging, name }, i) => {
    const other = b[i];
    return other?.paging.rootPhys === paging.rootPhys && other.name === name;
  });

/** The two halves of every address space: what the processes have each, and what they share. */
function halvesOf({ mm }: KernelImage, paging: Paging): { user: Bounds; kernel: Bounds } {
  const last = addressOf(paging, 2 ** (paging.addressBits - 12) - 1);
  if (paging.pointerSize === 4) {
    const start = mm.linear.pageOffset;
    return {
      user: { first: asVirt(0), last: asVirt(start - 4096) },
      kernel: { first: start, last },
    };
  }
  const middle = 2 ** (paging.addressBits - 13);
  return {
    user: { first: asVirt(0), last: addressOf(paging, middle - 1) },
    kernel: { first: addressOf(paging, middle), last },
  };
}
