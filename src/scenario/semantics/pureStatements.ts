/**
 * `({ typeof(x) a = (x); a < 0 ? -a : a; })` where nothing may change, in a watch: the variables are names for their values, of which
 * scalars are the only ones that can be had without a place. The macros of the kernel's headers are written so.
 */
import type { Block } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { isScalar } from './cTypes.js';
import type { Checker } from './checker.js';
import { convertTo } from './conversions.js';
import { errorTerm } from './errors.js';
import type { Term } from './ir.js';
import { Scope } from './scope.js';

/** The value of the last statement. */
export function pureStatements(c: Checker, block: Block, span: Span): Term {
  const value = pureValue(c, block);
  if (value !== undefined) return value;
  c.error(
    'side-effect',
    span,
    'these statements in an expression cannot be used here: they may change something. The debug console runs them',
  );
  return errorTerm;
}

/** Undefined where others than declarations of scalars come before it. */
function pureValue(c: Checker, { statements }: Block): Term | undefined {
  const last = statements.at(-1);
  if (last?.kind !== 'expression') return undefined;
  const { scope } = c;
  c.scope = new Scope(scope);
  try {
    for (const statement of statements.slice(0, -1)) {
      if (statement.kind !== 'declaration' || statement.storage !== 'automatic') return undefined;
      for (const { name, nameSpan, type: syntax, initializer } of statement.declarators) {
        if (initializer?.kind !== 'value') return undefined;
        const value = c.term(initializer.value);
        const type = syntax.kind === 'auto' ? value.type : c.resolve(syntax);
        if (!isScalar(type)) return undefined;
        const term = convertTo(c, value, type, initializer.span, 'initializer');
        c.scope.declare(name, { kind: 'known', type, term, span: nameSpan });
      }
    }
    return c.term(last.value);
  } finally {
    c.scope = scope;
  }
}
