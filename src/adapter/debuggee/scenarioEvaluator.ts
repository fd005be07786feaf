/** Expressions, evaluated by the scenario room's machine where it stands. */
import { kernel as instrumented } from '../../engine/entry/instrumented.js';
import { asVirt } from '../../engine/memory/address.js';
import { placeAt, type Place } from '../../engine/types/access.js';
import type {
  Evaluated as VmEvaluated,
  EvaluateOptions,
  ScenarioVm,
} from '../../scenario/index.js';
import type { Pieces } from '../../scenario/index.js';
import type {
  Evaluated,
  Evaluator,
  ExtraName,
  KnownName,
  Viewpoint,
  Whereabouts,
} from '../evaluation/evaluator.js';
import { knownNames } from '../evaluation/knownNames.js';
import { identifierOf, withIdentifiers } from '../evaluation/memberNames.js';
import { withoutQualifiers } from '../evaluation/qualifiedNames.js';
import { errors } from '../protocol/errors.js';

const NOTHING: ReadonlySet<string> = new Set();

export class ScenarioEvaluator implements Evaluator {
  constructor(private readonly vm: ScenarioVm) {}

  evaluate(text: string, at: Viewpoint, effects?: 'allowed'): Evaluated {
    const { expression, frame, options } = this.asked(text, at, effects);
    return valueOf(this.vm.evaluate(expression, frame, options));
  }

  *evaluating(
    text: string,
    at: Viewpoint,
    effects: 'allowed' | undefined,
    mayRest: () => boolean,
  ): Pieces<Evaluated> {
    const { expression, frame, options } = this.asked(text, at, effects);
    return valueOf(yield* this.vm.evaluating(expression, frame, options, mayRest));
  }

  private asked(text: string, at: Viewpoint, effects: 'allowed' | undefined) {
    const { inside, below, extra = [] } = at;
    const plain = withoutQualifiers(text, () => this.vm.globals(), this.vm.program.profile);
    const expression = withIdentifiers(plain, extra);
    const frame =
      inside === undefined
        ? this.vm.frames(at.task)[at.frame]
        : this.vm.frameInside(at.task, inside.statement, inside.use);
    const known = extra.some(({ weak }) => weak === true) ? this.variablesOf(frame) : NOTHING;
    const values = extra
      .filter(({ name, weak }) => weak !== true || !known.has(name))
      .map(({ name, type, value }) => [identifierOf(name), { type, value }] as const);
    const options: EvaluateOptions = {
      // The console is listened to: what a call does inside can be stopped at.
      ...(effects === 'allowed' && { sideEffects: true, kernel: instrumented, below }),
      ...(values.length > 0 && { values: Object.fromEntries(values) }),
    };
    return { expression, frame, options };
  }

  problemWith(expression: string, { statements, extra }: Whereabouts): string | undefined {
    const problem = (names: readonly ExtraName[]): string | undefined => {
      const values = Object.fromEntries(
        names.map(({ name, ...known }) => [identifierOf(name), known]),
      );
      return this.vm.problemWith(withIdentifiers(expression, names), statements, values);
    };
    const strong = extra.filter(({ weak }) => weak !== true);
    const whole = problem(extra);
    return strong.length === extra.length || whole === undefined ? whole : problem(strong);
  }

  private variablesOf(frame: Parameters<ScenarioVm['locals']>[0] | undefined): ReadonlySet<string> {
    const locals = frame === undefined ? [] : this.vm.locals(frame);
    return new Set([...locals, ...this.vm.globals()].map(({ name }) => name));
  }

  names(prefix: string): Iterable<KnownName> {
    return knownNames(this.vm.program, prefix);
  }
}

function valueOf(result: ReturnType<ScenarioVm['evaluate']>): Evaluated {
  if (!result.ok) throw errors.cannotEvaluate(result.message);
  return evaluated(result);
}

function evaluated({ type, value, address, rest, bits }: VmEvaluated): Evaluated {
  return {
    type,
    ...(value !== undefined && { value }),
    ...(address !== undefined && { place: placeOf(type, address, rest ?? 0, bits) }),
  };
}

function placeOf(
  type: Place['type'],
  address: number,
  rest: number,
  bits: VmEvaluated['bits'],
): Place {
  if (bits === undefined) return { ...placeAt(asVirt(address), type), ...(rest !== 0 && { rest }) };
  const { offset, width } = bits;
  const within = rest + (offset >> 3);
  return {
    type,
    address: asVirt(address + (within - (within & 7))),
    ...((within & 7) !== 0 && { rest: within & 7 }),
    bitOffset: offset & 7,
    widthBits: width,
  };
}
