/** What the kernel reports, printk's formats among it, as C. `c` is the printer of expressions, cExpressions.mjs. */
import ts from 'typescript';
import { P, expr, stripped } from './cShapes.mjs';

const LOG_LEVELS = [
  'KERN_EMERG',
  'KERN_ALERT',
  'KERN_CRIT',
  'KERN_ERR',
  'KERN_WARNING',
  'KERN_NOTICE',
  'KERN_INFO',
  'KERN_DEBUG',
];

/** What the kernel reports. */
export function event(c, node) {
  const parts = new Map();
  for (const property of node.properties ?? [])
    if (ts.isPropertyAssignment(property)) parts.set(property.name.text, property.initializer);
    else if (ts.isShorthandPropertyAssignment(property))
      parts.set(property.name.text, property.name);
  const kind = parts.get('kind')?.text;
  const text = parts.get('text');
  const words = text === undefined ? '' : formatOf(c, text);
  if (kind === 'printk') {
    const level = parts.get('level');
    const name =
      level && ts.isNumericLiteral(level) ? LOG_LEVELS[Number(level.text)] : level && c.text(level);
    return expr(`printk(${name} ${words})`);
  }
  if (kind === 'bug') return expr(`panic(${words})`);
  if (kind === 'warn') return expr(`WARN(1, ${words})`);
  const others = [...parts].filter(([name]) => name !== 'kind' && name !== 'text');
  return expr(
    `trace_${String(kind).replaceAll('-', '_')}(${others.map(([, value]) => c.argument(value)).join(', ')})`,
  );
}

/** A text as a format and its arguments. */
export function formatOf(c, node) {
  if (ts.isStringLiteralLike(node)) return JSON.stringify(node.text);
  if (!ts.isTemplateExpression(node)) return `"%s", ${c.text(node, P.assign)}`;
  let format = node.head.text;
  const args = [];
  for (const { expression, literal } of node.templateSpans) {
    const hex = hexadecimal(c, expression);
    if (hex !== undefined) {
      format += hex.format + literal.text;
      args.push(hex.value);
      continue;
    }
    const type = c.types.ofNode(expression);
    format +=
      (type === 'const char *' ? '%s' : type.includes('long') ? '%ld' : '%d') + literal.text;
    args.push(c.argument(expression));
  }
  return [JSON.stringify(format), ...args].join(', ');
}

/** `x.toString(16).padStart(5, '0')` as a conversion. */
export function hexadecimal(c, node) {
  const written = /^(.+?)\.toString\(16\)(?:\.padStart\((\d+), '0'\))?$/s.exec(
    node.getText(c.source),
  );
  if (written === null) return undefined;
  let inner = stripped(node);
  while (
    ts.isCallExpression(inner) &&
    ts.isPropertyAccessExpression(inner.expression) &&
    ['padStart', 'toString'].includes(inner.expression.name.text)
  )
    inner = stripped(inner.expression.expression);
  return {
    format: written[2] === undefined ? '%lx' : `%0${written[2]}lx`,
    value: c.text(inner, P.assign),
  };
}
