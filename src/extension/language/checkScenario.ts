/** All findings of the scenario's front end about a text. Pure: loaded with the engine, at the first scenario opened. */
import type { Diagnostic } from '../../scenario/syntax/diagnostic.js';
import { parseScript } from '../../scenario/syntax/parse.js';

export function checkScenario(text: string): readonly Diagnostic[] {
  return parseScript(text).diagnostics;
}
