/**
 * Accesses of the running process to its own memory: by the processor, in user mode; and a page fault is handled by the kernel, as it
 * would, inside the statement that made the access. So `buf[i] = 1` can be stepped into.
 *
 * copy_to_user() and its like come here as the kernel, with EFLAGS.AC set: what they cannot reach they tell.
 * Source: Linux 6.1 arch/x86/mm/fault.c: do_user_addr_fault(), bad_area(), do_sigbus(); arch/x86/lib/usercopy.c.
 */
import { readVirtual, writeBytes } from '../../engine/image/assemble.js';
import { current, find_vma } from '../../engine/entry/functions.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { NULL, type MmStruct, type VmAreaStruct } from '../../engine/machine/ctypes.js';
import type { AccessKind } from '../../engine/machine/events.js';
import { asVirt, PAGE_SIZE, type PhysAddr, type VirtAddr } from '../../engine/memory/address.js';
import type { UserCopies } from '../builtins/call.js';
import type { KernelCalls } from '../builtins/kernelCalls.js';
import type { Value } from '../semantics/arithmetic.js';
import { busErrorReason } from './busErrors.js';
import { TaskBug, TaskSignal } from './signals.js';

/** Who accesses: the process, or the kernel for it. */
type Accessor = 'user' | 'kernel';

/** An access that goes on faulting is the engine's mistake. */
const MAX_FAULTS = 8;
const NOTHING = new Uint8Array(0);

/** Bits of vm_flags that say what an area allows. */
const RIGHTS = ['r', 'w', 'x'] as const;

export class UserSpace implements UserCopies {
  constructor(
    private readonly image: KernelImage,
    /** The kernel of the statement that runs. */
    private readonly kernel: () => KernelCalls,
    /** The scenario's own objects, which lie among user addresses on 32 bit. */
    private readonly isOwnObject: (va: number) => boolean,
  ) {}

  private get mm(): MmStruct {
    const { mm: k } = this.image;
    return k.read_ptr(k.plus(current(k), k.task_struct.mm));
  }

  /** Whether an address is one that the running process can use: there is a process, and it is not the scenario's own. */
  serves(va: number): boolean {
    const { mm: k } = this.image;
    if (va < 0 || va >= k.TASK_SIZE || this.isOwnObject(va)) return false;
    return k.machine.processor(k.cpu).hasTables && this.hasProcess();
  }

  private hasProcess(): boolean {
    const { image } = this;
    return image.memory.unheard(() => this.mm !== NULL);
  }

  /** Where an access leads. Throws a signal where the process may not make it. */
  reach(va: VirtAddr, kind: AccessKind, accessor: Accessor = 'user'): PhysAddr {
    const { mm: k } = this.image;
    for (let i = 0; i < MAX_FAULTS; i++) {
      const processor = k.machine.processor(k.cpu);
      const access = { kind, user: accessor === 'user' } as const;
      const { hit, phys, stale, exception } = processor.translateTold(va, access);
      // That the tables allow more by now is what the fault is for.
      const isNews = hit !== undefined && stale?.startsWith('the tables now allow') === false;
      if (isNews) k.emit({ kind: 'stale-tlb', va, text: stale });
      if (phys !== undefined) return phys;
      if (exception?.kind !== 'page fault')
        throw new TaskBug(`BUG: there is no memory behind 0x${k.hex(va)}`);
      this.fault(va, exception.errorCode);
    }
    throw new TaskBug(`BUG: the access to 0x${k.hex(va)} goes on faulting`);
  }

  /** exc_page_fault() */
  private fault(va: VirtAddr, errorCode: number): void {
    const { mm: k } = this.image;
    const { mm } = this;
    const ret = this.kernel().do_user_addr_fault(k, mm, errorCode, va);
    if ((ret & k.VM_FAULT_SIGBUS) !== 0)
      throw new TaskSignal({
        signal: 'SIGBUS',
        code: 'BUS_ADRERR',
        va,
        errorCode,
        reason: busErrorReason(k, mm, va),
      });
    if ((ret & k.VM_FAULT_SIGSEGV) !== 0) throw this.segfault(mm, va, errorCode);
    if ((ret & k.VM_FAULT_OOM) !== 0)
      throw new TaskSignal({
        signal: 'SIGKILL',
        code: 'SI_KERNEL',
        va,
        errorCode,
        reason: 'there is no memory for the page, and nobody but this task to kill for it',
      });
  }

  private segfault(mm: MmStruct, va: VirtAddr, errorCode: number): TaskSignal {
    const { mm: k } = this.image;
    const vma: VmAreaStruct = find_vma(k, mm, va);
    const [start, end, flags] =
      vma === NULL
        ? [0, 0, 0]
        : [k.vm_area_struct.vm_start, k.vm_area_struct.vm_end, k.vm_area_struct.vm_flags].map(
            (member) => k.read_ulong(k.plus(vma, member)),
          );
    const isIn = vma !== NULL && (start ?? 0) <= va;
    const rights = RIGHTS.map((right, i) => ((flags ?? 0) & (1 << i) ? right : '-')).join('');
    const area = `${k.hex(asVirt(start ?? 0))}-${k.hex(asVirt(end ?? 0))}`;
    const kind = (errorCode & 2) !== 0 ? 'written' : 'read';
    return new TaskSignal({
      signal: 'SIGSEGV',
      code: isIn ? 'SEGV_ACCERR' : 'SEGV_MAPERR',
      va,
      errorCode,
      reason: isIn
        ? `the area ${area} ${rights} must not be ${kind}`
        : `the process has no area there${vma === NULL ? '' : `; the next one above is ${area}`}`,
    });
  }

  // --- bytes -----------------------------------------------------------------------------------------------------------------

  /** Makes each page of a range accessible, from its beginning on: how many bytes are. */
  private reachable(va: number, sizeBytes: number, kind: AccessKind, accessor: Accessor): number {
    for (let at = va; at < va + sizeBytes; at = (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE) {
      try {
        if (!this.serves(at)) return at - va;
        this.reach(asVirt(at), kind, accessor);
      } catch (error) {
        if (error instanceof TaskSignal) return at - va;
        throw error;
      }
    }
    return sizeBytes;
  }

  /** As many bytes as the process could read. */
  readable(va: number, sizeBytes: number): number {
    return this.reachable(va, sizeBytes, 'read', 'user');
  }

  /** Makes a range writable for the process. Throws a signal where it may not write. */
  prepareWrite(va: number, sizeBytes: number): void {
    const length = this.reachable(va, sizeBytes, 'write', 'user');
    if (length < sizeBytes) this.reach(asVirt(va + length), 'write');
  }

  private asKernel<T>(run: () => T): T {
    const { mm: k } = this.image;
    const processor = k.machine.processor(k.cpu);
    // stac(): only where it means something.
    if (!processor.paging.smap) return run();
    processor.setAc(true);
    try {
      return run();
    } finally {
      processor.setAc(false);
    }
  }

  read(address: Value, sizeBytes: number): Uint8Array {
    const va = Number(address);
    return this.asKernel(() => {
      const length = this.reachable(va, sizeBytes, 'read', 'kernel');
      return length === 0 ? NOTHING : (readVirtual(this.image, asVirt(va), length) ?? NOTHING);
    });
  }

  write(address: Value, bytes: Uint8Array): number {
    const va = Number(address);
    return this.asKernel(() => {
      const length = this.reachable(va, bytes.length, 'write', 'kernel');
      if (length > 0) writeBytes(this.image, asVirt(va), bytes.subarray(0, length));
      return length;
    });
  }
}
