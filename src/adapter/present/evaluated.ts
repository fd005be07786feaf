/** A value as one line: what log points print. */
import { formatPlace, formatScalar } from '../../engine/types/format.js';
import type { Evaluated } from '../evaluation/evaluator.js';
import type { MachineContext } from './context.js';

export function formatEvaluated(
  { profile, memory }: MachineContext,
  { type, place, value }: Evaluated,
): string {
  if (place !== undefined) return formatPlace(profile, memory, place, { maxDepth: 2 });
  return value === undefined ? '(void)' : formatScalar(profile, type, value);
}
