/**
 * The checker of expressions: one method a kind of node, all C rules applied on the way.
 *
 * The chain of classes below it holds the rules, subject by subject: TypeResolver, Conversions, OperatorChecker,
 * AssignmentChecker, AccessChecker, CallChecker, InitializerChecker. Findings go to the unit's diagnostics; what could not be
 * made sense of is an error term, about which nothing further is said.
 */
import type { CType } from '../../engine/types/model.js';
import type { Expr, TypeSyntax } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { errorTerm } from './conversions.js';
import { isVoid } from './cTypes.js';
import { constant } from './fold.js';
import { InitializerChecker } from './initializers.js';
import type { Term } from './ir.js';
import type { Meaning, Scope, ScriptFunction } from './scope.js';
import { isError } from './typeResolver.js';
import type { Allocator, Unit } from './unit.js';

export class ExpressionChecker extends InitializerChecker {
  constructor(
    unit: Unit,
    scope: Scope,
    override frame: Allocator,
    private readonly globalScope: Scope,
  ) {
    super(unit, scope);
  }

  override term(expr: Expr): Term {
    switch (expr.kind) {
      case 'name':
        return this.name(expr);
      case 'integer':
        return this.integerLiteral(expr);
      case 'character':
        return constant(this.types.int, expr.value);
      case 'prefix':
        return this.prefix(expr);
      case 'increment':
        return this.increment(expr);
      case 'binary':
        return this.binary(expr);
      case 'assign':
        return this.assign(expr);
      case 'conditional':
        return this.conditional(expr);
      case 'comma': {
        const first = this.term(expr.left);
        const last = this.term(expr.right);
        if (isError(first.type) || isError(last.type)) return errorTerm;
        return { kind: 'sequence', type: last.type, first: [first], last };
      }
      case 'cast':
        return this.cast(this.term(expr.operand), this.resolve(expr.type), expr.span);
      case 'sizeof':
        return this.sizeof(this.typeOf(expr.operand), expr.span);
      case 'sizeof-type':
        return this.sizeof(this.resolve(expr.type), expr.span);
      case 'call':
        return this.call(expr);
      case 'string':
      case 'index':
      case 'member':
      case 'compound': {
        const place = this.place(expr);
        return place === undefined ? errorTerm : this.load(place, expr.span);
      }
      case 'type-argument':
        this.error('expected', expr.span, 'a value is expected here, not a type');
        return errorTerm;
      case 'missing':
        return errorTerm;
    }
  }

  override typeOf(expr: Expr): CType {
    return this.place(expr)?.type ?? this.term(expr).type;
  }

  pointerTo(type: CType): CType {
    return this.types.pointerTo(type);
  }

  private sizeof(type: CType, span: Span): Term {
    if (isError(type)) return errorTerm;
    const { sizeType } = this.types;
    // gcc: the size of void and of functions is 1.
    if (isVoid(type) || type.kind === 'function') return constant(sizeType, 1);
    if (!this.checkComplete(type, span, 'sizeof')) return errorTerm;
    return constant(sizeType, this.types.size(type));
  }

  // --- functions ---------------------------------------------------------------------------------------------------------

  /** Declares a function at the top level, once. */
  declareFunction(name: string, syntax: TypeSyntax & { kind: 'function' }, span: Span) {
    const before = this.scope;
    this.scope = this.globalScope;
    const type = this.functionType(syntax);
    this.scope = before;
    const known = this.globalScope.own(name);
    if (known?.kind === 'function') {
      if (!this.types.same(known.type, type))
        this.error('redefined', span, `'${name}' is declared differently further up`);
      return known;
    }
    if (known !== undefined) this.error('redefined', span, `'${name}' is defined twice`);
    const { declared } = this.unit.functions;
    const made: ScriptFunction = { kind: 'function', name, index: declared.length, type, span };
    declared.push(made);
    this.globalScope.declare(name, made);
    return made;
  }

  protected override declareLater(name: string): Meaning | undefined {
    const definition = this.unit.functions.definitions.get(name);
    if (definition === undefined) return undefined;
    return this.declareFunction(name, definition.type, definition.nameSpan);
  }
}
