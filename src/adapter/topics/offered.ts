/**
 * Things that the client is offered by number (where to step in, where to go): they hold as long as the machine stands where it
 * stood then. Numbers are never reused.
 */
import { samePlace, type Place } from '../time/place.js';

export class Offered<T> {
  private readonly byId = new Map<number, T>();
  private here: Place | undefined;
  private nextId = 1;

  /** Gives something a number, at the place where the machine stands. */
  offer(here: Place, thing: T): number {
    if (this.here === undefined || !samePlace(this.here, here)) this.byId.clear();
    this.here = here;
    const id = this.nextId++;
    this.byId.set(id, thing);
    return id;
  }

  /** What a number stands for; undefined when the machine has moved since. */
  taken(here: Place, id: number): T | undefined {
    return this.here !== undefined && samePlace(this.here, here) ? this.byId.get(id) : undefined;
  }
}
