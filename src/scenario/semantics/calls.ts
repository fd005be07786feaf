/** Calls: of the script's functions, of builtins, through pointers. */
import type { FunctionType } from '../../engine/types/model.js';
import { findBuiltin } from '../builtins/table.js';
import { checkFormat } from '../printk/check.js';
import type { CallExpr, Expr } from '../syntax/ast.js';
import { suggestion } from '../syntax/suggest.js';
import type { Checker } from './checker.js';
import { type Purpose, convertTo, promotedTerm } from './conversions.js';
import { functionOf, isInteger, isPointer, isScalar, isStruct, pointerOf } from './cTypes.js';
import { errorTerm, isError } from './errors.js';
import { formTerm } from './formCalls.js';
import { formNames } from './forms.js';
import type { Term } from './ir.js';
import { knownNames } from './kernelNames.js';
import { meaningOf } from './names.js';
import { noted } from './noted.js';
import { temporaryPlace } from './places.js';
import { builtinType } from './signatures.js';
import { FUNCTION_STRIDE } from './window.js';

export function callTerm(c: Checker, expr: CallExpr): Term {
  const { callee } = expr;
  if (callee.kind !== 'name') return callPointer(c, expr);
  const meaning = meaningOf(c, callee.name);
  if (meaning !== undefined)
    return meaning.kind === 'function'
      ? callFunction(c, expr, meaning.type, meaning.index, meaning.name)
      : callPointer(c, expr);
  if (formNames.includes(callee.name)) return formTerm(c, expr, callee.name);
  if (findBuiltin(callee.name) !== undefined) return callBuiltin(c, expr, callee.name);
  if (c.unit.profile.symbol(callee.name) !== undefined) return callPointer(c, expr);
  return reportUnknownFunction(c, expr, callee.name);
}

function reportUnknownFunction(c: Checker, expr: CallExpr, name: string): Term {
  for (const arg of expr.args) if (arg.kind !== 'type-argument') c.term(arg);
  const names = [...c.scope.allNames(), ...knownNames(c.unit.profile)];
  const hint = suggestion(name, names, expr.callee.span);
  const message = `neither the script nor the kernel has a function '${name}'${hint.text}`;
  c.error('unknown-name', expr.callee.span, message, hint.fix);
  return errorTerm;
}

function callPointer(c: Checker, expr: CallExpr): Term {
  const callee = c.term(expr.callee);
  if (isError(callee.type)) return errorTerm;
  const type = pointerOf(callee.type)?.target ?? callee.type;
  const called = functionOf(type);
  if (called === undefined) {
    const name = c.types.name(callee.type);
    c.error(
      'bad-call',
      expr.callee.span,
      `a value of type '${name}' cannot be called: it is not a function`,
    );
    return errorTerm;
  }
  return callFunction(c, expr, called, callee, 'the function');
}

function callFunction(
  c: Checker,
  expr: CallExpr,
  type: FunctionType,
  callee: number | Term,
  name: string,
): Term {
  const args = passedArguments(c, expr, type, name);
  if (!c.unit.effects) {
    c.error('side-effect', expr.span, `'${name}' cannot be called here: it would run the script`);
    return errorTerm;
  }
  if (args === undefined) return errorTerm;
  const { result } = type;
  const resultPlace = isStruct(result) ? temporaryPlace(c, result) : undefined;
  const target =
    typeof callee === 'number' || callee.kind !== 'constant' ? callee : functionIndex(c, callee);
  return { kind: 'call', type: result, callee: target, args, resultPlace };
}

/** A constant function address as the function's index. */
function functionIndex(c: Checker, callee: Term & { kind: 'constant' }): number | Term {
  const index = (Number(callee.value) - c.unit.window.functions) / FUNCTION_STRIDE;
  return c.unit.functions.declared[index] === undefined ? callee : index;
}

function callBuiltin(c: Checker, expr: CallExpr, name: string): Term {
  const builtin = findBuiltin(name);
  if (builtin === undefined) return errorTerm;
  const type = builtinType(c.unit, builtin);
  const args = passedArguments(c, expr, type, name);
  if (builtin.changes && !c.unit.effects) {
    const message = `${name}() cannot be called here: it changes the machine`;
    c.error('side-effect', expr.span, message);
    return errorTerm;
  }
  if (args === undefined) return errorTerm;
  if (builtin.format !== undefined) checkFormatArguments(c, expr, args, builtin.format);
  const { result } = type;
  const resultPlace = isStruct(result) ? temporaryPlace(c, result) : undefined;
  // Whether it holds is not all that one wants to know.
  const passed = name === 'expect' ? args.map(noted) : args;
  return { kind: 'builtin', type: result, name, args: passed, resultPlace, span: expr.span };
}

function checkFormatArguments(
  c: Checker,
  expr: CallExpr,
  args: readonly Term[],
  index: number,
): void {
  const written = expr.args[index];
  if (written?.kind !== 'string') return;
  const given = args.slice(index + 1).map((term) => ({
    type: c.types.name(term.type),
    pointer: isPointer(term.type),
    sizeBytes: isScalar(term.type) ? c.types.size(term.type) : 0,
  }));
  for (const { argument, message } of checkFormat(written.bytes, given, c.types.pointerSize))
    c.warning('bad-call', expr.args[index + 1 + argument]?.span ?? written.span, message);
}

/** The arguments as the parameters take them; undefined, with findings, if they do not fit. */
function passedArguments(
  c: Checker,
  expr: CallExpr,
  type: FunctionType,
  name: string,
): Term[] | undefined {
  const terms = expr.args.map((arg) => passedArgument(c, arg));
  const { parameters, variadic } = type;
  if (terms.length < parameters.length || (terms.length > parameters.length && !variadic)) {
    const least = variadic ? 'at least ' : '';
    const count = `${parameters.length} argument${parameters.length === 1 ? '' : 's'}`;
    const extra = expr.args[parameters.length];
    const message = `'${name}' takes ${least}${count}, not ${terms.length}`;
    c.error('bad-call', extra?.span ?? expr.span, message);
    return undefined;
  }
  const converted = terms.map((term, i) => {
    const arg = expr.args[i] as Expr;
    const parameter = parameters[i];
    if (parameter === undefined) return variadicArgument(c, term, arg);
    const purpose: Purpose = `argument ${i + 1} of '${name}'`;
    return convertTo(c, term, parameter.type, arg.span, purpose);
  });
  return converted.some((term) => isError(term.type)) ? undefined : converted;
}

function passedArgument(c: Checker, arg: Expr): Term {
  if (arg.kind !== 'type-argument') return c.term(arg);
  c.error('bad-call', arg.span, 'a function cannot take a type as an argument');
  return errorTerm;
}

function variadicArgument(c: Checker, term: Term, arg: Expr): Term {
  if (isInteger(term.type)) return promotedTerm(c, term);
  if (isPointer(term.type) || isError(term.type)) return term;
  const name = c.types.name(term.type);
  c.error('bad-call', arg.span, `a value of type '${name}' cannot be a variable argument`);
  return errorTerm;
}
