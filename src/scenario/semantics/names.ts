/**
 * Names. A name means, in this order: what the scenario declared, a builtin, an enumerator, a variable or a constant of the
 * kernel. A function may be used before the text defines it.
 *
 * Source: ISO C11 6.2.1, 6.5.1.
 */
import type { CType, FunctionType } from '../../engine/types/model.js';
import { findBuiltin } from '../builtins/table.js';
import type { Expr, FunctionSyntax, NameExpr } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';
import { encodeUtf8 } from '../syntax/utf8.js';
import type { Checker } from './checker.js';
import { loadTerm } from './conversions.js';
import { errorTerm } from './errors.js';
import { constant, fixedPlace } from './fold.js';
import { formNames } from './forms.js';
import type { Place, Term } from './ir.js';
import { knownConstant } from './kernelNames.js';
import { placeAtLevel } from './nested.js';
import type { Meaning, ScriptFunction } from './scope.js';
import { builtinType } from './signatures.js';
import { functionType } from './types.js';
import { reportUnknown } from './unknownNames.js';
import { FUNCTION_STRIDE } from './window.js';

/**
 * What the scenario declares of that name. A prototype of something that only the kernel has, as headers contain them, declares
 * nothing: the kernel's is meant.
 */
export function meaningOf(c: Checker, name: string): Meaning | undefined {
  const meaning = c.scope.lookup(name) ?? declareLater(c, name);
  if (meaning?.kind !== 'function' || meaning.nested !== undefined) return meaning;
  if (c.unit.functions.definitions.has(name)) return meaning;
  return isBuiltinName(name) ? undefined : meaning;
}

function isBuiltinName(name: string): boolean {
  return findBuiltin(name) !== undefined || formNames.includes(name);
}

export function isFunctionName(c: Checker, expr: Expr): boolean {
  return expr.kind === 'name' && meaningOf(c, expr.name)?.kind === 'function';
}

/** `__func__`: the name of the function around, as an array of characters. */
const FUNCTION_NAMES: ReadonlySet<string> = new Set([
  '__func__',
  '__FUNCTION__',
  '__PRETTY_FUNCTION__',
]);

export function namePlace(c: Checker, expr: NameExpr): Place | undefined {
  const meaning = meaningOf(c, expr.name);
  if (meaning === undefined && FUNCTION_NAMES.has(expr.name)) {
    const bytes = encodeUtf8(c.functionName);
    const type: CType = { kind: 'array', element: c.types.char, length: bytes.length + 1 };
    return fixedPlace(type, c.unit.strings.intern(bytes));
  }
  if (meaning?.kind === 'variable') {
    const { externs, externUses } = c.unit;
    if (externs.get(expr.name) === meaning && !externUses.has(expr.name))
      externUses.set(expr.name, expr.span);
    return meaning.storage === 'frame'
      ? placeAtLevel(c, meaning.type, meaning.location, c.scope.levelOf(expr.name))
      : fixedPlace(meaning.type, meaning.location);
  }
  if (meaning !== undefined || isBuiltinName(expr.name)) return undefined;
  if (c.types.table.enumerator(expr.name) !== undefined) return undefined;
  const symbol = c.unit.profile.symbol(expr.name);
  if (symbol === undefined) return undefined;
  if (symbol.perCpu && c.unit.profile.smp)
    c.warning(
      'conversion',
      expr.span,
      `'${expr.name}' is a per-CPU variable: write per_cpu(${expr.name}, cpu)`,
    );
  const label: CType = { kind: 'array', element: c.types.char, length: 0 };
  return fixedPlace(symbol.type ?? label, symbol.address);
}

export function nameTerm(c: Checker, expr: NameExpr): Term {
  const place = namePlace(c, expr);
  if (place !== undefined) return loadTerm(c, place, expr.span);
  const meaning = meaningOf(c, expr.name);
  if (meaning?.kind === 'enumerator') return constant(meaning.type, meaning.value);
  if (meaning?.kind === 'known') return meaning.term;
  if (meaning?.kind === 'function') {
    c.unit.functions.use(meaning, expr.span, c.functionName === '');
    if (meaning.nested?.linked === true) {
      const message = `'${expr.name}' uses variables of the function around it: it can only be called there by its name. Pass what it uses as arguments, then a pointer to it can be had`;
      c.error('unsupported', expr.span, message);
      return errorTerm;
    }
    const address = c.unit.window.functions + meaning.index * FUNCTION_STRIDE;
    return constant(c.types.pointerTo(meaning.type), address);
  }
  if (meaning?.kind === 'typedef') {
    c.error('expected', expr.span, `'${expr.name}' is a type, and a value is expected here`);
    return errorTerm;
  }
  const builtin = findBuiltin(expr.name);
  const symbol = builtin && c.unit.profile.symbol(expr.name);
  // A function of the kernel whose address the build tells can be handed on: mempool_alloc_slab.
  if (builtin !== undefined && symbol !== undefined)
    return constant(c.types.pointerTo(builtinType(c.unit, builtin)), symbol.address);
  if (isBuiltinName(expr.name)) {
    const message = `'${expr.name}' can only be called: write ${expr.name}(...)`;
    c.error('unsupported', expr.span, message);
    return errorTerm;
  }
  const known = knownConstant(c.unit.profile, c.types, expr.name);
  if (known !== undefined) return constant(known.type, known.value);
  reportUnknown(c, expr.name, expr.span, false);
  return errorTerm;
}

/** Declares a function at the top level, once. */
export function declareFunction(
  c: Checker,
  name: string,
  syntax: FunctionSyntax,
  span: Span,
): ScriptFunction {
  const before = c.scope;
  c.scope = c.globalScope;
  // The definition says what a prototype without parameters leaves open.
  const written = syntax.unspecified ? c.unit.functions.definitions.get(name)?.type : undefined;
  const type = functionType(c, written ?? syntax);
  c.scope = before;
  return declareFunctionOfType(c, name, type, span);
}

/** As {@link declareFunction}, where the type is known already: `fn twice;` with a typedef of a function. */
export function declareFunctionOfType(
  c: Checker,
  name: string,
  type: FunctionType,
  span: Span,
): ScriptFunction {
  const known = c.globalScope.own(name);
  if (known?.kind === 'function') {
    if (!c.types.same(known.type, type))
      c.error('redefined', span, `'${name}' was declared with a different type before`);
    return known;
  }
  if (known !== undefined) c.error('redefined', span, `'${name}' is defined twice`);
  const { declared } = c.unit.functions;
  const made: ScriptFunction = { kind: 'function', name, index: declared.length, type, span };
  declared.push(made);
  c.globalScope.declare(name, made);
  return made;
}

function declareLater(c: Checker, name: string): Meaning | undefined {
  const definition = c.unit.functions.definitions.get(name);
  if (definition === undefined) return undefined;
  return declareFunction(c, name, definition.type, definition.nameSpan);
}
