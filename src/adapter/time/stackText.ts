/**
 * The functions that are active inside a statement, as a stop tells them: the kernel's, and those of the scenario that the kernel has
 * called back.
 */
import { tables } from '../../engine/entry/instrumented.js';
import { FOREIGN } from '../../engine/probe.js';
import type { ScenarioProgram } from '../debuggee/scenario.js';

/** The scenario's statement that a statement id of a trace is; undefined: it is a line of the kernel. */
export const scenarioStatement = (statementId: number): number | undefined =>
  statementId >= FOREIGN ? statementId - FOREIGN : undefined;

/** A statement of the scenario as traces have it. */
export const foreignId = (statement: number): number => FOREIGN + statement;

/** The function that a statement id of a trace is in. */
export function functionName(
  statementId: number | undefined,
  program: ScenarioProgram | undefined,
): string {
  const statement = statementId === undefined ? undefined : scenarioStatement(statementId);
  return (
    (statement === undefined
      ? tables.functions[tables.statementFunction[statementId ?? -1] ?? -1]?.name
      : program?.functionAt(statement).name) ?? '?'
  );
}

/**
 * ` in test_and_set_bit() <- folio_trylock() <- lock_page()`; nothing where the scenario itself acts.
 *
 * @param stack statement ids, outermost first
 */
export function stackText(stack: readonly number[], program: ScenarioProgram | undefined): string {
  const names = stack.map((statementId) => functionName(statementId, program)).reverse();
  return names.length === 0 ? '' : ` in ${names.map((name) => `${name}()`).join(' <- ')}`;
}
