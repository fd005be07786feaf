/** The active kernel functions at a place, as a stop tells them. */
import { tables } from '../../engine/entry/instrumented.js';

/**
 * ` in test_and_set_bit() <- folio_trylock() <- lock_page()`; nothing where the scenario itself acts.
 *
 * @param stack statement ids, outermost first
 */
export function stackText(stack: readonly number[]): string {
  const names = stack
    .map(
      (statementId) => tables.functions[tables.statementFunction[statementId] ?? -1]?.name ?? '?',
    )
    .reverse();
  return names.length === 0 ? '' : ` in ${names.map((name) => `${name}()`).join(' <- ')}`;
}
