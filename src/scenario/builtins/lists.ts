/**
 * struct list_head. The kernel's functions are called where the lists lie in the direct map or in the scenario; elsewhere, in vmalloc
 * space for instance, the same is done by virtual address.
 */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { firstOf, insert, secondOf, setFirst, setSecond, unlink } from './listPointers.js';
import { truth, va } from './pointers.js';

const changes = true;

function poison(call: BuiltinCall, entry: Value): void {
  const at = (name: string): Value => BigInt.asIntN(64, call.profile.wideConstant(name));
  setFirst(call, entry, at('LIST_POISON1'));
  setSecond(call, entry, at('LIST_POISON2'));
}

/** Whether the kernel's functions reach all of these, and what they are linked with. */
function inReach(call: BuiltinCall, lists: readonly Value[]): boolean {
  const isLinear = (pointer: Value): boolean =>
    typeof pointer === 'number' && call.k.cell_of(va(pointer)) !== 0;
  return lists.every((list) => {
    if (!isLinear(list)) return false;
    return [firstOf(call, list), secondOf(call, list)].every(
      (at) => Number(at) === 0 || !isElsewhere(call, at),
    );
  });
}

/** Whether something is mapped there that the direct map does not have. */
function isElsewhere(call: BuiltinCall, pointer: Value): boolean {
  if (typeof pointer !== 'number' || call.k.cell_of(va(pointer)) !== 0) return false;
  return call.memory.readBytes(pointer, 1).length > 0;
}

type Operation = (call: BuiltinCall, a: Value, b: Value) => void;

/** @param far the same by virtual address */
const row = (signature: string, doc: string, near: Operation, far: Operation): BuiltinRow => ({
  signature,
  doc,
  changes,
  run: (call, a = 0, b = 0) => {
    const given = signature.includes(',') ? [a, b] : [a];
    // What cannot be read at all faults here, as the kernel's own look at it would.
    for (const pointer of given) call.memory.load(pointer, 4);
    (inReach(call, given) ? near : far)(call, a, b);
    return undefined;
  },
});

export const lists: readonly Builtin[] = group('list', 'include/linux/list.h', [
  {
    signature: 'void INIT_LIST_HEAD(struct list_head *list)',
    doc: 'Makes a list empty: its head points to itself.',
    changes,
    run: (call, list) => {
      setFirst(call, list, list);
      setSecond(call, list, list);
    },
  },
  {
    signature: 'int list_empty(const struct list_head *head)',
    doc: 'Whether a list has no entries.',
    run: (call, head) => truth(firstOf(call, head) === head),
  },
  row(
    'void list_add(struct list_head *new, struct list_head *head)',
    'Adds an entry after the head: first in, last out.',
    (call, entry, head) => call.kernel.list_add(call.k, call.cell(entry), call.cell(head)),
    (call, entry, head) => insert(call, entry, head, firstOf(call, head)),
  ),
  row(
    'void list_add_tail(struct list_head *new, struct list_head *head)',
    'Adds an entry before the head: first in, first out.',
    (call, entry, head) => call.kernel.list_add_tail(call.k, call.cell(entry), call.cell(head)),
    (call, entry, head) => insert(call, entry, secondOf(call, head), head),
  ),
  row(
    'void list_del(struct list_head *entry)',
    'Removes an entry from its list and poisons its pointers.',
    (call, entry) => call.kernel.list_del(call.k, call.cell(entry)),
    (call, entry) => {
      unlink(call, entry);
      poison(call, entry);
    },
  ),
  row(
    'void list_move_tail(struct list_head *list, struct list_head *head)',
    'Moves an entry to the end of another list.',
    (call, entry, head) => call.kernel.list_move_tail(call.k, call.cell(entry), call.cell(head)),
    (call, entry, head) => {
      unlink(call, entry);
      insert(call, entry, secondOf(call, head), head);
    },
  ),
]);
