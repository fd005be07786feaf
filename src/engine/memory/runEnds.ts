/** How a run on the tape ends in the middle: it did something else than it is to repeat, or somebody does not want it to go on. */

/** A replayed run did something else than the tape says. Memory is at the cursor: everything before it was the same. */
export class ReplayDiverged extends Error {
  constructor(readonly position: number) {
    super(`replay left the tape at position ${position}`);
    this.name = 'ReplayDiverged';
  }
}

/** A run was ended in the middle, for somebody waits: it is to be undone, as if it had not begun. */
export class GivenUp extends Error {
  constructor() {
    super('given up');
    this.name = 'GivenUp';
  }
}
