/**
 * Doubly linked lists of the kernel, as they lie in a dump: what is on them, and where they are damaged.
 *
 * Source: Linux 6.1 include/linux/list.h.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { counted } from '../view/counted.js';
import { Damaged, type Inspected } from './inspected.js';

/** More than any list that is whole has. */
const MAX_ENTRIES = 1 << 24;

/**
 * Each `struct list_head` on the list of `head`, in order. A list that is damaged ends where that shows, after what was whole.
 * @throws Damaged, NotInDump
 */
function* listHeads(k: Inspected, head: VirtAddr, offset = 0): Generator<VirtAddr> {
  const { space } = k;
  const first = asVirt(head + offset);
  const seen = new Set<number>();
  let at = space.pointer(head, offset);
  while (at !== first) {
    if (at === 0)
      throw new Damaged(
        `the list at ${k.hex(first)} ends in NULL after ${counted(seen.size, 'entry', 'entries')}`,
      );
    if (seen.has(at) || seen.size >= MAX_ENTRIES)
      throw new Damaged(
        `the list at ${k.hex(first)} runs in a circle after ${counted(seen.size, 'entry', 'entries')}`,
      );
    seen.add(at);
    // Reading the next pointer first: an entry that is not in the dump is none.
    const next = space.pointer(at);
    yield at;
    at = next;
  }
}

/** `list_for_each_entry`: the objects whose member is on the list. */
export function* listEntries(
  k: Inspected,
  head: VirtAddr,
  headOffset: number,
  tag: string,
  member: string,
): Generator<VirtAddr> {
  const offset = k.offset(tag, member);
  for (const at of listHeads(k, head, headOffset)) yield asVirt(at - offset);
}

export const isListEmpty = (k: Inspected, head: VirtAddr, offset: number): boolean =>
  k.space.pointer(head, offset) === asVirt(head + offset);
