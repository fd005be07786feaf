/**
 * _Generic: which choice the type of an operand takes. An enum is its integer type there; a bit-field that is narrower than its type has
 * a type that has no name.
 *
 * Source: ISO C11 6.5.1.1; gcc: c_parser_generic_selection().
 */
import type { CType } from '../../engine/types/model.js';
import type { Expr, GenericExpr } from '../syntax/ast.js';
import { isInteger, stripTypedefs } from './cTypes.js';
import type { Checker } from './checker.js';
import { isError } from './errors.js';
import { sameQualified, unqualified } from './qualifiers.js';

/** The value that _Generic chooses by the type of its operand, which is not evaluated. */
export function chosenValue(c: Checker, expr: GenericExpr): Expr {
  const operand = c.term(expr.operand).type;
  const type = isInteger(operand) ? numberType(c, expr.operand, operand) : operand;
  let otherwise: Expr | undefined;
  for (const choice of expr.choices) {
    if (choice.type === undefined) otherwise = choice.value;
    else if (type !== undefined && matches(c, c.resolve(choice.type), type)) return choice.value;
  }
  if (otherwise !== undefined) return otherwise;
  if (!isError(operand)) {
    const name = c.types.name(operand);
    c.error('type-mismatch', expr.span, `no choice of this _Generic is for type '${name}'`);
  }
  return { kind: 'missing', span: expr.span };
}

function matches(c: Checker, choice: CType, type: CType): boolean {
  const wanted = unqualified(type);
  if (sameQualified(c.types, choice, wanted)) return true;
  if (stripTypedefs(choice).kind !== 'enum' && stripTypedefs(wanted).kind !== 'enum') return false;
  return sameQualified(c.types, c.types.withoutEnum(choice), c.types.withoutEnum(wanted));
}

/** Undefined: it is narrower than any type that has a name. */
function numberType(c: Checker, expr: Expr, type: CType): CType | undefined {
  const object = objectOf(expr);
  const place = object === undefined ? undefined : c.place(object);
  if (place?.bits !== undefined) {
    return fieldType(c, stripTypedefs(c.types.withoutEnum(place.type)), place.bits.width);
  }
  const bare = stripTypedefs(type);
  return bare.kind === 'int' && bare.widthBits !== undefined ? undefined : type;
}

/** Source: gcc: c_build_bitfield_integer_type(). */
function fieldType(c: Checker, type: CType, width: number): CType | undefined {
  if (type.kind !== 'int' || type.bool || type.sizeBytes * 8 === width) return type;
  const { int, long, longLong, unsignedInt, unsignedLong, unsignedLongLong } = c.types;
  const named = type.signed
    ? [int, c.types.base('signed char'), c.types.base('short'), long, longLong]
    : [
        ...[unsignedInt, c.types.base('unsigned char'), c.types.base('unsigned short')],
        ...[unsignedLong, unsignedLongLong],
      ];
  return named.find(({ sizeBytes }) => sizeBytes * 8 === width);
}

/** What the value of an expression is that of, and its type: a member, also one that is assigned to or counted. */
function objectOf(expr: Expr): Expr | undefined {
  switch (expr.kind) {
    case 'member':
      return expr;
    case 'assign':
      return objectOf(expr.target);
    case 'increment':
      return objectOf(expr.operand);
    case 'comma':
      return objectOf(expr.right);
    default:
      return undefined;
  }
}
