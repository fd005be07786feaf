/** Long calls in pieces, so that a debugger can pause in the middle of one. A piece takes a few milliseconds. */
import type { Value } from '../semantics/arithmetic.js';
import type { Unfinished } from './call.js';

export const PIECE_BYTES = 1 << 20;

/**
 * Does something to `size` bytes, piece by piece.
 * @param piece to `length` bytes from `from` on; a result ends the call early
 * @param end the result behind the last piece
 */
export function inPieces(
  size: number,
  piece: (from: number, length: number) => Value | undefined,
  end: () => Value,
): Value | Unfinished {
  const step = (from: number): Value | Unfinished => {
    const length = Math.min(PIECE_BYTES, size - from);
    const early = length > 0 ? piece(from, length) : undefined;
    if (early !== undefined) return early;
    const next = from + length;
    return next < size ? { rest: () => step(next) } : end();
  };
  return step(0);
}

/** What comes behind a call in pieces. */
export function behind(
  result: Value | Unfinished,
  next: (value: Value) => Value | Unfinished,
): Value | Unfinished {
  if (typeof result !== 'object') return next(result);
  return { rest: () => behind(result.rest() ?? 0, next) };
}
