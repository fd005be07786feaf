/** Calls: of the scenario's functions, of builtins, through pointers. */
import type { CType, FunctionType } from '../../engine/types/model.js';
import { counted } from '../../engine/view/counted.js';
import type { Builtin } from '../builtins/builtin.js';
import { findBuiltin } from '../builtins/table.js';
import { kernelsInsteadOf } from '../kernelNames/libraryNames.js';
import { checkFormat } from '../printk/check.js';
import type { CallExpr, Expr } from '../syntax/ast.js';
import type { Checker } from './checker.js';
import { assigned } from './assignments.js';
import { type Purpose, convertTo, promotedTerm, warnOfAssignment } from './conversions.js';
import { functionOf, isInteger, isPointer, isScalar, isStruct, pointerOf } from './cTypes.js';
import { errorTerm, isError } from './errors.js';
import { formTerm } from './formCalls.js';
import { formNames } from './forms.js';
import type { Term } from './ir.js';
import { addressOf, constant, constantValue, retyped } from './fold.js';
import { meaningOf } from './names.js';
import { linkTo } from './nested.js';
import { noted } from './noted.js';
import { temporaryPlace } from './places.js';
import { builtinType } from './signatures.js';
import { reportUnknown } from './unknownNames.js';
import { FUNCTION_STRIDE } from './window.js';

export function callTerm(c: Checker, expr: CallExpr): Term {
  const { callee } = expr;
  if (callee.kind !== 'name') return callPointer(c, expr);
  const meaning = meaningOf(c, callee.name);
  if (meaning?.kind === 'function') {
    c.unit.functions.use(meaning, callee.span, c.functionName === '');
    return callFunction(c, expr, meaning.type, meaning.index, meaning.name, linkTo(c, meaning));
  }
  if (meaning !== undefined) return callPointer(c, expr);
  if (formNames.includes(callee.name)) return formTerm(c, expr, callee.name);
  if (findBuiltin(callee.name) !== undefined) return callBuiltin(c, expr, callee.name);
  if (c.unit.profile.symbol(callee.name) !== undefined) return callPointer(c, expr);
  return unknownFunction(c, expr, callee.name);
}

function unknownFunction(c: Checker, expr: CallExpr, name: string): Term {
  for (const arg of expr.args) if (arg.kind !== 'type-argument') c.term(arg);
  reportUnknown(c, name, expr.callee.span, true);
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
  link: readonly Term[] = [],
): Term {
  const args = passedArguments(c, expr, type, name);
  if (!c.unit.effects) {
    c.error('side-effect', expr.span, `'${name}' cannot be called here: it would run the scenario`);
    return errorTerm;
  }
  if (args === undefined) return errorTerm;
  const { result } = type;
  const resultPlace = isStruct(result) ? temporaryPlace(c, result) : undefined;
  const target =
    typeof callee === 'number' || callee.kind !== 'constant' ? callee : functionIndex(c, callee);
  const passed = type.variadic ? withArgumentArea(c, args, type.parameters.length) : args;
  return { kind: 'call', type: result, callee: target, args: [...link, ...passed], resultPlace };
}

/** Bytes of a variable argument: each has a slot of its own, as on x86-64. */
const SLOT_BYTES = 8;

/**
 * The arguments of a variadic function of the scenario: after those that it names, the address of an area in the caller's frame
 * where the others lie, which va_start() finds.
 */
function withArgumentArea(c: Checker, args: readonly Term[], nrNamed: number): Term[] {
  const variable = args.slice(nrNamed);
  const slots = variable.map((arg) => Math.ceil(c.types.size(arg.type) / SLOT_BYTES));
  const total = slots.reduce((sum, nr) => sum + nr, 0);
  const area: CType = {
    kind: 'array',
    element: c.types.unsignedLongLong,
    length: Math.max(1, total),
  };
  const place = temporaryPlace(c, area, SLOT_BYTES);
  let at = 0;
  const first = variable.map((arg, i) => {
    const offsetBytes = place.offsetBytes + at * SLOT_BYTES;
    at += slots[i] ?? 1;
    // A scalar fills its slot, so that whoever reads it wider reads its value.
    if (isStruct(arg.type)) return assigned(c, { ...place, type: arg.type, offsetBytes }, arg);
    const type = c.types.unsignedLongLong;
    return assigned(c, { ...place, type, offsetBytes }, retyped(c.types, arg, type));
  });
  const pointer = c.types.voidPointer;
  const last = addressOf(pointer, place);
  return [...args.slice(0, nrNamed), { kind: 'sequence', type: pointer, first, last }];
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
  warnOfLibrary(c, expr, name);
  const args = passedArguments(c, expr, type, name);
  if (builtin.changes && !c.unit.effects) {
    const message = `${name}() cannot be called here: it changes the machine`;
    c.error('side-effect', expr.span, message);
    return errorTerm;
  }
  if (args === undefined) return errorTerm;
  const struct = args.findIndex((arg, i) => i >= type.parameters.length && isStruct(arg.type));
  if (struct >= 0) {
    const message = `a value of type '${c.types.name(args[struct]?.type ?? c.types.void)}' cannot be a variable argument of '${name}'`;
    c.error('bad-call', expr.args[struct]?.span ?? expr.span, message);
    return errorTerm;
  }
  const [known] = args.map(constantValue);
  if (builtin.compute !== undefined && known !== undefined)
    return retyped(c.types, constant(c.types.longLong, builtin.compute(known)), type.result);
  if (builtin.format !== undefined && builtin.list !== true)
    checkFormatArguments(c, expr, args, builtin.format, builtin.dialect);
  const { result } = type;
  const resultPlace = isStruct(result) ? temporaryPlace(c, result) : undefined;
  // Whether it holds is not all that one wants to know.
  const passed = name === 'expect' ? args.map(noted) : args;
  const all = builtin.once === true ? [...passed, onceFlag(c)] : passed;
  return { kind: 'builtin', type: result, name, args: all, resultPlace, span: expr.span };
}

/** It is there, for programs, so that a module that calls it would not be told. */
function warnOfLibrary(c: Checker, expr: CallExpr, name: string): void {
  const instead = c.unit.isModule ? kernelsInsteadOf(name) : undefined;
  if (instead === undefined) return;
  const what = name === '__assert_fail' ? 'assert' : name;
  const message = `${what}() is of the C library, which modules of the kernel do not have: they have ${instead}`;
  c.warning('bad-call', expr.callee.span, message);
}

/** The address of a byte that remembers whether this call has done what it does once; 0 where a call has no place of its own. */
function onceFlag(c: Checker): Term {
  const address = c.unit.standing ? c.unit.data.allocate(1, 1) : 0;
  return constant(c.types.voidPointer, address);
}

function checkFormatArguments(
  c: Checker,
  expr: CallExpr,
  args: readonly Term[],
  index: number,
  dialect: Builtin['dialect'],
): void {
  const written = expr.args[index];
  if (written?.kind !== 'string') return;
  const given = args.slice(index + 1).map((term) => ({
    type: c.types.name(term.type),
    pointer: isPointer(term.type),
    sizeBytes: isScalar(term.type) ? c.types.size(term.type) : 0,
  }));
  for (const { argument, message } of checkFormat(
    ...([written.bytes, given, c.types.pointerSize, dialect] as const),
  ))
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
  const { parameters } = type;
  const variadic = type.variadic || type.unspecified === true;
  if (terms.length < parameters.length || (terms.length > parameters.length && !variadic)) {
    const least = variadic ? 'at least ' : '';
    const count = counted(parameters.length, 'argument');
    const extra = expr.args[parameters.length];
    const message = `'${name}' takes ${least}${count}, not ${terms.length}`;
    c.error('bad-call', extra?.span ?? expr.span, message);
    return undefined;
  }
  const converted = terms.map((term, i) => {
    const arg = expr.args[i] as Expr;
    const parameter = parameters[i];
    if (parameter !== undefined && c.types.repr(parameter.type) === 'bool')
      warnOfAssignment(c, arg);
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
  if (isPointer(term.type) || isError(term.type) || isStruct(term.type)) return term;
  const name = c.types.name(term.type);
  c.error('bad-call', arg.span, `a value of type '${name}' cannot be a variable argument`);
  return errorTerm;
}
