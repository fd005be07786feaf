/**
 * `switch`: its value, and the cases that the statements in it stand behind.
 *
 * Source: ISO C11 6.8.4.2; gcc's ranges.
 */
import type { CType } from '../../engine/types/model.js';
import { convert, operation, type Value } from '../semantics/arithmetic.js';
import type { Checker } from '../semantics/checker.js';
import { constantOf } from '../semantics/constants.js';
import { convertTo } from '../semantics/conversions.js';
import { isInteger } from '../semantics/cTypes.js';
import { isError } from '../semantics/errors.js';
import type { Unit } from '../semantics/unit.js';
import type { Expr, Statement } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import type { Assembler, Label } from './assembler.js';
import type { TermCompiler } from './terms.js';

interface SwitchContext {
  readonly type: CType;
  readonly cases: { low: Value; high: Value; label: Label }[];
  readonly otherwise: Label;
  hasDefault: boolean;
}

export class Switches {
  /** Innermost last. */
  private readonly open: SwitchContext[] = [];

  constructor(
    private readonly unit: Unit,
    private readonly checker: Checker,
  ) {}

  /** Compiles a switch on a value around what `body` compiles. */
  inside(valueExpr: Expr, terms: TermCompiler, asm: Assembler, body: () => void): void {
    const { unit, checker } = this;
    const value = checker.term(valueExpr);
    const usable = isInteger(value.type) && !isError(value.type);
    if (!usable && !isError(value.type)) {
      const message = `switch needs an integer, not '${unit.types.name(value.type)}'`;
      unit.diagnostics.error('type-mismatch', valueExpr.span, message);
    }
    const type = usable ? unit.types.promoted(value.type) : unit.types.int;
    const context: SwitchContext = { type, cases: [], otherwise: asm.label(), hasDefault: false };
    if (usable) terms.value(convertTo(checker, value, type, valueExpr.span, 'assignment'));
    else asm.emit('INT', 0);
    const { cases, otherwise } = context;
    asm.switchOn({ width: unit.types.width(type), cases, otherwise });
    this.open.push(context);
    body();
    this.open.pop();
    if (!context.hasDefault) asm.place(otherwise);
  }

  case(
    { value, high: highExpr, span }: Extract<Statement, { readonly kind: 'case' }>,
    asm: Assembler,
  ): void {
    const { unit } = this;
    const context = this.open.at(-1);
    const low = constantOf(this.checker, value, 'the value of a case');
    const high = highExpr && constantOf(this.checker, highExpr, 'the value of a case');
    if (context === undefined) {
      unit.diagnostics.error('bad-control', span, "'case' can only be used in a switch");
      return;
    }
    if (low === undefined) return;
    const repr = unit.types.scalarRepr(context.type);
    const from = convert(low, repr);
    const to = high === undefined ? from : convert(high, repr);
    const upTo = operation('<=', unit.types.width(context.type));
    const message = 'this switch already has a case for this value';
    if (context.cases.some((other) => upTo(from, other.high) && upTo(other.low, to)))
      unit.diagnostics.error('redefined', value.span, message);
    const label = asm.label();
    asm.place(label);
    context.cases.push({ low: from, high: to, label });
  }

  default(span: Span, asm: Assembler): void {
    const { diagnostics } = this.unit;
    const context = this.open.at(-1);
    if (context === undefined)
      diagnostics.error('bad-control', span, "'default' can only be used in a switch");
    else if (context.hasDefault)
      diagnostics.error('redefined', span, "this switch already has a 'default'");
    else {
      context.hasDefault = true;
      asm.place(context.otherwise);
    }
  }
}
