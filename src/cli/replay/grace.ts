/**
 * Grace periods of a recorded run during which interrupts stayed on (`mode runnq`: slabgeom, whose operations sleep). A tick ends one
 * every few milliseconds, and dentries that destroyed caches left to RCU are freed, many at a time: slabs of theirs go back to the
 * page allocator, and per-CPU lists overflow. On a recorded x86_64-slub-smp a grace period lasts as long as 119 to 140 caches take
 * that are made and destroyed, of whatever size; what it frees was queued before it began. The first of a run begins after twice that.
 *
 * On one CPU each switch to another thread is a grace period (kernel/rcu/tiny.c), and nothing has to be counted.
 *
 * Source: measured, by dumps of the cache dentry; Linux 6.1 kernel/rcu/tree.c: rcu_gp_fqs_loop(), three ticks to its first look.
 */
import { rcu_core } from '../../engine/kernel/kernel/rcu/tiny.js';
import type { Machine } from './machine.js';

const CACHES_PER_GRACE_PERIOD = 131;

/** A cache was made and destroyed. */
export function timePasses(machine: Machine): void {
  const { mm } = machine;
  if (!machine.interruptsOn || !mm.smp) return;
  machine.nrDestroyed++;
  const nrPeriods = machine.nrDestroyed / CACHES_PER_GRACE_PERIOD;
  if (Number.isInteger(nrPeriods) && nrPeriods > 1) rcu_core(mm);
}
