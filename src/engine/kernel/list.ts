/**
 * struct list_head: circular doubly linked lists through kernel memory.
 *
 * An entry is the cell of the `list_head` inside a structure; `next` is its first pointer, `prev` its second.
 * Source: Linux 6.1 include/linux/list.h, include/linux/poison.h. The order of the stores is the kernel's.
 */
import type { Mm } from './mm.js';
import type { ListHead } from './types.js';

export function INIT_LIST_HEAD(k: Mm, list: ListHead): void {
  k.write_ptr(list, list);
  k.write_ptr(list + k.list_prev, list);
}

export function list_empty(k: Mm, head: ListHead): boolean {
  return k.ptr_is(head, head);
}

export const list_next = (k: Mm, entry: ListHead): ListHead => k.read_ptr(entry);
export const list_last = (k: Mm, head: ListHead): ListHead => k.read_ptr(head + k.list_prev);

function __list_add(k: Mm, entry: ListHead, prev: ListHead, next: ListHead): void {
  k.write_ptr(next + k.list_prev, entry);
  k.write_ptr(entry, next);
  k.write_ptr(entry + k.list_prev, prev);
  k.write_ptr(prev, entry);
}

/** Adds after `head`: a stack. */
export function list_add(k: Mm, entry: ListHead, head: ListHead): void {
  __list_add(k, entry, head, k.read_ptr(head));
}

/** Adds before `head`: a queue. */
export function list_add_tail(k: Mm, entry: ListHead, head: ListHead): void {
  __list_add(k, entry, k.read_ptr(head + k.list_prev), head);
}

/** Lets the neighbours of `entry` point to each other. */
function __list_del_entry(k: Mm, entry: ListHead): void {
  const next = k.read_ptr(entry);
  const prev = k.read_ptr(entry + k.list_prev);
  k.copy_ptr(next + k.list_prev, entry + k.list_prev);
  k.copy_ptr(prev, entry);
}

/** Takes `entry` out of its list and poisons it. */
export function list_del(k: Mm, entry: ListHead): void {
  __list_del_entry(k, entry);
  k.write_words(entry, k.LIST_POISON1_low, k.LIST_POISON1_high);
  k.write_words(entry + k.list_prev, k.LIST_POISON2_low, k.LIST_POISON2_high);
}

export function list_move(k: Mm, entry: ListHead, head: ListHead): void {
  __list_del_entry(k, entry);
  list_add(k, entry, head);
}

export function list_move_tail(k: Mm, entry: ListHead, head: ListHead): void {
  __list_del_entry(k, entry);
  list_add_tail(k, entry, head);
}

/** Puts the entries of `list` at the head of another; `list` itself keeps pointing to them. */
export function list_splice(k: Mm, list: ListHead, head: ListHead): void {
  if (list_empty(k, list)) return;
  const first = list_next(k, list);
  const last = list_last(k, list);
  const next = list_next(k, head);
  k.write_ptr(first + k.list_prev, head);
  k.write_ptr(head, first);
  k.write_ptr(last, next);
  k.write_ptr(next + k.list_prev, last);
}
