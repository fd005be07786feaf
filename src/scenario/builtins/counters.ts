/** Counters that each CPU has a part of: lib/percpu_counter.ts. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';

const changes = true;

const rough = (call: BuiltinCall, fbc: Value): number =>
  call.kernel.percpu_counter_read(call.k, call.cell(fbc));
const exact = (call: BuiltinCall, fbc: Value): number =>
  call.kernel.__percpu_counter_sum(call.k, call.cell(fbc));

/** @param amount what is added: always the same, or made of the second argument */
const addingRow = (
  name: string,
  doc: string,
  amount: number | ((given: number) => number),
): BuiltinRow => ({
  signature: `void ${name}(struct percpu_counter *fbc${typeof amount === 'number' ? '' : ', s64 amount'})`,
  doc,
  changes,
  run: (call, fbc, given = 0) => {
    const added = typeof amount === 'number' ? amount : amount(Number(given));
    call.kernel.percpu_counter_add(call.k, call.cell(fbc), added);
  },
});

const header: readonly BuiltinRow[] = [
  {
    signature: 'int percpu_counter_init(struct percpu_counter *fbc, s64 amount, gfp_t gfp)',
    doc: 'Makes a counter; 0, or -ENOMEM: on SMP each CPU gets a part.',
    changes,
    sleeps: 2,
    needs: needsCaches,
    run: (call, fbc, amount, gfp) =>
      call.kernel.__percpu_counter_init(call.k, call.cell(fbc), Number(amount), Number(gfp)),
  },
  addingRow(
    'percpu_counter_add',
    "Adds to this CPU's part; what comes to a batch (32, or twice the number of CPUs) goes to all.",
    (amount) => amount,
  ),
  addingRow(
    'percpu_counter_sub',
    'Like percpu_counter_add, of a negative amount.',
    (amount) => -amount,
  ),
  addingRow('percpu_counter_inc', 'Adds 1.', 1),
  addingRow('percpu_counter_dec', 'Subtracts 1.', -1),
  {
    signature: 's64 percpu_counter_read(struct percpu_counter *fbc)',
    doc: 'The value without what single CPUs keep to themselves.',
    run: rough,
  },
  {
    signature: 's64 percpu_counter_read_positive(struct percpu_counter *fbc)',
    doc: 'Like percpu_counter_read, but not below 0.',
    run: (call, fbc) => Math.max(0, rough(call, fbc)),
  },
  {
    signature: 's64 percpu_counter_sum(struct percpu_counter *fbc)',
    doc: 'The exact value.',
    run: exact,
  },
  {
    signature: 's64 percpu_counter_sum_positive(struct percpu_counter *fbc)',
    doc: 'Like percpu_counter_sum, but not below 0.',
    run: (call, fbc) => Math.max(0, exact(call, fbc)),
  },
  {
    signature: 'int percpu_counter_compare(struct percpu_counter *fbc, s64 rhs)',
    doc: '1, 0 or -1: the counter is more, as much or less.',
    run: (call, fbc, rhs) =>
      call.kernel.percpu_counter_compare(call.k, call.cell(fbc), Number(rhs)),
  },
];

const rows: readonly BuiltinRow[] = [
  {
    signature: 'void percpu_counter_add_batch(struct percpu_counter *fbc, s64 amount, s32 batch)',
    doc: 'Like percpu_counter_add, with a batch of its own.',
    changes,
    run: (call, fbc, amount, batch) => {
      const counter = call.cell(fbc);
      call.kernel.percpu_counter_add_batch(call.k, counter, Number(amount), Number(batch));
    },
  },
  {
    signature: 'void percpu_counter_set(struct percpu_counter *fbc, s64 amount)',
    doc: 'Sets the value; no CPU keeps a part of it.',
    changes,
    run: (call, fbc, amount) => {
      call.kernel.percpu_counter_set(call.k, call.cell(fbc), Number(amount));
    },
  },
  {
    signature: 'void percpu_counter_sync(struct percpu_counter *fbc)',
    doc: "This CPU's part goes to all.",
    changes,
    run: (call, fbc) => {
      call.kernel.percpu_counter_sync(call.k, call.cell(fbc));
    },
  },
  {
    signature: 'void percpu_counter_destroy(struct percpu_counter *fbc)',
    doc: 'Frees what the CPUs have of a counter.',
    changes,
    needs: needsCaches,
    run: (call, fbc) => {
      call.kernel.percpu_counter_destroy(call.k, call.cell(fbc));
    },
  },
];

export const counters: readonly Builtin[] = [
  ...group('per-CPU', 'include/linux/percpu_counter.h', header),
  ...group('per-CPU', 'lib/percpu_counter.c', rows),
];
