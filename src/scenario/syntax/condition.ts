/**
 * The conditions of `#if`: integer constant expressions over 64 bits, in which a name that is no macro is 0.
 *
 * Source: ISO C11 6.10.1.
 */
import { readInteger, readQuoted } from './literals.js';
import type { Span } from './span.js';
import type { Token } from './token.js';

export interface ConditionProblem {
  readonly span: Span;
  readonly message: string;
}

interface Value {
  readonly bits: bigint;
  readonly unsigned: boolean;
}

/** What went wrong, on its way out of the descent. */
class Problem extends Error {
  constructor(
    readonly span: Span,
    message: string,
  ) {
    super(message);
  }
}

/** The truth of a condition, macros replaced and `defined` worked out; or what is wrong with it. */
export function readCondition(tokens: readonly Token[], whole: Span): boolean | ConditionProblem {
  try {
    const reader = new ConditionReader(tokens, whole);
    return reader.read().bits !== 0n;
  } catch (error) {
    if (error instanceof Problem) return { span: error.span, message: error.message };
    throw error;
  }
}

const POWERS: ReadonlyMap<string, number> = new Map([
  ['||', 1],
  ['&&', 2],
  ['|', 3],
  ['^', 4],
  ['&', 5],
  ['==', 6],
  ['!=', 6],
  ['<', 7],
  ['<=', 7],
  ['>', 7],
  ['>=', 7],
  ['<<', 8],
  ['>>', 8],
  ['+', 9],
  ['-', 9],
  ['*', 10],
  ['/', 10],
  ['%', 10],
]);

const wrapped = (bits: bigint, unsigned: boolean): Value => ({
  bits: unsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits),
  unsigned,
});
const truth = (holds: boolean): Value => ({ bits: holds ? 1n : 0n, unsigned: false });

class ConditionReader {
  private at = 0;
  /** Inside of what is not evaluated: a division by zero there is none. */
  private dead = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly whole: Span,
  ) {}

  read(): Value {
    if (this.tokens.length === 0) throw new Problem(this.whole, 'this #if has no condition');
    const value = this.conditional();
    const extra = this.tokens[this.at];
    if (extra !== undefined)
      throw new Problem(extra, `expected the end of the condition, not '${extra.text}'`);
    return value;
  }

  private unevaluated<T>(skip: boolean, read: () => T): T {
    if (skip) this.dead++;
    const result = read();
    if (skip) this.dead--;
    return result;
  }

  private conditional(): Value {
    const test = this.binary(1);
    if (this.tokens[this.at]?.text !== '?') return test;
    this.at++;
    const holds = test.bits !== 0n;
    const then = this.unevaluated(!holds, () => this.conditional());
    this.need(':');
    const otherwise = this.unevaluated(holds, () => this.conditional());
    const unsigned = then.unsigned || otherwise.unsigned;
    return wrapped((holds ? then : otherwise).bits, unsigned);
  }

  private binary(least: number): Value {
    let left = this.unary();
    for (;;) {
      const operator = this.tokens[this.at];
      const power = POWERS.get(operator?.text ?? '');
      if (operator === undefined || power === undefined || power < least) return left;
      this.at++;
      const before = left;
      if (operator.text === '&&' || operator.text === '||') {
        const decided = (left.bits !== 0n) === (operator.text === '||');
        const right = this.unevaluated(decided, () => this.binary(power + 1));
        left = truth(decided ? operator.text === '||' : right.bits !== 0n);
      } else {
        const right = this.binary(power + 1);
        left = this.operate(operator, before, right);
      }
    }
  }

  private operate(operator: Token, left: Value, right: Value): Value {
    const unsigned = left.unsigned || right.unsigned;
    const [a, b] = [wrapped(left.bits, unsigned).bits, wrapped(right.bits, unsigned).bits];
    switch (operator.text) {
      case '|':
        return wrapped(a | b, unsigned);
      case '^':
        return wrapped(a ^ b, unsigned);
      case '&':
        return wrapped(a & b, unsigned);
      case '==':
        return truth(a === b);
      case '!=':
        return truth(a !== b);
      case '<':
        return truth(a < b);
      case '<=':
        return truth(a <= b);
      case '>':
        return truth(a > b);
      case '>=':
        return truth(a >= b);
      case '<<':
        return wrapped(left.bits << (right.bits & 63n), left.unsigned);
      case '>>':
        return wrapped(left.bits >> (right.bits & 63n), left.unsigned);
      case '+':
        return wrapped(a + b, unsigned);
      case '-':
        return wrapped(a - b, unsigned);
      case '*':
        return wrapped(a * b, unsigned);
      default: {
        if (b === 0n) {
          if (this.dead > 0) return wrapped(0n, unsigned);
          throw new Problem(operator, 'division by zero in the condition of #if');
        }
        return wrapped(operator.text === '/' ? a / b : a % b, unsigned);
      }
    }
  }

  private unary(): Value {
    const token = this.tokens[this.at];
    if (token === undefined)
      throw new Problem(this.tokens.at(-1) ?? this.whole, 'the condition of #if ends too early');
    this.at++;
    if (token.kind === 'number') return this.number(token);
    if (token.kind === 'character') return truthOfCharacter(token);
    if (token.kind === 'identifier') return { bits: 0n, unsigned: false };
    switch (token.text) {
      case '(': {
        const value = this.conditional();
        this.need(')');
        return value;
      }
      case '!':
        return truth(this.unary().bits === 0n);
      case '~': {
        const { bits, unsigned } = this.unary();
        return wrapped(~bits, unsigned);
      }
      case '-': {
        const { bits, unsigned } = this.unary();
        return wrapped(-bits, unsigned);
      }
      case '+':
        return this.unary();
      default:
        throw new Problem(token, `'${token.text}' cannot be used in the condition of #if`);
    }
  }

  private number(token: Token): Value {
    const literal = readInteger(token.text);
    if ('problem' in literal) throw new Problem(token, literal.problem);
    return wrapped(literal.value, literal.unsigned || literal.value >= 1n << 63n);
  }

  private need(text: string): void {
    const token = this.tokens[this.at];
    if (token?.text !== text)
      throw new Problem(token ?? this.tokens.at(-1) ?? this.whole, `expected '${text}' in #if`);
    this.at++;
  }
}

function truthOfCharacter(token: Token): Value {
  const { bytes } = readQuoted(token.text);
  return wrapped(BigInt(((bytes[0] ?? 0) << 24) >> 24), false);
}
