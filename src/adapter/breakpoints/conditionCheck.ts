/**
 * Whether a condition can be evaluated where its breakpoint stops: asked when it is set, so that a mistake is answered there and then,
 * and not by a stop. Names and types are what counts; what a condition comes to is known only when it is passed.
 */
import { tables } from '../../engine/entry/instrumented.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { Evaluator, ExtraName } from '../evaluation/evaluator.js';
import { namesOfEvents } from '../evaluation/eventNames.js';
import { possibleNames } from '../evaluation/kernelNames.js';
import type { MachineContext } from '../present/context.js';
import { numberIn, type DataTarget } from './dataTarget.js';
import { INSIDE, type ExceptionFilter } from './exceptionFilters.js';
import { factNames, type Facts, type Happening } from './happenings/happening.js';
import { groupNames } from './happenings/index.js';

/** A condition, and what it may name besides what the scenario knows. */
type Check = (condition: string | undefined) => string | undefined;

export class ConditionCheck {
  constructor(
    private readonly evaluator: Evaluator,
    private readonly context: MachineContext,
  ) {}

  /** At statements of the scenario. */
  atStatements(statements: readonly number[]): Check {
    return this.check([], statements);
  }

  /** In functions of the kernel, which the scenario may call from anywhere. */
  inFunctions(functionIds: readonly number[]): Check {
    const { mm } = this.context.image;
    return this.check(functionIds.flatMap((id) => possibleNames(mm, id)));
  }

  inFunctionsOf(kernelStatements: readonly number[]): Check {
    const functionIds = kernelStatements.map((id) => tables.statementFunction[id] ?? -1);
    return this.inFunctions([...new Set(functionIds)]);
  }

  onChange({ place }: DataTarget): Check {
    const { type } = numberIn(place);
    const isScalar = ['int', 'enum', 'pointer'].includes(stripTypedefs(type).kind);
    const names = isScalar ? ['old', 'new'] : [];
    return this.check(names.map((name) => ({ name, type, value: 0 })));
  }

  onHappening(happening: Happening): Check {
    return this.check(factNames(this.context.image.mm, noFacts(happening)));
  }

  ofFilter(filter: ExceptionFilter, happenings: readonly Happening[]): Check {
    const [first] = happenings;
    return this.check(
      filter.id === INSIDE && first !== undefined
        ? groupNames(this.context.image.mm, first, {})
        : namesOfEvents(this.context, filter.kinds),
    );
  }

  private check(extra: readonly ExtraName[], statements?: readonly number[]): Check {
    return (condition) => {
      if (condition === undefined || condition.trim() === '') return undefined;
      const problem = this.evaluator.problemWith(condition, { extra, statements });
      return problem && `The condition '${condition}' cannot be evaluated: ${problem}.`;
    };
  }
}

const noFacts = ({ knows }: Happening): Facts =>
  Object.fromEntries(knows.split(' ').map((name) => [name, 0]));
