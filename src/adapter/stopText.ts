/** Why the machine stands still, in the few words that stand above a call stack. */
import type { ScenarioView } from './debuggee/scenario.js';
import type { Stopped } from './time/runControl.js';

const DESCRIPTIONS: Readonly<Record<Stopped['reason'], string>> = {
  step: 'Paused on step',
  entry: 'Paused on entry',
  pause: 'Paused',
  goto: 'Paused on goto',
  restart: 'Paused on restart',
  breakpoint: 'Paused on breakpoint',
  'function breakpoint': 'Paused on function breakpoint',
  'instruction breakpoint': 'Paused on instruction breakpoint',
  'data breakpoint': 'Paused on data breakpoint',
  exception: 'Paused on exception',
  end: 'Paused at the end',
};

export function describe({ reason, text }: Stopped): string {
  if (text === undefined) return DESCRIPTIONS[reason];
  // Going back, what is reached is not the entry when the older part of history was dropped.
  if (reason === 'entry') return 'Paused where history begins';
  return reason === 'pause' ? `Paused: ${text}` : `${DESCRIPTIONS[reason]}: ${text}`;
}

/** `two cannot run on alone: it waits for the lock of page 0x1800, which main holds` */
export function whyNot(scenario: ScenarioView | undefined, task: number): string {
  const found = scenario?.tasks().find(({ id }) => id === task);
  const why = found === undefined ? 'is not there' : found.over ? 'has ended' : found.state;
  return `${found?.name ?? 'the task'} cannot run on alone: it ${why}`;
}
