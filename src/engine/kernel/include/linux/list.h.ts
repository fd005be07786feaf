/**
 * struct list_head: circular doubly linked lists through kernel memory.
 *
 * An entry is the cell of the `list_head` inside a structure; `next` is its first pointer, `prev` its second.
 * Source: Linux 6.1 include/linux/list.h, include/linux/poison.h. The order of the stores is the kernel's.
 */
import { type ListHead, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';

export function INIT_LIST_HEAD(k: Kernel, list: ListHead): void {
  k.write_ptr(list, list);
  k.write_ptr(list + k.list_head.prev, list);
}

export function list_empty(k: Kernel, head: ListHead): boolean {
  return k.ptr_is(head, head);
}

/** One entry, no more. */
export function list_is_singular(k: Kernel, head: ListHead): boolean {
  return !list_empty(k, head) && k.read_va(head) === k.read_va(head + k.list_head.prev);
}

function __list_add(k: Kernel, entry: ListHead, prev: ListHead, next: ListHead): void {
  k.write_ptr(next + k.list_head.prev, entry);
  k.write_ptr(entry, next);
  k.write_ptr(entry + k.list_head.prev, prev);
  k.write_ptr(prev, entry);
}

/** Adds after `head`: a stack. */
export function list_add(k: Kernel, entry: ListHead, head: ListHead): void {
  __list_add(k, entry, head, k.read_ptr_to_write(head, k.list_head.prev));
}

/** Adds before `head`: a queue. */
export function list_add_tail(k: Kernel, entry: ListHead, head: ListHead): void {
  __list_add(k, entry, k.read_ptr_to_write(head + k.list_head.prev, 0), head);
}

/** Lets the neighbours of `entry` point to each other. */
export function __list_del_entry(k: Kernel, entry: ListHead): void {
  const next: ListHead = k.read_ptr_to_write(entry, k.list_head.prev);
  k.copy_ptr(next + k.list_head.prev, entry + k.list_head.prev);
  const prev: ListHead = k.read_ptr_to_write(entry + k.list_head.prev, 0);
  k.copy_ptr(prev, entry);
}

/** Takes `entry` out of its list and poisons it. */
export function list_del(k: Kernel, entry: ListHead): void {
  __list_del_entry(k, entry);
  k.write_words(entry, k.LIST_POISON1.low, k.LIST_POISON1.high);
  k.write_words(entry + k.list_head.prev, k.LIST_POISON2.low, k.LIST_POISON2.high);
}

/** Takes `entry` out of its list; it is a list of its own then. */
export function list_del_init(k: Kernel, entry: ListHead): void {
  __list_del_entry(k, entry);
  INIT_LIST_HEAD(k, entry);
}

export function list_move(k: Kernel, entry: ListHead, head: ListHead): void {
  __list_del_entry(k, entry);
  list_add(k, entry, head);
}

/** Joins the entries of `list` in at the head of another. `list` itself is left as it was. */
export function list_splice(k: Kernel, list: ListHead, head: ListHead): void {
  if (list_empty(k, list)) return;
  const first: ListHead = k.read_ptr_to_write(list, k.list_head.prev);
  const last: ListHead = k.read_ptr_to_write(list + k.list_head.prev, 0);
  const at: ListHead = k.read_ptr_to_write(head, k.list_head.prev);
  k.write_ptr(first + k.list_head.prev, head);
  k.write_ptr(head, first);
  k.write_ptr(last, at);
  k.write_ptr(at + k.list_head.prev, last);
}

/** As list_splice(), at the tail of the other. */
export function list_splice_tail(k: Kernel, list: ListHead, head: ListHead): void {
  if (list_empty(k, list)) return;
  const first: ListHead = k.read_ptr_to_write(list, k.list_head.prev);
  const last: ListHead = k.read_ptr_to_write(list + k.list_head.prev, 0);
  const prev: ListHead = k.read_ptr_to_write(head + k.list_head.prev, 0);
  k.write_ptr(first + k.list_head.prev, prev);
  k.write_ptr(prev, first);
  k.write_ptr(last, head);
  k.write_ptr(head + k.list_head.prev, last);
}

export function list_move_tail(k: Kernel, entry: ListHead, head: ListHead): void {
  __list_del_entry(k, entry);
  list_add_tail(k, entry, head);
}

/** Moves all entries of a list to another head. */
export function list_replace_init(k: Kernel, old: ListHead, replacement: ListHead): void {
  k.copy_ptr(replacement, old);
  k.write_ptr(k.read_ptr_to_write(replacement, k.list_head.prev) + k.list_head.prev, replacement);
  k.copy_ptr(replacement + k.list_head.prev, old + k.list_head.prev);
  k.write_ptr(k.read_ptr_to_write(replacement + k.list_head.prev, 0), replacement);
  INIT_LIST_HEAD(k, old);
}

// --- hlist: a head of one pointer, for the many heads of a hash table --------------------------------------------------

/** `n` is the first of list `h` from here on. */
export function hlist_add_head(k: Kernel, n: Cell, h: Cell): void {
  const first: Cell = k.read_ptr(h);
  k.write_ptr(n, first);
  if (first !== NULL) k.write_ptr(first + k.hlist_node.pprev, n);
  k.write_ptr(h, n);
  k.write_ptr(n + k.hlist_node.pprev, h);
}

export function hlist_del_init(k: Kernel, n: Cell): void {
  const next: Cell = k.read_ptr(n);
  const pprev: Cell = k.read_ptr(n + k.hlist_node.pprev);
  if (pprev === NULL) return;
  k.write_ptr(pprev, next);
  if (next !== NULL) k.write_ptr(next + k.hlist_node.pprev, pprev);
  // INIT_HLIST_NODE():
  k.write_ptr(n, NULL);
  k.write_ptr(n + k.hlist_node.pprev, NULL);
}

// --- from an entry to its structure ------------------------------------------------------------------------------------
//
// `member` is where the list_head lies in the structure: `k.page.lru`. A structure may straddle frames, so `k.plus`.
// A list is walked as list_for_each_entry() does it:
//
//     for (let page: Page = list_first_entry(k, head, k.page.lru); !list_entry_is_head(k, page, head, k.page.lru);
//          page = list_next_entry(k, page, k.page.lru))
//
// Linux finds out that a pointer leads nowhere when the structure is looked at, we when it is followed: with the address of the
// list_head there, which is what most look at first. In a loop that keeps the next entry aside, that is one turn early.

/** The structure that the list_head at `ptr` is a member of. */
export const list_entry = (k: Kernel, ptr: ListHead, member: number): Cell =>
  (ptr - member) >>> 10 === ptr >>> 10 ? asCell(ptr - member) : k.plus(ptr, -member);

export const list_first_entry = (k: Kernel, head: ListHead, member: number): Cell =>
  list_entry(k, k.read_ptr_to_read(head, 0), member);
/** @param first the member that is looked at first, which is where a pointer that leads nowhere faults */
export const list_last_entry = (k: Kernel, head: ListHead, member: number, first = member): Cell =>
  list_entry(k, k.read_ptr_to_read(head + k.list_head.prev, first - member), member);
export const list_first_entry_or_null = (k: Kernel, head: ListHead, member: number): Cell =>
  list_empty(k, head) ? NULL : list_first_entry(k, head, member);

export const list_next_entry = (k: Kernel, pos: Cell, member: number): Cell =>
  list_entry(k, k.read_ptr_to_read(k.plus(pos, member), 0), member);
export const list_prev_entry = (k: Kernel, pos: Cell, member: number): Cell =>
  list_entry(k, k.read_ptr_to_read(k.plus(k.plus(pos, member), k.list_head.prev), 0), member);

/** Whether a walk has come back to the head: `pos` is then not a structure, only where one would begin. */
export const list_entry_is_head = (k: Kernel, pos: Cell, head: ListHead, member: number): boolean =>
  k.plus(pos, member) === head;
