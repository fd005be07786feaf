/**
 * DAP `thread` events: a task is a thread from its declaration to its end. Told at every stop, and in a run when another task's turn
 * comes; going back, a task that has not been declared yet is gone, and one that had ended is there again.
 */
import type { Target } from './debuggee/target.js';
import type { Connection } from './protocol/connection.js';

export class ThreadEvents {
  private known: ReadonlySet<number> = new Set();
  private lastTask: number | undefined;

  constructor(private readonly connection: Connection) {}

  /** Tells of the threads that have come and gone since this was asked. */
  tell(target: Target): void {
    this.become(new Set(target.liveTasks().map((task) => target.threadOf(task))));
  }

  /** The cursor has come further: for each statement, so it costs next to nothing while the same task runs. */
  passed(target: Target): void {
    const task = target.currentTask();
    if (task === this.lastTask) return;
    this.lastTask = task;
    this.tell(target);
  }

  /** Nothing is left of them. */
  allGone(): void {
    this.become(new Set());
  }

  private become(now: ReadonlySet<number>): void {
    for (const threadId of now)
      if (!this.known.has(threadId))
        this.connection.event('thread', { reason: 'started', threadId });
    for (const threadId of this.known)
      if (!now.has(threadId)) this.connection.event('thread', { reason: 'exited', threadId });
    this.known = now;
  }
}
