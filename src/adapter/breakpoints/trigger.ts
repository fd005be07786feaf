/**
 * What decides whether a breakpoint that is passed stops the machine, prints, or does nothing: condition, hit condition and
 * log message, which all kinds of breakpoint share.
 */
import type { Evaluated } from '../evaluation/evaluator.js';
import { isTrue } from '../evaluation/evaluator.js';
import { AdapterError } from '../protocol/errors.js';
import type { Place } from '../time/place.js';
import { HitCounter, parseHitCondition, type HitCondition } from './hitCondition.js';
import { parseTemplate, type TemplatePart } from '../../scenario/index.js';

/** What the client asked for. */
export interface TriggerText {
  readonly condition?: string | undefined;
  readonly hitCondition?: string | undefined;
  readonly logMessage?: string | undefined;
}

/** Evaluates and prints at the place that is passed. */
export interface Surroundings {
  /** The first boundary that can still be come to. */
  readonly oldest: number;
  readonly evaluate: (expression: string) => Evaluated;
  readonly print: (value: Evaluated) => string;
}

export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'stop'; readonly note?: string }
  | { readonly kind: 'log'; readonly text: string };

const PASS: Verdict = { kind: 'pass' };

export class Trigger {
  private readonly condition: string | undefined;
  private readonly hit: HitCondition | undefined;
  private readonly log: readonly TemplatePart[] | undefined;
  private readonly counter = new HitCounter();
  /** Why the breakpoint cannot work as it was asked for. */
  readonly problem: string | undefined;

  constructor({ condition, hitCondition, logMessage }: TriggerText) {
    this.condition = nonEmpty(condition);
    const hitText = nonEmpty(hitCondition);
    this.hit = hitText === undefined ? undefined : parseHitCondition(hitText);
    const message = nonEmpty(logMessage);
    this.log = message === undefined ? undefined : parseTemplate(message);
    if (hitText !== undefined && this.hit === undefined)
      this.problem = `'${hitText}' is not a hit condition: write 5, >= 3 or % 10.`;
  }

  /** Whether it prints where it is passed, and never stops. */
  get prints(): boolean {
    return this.log !== undefined;
  }

  /** Decides at a place, which is the same one each time it is passed. */
  decide(place: Place, { oldest, evaluate, print }: Surroundings): Verdict {
    if (this.problem !== undefined) return PASS;
    try {
      if (this.condition !== undefined && !isTrue(evaluate(this.condition))) return PASS;
    } catch (error) {
      // Better one stop too many than a condition that silently never holds.
      return { kind: 'stop', note: `condition '${this.condition ?? ''}': ${reasonOf(error)}` };
    }
    if (this.hit !== undefined && !this.hit.holds(this.counter.numberOf(place, oldest)))
      return PASS;
    if (this.log === undefined) return { kind: 'stop' };
    return { kind: 'log', text: this.log.map((part) => textOf(part, evaluate, print)).join('') };
  }

  forgetAfter(place: Place): void {
    this.counter.forgetAfter(place);
  }
}

function textOf(
  part: TemplatePart,
  evaluate: Surroundings['evaluate'],
  print: Surroundings['print'],
): string {
  if (part.kind === 'text') return part.text;
  try {
    return print(evaluate(part.text));
  } catch (error) {
    return `<${part.text}: ${reasonOf(error)}>`;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AdapterError) return error.message;
  throw error;
}

const nonEmpty = (text: string | undefined): string | undefined =>
  text === undefined || text.trim() === '' ? undefined : text;
