/** What all parts of the printer of C know: how tightly C binds, and how kernel files name things. */
import ts from 'typescript';

const K = ts.SyntaxKind;

/** How tightly C binds. */
export const P = {
  comma: 1,
  assign: 2,
  cond: 3,
  or: 4,
  and: 5,
  bor: 6,
  xor: 7,
  band: 8,
  eq: 9,
  rel: 10,
  shift: 11,
  add: 12,
  mul: 13,
  unary: 14,
  post: 16,
};

/** TypeScript's operators of two operands: their spelling in C, and how tightly they bind. */
export const BINARY = new Map([
  [K.AsteriskToken, ['*', P.mul]],
  [K.SlashToken, ['/', P.mul]],
  [K.PercentToken, ['%', P.mul]],
  [K.PlusToken, ['+', P.add]],
  [K.MinusToken, ['-', P.add]],
  [K.LessThanLessThanToken, ['<<', P.shift]],
  [K.GreaterThanGreaterThanToken, ['>>', P.shift]],
  [K.GreaterThanGreaterThanGreaterThanToken, ['>>', P.shift]],
  [K.LessThanToken, ['<', P.rel]],
  [K.GreaterThanToken, ['>', P.rel]],
  [K.LessThanEqualsToken, ['<=', P.rel]],
  [K.GreaterThanEqualsToken, ['>=', P.rel]],
  [K.EqualsEqualsEqualsToken, ['==', P.eq]],
  [K.ExclamationEqualsEqualsToken, ['!=', P.eq]],
  [K.AmpersandToken, ['&', P.band]],
  [K.CaretToken, ['^', P.xor]],
  [K.BarToken, ['|', P.bor]],
  [K.AmpersandAmpersandToken, ['&&', P.and]],
  [K.BarBarToken, ['||', P.or]],
  [K.QuestionQuestionToken, ['?:', P.cond]],
]);

/** Conversions between kinds of address, which C does not write. */
export const CONVERSIONS = new Set([
  'asVirt',
  'asCell',
  'asPhys',
  'asPfn',
  'BigInt',
  'Number',
  'lowWord',
  'ulong',
]);

export const expr = (text, prec = P.post) => ({ text, prec });

export const wrap = ({ text, prec }, least) => (prec < least ? `(${text})` : text);

export const isK = (node) => ts.isIdentifier(node) && node.text === 'k';

/** Whether it is `k.name`. */
/** `const purge: ListHead = k.machine.register('purge')`: in C the list itself is the local variable, and what is passed on its address. */
export const isOwnList = (each) =>
  isDeclared(each) && each.type?.getText() === 'ListHead' && kept(each.initializer) !== undefined;

/** `const pgd_list = k.globals.pgd_list`: in C the global has its name everywhere. */
export function isGlobalItself(each) {
  if (!isDeclared(each) || isOwnList(each)) return false;
  const value = stripped(each.initializer);
  const isAddress = ts.isCallExpression(value) && isContext(value.expression, 'va_of');
  const place = isAddress ? stripped(value.arguments[0]) : value;
  const isGlobal = ts.isPropertyAccessExpression(place) && isContext(place.expression, 'globals');
  return (isGlobal ? place.name.text : kept(place)) === each.name.text;
}

const isDeclared = (each) =>
  each !== undefined &&
  ts.isVariableDeclaration(each) &&
  ts.isIdentifier(each.name) &&
  each.initializer !== undefined;

/** The name under which the machine keeps something; undefined of anything else. */
function kept(node) {
  const call = stripped(node);
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression))
    return undefined;
  const { expression, name } = call.expression;
  if (!isContext(expression, 'machine') || name.text !== 'register') return undefined;
  return ts.isStringLiteral(call.arguments[0]) ? call.arguments[0].text : undefined;
}

export const isContext = (node, name) =>
  ts.isPropertyAccessExpression(node) && isK(node.expression) && node.name.text === name;

/** Without parentheses, casts and assertions. */
export function stripped(node) {
  let inner = node;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isNonNullExpression(inner)
  )
    inner = inner.expression;
  return inner;
}

/** `if (k.CONFIG_DEBUG_VM !== 0) VM_BUG_ON_PAGE(...)`: in C the macro alone, which is nothing in most kernels. */
export const isDebugCheck = (node) =>
  ts.isIfStatement(node) &&
  node.elseStatement === undefined &&
  /^k\.CONFIG_DEBUG_VM !== 0$/.test(node.expression.getText()) &&
  ts.isExpressionStatement(node.thenStatement) &&
  /^VM_BUG_ON/.test(node.thenStatement.getText());

/** What has no C form: as it is, without the context. */
export const plainText = (text) =>
  text.replace(/\bk, /g, '').replace(/\bk\./g, '').replace(/\s+/g, ' ');
