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
