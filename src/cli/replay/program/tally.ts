/** What the judge of a program counts; it can be put back when operations are done again. */
import type { Verdict } from '../judge.js';

export class Tally {
  ops = 0;
  differ = 0;
  stateDiffer = 0;
  unsupported = 0;
  /** Events that were compared. */
  events = 0;
  /** Pages for what is not performed. */
  told = 0;
  /** Acts of other threads that only dumps tell. */
  unseen = 0;
  /** The first difference. */
  first: string | undefined;
  /** What was not performed, behind which nothing is judged. */
  lost: string | undefined;
  private names: ReadonlyMap<string, number> = new Map();

  save(): () => void {
    const { ops, differ, stateDiffer, unsupported, events, told, unseen, first, lost, names } =
      this;
    const counts = { ops, differ, stateDiffer, unsupported, events, told, unseen };
    return () => {
      Object.assign(this, counts);
      this.first = first;
      this.lost = lost;
      this.names = names;
    };
  }

  countUnsupported(name: string): void {
    this.unsupported++;
    this.names = new Map([...this.names, [name, (this.names.get(name) ?? 0) + 1]]);
  }

  verdict(notJudged: ReadonlyMap<string, number>): Verdict {
    const { ops, differ, stateDiffer, unsupported, events, first, names } = this;
    return {
      ...{ ops, partly: 0, differ, events, stateDiffer, unsupported, first, notJudged },
      unsupportedNames: names,
      notes: [...this.notes()],
    };
  }

  private *notes(): Generator<string> {
    if (this.lost !== undefined) yield `not performed: ${this.lost}`;
    if (this.events > 0) yield `events compared: ${this.events}`;
    if (this.unseen > 0)
      yield `told by dumps: acts of other threads while no events were recorded ${this.unseen}`;
    if (this.told > 0) yield `told: pages for what is not performed ${this.told}`;
  }
}
