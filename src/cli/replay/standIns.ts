/**
 * Words that ours wrote in place of addresses that only the recorder's run has, and that no image tells:
 *
 *     where the recorder called       vm_struct.caller: ours has the call's number (callers.ts), which stands for one address
 *     a list head on a stack          what was on the list still points there: ours has the address of a register
 *
 * The kernel's value is held to be what it must be: an address in the kernel's text, the same for the same call; an address on
 * the stack of a task of that machine.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { isRecorderCall } from './callers.js';
import { stackOf, tasksOf, threadSize } from './threads.js';

const CALLS = "addresses of the recorder's calls";
/** Registers that are list heads on the stack in the kernel. */
const LISTS = ['local_purge_list', 'freelist', 'tmp_list'] as const;
const STACKS = 'list heads on kernel stacks';

export class StandIns {
  readonly counts = new Map<string, number>();
  private readonly calls = new Map<VirtAddr, VirtAddr>();
  private readonly stacks: readonly VirtAddr[];

  constructor(private readonly image: KernelImage) {
    this.stacks = tasksOf(image).map((task) => stackOf(image, task));
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
    if (LISTS.some((name) => ours === mm.va_of(mm.machine.register(name))))
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
