/**
 * The steps forward of a session, so that a step back undoes exactly the last one, whatever it passed over.
 */
import { comparePlaces, samePlace, type Place } from './place.js';
import type { Granularity } from './steps.js';

/** Steps that can be undone exactly; older ones are undone by going back a line. */
const MAX_STEPS = 10_000;

interface Step {
  readonly from: Place;
  readonly to: Place;
  readonly granularity: Granularity;
}

export class StepJournal {
  private steps: Step[] = [];

  note(from: Place, to: Place, granularity: Granularity): void {
    this.steps.push({ from, to, granularity });
    if (this.steps.length > MAX_STEPS) this.steps.shift();
  }

  /** Where the last step began, if it ended here and was as fine as the one back; it is forgotten then. */
  undo(here: Place, granularity: Granularity): Place | undefined {
    const last = this.steps.at(-1);
    if (last === undefined || !samePlace(last.to, here)) return undefined;
    if (last.granularity !== granularity) return undefined;
    this.steps.pop();
    return last.from;
  }

  /** An edit has cut off what lay after a place. */
  forgetAfter(place: Place): void {
    this.steps = this.steps.filter(({ to }) => comparePlaces(to, place) <= 0);
  }
}
