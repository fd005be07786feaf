/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { RwsemWakeType } from '../../kernel/kernel/locking/rwsem/mark_wake.js';
import type { WaitPageKey } from '../../kernel/mm/filemap/folio_wait.js';
import type {
  Int,
  Mutex,
  MutexWaiter,
  RwSemaphore,
  RwsemWaiter,
  Semaphore,
  TaskStruct,
  WaitPageQueue,
  WaitQueueEntry,
} from '../../machine/ctypes.js';
import type { Cell } from '../../memory/address.js';

export interface SleepersLocals {
  readonly mutex_unlock: {
    readonly lock: Mutex;
    readonly flags?: Int;
    readonly next?: TaskStruct;
    readonly waiter?: MutexWaiter;
  };
  readonly rwsem_mark_wake: {
    readonly sem: RwSemaphore;
    readonly wake_type: RwsemWakeType;
    readonly first?: RwsemWaiter;
    readonly task?: TaskStruct;
    readonly adjustment?: Int;
    readonly oldcount?: Int;
    readonly woken?: RwsemWaiter[];
    readonly waiter?: RwsemWaiter;
    readonly next?: RwsemWaiter;
    readonly tsk?: TaskStruct;
  };
  readonly try_to_wake_up: {
    readonly p: TaskStruct;
    readonly state: Int;
    readonly at?: Cell;
  };
  readonly up: {
    readonly sem: Semaphore;
  };
  readonly wake_page_function: {
    readonly wait: WaitQueueEntry;
    readonly mode: Int;
    readonly key: WaitPageKey;
    readonly wait_page?: WaitPageQueue;
    readonly at?: Cell;
    readonly flags?: Int;
    readonly task?: TaskStruct;
  };
}
