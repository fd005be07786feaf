/** Shrinkers, whose functions are the scenario's, and lists of objects that nobody uses now. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { disableIrqs, holding, irqFlags, restoreIrqs } from './locks.js';
import { withCaches } from './needs.js';
import { truth, va } from './pointers.js';

const changes = true;
const sleeps = 'always' as const;

const making = (name: 'register_shrinker' | 'prealloc_shrinker', doc: string): BuiltinRow => ({
  ...withCaches(
    `int ${name}(struct shrinker *shrinker, const char *fmt, ...)`,
    doc,
    (call, shrinker) => call.kernel[name](call.k, call.cell(shrinker)),
  ),
  format: 1,
  sleeps,
});

const ending = (
  name: 'unregister_shrinker' | 'free_prealloced_shrinker' | 'register_shrinker_prepared',
  doc: string,
): BuiltinRow => ({
  ...withCaches(`void ${name}(struct shrinker *shrinker)`, doc, (call, shrinker) => {
    call.kernel[name](call.k, call.cell(shrinker));
    return undefined;
  }),
  sleeps,
});

const registering: readonly BuiltinRow[] = [
  making(
    'register_shrinker',
    'From here on its functions are called when memory is short, or by sysctl("vm.drop_caches=2"). 0 or -ENOMEM.',
  ),
  making(
    'prealloc_shrinker',
    'Half of register_shrinker(): what may fail. register_shrinker_prepared() is the other.',
  ),
  ending(
    'register_shrinker_prepared',
    'The other half of register_shrinker(), behind prealloc_shrinker().',
  ),
  ending('free_prealloced_shrinker', 'Takes prealloc_shrinker() back.'),
  ending('unregister_shrinker', 'Its functions are not called any more.'),
  {
    signature: 'void synchronize_shrinkers(void)',
    doc: 'Waits until no shrinker is being called.',
    changes,
    sleeps,
    run: (call) => {
      call.kernel.synchronize_shrinkers(call.k);
    },
  },
];

// --- list_lru ----------------------------------------------------------------------------------------------------------------

/** &lru->node[0].lock */
const lockOf = (call: BuiltinCall, lru: Value): Value =>
  call.memory.load(lru, call.profile.pointerSize);

/** Asks a function of the scenario about items, with the lock of the list held; how many may still be asked about is written back. */
const walk = (
  call: BuiltinCall,
  lru: Value,
  isolate: Value,
  arg: Value,
  nr_to_walk: Value,
): BuiltinResult =>
  holding(call, lockOf(call, lru), ({ k, kernel }) => {
    const size = call.profile.pointerSize;
    const left = { value: Number(call.memory.load(nr_to_walk, size)) };
    const taken = kernel.list_lru_walk_one(k, call.cell(lru), va(isolate), va(arg), left);
    call.memory.store(nr_to_walk, size, left.value);
    return taken;
  });

const walking = (signature: string, doc: string, run: BuiltinRow['run']): BuiltinRow => ({
  signature,
  doc,
  changes,
  run,
});

const CALLBACK = 'list_lru_walk_cb isolate, void *cb_arg, unsigned long *nr_to_walk';

const lists: readonly BuiltinRow[] = [
  {
    ...withCaches(
      'int __list_lru_init(struct list_lru *lru, bool memcg_aware, struct lock_class_key *key, struct shrinker *shrinker)',
      'The function behind list_lru_init(): makes an empty list. 0 or -ENOMEM.',
      (call, lru) => call.kernel.__list_lru_init(call.k, call.cell(lru)),
    ),
    sleeps,
  },
  withCaches(
    'void list_lru_destroy(struct list_lru *lru)',
    "Frees what a list needs itself; the items are the caller's.",
    (call, lru) => {
      call.kernel.list_lru_destroy(call.k, call.cell(lru));
      return undefined;
    },
  ),
  {
    signature: 'bool list_lru_add(struct list_lru *lru, struct list_head *item)',
    doc: 'Puts an object at the end, as the most recently used; false if it is on a list already.',
    changes,
    run: (call, lru, item) =>
      holding(call, lockOf(call, lru), ({ k, kernel }) =>
        truth(kernel.list_lru_add(k, call.cell(lru), call.cell(item))),
      ),
  },
  {
    signature: 'bool list_lru_del(struct list_lru *lru, struct list_head *item)',
    doc: 'Takes an object off its list; false if it is on none.',
    changes,
    run: (call, lru, item) =>
      holding(call, lockOf(call, lru), ({ k, kernel }) =>
        truth(kernel.list_lru_del(k, call.cell(lru), call.cell(item))),
      ),
  },
  {
    signature:
      'unsigned long list_lru_count_one(struct list_lru *lru, int nid, struct mem_cgroup *memcg)',
    doc: 'How many items there are, of a node and a control group: there is one node, and no group.',
    run: (call, lru) => call.kernel.list_lru_count_one(call.k, call.cell(lru)),
  },
  {
    signature: 'unsigned long list_lru_count_node(struct list_lru *lru, int nid)',
    doc: 'How many items there are, of a node.',
    run: (call, lru) => call.kernel.list_lru_count_node(call.k, call.cell(lru)),
  },
  {
    signature: 'void list_lru_isolate(struct list_lru_one *list, struct list_head *item)',
    doc: 'For the function that a walk calls, before LRU_REMOVED: takes the item off the list.',
    changes,
    run: (call, list, item) => {
      call.kernel.list_lru_isolate(call.k, call.cell(list), call.cell(item));
    },
  },
  {
    signature:
      'void list_lru_isolate_move(struct list_lru_one *list, struct list_head *item, struct list_head *head)',
    doc: 'As list_lru_isolate(), and the item is on another list then.',
    changes,
    run: (call, list, item, head) => {
      const { k, kernel } = call;
      kernel.list_lru_isolate_move(k, call.cell(list), call.cell(item), call.cell(head));
    },
  },
  walking(
    `unsigned long list_lru_walk_one(struct list_lru *lru, int nid, struct mem_cgroup *memcg, ${CALLBACK})`,
    'Calls isolate(item, list, lock, cb_arg) for up to *nr_to_walk items, the oldest first: it says LRU_REMOVED, LRU_ROTATE, LRU_SKIP or LRU_RETRY. How many were removed.',
    (call, lru, _nid, _memcg, isolate, arg, nr) => walk(call, lru, isolate, arg, nr),
  ),
  walking(
    `unsigned long list_lru_walk_one_irq(struct list_lru *lru, int nid, struct mem_cgroup *memcg, ${CALLBACK})`,
    'As list_lru_walk_one(), with interrupts off.',
    (call, lru, _nid, _memcg, isolate, arg, nr) => {
      const flags = irqFlags(call);
      disableIrqs(call);
      const taken = walk(call, lru, isolate, arg, nr);
      restoreIrqs(call, flags);
      return taken;
    },
  ),
  walking(
    `unsigned long list_lru_walk_node(struct list_lru *lru, int nid, ${CALLBACK})`,
    'As list_lru_walk_one(), of all groups of a node.',
    (call, lru, _nid, isolate, arg, nr) => walk(call, lru, isolate, arg, nr),
  ),
];

export const shrinkers: readonly Builtin[] = [
  ...group('slab', 'mm/vmscan.c', registering),
  ...group('slab', 'mm/list_lru.c', lists),
];
