/**
 * Kernel memory as C's places. It is reached by addresses that are sums:
 * `k.words[zone + k.zone.free_area + order * k.stride.free_area + k.free_area.nr_free]` is `zone->free_area[order].nr_free`.
 * So a sum is read as a place: its base, then members and indexes. `c` is the printer of expressions, cExpressions.mjs.
 */
import ts from 'typescript';
import { BINARY, CONVERSIONS, P, expr, isContext, isK, stripped, wrap } from './cShapes.mjs';
import { withoutLines } from './cWriter.mjs';

const K = ts.SyntaxKind;

/** What lies at the beginning of a structure, where a read of the structure's own address reads it. */
const FIRST_MEMBER = {
  list_head: 'next',
  zoneref: 'zone',
  rb_root: 'rb_node',
  rb_root_cached: 'rb_node',
  kernfs_node: 'count',
  xa_node: 'shift',
};

/** What lies at an address. */
export function read(c, node) {
  const place = placeAt(c, node);
  if (place.isPlace) return expr(place.text);
  const tag = c.types.tagOf(stripped(node));
  if (tag in FIRST_MEMBER) return expr(`${wrap(place, P.post)}->${FIRST_MEMBER[tag]}`);
  return expr(`*${wrap(place, P.unary)}`, P.unary);
}

/** A store: with `|=`, `&=` and the like where it changes what was there. */
export function assignment(c, at, value) {
  const target = read(c, at).text;
  const inner = stripped(value);
  if (ts.isBinaryExpression(inner) && BINARY.has(inner.operatorToken.kind)) {
    const [sign, prec] = BINARY.get(inner.operatorToken.kind);
    const same = withoutLines(c.text(inner.left)) === withoutLines(target);
    if (same && prec >= P.bor && ['|', '&', '^', '+', '-', '<<', '>>'].includes(sign)) {
      const isOne = (sign === '+' || sign === '-') && inner.right.getText(c.source) === '1';
      if (isOne) return expr(`${wrap(read(c, at), P.post)}${sign}${sign}`);
      return expr(`${target} ${sign}= ${c.text(inner.right, P.assign)}`, P.assign);
    }
  }
  return expr(`${target} = ${c.argument(value)}`, P.assign);
}

export function increment(c, at, delta) {
  const target = wrap(read(c, at), P.post);
  const inner = stripped(delta);
  const written = inner.getText(c.source);
  if (written === '1') return expr(`${target}++`);
  if (written === '-1') return expr(`${target}--`);
  if (ts.isPrefixUnaryExpression(inner) && inner.operator === K.MinusToken)
    return expr(`${target} -= ${c.text(inner.operand, P.assign)}`, P.assign);
  return expr(`${target} += ${c.text(delta, P.assign)}`, P.assign);
}

/** `page->compound_order`, `pcp->vm_stat_diff[item]`. */
export function smallMember(c, base, offset) {
  return placeOf(c, [...terms(c, base), ...terms(c, offset)]).text;
}

/** `k.page.lru` as what C calls it. */
export function memberOf(c, node) {
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const { expression, name } = node;
  if (!ts.isPropertyAccessExpression(expression) || !isK(expression.expression)) return undefined;
  const tag = expression.name.text;
  const path = c.structs[tag]?.get(name.text);
  return path === undefined ? undefined : { tag, path };
}

/** The terms of a sum, each with its sign. */
export function terms(c, node, sign = 1) {
  const inner = stripped(node);
  if (ts.isBinaryExpression(inner)) {
    const { kind } = inner.operatorToken;
    if (kind === K.PlusToken || kind === K.MinusToken)
      return [
        ...terms(c, inner.left, sign),
        ...terms(c, inner.right, kind === K.PlusToken ? sign : -sign),
      ];
  }
  if (
    ts.isCallExpression(inner) &&
    ts.isIdentifier(inner.expression) &&
    CONVERSIONS.has(inner.expression.text)
  )
    return terms(c, inner.arguments.at(-1), sign);
  if (ts.isPrefixUnaryExpression(inner) && inner.operator === K.MinusToken) {
    if (memberOf(c, stripped(inner.operand)) !== undefined)
      return [{ node: inner.operand, sign: -sign }];
  }
  return [{ node: inner, sign }];
}

export function placeAt(c, node) {
  const inner = stripped(node);
  if (c.namesPlace(inner)) return { isPlace: true, text: inner.text, prec: P.post };
  if (ts.isCallExpression(inner) && isContext(inner.expression, 'plus'))
    return placeOf(c, [...terms(c, inner.arguments[0]), ...terms(c, inner.arguments[1])]);
  return placeOf(c, terms(c, node));
}

/**
 * A sum of terms as C's place or address.
 *
 * @returns {{ isPlace: boolean, text: string, prec: number }} a place has an address (`&text`); else it is the address itself
 */
export function placeOf(c, [base, ...rest]) {
  let at = basePlace(c, base.node);
  for (const { node, sign } of rest) {
    const inner = stripped(node);
    const member = memberOf(c, inner);
    const index = indexOf(c, inner);
    if (member !== undefined && sign < 0) {
      at = {
        isPlace: false,
        isContainer: true,
        text: `container_of(${wrap(addressOf(at), P.assign)}, struct ${member.tag}, ${member.path})`,
        prec: P.post,
      };
    } else if (member !== undefined) {
      at = {
        isPlace: true,
        text: `${at.isPlace ? `${at.text}.` : `${wrap(at, P.post)}->`}${member.path}`,
        prec: P.post,
      };
    } else if (index !== undefined && sign > 0) {
      at = {
        isPlace: true,
        text: `${wrap(at, P.post)}[${index}]`,
        prec: P.post,
      };
    } else if (at.isPlace && /\w$/.test(at.text) && sign > 0) {
      at = { isPlace: true, text: `${at.text}[${c.text(inner)}]`, prec: P.post };
    } else {
      const address = addressOf(at);
      at = {
        isPlace: false,
        text: `${wrap(address, P.add)} ${sign > 0 ? '+' : '-'} ${c.text(inner, P.mul)}`,
        prec: P.add,
      };
    }
  }
  return at;
}

export function basePlace(c, node) {
  const inner = stripped(node);
  if (ts.isPropertyAccessExpression(inner) && isContext(inner.expression, 'globals'))
    return { isPlace: true, text: inner.name.text, prec: P.post };
  if (c.namesPlace(inner)) return { isPlace: true, text: inner.text, prec: P.post };
  if (ts.isCallExpression(inner) && isContext(inner.expression, 'plus'))
    return placeOf(c, [...terms(c, inner.arguments[0]), ...terms(c, inner.arguments[1])]);
  if (
    ts.isCallExpression(inner) &&
    ts.isPropertyAccessExpression(inner.expression) &&
    isContext(inner.expression.expression, 'machine') &&
    inner.expression.name.text === 'register'
  )
    return { isPlace: true, text: inner.arguments[0].text, prec: P.post };
  const printed = c.print(inner);
  return { isPlace: false, ...printed };
}

/** What is multiplied by the size of an element: an index. */
export function indexOf(c, node) {
  const isElement = (each) => {
    const inner = stripped(each);
    return (
      ts.isPropertyAccessExpression(inner) &&
      (isContext(inner.expression, 'stride') ||
        (isK(inner.expression) && ['ptr_words', 'pte_words'].includes(inner.name.text)) ||
        inner.name.text === 'page_words')
    );
  };
  if (isElement(node)) return '1';
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== K.AsteriskToken) return undefined;
  if (isElement(node.right)) return c.text(node.left);
  if (isElement(node.left)) return c.text(node.right);
  return undefined;
}

/** @returns the address of a place, or what already is one */
export function addressOf({ isPlace, text, prec }) {
  return isPlace ? expr(`&${text}`, P.unary) : expr(text, prec);
}
