/**
 * Calls: of the script's functions, of builtins, and of the few forms that take types or members.
 */
import { findMember } from '../../engine/types/members.js';
import type { CType, FunctionType } from '../../engine/types/model.js';
import { findBuiltin } from '../builtins/table.js';
import type { CallExpr, Expr } from '../syntax/ast.js';
import { checkFormat } from '../printk/check.js';
import { suggestion } from '../syntax/suggest.js';
import { AccessChecker } from './access.js';
import { errorTerm, type Purpose } from './conversions.js';
import {
  functionOf,
  isInteger,
  isPointer,
  isScalar,
  isStruct,
  isVoid,
  pointerOf,
} from './cTypes.js';
import { arithmetic, constant, framePlace, retyped } from './fold.js';
import { formNames } from './forms.js';
import type { Place, Term } from './ir.js';
import { knownNames } from './kernelNames.js';
import type { Meaning } from './scope.js';
import { builtinType } from './signatures.js';
import { isError } from './typeResolver.js';
import type { Allocator } from './unit.js';
import { FUNCTION_STRIDE } from './window.js';

export abstract class CallChecker extends AccessChecker {
  /** Room in the frame of the function that is being checked. */
  abstract frame: Allocator;

  protected override isBuiltin(name: string): boolean {
    return findBuiltin(name) !== undefined || formNames.includes(name);
  }

  protected call(expr: CallExpr): Term {
    const { callee } = expr;
    if (callee.kind !== 'name') return this.callPointer(expr);
    const meaning = this.meaning(callee.name);
    if (meaning !== undefined)
      return meaning.kind === 'function'
        ? this.callFunction(expr, meaning.type, meaning.index, meaning.name)
        : this.callPointer(expr);
    if (formNames.includes(callee.name)) return this.form(expr, callee.name);
    if (findBuiltin(callee.name) !== undefined) return this.callBuiltin(expr, callee.name);
    if (this.unit.profile.symbol(callee.name) !== undefined) return this.callPointer(expr);
    return this.unknownFunction(expr, callee.name);
  }

  private unknownFunction(expr: CallExpr, name: string): Term {
    for (const arg of expr.args) if (arg.kind !== 'type-argument') this.term(arg);
    const names = [...this.scope.allNames(), ...knownNames(this.unit.profile)];
    const hint = suggestion(name, names, expr.callee.span);
    const message = `neither the script nor the kernel has a function '${name}'${hint.text}`;
    this.error('unknown-name', expr.callee.span, message, hint.fix);
    return errorTerm;
  }

  private callPointer(expr: CallExpr): Term {
    const callee = this.term(expr.callee);
    if (isError(callee.type)) return errorTerm;
    const type = pointerOf(callee.type)?.target ?? callee.type;
    const called = functionOf(type);
    if (called === undefined) {
      const name = this.types.name(callee.type);
      this.error('bad-call', expr.callee.span, `a value of type '${name}' cannot be called`);
      return errorTerm;
    }
    return this.callFunction(expr, called, callee, 'the function');
  }

  private callFunction(
    expr: CallExpr,
    type: FunctionType,
    callee: number | Term,
    name: string,
  ): Term {
    const args = this.arguments(expr, type, name);
    if (!this.unit.effects) {
      this.error('side-effect', expr.span, `calling '${name}' would run the script`);
      return errorTerm;
    }
    if (args === undefined) return errorTerm;
    const { result } = type;
    const resultPlace = isStruct(result) ? this.temporary(result) : undefined;
    const target =
      typeof callee === 'number' || callee.kind !== 'constant' ? callee : this.indexOf(callee);
    return { kind: 'call', type: result, callee: target, args, resultPlace };
  }

  /** A constant function address as the function's index. */
  private indexOf(callee: Term & { kind: 'constant' }): number | Term {
    const index = (Number(callee.value) - this.unit.window.functions) / FUNCTION_STRIDE;
    return this.unit.functions.declared[index] === undefined ? callee : index;
  }

  private callBuiltin(expr: CallExpr, name: string): Term {
    const builtin = findBuiltin(name);
    if (builtin === undefined) return errorTerm;
    const type = builtinType(this.unit, builtin);
    const args = this.arguments(expr, type, name);
    if (builtin.changes && !this.unit.effects) {
      const message = `${name}() changes the machine, which nothing may do here`;
      this.error('side-effect', expr.span, message);
      return errorTerm;
    }
    if (args === undefined) return errorTerm;
    if (builtin.format !== undefined) this.checkFormatArguments(expr, args, builtin.format);
    const { result } = type;
    const resultPlace = isStruct(result) ? this.temporary(result) : undefined;
    return { kind: 'builtin', type: result, name, args, resultPlace, span: expr.span };
  }

  private checkFormatArguments(expr: CallExpr, args: readonly Term[], index: number): void {
    const written = expr.args[index];
    if (written?.kind !== 'string') return;
    const given = args.slice(index + 1).map((term) => ({
      type: this.types.name(term.type),
      pointer: isPointer(term.type),
      sizeBytes: isScalar(term.type) ? this.types.size(term.type) : 0,
    }));
    for (const { argument, message } of checkFormat(written.bytes, given, this.types.pointerSize))
      this.warning('bad-call', expr.args[index + 1 + argument]?.span ?? written.span, message);
  }

  /** The arguments as the parameters take them; undefined, with findings, if they do not fit. */
  private arguments(expr: CallExpr, type: FunctionType, name: string): Term[] | undefined {
    const terms = expr.args.map((arg) => this.argument(arg));
    const { parameters, variadic } = type;
    if (terms.length < parameters.length || (terms.length > parameters.length && !variadic)) {
      const least = variadic ? 'at least ' : '';
      const count = `${parameters.length} argument${parameters.length === 1 ? '' : 's'}`;
      const extra = expr.args[parameters.length];
      const message = `'${name}' takes ${least}${count}, not ${terms.length}`;
      this.error('bad-call', extra?.span ?? expr.span, message);
      return undefined;
    }
    const converted = terms.map((term, i) => {
      const arg = expr.args[i] as Expr;
      const parameter = parameters[i];
      if (parameter === undefined) return this.variadicArgument(term, arg);
      const purpose: Purpose = `argument ${i + 1} of '${name}'`;
      return this.convertTo(term, parameter.type, arg.span, purpose);
    });
    return converted.some((term) => isError(term.type)) ? undefined : converted;
  }

  private argument(arg: Expr): Term {
    if (arg.kind !== 'type-argument') return this.term(arg);
    this.error('bad-call', arg.span, 'a type is no argument of a function');
    return errorTerm;
  }

  private variadicArgument(term: Term, arg: Expr): Term {
    if (isInteger(term.type)) return this.promote(term);
    if (isPointer(term.type) || isError(term.type)) return term;
    const name = this.types.name(term.type);
    this.error('bad-call', arg.span, `'${name}' cannot be passed where the parameters vary`);
    return errorTerm;
  }

  /** An unnamed object in the frame. */
  protected temporary(type: CType): Place {
    const at = this.frame.allocate(this.types.size(type), Math.max(this.types.align(type), 4));
    return framePlace(type, at);
  }

  // --- forms ---------------------------------------------------------------------------------------------------------

  private form(expr: CallExpr, name: string): Term {
    const [first, second] = expr.args;
    if (first === undefined || second === undefined || expr.args.length > 2) {
      this.error('bad-call', expr.span, `'${name}' takes 2 arguments, not ${expr.args.length}`);
      return errorTerm;
    }
    return name === 'offsetof'
      ? this.offsetOf(first, second)
      : this.extreme(expr, name === 'min' ? 'min' : 'max', first, second);
  }

  private offsetOf(typeArg: Expr, designator: Expr): Term {
    if (typeArg.kind !== 'type-argument') {
      this.error('bad-call', typeArg.span, "the first argument of 'offsetof' is a type");
      return errorTerm;
    }
    const type = this.resolve(typeArg.type);
    const path = this.designatorPath(designator);
    if (isError(type) || path === undefined) return errorTerm;
    const member = findMember(type, path);
    if (member === undefined || member.widthBits !== 0) {
      const problem = member === undefined ? 'has no member' : 'has no address for its bit-field';
      this.error(
        'unknown-member',
        designator.span,
        `'${this.types.name(type)}' ${problem} '${path}'`,
      );
      return errorTerm;
    }
    return constant(this.types.sizeType, member.offsetBits / 8);
  }

  /** `a.b[2].c` as text; undefined, with a finding, for anything else. */
  private designatorPath(expr: Expr): string | undefined {
    if (expr.kind === 'name') return expr.name;
    const outer = expr.kind === 'member' || expr.kind === 'index' ? expr.object : undefined;
    const path = outer && this.designatorPath(outer);
    if (path === undefined) {
      if (outer === undefined) this.error('bad-call', expr.span, 'a member is expected here');
      return undefined;
    }
    if (expr.kind === 'member') return `${path}.${expr.name}`;
    if (expr.kind !== 'index') return undefined;
    const index = this.constantOf(expr.index, 'the index of a member');
    return index === undefined ? undefined : `${path}[${index}]`;
  }

  private extreme(expr: CallExpr, operator: 'min' | 'max', a: Expr, b: Expr): Term {
    const left = this.term(a);
    const right = this.term(b);
    if (isPointer(left.type) && isPointer(right.type)) {
      const { voidPointer } = this.types;
      const width = this.types.width(voidPointer);
      return arithmetic(left.type, operator, width, left, retyped(this.types, right, left.type));
    }
    return this.combine(operator, left, right, expr.span);
  }

  protected abstract override declareLater(name: string): Meaning | undefined;

  protected isVoidCall(term: Term): boolean {
    return isVoid(term.type);
  }
}
