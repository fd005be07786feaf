/**
 * DAP `thread` events: a task is a thread from its declaration to its end. Told at every stop, and now and then during a run;
 * going back, a task that has not been declared yet is gone, and one that had ended is there again.
 */
import type { Target } from './debuggee/target.js';
import type { Connection } from './protocol/connection.js';

export class ThreadEvents {
  private known: ReadonlySet<number> = new Set();

  constructor(private readonly connection: Connection) {}

  /** Tells of the threads that have come and gone since this was asked. */
  tell(target: Target): void {
    this.become(new Set(target.liveTasks().map((task) => target.threadOf(task))));
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
