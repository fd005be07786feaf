/** What the allocator does over and over is recorded once, with how often: blocks of a refill, rounds of the slow path. */
import type { Pass, Step } from './attempt.js';

/** Equal steps become one, at the place of the first. */
export function mergedSteps(steps: readonly Step[]): Step[] {
  const seen = new Map<string, Step>();
  for (const step of steps) {
    if (step.kind === 'refill') step.steps.splice(0, step.steps.length, ...mergedSteps(step.steps));
    const key = keyOf(step);
    const same = seen.get(key);
    if (same === undefined) seen.set(key, step);
    else same.times += step.times;
  }
  return [...seen.values()];
}

/** Passes in a row that saw the same. */
export function mergedPasses(passes: readonly Pass[]): Pass[] {
  const merged: Pass[] = [];
  for (const pass of passes) {
    const last = merged.at(-1);
    if (last !== undefined && keyOf(last) === keyOf(pass)) last.times += pass.times;
    else merged.push(pass);
  }
  return merged;
}

/** Everything but the count and the address of the block. */
const keyOf = (value: Step | Pass): string =>
  JSON.stringify(value, (name, member: unknown) =>
    name === 'times' || name === 'pfn' ? undefined : member,
  );
