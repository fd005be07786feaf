/**
 * How long a process's memory takes: a first write to a page of its own, to a huge page, to a page that it shares with its child;
 * fork() of a process of 1,000 pages; and a pin of 512 pages with its end.
 *
 * A write is what a statement `buf[i] = 1` makes of it: the processor looks for the page, faults, the kernel handles it, the processor
 * looks again. Of the first one the kernel's part is a row of its own. fork() is dup_task_struct() and copy_mm(), so less than a system
 * call does. What undoes an operation is not measured.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import * as kernel from '../../engine/entry/functions.js';
import { MAP_ANONYMOUS, MAP_PRIVATE } from '../../engine/kernel/include/linux/mm_types.h.js';
import { type MmStruct, NULL, type Page, type TaskStruct } from '../../engine/machine/ctypes.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import { UserSpace } from '../../scenario/vm/userSpace.js';
import type { Meter } from './bench.js';
import { bestOf } from './best.js';
import type { Native, Row } from './rows.js';

const WRITTEN_PAGES = 200;
const HUGE_PAGES = 8;
const FORKED_PAGES = 1000;
const PINNED_PAGES = 512;
const HUGE_PAGE = 2 << 20;
const PROT_READ_WRITE = 3;

/** One kind of operation: each round begins and ends in the same state. */
interface Subject {
  readonly name: string;
  /** By which the native kernel's figures have it. */
  readonly key: string;
  /** How many operations a round measures. */
  readonly operations: number;
  readonly prepare: () => void;
  readonly operate: () => void;
  readonly undo: () => void;
}

/** @param image that has no process yet, not used for anything else afterwards */
export function measureUserMemory(
  meter: Meter,
  native: Native,
  image: KernelImage,
  recording: boolean,
): Row[] {
  image.tape.setRecording(recording);
  if (!kernel.startProcess(image.mm)) throw new Error('there is no memory for a process');
  return subjectsOf(image).map(({ name, key, operations, prepare, operate, undo }): Row => {
    const round = (): number => {
      prepare();
      const start = meter.nowMs();
      operate();
      const took = meter.nowMs() - start;
      undo();
      return (took * 1e6) / operations;
    };
    return {
      name: `${name}, tape ${recording ? 'on' : 'off'}`,
      value: bestOf(meter, round),
      unit: 'ns',
      native: native.pairNs[key] ?? null,
    };
  });
}

function subjectsOf(image: KernelImage): Subject[] {
  const process = new Process(image);
  const pages: Page[] = [];
  const { mm: k } = image;
  return [
    {
      name: 'anonymous fault',
      key: 'anonymous fault',
      operations: WRITTEN_PAGES,
      prepare: () => process.map(WRITTEN_PAGES * PAGE_SIZE),
      operate: () => process.writeEach(WRITTEN_PAGES, PAGE_SIZE),
      undo: () => process.unmap(),
    },
    {
      name: 'do_user_addr_fault of it',
      key: 'handle_mm_fault',
      operations: WRITTEN_PAGES,
      prepare: () => process.map(WRITTEN_PAGES * PAGE_SIZE),
      operate: () => process.faultEach(WRITTEN_PAGES),
      undo: () => process.unmap(),
    },
    {
      name: 'THP fault',
      key: 'THP fault',
      operations: HUGE_PAGES,
      prepare: () => process.mapHuge(HUGE_PAGES),
      operate: () => process.writeEach(HUGE_PAGES, HUGE_PAGE),
      undo: () => process.unmap(),
    },
    {
      name: `fork of ${FORKED_PAGES.toLocaleString('en')} pages`,
      key: 'fork',
      operations: 1,
      prepare: () => process.mapWritten(FORKED_PAGES),
      operate: () => process.fork(),
      undo: () => {
        process.endChild();
        process.unmap();
      },
    },
    {
      name: 'COW fault',
      key: 'COW fault',
      operations: WRITTEN_PAGES,
      prepare: () => {
        process.mapWritten(WRITTEN_PAGES);
        process.fork();
      },
      operate: () => process.writeEach(WRITTEN_PAGES, PAGE_SIZE),
      undo: () => {
        process.endChild();
        process.unmap();
      },
    },
    {
      name: `pin_user_pages of ${PINNED_PAGES} + unpin`,
      key: 'pin',
      operations: 1,
      prepare: () => process.mapWritten(PINNED_PAGES),
      operate: () => {
        const got = kernel.pin_user_pages(k, process.start, PINNED_PAGES, k.FOLL_WRITE, pages);
        if (got !== PINNED_PAGES) throw new Error(`${got} pages were pinned`);
        kernel.unpin_user_pages(k, pages, PINNED_PAGES);
      },
      undo: () => process.unmap(),
    },
  ];
}

/** The process that is measured: it has one area more than it begins with. */
class Process {
  /** Where the pages begin that are used of the area. */
  start: VirtAddr = asVirt(0);
  private area: { readonly at: VirtAddr; readonly length: number } = { at: asVirt(0), length: 0 };
  private child: TaskStruct = NULL;
  private readonly mm: MmStruct;
  private readonly user: UserSpace;

  constructor(private readonly image: KernelImage) {
    const { mm: k } = image;
    this.mm = k.read_ptr(k.plus(kernel.current(k), k.task_struct.mm));
    this.user = new UserSpace(
      image,
      () => kernel,
      () => false,
    );
  }

  map(length: number): void {
    const { mm: k } = this.image;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const anywhere = asVirt(0);
    const prot = PROT_READ_WRITE;
    const at = kernel.ksys_mmap_pgoff(k, this.mm, anywhere, length, prot, flags, NULL, 0);
    if (at <= 0) throw new Error(`mmap: ${at}`);
    this.area = { at, length };
    this.start = at;
  }

  unmap(): void {
    const { mm: k } = this.image;
    kernel.do_munmap(k, this.mm, this.area.at, this.area.length);
  }

  /** An area that is written once for each page. */
  mapWritten(nrPages: number): void {
    this.map(nrPages * PAGE_SIZE);
    this.writeEach(nrPages, PAGE_SIZE);
  }

  /** An area for huge pages. */
  mapHuge(count: number): void {
    const { mm: k } = this.image;
    this.map((count + 1) * HUGE_PAGE);
    this.start = asVirt(Math.ceil(this.area.at / HUGE_PAGE) * HUGE_PAGE);
    const { MADV_HUGEPAGE } = kernel;
    if (kernel.do_madvise(k, this.mm, this.start, count * HUGE_PAGE, MADV_HUGEPAGE) !== 0)
      throw new Error('madvise failed');
  }

  writeEach(count: number, stride: number): void {
    const { mm: k, memory } = this.image;
    for (let i = 0; i < count; i++) {
      const phys = this.user.reach(asVirt(this.start + i * stride), 'write');
      k.write(memory.cell(phys), i + 1);
    }
  }

  /** The faults of such writes, without the writes. */
  faultEach(count: number): void {
    const { mm: k } = this.image;
    const code = kernel.X86_PF_WRITE | kernel.X86_PF_USER;
    for (let i = 0; i < count; i++)
      kernel.do_user_addr_fault(k, this.mm, code, asVirt(this.start + i * PAGE_SIZE));
  }

  fork(): void {
    const { mm: k } = this.image;
    this.child = kernel.dup_task_struct(k, kernel.current(k));
    if (this.child === NULL || kernel.copy_mm(k, this.child) !== 0)
      throw new Error('there is no memory for a child');
  }

  endChild(): void {
    const { mm: k } = this.image;
    const { child } = this;
    kernel.exit_mm(k, child);
    // The last CPU that it ran on goes on to another task.
    kernel.mmdrop(k, k.read_ptr(k.plus(child, k.task_struct.active_mm)));
    kernel.put_task_stack(k, child);
    kernel.rcu_process_callbacks(k);
    kernel.free_task_struct(k, child);
  }
}
