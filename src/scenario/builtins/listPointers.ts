/**
 * Lists by their pointers, as the inline functions of include/linux/list.h go along them: a pointer that leads nowhere faults at
 * the member that would be read or written.
 *
 * Source: Linux 6.1 include/linux/list.h.
 */
import { wrap64, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';

const changes = true;

const size = ({ k }: BuiltinCall): 4 | 8 => (k.wide ? 8 : 4);

/** The first pointer of an object: `next` of a list_head, `first` of an hlist_head. */
export const firstOf = (call: BuiltinCall, at: Value): Value => call.memory.load(at, size(call));
export const setFirst = (call: BuiltinCall, at: Value, to: Value): void => {
  call.memory.store(at, size(call), to);
};
/** The second: `prev` of a list_head, `pprev` of an hlist_node. */
export const secondOf = (call: BuiltinCall, at: Value): Value =>
  firstOf(call, call.offset(at, size(call)));
export const setSecond = (call: BuiltinCall, at: Value, to: Value): void => {
  setFirst(call, call.offset(at, size(call)), to);
};

/** __list_add() */
export function insert(call: BuiltinCall, entry: Value, prev: Value, next: Value): void {
  setSecond(call, next, entry);
  setFirst(call, entry, next);
  setSecond(call, entry, prev);
  setFirst(call, prev, entry);
}

/** __list_del_entry() */
export function unlink(call: BuiltinCall, entry: Value): void {
  const prev = secondOf(call, entry);
  const next = firstOf(call, entry);
  setSecond(call, next, prev);
  setFirst(call, prev, next);
}

function initialise(call: BuiltinCall, head: Value): void {
  setFirst(call, head, head);
  setSecond(call, head, head);
}

const isEmpty = (call: BuiltinCall, head: Value): boolean => firstOf(call, head) === head;

/** list_replace() */
function replace(call: BuiltinCall, old: Value, entry: Value): void {
  const next = firstOf(call, old);
  setFirst(call, entry, next);
  setSecond(call, next, entry);
  const prev = secondOf(call, old);
  setSecond(call, entry, prev);
  setFirst(call, prev, entry);
}

/** __list_splice(): the entries of a list between two neighbours. */
function splice(call: BuiltinCall, list: Value, prev: Value, next: Value): void {
  const first = firstOf(call, list);
  const last = secondOf(call, list);
  setSecond(call, first, prev);
  setFirst(call, prev, first);
  setFirst(call, last, next);
  setSecond(call, next, last);
}

const truth = (holds: boolean): number => (holds ? 1 : 0);

const lists = group('list', 'include/linux/list.h', [
  {
    signature: 'void list_move(struct list_head *list, struct list_head *head)',
    doc: 'Moves an entry to the start of another list.',
    changes,
    run: (call, entry, head) => {
      unlink(call, entry);
      insert(call, entry, head, firstOf(call, head));
    },
  },
  {
    signature: 'void list_del_init(struct list_head *entry)',
    doc: 'Removes an entry from its list and makes it a list of its own.',
    changes,
    run: (call, entry) => {
      unlink(call, entry);
      initialise(call, entry);
    },
  },
  {
    signature: 'void __list_del_entry(struct list_head *entry)',
    doc: 'Removes an entry from its list and leaves its pointers as they are.',
    changes,
    run: (call, entry) => {
      unlink(call, entry);
    },
  },
  {
    signature: 'void list_replace(struct list_head *old, struct list_head *new)',
    doc: 'Puts a new entry where an old one is.',
    changes,
    run: (call, old, entry) => {
      replace(call, old, entry);
    },
  },
  {
    signature: 'void list_replace_init(struct list_head *old, struct list_head *new)',
    doc: 'Puts a new entry where an old one is, and makes the old one a list of its own.',
    changes,
    run: (call, old, entry) => {
      replace(call, old, entry);
      initialise(call, old);
    },
  },
  {
    signature: 'void list_swap(struct list_head *entry1, struct list_head *entry2)',
    doc: 'Puts each of two entries where the other one is.',
    changes,
    run: (call, one, other) => {
      let position = secondOf(call, other);
      unlink(call, other);
      initialise(call, other);
      replace(call, one, other);
      if (position === one) position = other;
      insert(call, one, position, firstOf(call, position));
    },
  },
  {
    signature: 'void list_rotate_left(struct list_head *head)',
    doc: 'Moves the first entry to the end.',
    changes,
    run: (call, head) => {
      if (isEmpty(call, head)) return;
      const first = firstOf(call, head);
      unlink(call, first);
      insert(call, first, secondOf(call, head), head);
    },
  },
  {
    signature: 'void list_splice(const struct list_head *list, struct list_head *head)',
    doc: 'Puts the entries of a list at the start of another.',
    changes,
    run: (call, list, head) => {
      if (!isEmpty(call, list)) splice(call, list, head, firstOf(call, head));
    },
  },
  {
    signature: 'void list_splice_tail(struct list_head *list, struct list_head *head)',
    doc: 'Puts the entries of a list at the end of another.',
    changes,
    run: (call, list, head) => {
      if (!isEmpty(call, list)) splice(call, list, secondOf(call, head), head);
    },
  },
  {
    signature: 'void list_splice_init(struct list_head *list, struct list_head *head)',
    doc: 'Puts the entries of a list at the start of another, and leaves the first one empty.',
    changes,
    run: (call, list, head) => {
      if (isEmpty(call, list)) return;
      splice(call, list, head, firstOf(call, head));
      initialise(call, list);
    },
  },
  {
    signature: 'void list_splice_tail_init(struct list_head *list, struct list_head *head)',
    doc: 'Puts the entries of a list at the end of another, and leaves the first one empty.',
    changes,
    run: (call, list, head) => {
      if (isEmpty(call, list)) return;
      splice(call, list, secondOf(call, head), head);
      initialise(call, list);
    },
  },
  {
    signature: 'int list_is_singular(const struct list_head *head)',
    doc: 'Whether a list has exactly one entry.',
    run: (call, head) =>
      truth(!isEmpty(call, head) && firstOf(call, head) === secondOf(call, head)),
  },
  {
    signature: 'int list_is_first(const struct list_head *list, const struct list_head *head)',
    doc: 'Whether an entry is the first of a list.',
    run: (call, entry, head) => truth(secondOf(call, entry) === head),
  },
  {
    signature: 'int list_is_last(const struct list_head *list, const struct list_head *head)',
    doc: 'Whether an entry is the last of a list.',
    run: (call, entry, head) => truth(firstOf(call, entry) === head),
  },
  {
    signature: 'int list_is_head(const struct list_head *list, const struct list_head *head)',
    doc: 'Whether an entry is the head of a list itself.',
    run: (_call, entry, head) => truth(entry === head),
  },
]);

/** __hlist_del() */
function hlistUnlink(call: BuiltinCall, node: Value): void {
  const next = firstOf(call, node);
  const pprev = secondOf(call, node);
  setFirst(call, pprev, next);
  if (next !== 0) setSecond(call, next, pprev);
}

const hlists = group('list', 'include/linux/list.h', [
  {
    signature: 'void INIT_HLIST_NODE(struct hlist_node *h)',
    doc: 'Makes a node one that is in no list.',
    changes,
    run: (call, node) => {
      setFirst(call, node, 0);
      setSecond(call, node, 0);
    },
  },
  {
    signature: 'int hlist_unhashed(const struct hlist_node *h)',
    doc: 'Whether a node is in no list.',
    run: (call, node) => truth(secondOf(call, node) === 0),
  },
  {
    signature: 'int hlist_empty(const struct hlist_head *h)',
    doc: 'Whether a list has no nodes.',
    run: (call, head) => truth(firstOf(call, head) === 0),
  },
  {
    signature: 'void hlist_add_head(struct hlist_node *n, struct hlist_head *h)',
    doc: 'Adds a node at the start of a list.',
    changes,
    run: (call, node, head) => {
      const first = firstOf(call, head);
      setFirst(call, node, first);
      if (first !== 0) setSecond(call, first, node);
      setFirst(call, head, node);
      setSecond(call, node, head);
    },
  },
  {
    signature: 'void hlist_add_before(struct hlist_node *n, struct hlist_node *next)',
    doc: 'Adds a node before another one.',
    changes,
    run: (call, node, next) => {
      const pprev = secondOf(call, next);
      setSecond(call, node, pprev);
      setFirst(call, node, next);
      setSecond(call, next, node);
      setFirst(call, pprev, node);
    },
  },
  {
    signature: 'void hlist_add_behind(struct hlist_node *n, struct hlist_node *prev)',
    doc: 'Adds a node behind another one.',
    changes,
    run: (call, node, prev) => {
      const next = firstOf(call, prev);
      setFirst(call, node, next);
      setFirst(call, prev, node);
      setSecond(call, node, prev);
      if (next !== 0) setSecond(call, next, node);
    },
  },
  {
    signature: 'void hlist_del(struct hlist_node *n)',
    doc: 'Removes a node from its list and poisons its pointers.',
    changes,
    run: (call, node) => {
      hlistUnlink(call, node);
      const poison = (name: string): Value => wrap64(call.profile.wideConstant(name));
      setFirst(call, node, poison('LIST_POISON1'));
      setSecond(call, node, poison('LIST_POISON2'));
    },
  },
  {
    signature: 'void hlist_del_init(struct hlist_node *n)',
    doc: 'Removes a node from its list, if it is in one.',
    changes,
    run: (call, node) => {
      if (secondOf(call, node) === 0) return;
      hlistUnlink(call, node);
      setFirst(call, node, 0);
      setSecond(call, node, 0);
    },
  },
]);

export const listPointers: readonly Builtin[] = [...lists, ...hlists];
