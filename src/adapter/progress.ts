/**
 * Long work, shown to clients that can show it: a machine that is opened, a run in reverse. To others nothing is sent.
 *
 * Source: DAP progressStart, progressUpdate, progressEnd, cancel.
 */
import type { Connection } from './protocol/connection.js';
import { defined } from './protocol/dap.js';

export interface ProgressOptions {
  /** In a few words, what goes on now. */
  readonly message?: string | undefined;
  /** Of the request that takes long. */
  readonly requestId?: number | undefined;
  /** Stops it. */
  readonly cancel?: (() => void) | undefined;
}

/** One piece of work that is being shown. */
export interface ShownProgress {
  /** @param done 0 to 1 */
  update(done: number, message?: string): void;
  end(): void;
}

const NOT_SHOWN: ShownProgress = { update: () => undefined, end: () => undefined };

export class Progress {
  private nextId = 1;
  private readonly cancels = new Map<string, () => void>();

  constructor(
    private readonly connection: Connection,
    /** Whether the client has said that it shows progress. */
    readonly isShown: () => boolean,
  ) {}

  start(title: string, { message, requestId, cancel }: ProgressOptions = {}): ShownProgress {
    if (!this.isShown()) return NOT_SHOWN;
    const progressId = `mmscope-${this.nextId++}`;
    const { connection, cancels } = this;
    if (cancel !== undefined) cancels.set(progressId, cancel);
    const cancellable = cancel !== undefined;
    connection.event(
      'progressStart',
      defined({ progressId, title, message, requestId, cancellable }),
    );
    return {
      update: (done, now) => {
        const percentage = Math.round(Math.max(0, Math.min(1, done)) * 100);
        connection.event('progressUpdate', defined({ progressId, message: now, percentage }));
      },
      end: () => {
        cancels.delete(progressId);
        connection.event('progressEnd', { progressId });
      },
    };
  }

  /** The client's `cancel` of a progress; what has ended cannot be cancelled, and that is not an error. */
  cancel(progressId: string): void {
    this.cancels.get(progressId)?.();
  }
}
