/**
 * Words that ours wrote in place of addresses that only the recorder's run has, and that no image tells:
 *
 *     where the recorder called       vm_struct.caller: ours has the call's number (callers.ts)
 *     the recorder's constructor      kmem_cache.ctor: ours has the first address of the kernel's text (constructorOf)
 *     a list head on a stack          what was on the list still points there: ours has the address of a register
 *     the stack of a user's call      track.handle: ours has that of a stack with nothing but the number of the call
 *
 * The kernel's value is held to be what it must be: an address in the kernel's text; one on the stack of a task of that
 * machine (how deep depends on who called). A call and the constructor are one address each time, and no two have the same. A call has
 * several stacks, but each stack is of one call.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asPhys, asVirt, type VirtAddr } from '../../engine/memory/address.js';
import type { Profile } from '../../engine/types/profile.js';
import { isRecorderCall } from './callers.js';
import { wasUserNote } from './misuseOps.js';
import { stackOf, tasksOf, threadSize } from './threads.js';
import type { KernelWord } from './words.js';

const CALLS = "addresses of the recorder's calls";
const CONSTRUCTOR = "the address of the recorder's constructor";
/** Of a record of the stack depot: bit 26, nothing above it. */
const isHandle = (word: number): boolean => word >>> 26 === 1;
/** Registers that are list heads on the stack in the kernel. */
const LISTS = ['local_purge_list', 'freelist', 'tmp_list'] as const;
const STACKS = 'list heads on kernel stacks';
const LOW = 0xffffffffn;
const HANDLES = "stacks of objects' users";

/** What stands for the recorder's constructor, an empty function: no image tells its address. */
export const constructorOf = (profile: Profile): VirtAddr =>
  profile.symbol('_stext')?.address ?? asVirt(0);

/** Which addresses of ours stand for the recorder's code. */
export interface OwnAddresses {
  readonly isCall: (address: VirtAddr) => boolean;
  readonly isConstructor: (address: VirtAddr) => boolean;
  /** List heads that are on the stack in the kernel. */
  readonly isListHead: (address: VirtAddr) => boolean;
}

/** Of a replay. */
export const replayedAddresses = ({ mm, profile }: KernelImage): OwnAddresses => ({
  isCall: (address) => isRecorderCall(mm, address),
  isConstructor: (address) => address === constructorOf(profile),
  isListHead: (address) => LISTS.some((name) => address === mm.va_of(mm.machine.register(name))),
});

export class StandIns {
  readonly counts = new Map<string, number>();
  /** Ours -> the kernel's, and back. */
  private readonly known = new Map<VirtAddr, VirtAddr>();
  private readonly standsFor = new Map<VirtAddr, VirtAddr>();
  private readonly stacks: readonly VirtAddr[];

  constructor(
    private readonly image: KernelImage,
    private readonly own: OwnAddresses,
  ) {
    this.stacks = tasksOf(image).map((task) => stackOf(image, task));
  }

  /** Whether ours stands for the kernel's value. */
  takes({ phys, after }: KernelWord, ours: bigint): boolean {
    const name =
      this.nameOf(this.address(after), this.address(ours)) ?? this.handleOf(phys, after, ours);
    if (name === undefined) return false;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return true;
  }

  private nameOf(kernel: VirtAddr, ours: VirtAddr): string | undefined {
    if (this.own.isListHead(ours) || replayedAddresses(this.image).isListHead(ours))
      return this.isOnStack(kernel) ? STACKS : undefined;
    const name = this.own.isConstructor(ours) ? CONSTRUCTOR : CALLS;
    if (name === CALLS && !this.own.isCall(ours)) return undefined;
    return this.isText(kernel) && this.isSame(kernel, ours) ? name : undefined;
  }

  /** On 64 bit the number of the CPU is in the same word. */
  private handleOf(phys: number, kernel: bigint, ours: bigint): string | undefined {
    const { mm, memory } = this.image;
    const [handle, own] = [asVirt(Number(kernel & LOW)), asVirt(Number(ours & LOW))];
    if (kernel >> 32n !== ours >> 32n || !isHandle(handle) || !isHandle(own)) return undefined;
    if (!wasUserNote(this.image, mm.va_of(memory.cell(asPhys(phys))))) return undefined;
    if ((this.standsFor.get(handle) ?? own) !== own) return undefined;
    this.standsFor.set(handle, own);
    return HANDLES;
  }

  /** The same stand-in, the same address; another one, another one. */
  private isSame(kernel: VirtAddr, ours: VirtAddr): boolean {
    const [known, standsFor] = [this.known.get(ours), this.standsFor.get(kernel)];
    if (known === undefined && standsFor === undefined) {
      this.known.set(ours, kernel);
      this.standsFor.set(kernel, ours);
      return true;
    }
    return known === kernel && standsFor === ours;
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
