/** What ends a statement before its end. Thrown inside the machine and caught in it; nobody outside sees one. */

import type { BlockReason } from '../builtins/call.js';

/** A function that the kernel called has to wait: the statement is undone. */
export class TaskBlocked extends Error {
  constructor(readonly reason: BlockReason) {
    super('blocked');
    this.name = 'TaskBlocked';
  }
}

/** BUG(): the task is over. */
export class TaskBug extends Error {
  constructor(readonly text: string) {
    super(text);
    this.name = 'TaskBug';
  }
}
