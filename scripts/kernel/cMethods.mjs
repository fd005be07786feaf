/** Methods of JavaScript's arrays, strings and sets as C: what the kernel's files keep outside of memory, for Linux's arrays and text. */
import ts from 'typescript';
import { P, expr, stripped } from './cShapes.mjs';

/** Methods that say nothing of their own in C: the width of a number, a separator. */
const SILENT = new Set(['padStart', 'padEnd', 'join', 'trim', 'trimEnd', 'toFixed']);

/** A call of a method, of the expressions that a printer prints; undefined: of none of these. */
export function methodCall(c, node) {
  const { expression } = node;
  const { name, expression: owner } = expression;
  const args = [...node.arguments];
  const [first, second] = args;
  if (ts.isNewExpression(owner) && name.text === 'fill') return freshArray(c, owner);
  if (owner.getText(c.source) === 'BigInt') return c.print(args.at(-1));
  if (name.text === 'fromCharCode') return expr(`(char)${c.text(first, P.unary)}`, P.unary);
  const type = c.types.checker.getTypeAtLocation(owner);
  const kind = kindOf(c, type);
  if (kind === undefined) return undefined;
  const object = () => c.text(owner, P.post);
  if (SILENT.has(name.text)) return c.print(owner);
  switch (name.text) {
    case 'push':
      return expr(`${object()}[n++] = ${c.text(first, P.assign)}`, P.assign);
    case 'slice':
      return kind === 'array' ? expr(`&${object()}[${c.text(first)}]`, P.unary) : piece(c, node);
    case 'includes':
    case 'has':
      return kind === 'array' && isText(c, first)
        ? expr(`match_string(${object()}, ARRAY_SIZE(${object()}), ${c.text(first)}) >= 0`, P.rel)
        : expr(`${name.text}(${object()}, ${c.text(first, P.assign)})`);
    case 'get':
    case 'charAt':
    case 'charCodeAt':
      return expr(`${object()}[${c.text(first)}]`);
    case 'set':
      return expr(`${object()}[${c.text(first)}] = ${c.text(second, P.assign)}`, P.assign);
    case 'at':
      return expr(`${object()}[ARRAY_SIZE(${object()}) - ${c.text(first).replace('-', '')}]`);
    case 'shift':
      return expr(`*${object()}++`, P.unary);
    case 'toLowerCase':
      return expr(`tolower(${c.text(owner, P.assign)})`);
    case 'indexOf':
      return expr(`strcspn(${object()}, ${c.text(first, P.assign)})`);
    case 'endsWith':
      return expr(`glob_match("*${first.text}", ${object()})`);
    case 'replace':
      return ts.isRegularExpressionLiteral(first) ? c.print(owner) : undefined;
    case 'replaceAll':
      return expr(`strreplace(${object()}, ${letter(first)}, ${letter(second)})`);
    case 'repeat':
      return ts.isStringLiteral(owner) && ts.isNumericLiteral(first)
        ? expr(JSON.stringify(owner.text.repeat(Number(first.text))))
        : undefined;
    case 'split':
      return expr(`strsep(&${object()}, ${c.text(first, P.assign)})`);
    case 'startsWith':
      return expr(`strstarts(${object()}, ${c.text(first, P.assign)})`);
    case 'toString':
      return expr(
        `kasprintf(GFP_KERNEL, "%${first === undefined ? 'lu' : 'lx'}", ${c.text(owner, P.assign)})`,
      );
    default:
      return undefined;
  }
}

/** `'!'` of a string of one character. */
const letter = ({ text }) => `'${text}'`;

/** `String.fromCharCode(byte)`: one character, which is put behind those of a text. Undefined: it is something else. */
export function characterOf(c, node) {
  const call = stripped(node);
  if (ts.isConditionalExpression(call)) {
    const [one, other] = [call.whenTrue, call.whenFalse].map((each) => characterOf(c, each));
    if (one === undefined && other === undefined) return undefined;
    const parts = [one ?? letter(call.whenTrue), other ?? letter(call.whenFalse)];
    return `${c.condition(call.condition, P.or)} ? ${parts.join(' : ')}`;
  }
  const isCharacter =
    ts.isCallExpression(call) && call.expression.getText(c.source) === 'String.fromCharCode';
  return isCharacter ? c.text(call.arguments[0], P.assign) : undefined;
}

/** `new Set([1, 2])`, `new Map([[1, f]])`: a table of its elements; `new Array(n)`: memory for so many. Undefined: something else. */
export function madeObject(c, node) {
  const [first] = node.arguments ?? [];
  switch (node.expression.getText(c.source)) {
    case 'Set':
    case 'Map': {
      if (first === undefined) return expr('{ }');
      if (!ts.isArrayLiteralExpression(first)) return c.print(first);
      return expr(`{ ${first.elements.map((each) => c.text(each, P.assign)).join(', ')} }`);
    }
    case 'Array':
      return freshArray(c, node);
    default:
      return undefined;
  }
}

/** `new Array<Page>(n).fill(NULL)` */
function freshArray(c, { typeArguments, arguments: [length] = [] }) {
  const element = c.types.of(c.types.checker.getTypeFromTypeNode(typeArguments[0]));
  return expr(`kcalloc(${c.text(length, P.assign)}, sizeof(${element}), GFP_KERNEL)`);
}

/** `text.slice(from, to)` */
function piece(c, { expression, arguments: [from, to] }) {
  const text = c.text(expression.expression, P.add);
  const start =
    stripped(from).getText(c.source) === '0' ? text : `${text} + ${c.text(from, P.mul)}`;
  return to === undefined
    ? expr(start, P.add)
    : expr(`kstrndup(${start}, ${c.text(to, P.assign)}, GFP_KERNEL)`);
}

const isText = (c, node) => c.types.of(c.types.checker.getTypeAtLocation(node)) === 'const char *';

function kindOf(c, type) {
  if (c.types.checker.isArrayType(type)) return 'array';
  const name = type.symbol?.name;
  if (name === 'Set' || name === 'ReadonlySet') return 'set';
  if (name === 'Map' || name === 'ReadonlyMap') return 'map';
  const printed = c.types.of(type);
  if (printed === 'const char *') return 'text';
  return /^(unsigned )?(int|long)$|^u64$/.test(printed) ? 'number' : undefined;
}
