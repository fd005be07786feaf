/**
 * What a task does, as /proc/PID/status prints it.
 *
 * Source: Linux 6.1 fs/proc/array.c: task_state_array[], get_task_state(); include/linux/sched.h: __task_state_index().
 */
import type { VirtAddr } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';

const STATES = [
  'R (running)',
  'S (sleeping)',
  'D (disk sleep)',
  'T (stopped)',
  't (tracing stop)',
  'X (dead)',
  'Z (zombie)',
  'P (parked)',
  'I (idle)',
] as const;

const TASK_UNINTERRUPTIBLE = 0x2;
/** TASK_RUNNING to EXIT_ZOMBIE and TASK_PARKED. */
const TASK_REPORT = 0x7f;
const TASK_REPORT_IDLE = 0x80;
/** TASK_UNINTERRUPTIBLE | TASK_NOLOAD */
const TASK_IDLE = 0x402;
const TASK_RTLOCK_WAIT = 0x1000;
/** Since 6.1 (f5d39b020809). */
const TASK_FROZEN = 0x8000;

/** `S (sleeping)` @throws NotInDump */
export function taskState(k: Inspected, task: VirtAddr): string {
  // `state` until 5.14 (2f064a59a11f).
  const now = k.number(task, 'task_struct', k.either('task_struct', '__state', 'state'));
  const exit = k.number(task, 'task_struct', 'exit_state');
  let state = (now | exit) & TASK_REPORT;
  if ((now & TASK_IDLE) === TASK_IDLE) state = TASK_REPORT_IDLE;
  if ((now & (TASK_RTLOCK_WAIT | TASK_FROZEN)) !== 0) state = TASK_UNINTERRUPTIBLE;
  return STATES[32 - Math.clz32(state)] ?? '? (unknown)';
}
