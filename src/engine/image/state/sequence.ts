/**
 * Sequences of numbers as recorded traces write them: tokens `V` or `V:COUNT:STEP`, hexadecimal, order significant.
 *
 *     194d:11:1 2640 2641      = 194d 194e ... 195d 2640 2641
 *     36c00:4:-400             = 36c00 36800 36400 36000
 *
 * Invariant: `formatSequence` makes exactly the tokens the recorder makes: from left to right, the longest run of equal
 * steps where it has at least three values, else one value.
 */

const SHORTEST_RUN = 3;

/** The numbers of a sequence, left to right; undefined if a token is malformed. */
export function expandSequence(tokens: readonly string[]): number[] | undefined {
  const values: number[] = [];
  for (const token of tokens) {
    const [first, count, step, ...rest] = token.split(':');
    const value = parseHex(first);
    if (value === undefined || rest.length > 0) return undefined;
    if (count === undefined) {
      values.push(value);
      continue;
    }
    const nr = parseHex(count);
    const by = parseHex(step);
    if (nr === undefined || nr < 0 || by === undefined) return undefined;
    for (let i = 0; i < nr; i++) values.push(value + i * by);
  }
  return values;
}

/** @param text how a value is written; counts and steps are plain hexadecimal numbers */
export function formatSequence(
  values: readonly number[],
  text: (value: number) => string = (value) => value.toString(16),
): string {
  const tokens: string[] = [];
  let i = 0;
  while (i < values.length) {
    const value = at(values, i);
    const step = at(values, i + 1) - value;
    let length = 1;
    while (i + length < values.length && at(values, i + length) === value + length * step) length++;
    if (length >= SHORTEST_RUN) {
      tokens.push(`${text(value)}:${length.toString(16)}:${step.toString(16)}`);
      i += length;
    } else {
      tokens.push(text(value));
      i++;
    }
  }
  return tokens.join(' ');
}

const at = (values: readonly number[], index: number): number => values[index] ?? NaN;

/** `-10` is minus sixteen; undefined for anything that is not a hexadecimal number. */
function parseHex(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?[0-9a-f]+$/i.test(text)) return undefined;
  return parseInt(text, 16);
}
