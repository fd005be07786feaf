/**
 * "Did you mean": the candidate nearest to what was written.
 *
 * Distance is the number of inserted, removed, changed or swapped neighbouring letters (optimal string alignment);
 * letters that differ only in case, and `-` for `_`, count as a quarter.
 */
import type { Fix } from './diagnostic.js';
import type { Span } from './span.js';

/** The nearest candidate, undefined when none is near: at most a third of the letters may differ. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  // A name of one or two letters is near to too much: only its case may be wrong.
  let limit = written.length < 3 ? 0.5 : Math.max(1, written.length / 3);
  let best: string | undefined;
  for (const candidate of candidates) {
    if (candidate === written || Math.abs(candidate.length - written.length) > limit) continue;
    const distance = distanceBetween(written, candidate, limit);
    if (distance <= limit && (best === undefined || distance < limit)) {
      limit = distance;
      best = candidate;
    }
  }
  return best;
}

/** The words ` (did you mean 'x'?)` and the edit, for a message about an unknown name. */
export function suggestion(
  written: string,
  candidates: Iterable<string>,
  span: Span,
): { readonly text: string; readonly fix?: Fix } {
  const name = nearest(written, candidates);
  if (name === undefined) return { text: '' };
  return {
    text: ` (did you mean '${name}'?)`,
    fix: { title: `Change to '${name}'`, span, replacement: name },
  };
}

function distanceBetween(a: string, b: string, limit: number): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const change = changeCost(a[i - 1] ?? '', b[j - 1] ?? '');
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + change,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (older[j - 2] ?? 0) + 1);
      current.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return least;
    older = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

function changeCost(a: string, b: string): number {
  if (a === b) return 0;
  if (a.toLowerCase() === b.toLowerCase()) return 0.25;
  return (a === '-' && b === '_') || (a === '_' && b === '-') ? 0.25 : 1;
}
