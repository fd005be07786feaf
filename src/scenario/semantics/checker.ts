/**
 * What every rule of C takes first: the unit that is checked, the names in view, the frame that is being filled, and the
 * doors by which one rule asks what an expression or a type means.
 *
 * A rule is a function `(c, node) => result` in the module of its subject; rules.ts lists them by kind of node. The list is
 * handed in when a checker is made, so modules of rules import the subjects they build on, and never each other in a circle.
 * Findings go to the unit's diagnostics; what could not be made sense of is an error term (errors.ts), about which nothing
 * further is said.
 */
import type { CType } from '../../engine/types/model.js';
import type { Expr, StatementsExpr, TypeSyntax } from '../syntax/ast.js';
import type { DiagnosticCode, Fix } from '../syntax/diagnostic.js';
import type { Span } from '../syntax/span.js';
import type { CTypes } from './cTypes.js';
import type { Place, Term } from './ir.js';
import { pureStatements } from './pureStatements.js';
import type { Scope } from './scope.js';
import type { Allocator, Unit } from './unit.js';

type RulesOf<Node extends { readonly kind: string }, Result> = {
  readonly [Kind in Node['kind']]: (
    c: Checker,
    node: Extract<Node, { readonly kind: Kind }>,
  ) => Result;
};

export interface Rules {
  /** The value of an expression. */
  readonly term: RulesOf<Expr, Term>;
  /** The object it designates: the kinds that never do are left out. */
  readonly place: Partial<RulesOf<Expr, Place | undefined>>;
  readonly type: RulesOf<TypeSyntax, CType>;
}

export class Checker {
  readonly types: CTypes;
  /** A type written once is worked out once, whatever declarators share it. */
  private readonly resolved = new Map<TypeSyntax, CType>();
  private nrAnonymous = 0;
  /** Compiles `({ ... })`; set by the compiler of the function that is checked. */
  compileStatements: ((expr: StatementsExpr) => Term) | undefined;
  /** Where the frame of a variadic function keeps the address of its variable arguments. */
  argumentArea: number | undefined;
  /** Where the frame lies whose variables are meant, when it is not the one that what is checked runs in. */
  ownFrame: number | undefined;
  /** What `__func__` is here. */
  functionName = '';

  constructor(
    private readonly rules: Rules,
    readonly unit: Unit,
    /** The names in view; changes as blocks are entered and left. */
    public scope: Scope,
    /** Room in the frame of the function that is being checked. */
    readonly frame: Allocator,
    readonly globalScope: Scope,
  ) {
    this.types = unit.types;
  }

  /** The value of an expression. */
  term(expr: Expr): Term {
    const rule = this.rules.term[expr.kind] as (c: Checker, expr: Expr) => Term;
    return rule(this, expr);
  }

  /** The object an expression designates; undefined if it designates none. */
  place(expr: Expr): Place | undefined {
    const rule = this.rules.place[expr.kind] as
      ((c: Checker, expr: Expr) => Place | undefined) | undefined;
    return rule?.(this, expr);
  }

  /** The type of an expression that is not evaluated. */
  typeOf(expr: Expr): CType {
    return this.place(expr)?.type ?? this.term(expr).type;
  }

  /** The type that is written. */
  resolve(syntax: TypeSyntax): CType {
    const known = this.resolved.get(syntax);
    if (known !== undefined) return known;
    const rule = this.rules.type[syntax.kind] as (c: Checker, syntax: TypeSyntax) => CType;
    const type = rule(this, syntax);
    this.resolved.set(syntax, type);
    return type;
  }

  /** A name for an enum without a tag. */
  anonymousName(): string {
    return `<anonymous ${++this.nrAnonymous}>`;
  }

  /** The value of statements in an expression: whoever compiles statements says what they are. */
  statements(expr: StatementsExpr): Term {
    return this.compileStatements === undefined
      ? pureStatements(this, expr.block, expr.span)
      : this.compileStatements(expr);
  }

  error(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.unit.diagnostics.error(code, span, message, fix);
  }

  warning(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.unit.diagnostics.warning(code, span, message, fix);
  }
}
