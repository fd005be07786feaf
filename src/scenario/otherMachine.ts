/** What is said of a scenario that is started on another machine than its pragma asks for. */
import type { ReadScenario } from './compile/script.js';

/** Undefined where it asks for none. @param origin of the machine that it runs on */
export function onOtherMachine(
  { sources, machineSpan }: ReadScenario,
  origin: string,
): string | undefined {
  const asked = sources.textAt(machineSpan);
  if (asked === '') return undefined;
  return `The scenario asks for '${asked}' and runs on ${origin}. What it expects of its own machine may not hold here.`;
}
