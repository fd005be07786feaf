/** Calls in the kernel's files as C: helpers that stand for reads and writes, list macros, what JavaScript calls by another name. */
import ts from 'typescript';
import {
  addressOf,
  assignment,
  increment,
  memberOf,
  placeOf,
  read,
  smallMember,
  terms,
} from './cPlaces.mjs';
import { methodCall } from './cMethods.mjs';
import { event } from './cReports.mjs';
import { CONVERSIONS, P, expr, isContext, isK, plainText, stripped, wrap } from './cShapes.mjs';
import { snakeCase } from './cTypes.mjs';

const K = ts.SyntaxKind;

/** Comparisons of numbers that JavaScript takes for signed (src/engine/machine/ulong.ts). */
const COMPARISONS = { ult: ['<', P.rel], ule: ['<=', P.rel] };
/** What C does with a pteval_t by operators (src/engine/machine/pteWords.ts). */
const ENTRIES = {
  pteOr: ['|', P.bor, ''],
  pteAnd: ['&', P.band, ''],
  pteAndNot: ['&', P.band, '~'],
  pteSet: ['|', P.bor, ''],
  pteClear: ['&', P.band, '~'],
  pteXor: ['^', P.xor, ''],
  pteEqual: ['==', P.eq, ''],
};
const EXTREMES = { umin: 'min', umax: 'max' };
const READS = new Set([
  'read_ptr',
  'read_ptr_to_read',
  'read_ptr_to_write',
  'read_va',
  'read_ulong',
  'read_long',
  'read_int',
  'read_pte',
]);
const WRITES = new Set([
  'write',
  'write_long',
  'write_ulong',
  'write_ptr',
  'write_pte',
  'write_va',
  'write_wide',
  'write_words',
]);
/** Helpers of lists that take a member: how many arguments come before the type, and whether C names the type. */
const LIST_MEMBERS = {
  list_entry: 'type',
  list_first_entry: 'type',
  list_last_entry: 'type',
  list_first_entry_or_null: 'type',
  list_next_entry: 'member',
  list_prev_entry: 'member',
  list_entry_is_head: 'member',
  rb_entry: 'type',
};
/** A call, of the expressions that a printer prints. */
export function callOf(c, node) {
  const { expression } = node;
  const args = [...node.arguments];
  if (ts.isPropertyAccessExpression(expression)) {
    if (isK(expression.expression)) return contextCall(c, node, expression.name.text, args);
    if (isContext(expression.expression, 'machine'))
      return machineCall(c, expression.name.text, args);
    if (expression.expression.getText(c.source) === 'Math')
      return math(c, expression.name.text, args);
    const method = methodCall(c, node);
    if (method !== undefined) return method;
  }
  if (!ts.isIdentifier(expression)) {
    const callee = ts.isPropertyAccessExpression(expression)
      ? c.text(expression, P.post)
      : plainText(expression.getText(c.source));
    return expr(`${callee}(${c.list(args.filter((each) => !isK(each)))})`);
  }
  const name = expression.text;
  if (name === 'String') return c.print(args[0]);
  if (CONVERSIONS.has(name)) return c.print(args.at(-1));
  const own = args.filter((each) => !isK(each));
  if (name === 'this_cpu_ptr' && ts.isStringLiteral(own[0]))
    return expr(`this_cpu_ptr(&${own[0].text})`);
  if (name in COMPARISONS) {
    const [sign, prec] = COMPARISONS[name];
    return expr(`${c.text(own[0], prec)} ${sign} ${c.text(own[1], prec + 1)}`, prec);
  }
  if (name in ENTRIES) {
    const [sign, prec, not] = ENTRIES[name];
    const right = not + c.text(own[1], not === '' ? prec + 1 : P.unary);
    return expr(`${c.text(own[0], prec)} ${sign} ${right}`, prec);
  }
  if (name === 'copyStruct')
    return expr(`*${c.text(own[0], P.unary)} = *${c.text(own[1], P.unary)}`, P.assign);
  if (name === 'pteIsZero') return expr(`!${c.text(own[0], P.unary)}`, P.unary);
  if (name === 'pteOf') {
    const isHalf = ts.isPropertyAccessExpression(own[0]) && own[0].name.text === 'low';
    return isHalf ? expr(`(u32)${c.text(own[0], P.unary)}`, P.unary) : c.print(own[0]);
  }
  if (name === 'pteAt') return expr(`(u64)${c.text(own[0], P.unary)} << PAGE_SHIFT`, P.shift);
  if (name === 'pteFromWords')
    return expr(`((u64)${c.text(own[1], P.unary)} << 32) | ${c.text(own[0], P.bor + 1)}`, P.bor);
  if (/^VM_BUG_ON/.test(name)) return expr(`${name}(${c.list(own.slice(0, 2))})`);
  if (name in LIST_MEMBERS)
    return listCall(c, name, name === 'list_last_entry' ? own.slice(0, 2) : own);
  if (name in EXTREMES) return expr(`${EXTREMES[name]}(${c.list(own)})`);
  if (own.length === 0 && /^[A-Z_][A-Z0-9_]*$/.test(name)) return expr(name);
  return expr(`${name}(${c.list(own)})`);
}

function listCall(c, name, args) {
  const member = memberOf(c, stripped(args.at(-1)));
  if (member === undefined) return expr(`${name}(${c.list(args)})`);
  const type = LIST_MEMBERS[name] === 'type' ? `struct ${member.tag}, ` : '';
  return expr(`${name}(${c.list(args.slice(0, -1))}, ${type}${member.path})`);
}

function contextCall(c, node, name, args) {
  if (READS.has(name)) return read(c, args[0]);
  if (name === 'callOut' && args[1] !== undefined && ts.isArrayLiteralExpression(args[1]))
    return expr(`${c.text(args[0], P.post)}(${c.list([...args[1].elements])})`);
  if (WRITES.has(name)) return assignment(c, args[0], args[1]);
  switch (name) {
    case 'read8':
    case 'read16':
    case 'read_bits':
    case 'read_bool':
      return expr(smallMember(c, args[0], args[1]));
    case 'write8':
    case 'write16':
    case 'write_bool':
      return expr(`${smallMember(c, args[0], args[1])} = ${c.argument(args[2])}`, P.assign);
    case 'with_bits': {
      const member = memberOf(c, stripped(args[1]));
      const value = c.text(args[2], P.assign);
      // Which of the members it is, the caller says.
      if (member === undefined) {
        const place = c.text(args[1], P.unary);
        return expr(`${c.text(args[0], P.add)} & ~${place} | FIELD_PREP(${place}, ${value})`, P.or);
      }
      return expr(`${c.text(args[0], P.post)}.${member.path} = ${value}`, P.assign);
    }
    case 'add_long':
      return increment(c, args[0], args[1]);
    case 'copy_ptr':
      return expr(`${read(c, args[0]).text} = ${read(c, args[1]).text}`, P.assign);
    case 'ptr_is':
      return expr(`${wrap(read(c, args[0]), P.eq)} == ${c.text(args[1], P.rel)}`, P.eq);
    case 'read_ptr_plus':
    case 'read_ptr_sum':
      return expr(`(void *)${wrap(read(c, args[0]), P.unary)} + ${c.text(args[1], P.mul)}`, P.add);
    case 'write_ptr_tagged':
      return expr(
        `${read(c, args[0]).text} = (unsigned long)${c.text(args[1], P.unary)} + ${c.text(args[2], P.mul)}`,
        P.assign,
      );
    case 'plus':
      return addressOf(placeOf(c, [...terms(c, args[0]), ...terms(c, args[1])]));
    case 'deref':
    case 'deref_page':
    case 'va_of':
    case 'cell_of':
    case 'cell_at':
      return c.print(args[0]);
    case 'emit':
      return event(c, args[0]);
    default:
      return expr(`${name}(${c.list(args)})`);
  }
}

function machineCall(c, name, args) {
  if (name === 'register') return registerPlace(c, stripped(args[0]));
  return expr(`${snakeCase(name)}(${c.list(args)})`);
}

/** What the machine keeps under a name, or under one of two. */
const registerPlace = (c, name) =>
  ts.isConditionalExpression(name)
    ? expr(
        `${c.condition(name.condition, P.or)} ? &${name.whenTrue.text} : &${name.whenFalse.text}`,
        P.cond,
      )
    : expr(`&${name.text}`, P.unary);

function math(c, name, args) {
  const [first, second] = args;
  const quotient = first && stripped(first);
  const isQuotient =
    quotient && ts.isBinaryExpression(quotient) && quotient.operatorToken.kind === K.SlashToken;
  switch (name) {
    case 'floor':
    case 'trunc':
      return c.print(first);
    case 'ceil':
      return isQuotient
        ? expr(
            `DIV_ROUND_UP(${c.text(quotient.left, P.assign)}, ${c.text(quotient.right, P.assign)})`,
          )
        : c.print(first);
    case 'min':
    case 'max':
    case 'abs':
      return expr(`${name}(${c.list(args)})`);
    case 'log2':
      return expr(`ilog2(${c.list(args)})`);
    case 'clz32':
      return expr(`__builtin_clz(${c.text(first)})`);
    default:
      return expr(`${name}(${c.list(second ? args : [first])})`);
  }
}
