/** struct list_head. */
import { group, type Builtin } from './builtin.js';

const changes = true;

export const lists: readonly Builtin[] = group('list', 'include/linux/list.h', [
  {
    signature: 'void INIT_LIST_HEAD(struct list_head *list)',
    doc: 'Makes a list empty: its head points to itself.',
    changes,
    run: (call, list) => {
      call.kernel.INIT_LIST_HEAD(call.k, call.cell(list));
    },
  },
  {
    signature: 'int list_empty(const struct list_head *head)',
    doc: 'Whether a list has no entries.',
    run: (call, head) => (call.kernel.list_empty(call.k, call.cell(head)) ? 1 : 0),
  },
  {
    signature: 'void list_add(struct list_head *new, struct list_head *head)',
    doc: 'Adds an entry after the head: first in, last out.',
    changes,
    run: (call, entry, head) => {
      call.kernel.list_add(call.k, call.cell(entry), call.cell(head));
    },
  },
  {
    signature: 'void list_add_tail(struct list_head *new, struct list_head *head)',
    doc: 'Adds an entry before the head: first in, first out.',
    changes,
    run: (call, entry, head) => {
      call.kernel.list_add_tail(call.k, call.cell(entry), call.cell(head));
    },
  },
  {
    signature: 'void list_del(struct list_head *entry)',
    doc: 'Removes an entry from its list and poisons its pointers.',
    changes,
    run: (call, entry) => {
      call.kernel.list_del(call.k, call.cell(entry));
    },
  },
  {
    signature: 'void list_move_tail(struct list_head *list, struct list_head *head)',
    doc: 'Moves an entry to the end of another list.',
    changes,
    run: (call, entry, head) => {
      call.kernel.list_move_tail(call.k, call.cell(entry), call.cell(head));
    },
  },
]);
