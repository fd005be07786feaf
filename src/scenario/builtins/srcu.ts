/** SRCU, whose readers may sleep; and counts of references that end with a grace period: lib/percpu-refcount.ts. */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinResult, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches, withCaches } from './needs.js';
import { truth, va } from './pointers.js';
import { endGracePeriod } from './rcu.js';

const changes = true;
const sleeps = 'always' as const;

/** Waits for the readers of a domain, and ends a grace period. */
function synchronize(call: BuiltinCall, ssp: Value): BuiltinResult {
  const { k } = call;
  const { srcuHasReaders, synchronize_srcu } = call.kernel.srcuOf(k);
  const domain = call.cell(ssp);
  if (srcuHasReaders(k, domain)) return { blocked: { kind: 'grace period', address: va(ssp) } };
  synchronize_srcu(k, domain);
  return undefined;
}

const waiting = (name: string, doc: string): BuiltinRow => ({
  ...withCaches(`void ${name}(struct srcu_struct *ssp)`, doc, synchronize),
  sleeps,
});

const domains: readonly BuiltinRow[] = [
  {
    ...withCaches(
      'int init_srcu_struct(struct srcu_struct *ssp)',
      'Makes a domain, as DEFINE_SRCU(name) does. 0 or -ENOMEM.',
      (call, ssp) => call.kernel.srcuOf(call.k).init_srcu_struct(call.k, call.cell(ssp)),
    ),
    sleeps,
  },
  {
    ...withCaches(
      'void cleanup_srcu_struct(struct srcu_struct *ssp)',
      'Ends a domain, which must have no readers.',
      (call, ssp) => {
        call.kernel.srcuOf(call.k).cleanup_srcu_struct(call.k, call.cell(ssp));
        return undefined;
      },
    ),
    sleeps,
  },
  withCaches(
    'int srcu_read_lock(struct srcu_struct *ssp)',
    'What the task reads from here on stays until srcu_read_unlock(), which is told what this returns; it may sleep meanwhile.',
    (call, ssp) => call.kernel.srcuOf(call.k).__srcu_read_lock(call.k, call.cell(ssp)),
  ),
  {
    signature: 'void srcu_read_unlock(struct srcu_struct *ssp, int idx)',
    doc: 'Ends a section of srcu_read_lock(), which has returned idx.',
    changes,
    run: (call, ssp, idx) => {
      const side = Number(idx);
      if ((side & ~1) !== 0)
        call.warn(`WARNING: at ${call.location}: srcu_read_unlock() with idx ${side}`);
      call.kernel.srcuOf(call.k).__srcu_read_unlock(call.k, call.cell(ssp), side & 1);
    },
  },
  withCaches(
    'void call_srcu(struct srcu_struct *ssp, struct callback_head *head, void (*func)(struct callback_head *))',
    'Calls a function of the scenario with head when a grace period of the domain is over.',
    (call, ssp, head, func) => {
      const { k } = call;
      call.kernel.srcuOf(k).call_srcu(k, call.cell(ssp), call.cell(head), va(func));
      return undefined;
    },
  ),
  waiting(
    'synchronize_srcu',
    'Waits until every reader of the domain has left; then its callbacks are called.',
  ),
  waiting('synchronize_srcu_expedited', 'As synchronize_srcu().'),
  waiting(
    'srcu_barrier',
    'Waits until every callback of the domain that is queued has been called.',
  ),
  withCaches(
    'unsigned long get_state_synchronize_srcu(struct srcu_struct *ssp)',
    'For poll_state_synchronize_srcu(): stands for a grace period that would begin now.',
    (call, ssp) => call.kernel.srcuOf(call.k).get_state_synchronize_srcu(call.k, call.cell(ssp)),
  ),
  withCaches(
    'unsigned long start_poll_synchronize_srcu(struct srcu_struct *ssp)',
    'As get_state_synchronize_srcu(), and asks for that grace period.',
    (call, ssp) => call.kernel.srcuOf(call.k).start_poll_synchronize_srcu(call.k, call.cell(ssp)),
  ),
  {
    signature: 'bool poll_state_synchronize_srcu(struct srcu_struct *ssp, unsigned long cookie)',
    doc: 'Whether that grace period is over.',
    run: (call, ssp, cookie) => {
      const { k } = call;
      const { poll_state_synchronize_srcu } = call.kernel.srcuOf(k);
      return truth(poll_state_synchronize_srcu(k, call.cell(ssp), Number(cookie)));
    },
  },
];

// --- percpu_ref --------------------------------------------------------------------------------------------------------------

/** Whether a switch of the count has to wait, for a task that reads; a grace period that can end does. */
function waitsForSwitch(call: BuiltinCall, ref: Value): BuiltinResult {
  const { k, kernel } = call;
  if (!kernel.percpuRefSwitches(k, call.cell(ref))) return undefined;
  endGracePeriod(call);
  return kernel.percpuRefSwitches(k, call.cell(ref))
    ? { blocked: { kind: 'grace period', address: va(0) } }
    : undefined;
}

type Changing =
  'percpu_ref_exit' | 'percpu_ref_switch_to_percpu' | 'percpu_ref_resurrect' | 'percpu_ref_reinit';

const refRow = (name: Changing, doc: string, waits = true): BuiltinRow =>
  withCaches(`void ${name}(struct percpu_ref *ref)`, doc, (call, ref) => {
    const waiting = waits ? waitsForSwitch(call, ref) : undefined;
    if (waiting === undefined) call.kernel[name](call.k, call.cell(ref));
    return waiting;
  });

const counting = (way: 'get' | 'put', many: boolean): BuiltinRow =>
  withCaches(
    `void percpu_ref_${way}${many ? '_many' : ''}(struct percpu_ref *ref${many ? ', unsigned long nr' : ''})`,
    way === 'get'
      ? 'Takes references: on this CPU alone, unless the count is one number.'
      : 'Gives references back; with the last one release(ref) is called.',
    (call, ref, nr = 1) => {
      call.kernel[`percpu_ref_${way}_many`](call.k, call.cell(ref), Number(nr));
      return undefined;
    },
  );

const refs: readonly BuiltinRow[] = [
  {
    signature:
      'int percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release, unsigned int flags, gfp_t gfp)',
    doc: 'Makes a count of 1. release, a function of the scenario, is called when the last reference is given back. 0 or -ENOMEM.',
    changes,
    needs: needsCaches,
    sleeps: 3,
    run: (call, ref, release, flags, gfp) =>
      call.kernel.percpu_ref_init(
        ...([call.k, call.cell(ref), va(release), Number(flags), Number(gfp)] as const),
      ),
  },
  refRow('percpu_ref_exit', 'Frees what a count needs itself.', false),
  refRow('percpu_ref_switch_to_percpu', 'Each CPU counts for itself again.'),
  refRow(
    'percpu_ref_resurrect',
    'Takes percpu_ref_kill() back, before the last reference is gone.',
  ),
  refRow('percpu_ref_reinit', 'As at the beginning, when the last reference is gone.'),
  ...(['percpu_ref_switch_to_atomic', 'percpu_ref_kill_and_confirm'] as const).map(
    (name): BuiltinRow =>
      withCaches(
        `void ${name}(struct percpu_ref *ref, percpu_ref_func_t *confirm)`,
        name === 'percpu_ref_switch_to_atomic'
          ? 'One number counts when a grace period is over; then confirm(ref) is called, unless it is NULL.'
          : 'Drops the first reference: from here on percpu_ref_tryget_live() fails; when a grace period is over, confirm(ref) is called, unless it is NULL.',
        (call, ref, confirm) => {
          const waiting = waitsForSwitch(call, ref);
          if (waiting === undefined) call.kernel[name](call.k, call.cell(ref), va(confirm));
          return waiting;
        },
      ),
  ),
  {
    ...withCaches(
      'void percpu_ref_switch_to_atomic_sync(struct percpu_ref *ref)',
      'As percpu_ref_switch_to_atomic(), and waits for the grace period.',
      (call, ref) => {
        const waiting = waitsForSwitch(call, ref);
        if (waiting !== undefined) return waiting;
        call.kernel.percpu_ref_switch_to_atomic(call.k, call.cell(ref), va(0));
        return waitsForSwitch(call, ref);
      },
    ),
    sleeps,
  },
  ...[false, true].flatMap((many) => [counting('get', many), counting('put', many)]),
  {
    signature: 'bool percpu_ref_tryget_many(struct percpu_ref *ref, unsigned long nr)',
    doc: 'Takes references, unless the last one is gone.',
    changes,
    run: (call, ref, nr) =>
      truth(call.kernel.percpu_ref_tryget_many(call.k, call.cell(ref), Number(nr))),
  },
  {
    signature: 'bool percpu_ref_tryget_live(struct percpu_ref *ref)',
    doc: 'Takes a reference, unless it was killed.',
    changes,
    run: (call, ref) => truth(call.kernel.percpu_ref_tryget_live(call.k, call.cell(ref))),
  },
  {
    signature: 'bool percpu_ref_is_dying(struct percpu_ref *ref)',
    doc: 'Whether it was killed.',
    run: (call, ref) => truth(call.kernel.percpu_ref_is_dying(call.k, call.cell(ref))),
  },
  {
    signature: 'bool percpu_ref_is_zero(struct percpu_ref *ref)',
    doc: 'Whether the last reference is gone.',
    run: (call, ref) => truth(call.kernel.percpu_ref_is_zero(call.k, call.cell(ref))),
  },
];

export const sleepableRcu: readonly Builtin[] = [
  ...group('RCU', 'kernel/rcu/srcutree.c', domains),
  ...group('per-CPU', 'lib/percpu-refcount.c', refs),
];
