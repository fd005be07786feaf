/** What ends a statement before its end. Thrown inside the machine and caught in it; nobody outside sees one. */

/** BUG(): the task is over. */
export class TaskBug extends Error {
  constructor(readonly text: string) {
    super(text);
    this.name = 'TaskBug';
  }
}
