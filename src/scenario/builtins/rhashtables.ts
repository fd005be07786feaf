/** Hash tables that grow and shrink by themselves: lib/rhashtable/. What objects there are is the scenario's. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { withCaches } from './needs.js';
import { va } from './pointers.js';

const changes = true;
const EEXIST = 17;
const NEW = 'struct rhash_head *obj, const struct rhashtable_params params';

/** A pointer, or an error in place of one, as the build has it. */
const pointerOf = ({ k }: BuiltinCall, entry: number): Value =>
  k.wide || entry >= 0 ? entry : entry + 2 ** 32;

const isError = (data: number): boolean => data < 0 && data >= -4095;

/** 0, -EEXIST or another error. */
const errorOf = (data: number): number => (isError(data) ? data : data === 0 ? 0 : -EEXIST);

const insert = (call: BuiltinCall, ht: Value, key: Value, obj: Value): number =>
  call.kernel.rhashtable_insert_slow(call.k, call.cell(ht), va(key), va(obj));

/** The key that an object has itself. */
const ownKey = (call: BuiltinCall, ht: Value, obj: Value): Value =>
  call.kernel.rhtKeyOf(call.k, call.cell(ht), va(obj));

const tables: readonly BuiltinRow[] = [
  {
    ...withCaches(
      'int rhashtable_init(struct rhashtable *ht, const struct rhashtable_params *params)',
      'Makes an empty table for objects whose key is key_len bytes at key_offset and whose struct rhash_head is at head_offset. 0, -EINVAL or -ENOMEM.',
      (call, ht, params) => call.kernel.rhashtable_init(call.k, call.cell(ht), va(params)),
    ),
    sleeps: 'always',
  },
  {
    ...withCaches(
      'void rhashtable_free_and_destroy(struct rhashtable *ht, void (*free_fn)(void *ptr, void *arg), void *arg)',
      'Calls free_fn(object, arg) for each object, unless it is NULL, and frees the table.',
      (call, ht, free_fn, arg) => {
        call.kernel.rhashtable_free_and_destroy(call.k, call.cell(ht), va(free_fn), va(arg));
        return undefined;
      },
    ),
    sleeps: 'always',
  },
  {
    ...withCaches(
      'void rhashtable_destroy(struct rhashtable *ht)',
      "Frees the table; the objects are the caller's.",
      (call, ht) => {
        call.kernel.rhashtable_free_and_destroy(call.k, call.cell(ht), va(0), va(0));
        return undefined;
      },
    ),
    sleeps: 'always',
  },
];

const objects: readonly BuiltinRow[] = [
  withCaches(
    `int rhashtable_insert_fast(struct rhashtable *ht, ${NEW})`,
    'Puts an object in, whether there is one with its key or not. 0 or an error. A table that is three quarters full is replaced when the task gives way.',
    (call, ht, obj) => errorOf(insert(call, ht, 0, obj)),
  ),
  withCaches(
    `int rhashtable_lookup_insert_fast(struct rhashtable *ht, ${NEW})`,
    'Puts an object in, unless there is one with its key: -EEXIST.',
    (call, ht, obj) => errorOf(insert(call, ht, ownKey(call, ht, obj), obj)),
  ),
  withCaches(
    `void *rhashtable_lookup_get_insert_fast(struct rhashtable *ht, ${NEW})`,
    'Puts an object in: NULL; the one that has its key already; or an error pointer.',
    (call, ht, obj) => pointerOf(call, insert(call, ht, ownKey(call, ht, obj), obj)),
  ),
  withCaches(
    `int rhashtable_lookup_insert_key(struct rhashtable *ht, const void *key, ${NEW})`,
    'As rhashtable_lookup_insert_fast(), of a table with obj_hashfn and obj_cmpfn.',
    (call, ht, key, obj) => errorOf(insert(call, ht, key, obj)),
  ),
  withCaches(
    `void *rhashtable_lookup_get_insert_key(struct rhashtable *ht, const void *key, ${NEW})`,
    'As rhashtable_lookup_get_insert_fast(), of a table with obj_hashfn and obj_cmpfn.',
    (call, ht, key, obj) => pointerOf(call, insert(call, ht, key, obj)),
  ),
  ...(['rhashtable_lookup_fast', 'rhashtable_lookup'] as const).map((name): BuiltinRow => ({
    signature: `void *${name}(struct rhashtable *ht, const void *key, const struct rhashtable_params params)`,
    doc: 'The object with a key; NULL: there is none.',
    // obj_cmpfn and hashfn may be functions of the scenario.
    changes,
    run: (call, ht, key) => call.kernel.rhashtable_lookup(call.k, call.cell(ht), va(key)),
  })),
  withCaches(
    `int rhashtable_remove_fast(struct rhashtable *ht, ${NEW})`,
    'Takes an object out. 0, or -ENOENT.',
    (call, ht, obj) => call.kernel.rhashtable_remove_fast(call.k, call.cell(ht), va(obj)),
  ),
  withCaches(
    'int rhashtable_replace_fast(struct rhashtable *ht, struct rhash_head *obj_old, struct rhash_head *obj_new, const struct rhashtable_params params)',
    'Puts an object in the place of another with the same key. 0, -ENOENT, or -EINVAL: it belongs elsewhere.',
    (call, ht, before, after) =>
      call.kernel.rhashtable_replace_fast(call.k, call.cell(ht), va(before), va(after)),
  ),
];

const walks: readonly BuiltinRow[] = [
  withCaches(
    'void rhashtable_walk_enter(struct rhashtable *ht, struct rhashtable_iter *iter)',
    'Prepares a walk over all objects.',
    (call, ht, iter) => {
      call.kernel.rhashtable_walk_enter(call.k, call.cell(ht), call.cell(iter));
      return undefined;
    },
  ),
  {
    signature: 'int rhashtable_walk_start_check(struct rhashtable_iter *iter)',
    doc: 'Begins or goes on with a walk, in a section of rcu_read_lock(). 0, or -EAGAIN: it begins anew, as the table is another one.',
    changes,
    run: (call, iter) => {
      call.context.rcuDepth++;
      return call.kernel.rhashtable_walk_start_check(call.k, call.cell(iter));
    },
  },
  {
    signature: 'void *rhashtable_walk_next(struct rhashtable_iter *iter)',
    doc: 'The next object; NULL at the end; ERR_PTR(-EAGAIN): the table was replaced, and some may come again.',
    changes,
    run: (call, iter) => pointerOf(call, call.kernel.rhashtable_walk_next(call.k, call.cell(iter))),
  },
  {
    signature: 'void *rhashtable_walk_peek(struct rhashtable_iter *iter)',
    doc: 'The object that rhashtable_walk_next() has given last, or will give next.',
    changes,
    run: (call, iter) => pointerOf(call, call.kernel.rhashtable_walk_peek(call.k, call.cell(iter))),
  },
  {
    signature: 'void rhashtable_walk_stop(struct rhashtable_iter *iter)',
    doc: 'Ends the section in which a walk goes on; it may be started again.',
    changes,
    run: (call, iter) => {
      call.kernel.rhashtable_walk_stop(call.k, call.cell(iter));
      if (call.context.rcuDepth > 0) call.context.rcuDepth--;
    },
  },
  {
    signature: 'void rhashtable_walk_exit(struct rhashtable_iter *iter)',
    doc: 'Ends a walk.',
    changes,
    run: (call, iter) => {
      call.kernel.rhashtable_walk_exit(call.k, call.cell(iter));
    },
  },
];

export const rhashtables: readonly Builtin[] = [
  ...group('list', 'lib/rhashtable.c', tables),
  ...group('list', 'include/linux/rhashtable.h', objects),
  ...group('list', 'lib/rhashtable.c', walks),
  ...group('number', 'include/linux/jhash.h', [
    {
      signature: 'u32 jhash(const void *key, u32 length, u32 initval)',
      doc: "Bob Jenkins' hash of bytes.",
      run: (call, key, length, initval) => {
        const bytes = call.memory.readBytes(key, Number(length));
        return call.kernel.jhash([...bytes], Number(initval));
      },
    },
    {
      signature: 'u32 jhash2(const u32 *k, u32 length, u32 initval)',
      doc: "Bob Jenkins' hash of words.",
      run: (call, key, length, initval) => {
        const bytes = call.memory.readBytes(key, Number(length) * 4);
        const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const list = Array.from({ length: bytes.length / 4 }, (_, i) =>
          words.getInt32(i * 4, true),
        );
        return call.kernel.jhash2(list, Number(initval));
      },
    },
  ]),
];
