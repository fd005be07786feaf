/**
 * Hit conditions: `5` and `== 5` the fifth time, `>= 3` from the third on, `% 10` every tenth time.
 *
 * A hit's number is its place among the hits the session has seen, in the order of time: going back and forth over a hit
 * does not count it twice, and it has the same number each time.
 */
import { comparePlaces, type Place } from '../time/place.js';

export interface HitCondition {
  readonly holds: (count: number) => boolean;
}

const OPERATORS: Readonly<Record<string, (count: number, operand: number) => boolean>> = {
  '': (count, operand) => count === operand,
  '=': (count, operand) => count === operand,
  '==': (count, operand) => count === operand,
  '>': (count, operand) => count > operand,
  '>=': (count, operand) => count >= operand,
  '<': (count, operand) => count < operand,
  '<=': (count, operand) => count <= operand,
  '%': (count, operand) => operand > 0 && count % operand === 0,
};

/** undefined when the text is not a hit condition. */
export function parseHitCondition(text: string): HitCondition | undefined {
  const match = /^\s*(==?|>=?|<=?|%)?\s*(\d{1,9})\s*$/.exec(text);
  const holds = OPERATORS[match?.[1] ?? ''];
  if (match === null || holds === undefined) return undefined;
  const operand = Number(match[2]);
  return { holds: (count) => holds(count, operand) };
}

/** Hits kept before those that cannot be come to again are dropped. */
const MANY = 1 << 14;

/** Numbers the hits of one breakpoint. */
export class HitCounter {
  private seen: Place[] = [];
  /** Hits before those, in the part of history that is gone. */
  private nrGone = 0;
  private nrKept = MANY;

  /**
   * The number of the hit at a place, from 1.
   *
   * @param oldest the first boundary that can still be come to
   */
  numberOf(place: Place, oldest: number): number {
    const index = this.indexOf(place);
    const at = this.seen[index];
    if (at === undefined || comparePlaces(at, place) !== 0) this.seen.splice(index, 0, place);
    const number = this.nrGone + index + 1;
    if (this.seen.length > this.nrKept) this.dropBefore(oldest);
    return number;
  }

  private dropBefore(oldest: number): void {
    const kept = this.seen.filter(({ boundary }) => boundary >= oldest);
    this.nrGone += this.seen.length - kept.length;
    this.seen = kept;
    this.nrKept = Math.max(MANY, kept.length * 2);
  }

  /** An edit has cut off what lay after a place. */
  forgetAfter(place: Place): void {
    const index = this.indexOf(place);
    const at = this.seen[index];
    this.seen.length = at !== undefined && comparePlaces(at, place) === 0 ? index + 1 : index;
  }

  private indexOf(place: Place): number {
    let low = 0;
    let high = this.seen.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePlaces(this.seen[middle] as Place, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
