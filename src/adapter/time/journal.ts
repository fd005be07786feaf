/**
 * The steps forward of a session, so that a step back undoes exactly the last one, whatever it passed over.
 */
import { comparePlaces, samePlace, type Place } from './place.js';

/** Steps that can be undone exactly; older ones are undone by going back a line. */
const MAX_STEPS = 10_000;

export class StepJournal {
  private steps: { readonly from: Place; readonly to: Place }[] = [];

  note(from: Place, to: Place): void {
    this.steps.push({ from, to });
    if (this.steps.length > MAX_STEPS) this.steps.shift();
  }

  /** Where the last step began, if it ended here; it is forgotten then. */
  undo(here: Place): Place | undefined {
    const last = this.steps.at(-1);
    if (last === undefined || !samePlace(last.to, here)) return undefined;
    this.steps.pop();
    return last.from;
  }

  /** An edit has cut off what lay after a place. */
  forgetAfter(place: Place): void {
    this.steps = this.steps.filter(({ to }) => comparePlaces(to, place) <= 0);
  }
}
