/**
 * Words that ours wrote in place of addresses that only the recorder's run has, and that no image tells:
 *
 *     where the recorder called       vm_struct.caller: ours has the call's number (callers.ts), which stands for one address
 *     a list head on a stack          what was on the list still points there: ours has the address of a register
 *
 * The kernel's value is held to be what it must be: an address in the kernel's text, the same for the same call; an address on
 * the stack of a task of that machine.
 */
import { readVirtual } from '../../engine/image/assemble.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { isRecorderCall } from './callers.js';

const CALLS = "addresses of the recorder's calls";
const STACKS = 'list heads on kernel stacks';
/** THREAD_SIZE. Source: Linux 6.1 arch/x86/include/asm/page_32_types.h, page_64_types.h. */
export const threadSize = (image: KernelImage): number =>
  image.profile.pointerSize === 8 ? 16384 : 8192;
/** More tasks than any recorded machine has. */
const MAX_TASKS = 1 << 12;

export class StandIns {
  readonly counts = new Map<string, number>();
  private readonly calls = new Map<VirtAddr, VirtAddr>();
  private readonly stacks: readonly VirtAddr[];

  constructor(private readonly image: KernelImage) {
    this.stacks = kernelStacks(image);
  }

  /** Whether ours stands for the kernel's value. */
  takes(kernel: bigint, ours: bigint): boolean {
    const name = this.nameOf(this.address(kernel), this.address(ours));
    if (name === undefined) return false;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return true;
  }

  private nameOf(kernel: VirtAddr, ours: VirtAddr): string | undefined {
    const { mm } = this.image;
    if (ours === mm.va_of(mm.register('local_purge_list')))
      return this.isOnStack(kernel) ? STACKS : undefined;
    if (!isRecorderCall(mm, ours) || !this.isText(kernel)) return undefined;
    const known = this.calls.get(ours);
    if (known === undefined) this.calls.set(ours, kernel);
    return known === undefined || known === kernel ? CALLS : undefined;
  }

  private address(word: bigint): VirtAddr {
    return asVirt(Number(this.image.mm.wide ? BigInt.asIntN(64, word) : word));
  }

  private isText(va: VirtAddr): boolean {
    const { profile } = this.image;
    const [start, end] = [profile.symbol('_stext')?.address, profile.symbol('_etext')?.address];
    return start !== undefined && end !== undefined && va >= start && va < end;
  }

  private isOnStack(va: VirtAddr): boolean {
    return this.stacks.some((start) => va >= start && va < start + threadSize(this.image));
  }
}

/** The stack of each task, from the first one on. */
function kernelStacks(image: KernelImage): VirtAddr[] {
  const { mm, profile } = image;
  const first = profile.symbol('init_task')?.address;
  const stacks: VirtAddr[] = [];
  if (first === undefined) return stacks;
  let task: VirtAddr = first;
  do {
    stacks.push(pointerAt(image, task, 'stack'));
    const next = pointerAt(image, task, 'tasks.next');
    task = asVirt(next - mm.byteOffset('task_struct', 'tasks'));
  } while (task !== first && stacks.length < MAX_TASKS);
  return stacks;
}

function pointerAt(image: KernelImage, task: VirtAddr, member: string): VirtAddr {
  const size = image.profile.pointerSize;
  const at = asVirt(task + image.mm.byteOffset('task_struct', member));
  const bytes = readVirtual(image, at, size);
  if (bytes?.length !== size) return asVirt(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  return asVirt(size === 4 ? view.getUint32(0, true) : Number(view.getBigInt64(0, true)));
}
