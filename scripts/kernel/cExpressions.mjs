/** Expressions of the kernel's files as C. Memory is in cPlaces.mjs, what the kernel reports in cReports.mjs. */
import ts from 'typescript';
import { characterOf, madeObject } from './cMethods.mjs';
import { callOf } from './cCalls.mjs';
import { addressOf, indexOf, memberOf, placeAt, read } from './cPlaces.mjs';
import { formatOf } from './cReports.mjs';
import {
  BINARY,
  CONVERSIONS,
  P,
  plainText,
  expr,
  isContext,
  isGlobalItself,
  isK,
  isOwnList,
  stripped,
  wrap,
} from './cShapes.mjs';
import { snakeCase } from './cTypes.mjs';
import { onLine } from './cWriter.mjs';

const K = ts.SyntaxKind;

const ASSIGNMENTS = new Map([
  [K.EqualsToken, '='],
  [K.PlusEqualsToken, '+='],
  [K.MinusEqualsToken, '-='],
  [K.AsteriskEqualsToken, '*='],
  [K.SlashEqualsToken, '/='],
  [K.AmpersandEqualsToken, '&='],
  [K.BarEqualsToken, '|='],
  [K.CaretEqualsToken, '^='],
  [K.LessThanLessThanEqualsToken, '<<='],
  [K.GreaterThanGreaterThanEqualsToken, '>>='],
  [K.GreaterThanGreaterThanGreaterThanEqualsToken, '>>='],
]);

/** Names that C does not have. */
const NAMES = new Map([
  ['undefined', 'NULL'],
  ['Infinity', 'ULONG_MAX'],
  ['NO_PTE', '0'],
]);

/** What `k` knows of where memory lies, under Linux's names. */
const LAYOUT = new Set(['memmap', 'linear']);
const LAYOUT_NAMES = {
  pageOffset: 'PAGE_OFFSET',
  directMapEndFrame: 'max_pfn_mapped',
  kernelMap: 'kernel_map',
  endPfn: 'max_pfn',
};

/** Whether a text is the last argument of a function that takes a format and what it prints. */
const isFormat = ({ parent }) =>
  ts.isCallExpression(parent) &&
  ts.isIdentifier(parent.expression) &&
  /^(pr_(emerg|alert|crit|err|warn|notice|info|cont|debug)|WARN)(_once|_ONCE)?$/.test(
    parent.expression.text,
  );

/** `k.callOut?.(func, [...])`: func(...) */
const isCallOut = (node) =>
  ts.isCallExpression(node) &&
  ts.isPropertyAccessExpression(node.expression) &&
  node.expression.name.text === 'callOut';

export class CExpressions {
  /** @param {import('./cTypes.mjs').CTypes} types */
  constructor(types, structs, source) {
    this.types = types;
    this.structs = structs;
    this.source = source;
  }

  lineOf(node) {
    return this.source.getLineAndCharacterOfPosition(node.getStart(this.source)).line + 1;
  }

  marked(node, printed) {
    return { ...printed, text: onLine(this.lineOf(node), printed.text) };
  }

  /** The text of an expression, in parentheses where it binds less than `least`. */
  text(node, least = P.comma) {
    return wrap(this.print(node), least);
  }

  // --- values ------------------------------------------------------------------------------------------------------------

  print(node) {
    const inner = this.printBare(node);
    return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
      ? inner
      : this.marked(node, inner);
  }

  /** A name whose value is the address of what has that name in C. */
  namesPlace(node) {
    if (!ts.isIdentifier(node)) return false;
    const declaration = this.types.checker.getSymbolAtLocation(node)?.valueDeclaration;
    return isOwnList(declaration) || isGlobalItself(declaration);
  }

  printBare(node) {
    switch (node.kind) {
      case K.ParenthesizedExpression:
      case K.AsExpression:
      case K.NonNullExpression:
      case K.SatisfiesExpression:
        return this.print(node.expression);
      case K.Identifier:
        if (this.namesPlace(node)) return expr(`&${node.text}`, P.unary);
        return expr(NAMES.get(node.text) ?? node.text);
      case K.NumericLiteral:
        return expr(node.getText(this.source).replaceAll('_', '').replace(/^0o/, '0'));
      case K.BigIntLiteral:
        return expr(node.getText(this.source).replaceAll('_', '').replace(/n$/, ''));
      case K.StringLiteral:
        return expr(JSON.stringify(node.text));
      case K.NoSubstitutionTemplateLiteral:
        return expr(JSON.stringify(node.text));
      case K.TemplateExpression:
        return expr(
          isFormat(node) ? formatOf(this, node) : `kasprintf(GFP_KERNEL, ${formatOf(this, node)})`,
        );
      case K.TrueKeyword:
        return expr('true');
      case K.FalseKeyword:
        return expr('false');
      case K.NullKeyword:
        return expr('NULL');
      case K.PropertyAccessExpression:
        return this.property(node);
      case K.ElementAccessExpression:
        return this.element(node);
      case K.CallExpression:
        return this.call(node);
      case K.BinaryExpression:
        return this.binary(node);
      case K.PrefixUnaryExpression:
        return this.prefix(node);
      case K.PostfixUnaryExpression:
        return expr(
          this.text(node.operand, P.post) + (node.operator === K.PlusPlusToken ? '++' : '--'),
        );
      case K.ConditionalExpression:
        return expr(
          `${this.condition(node.condition, P.or)} ? ${this.text(node.whenTrue, P.cond)} : ${this.text(node.whenFalse, P.cond)}`,
          P.cond,
        );
      case K.ArrayLiteralExpression:
        return this.compound(
          node,
          node.elements.map((each) => this.text(each, P.assign)),
        );
      case K.ObjectLiteralExpression:
        // `{ ...mas }`: a copy.
        if (node.properties.length === 1 && ts.isSpreadAssignment(node.properties[0]))
          return expr(`*${this.text(node.properties[0].expression, P.unary)}`, P.unary);
        return this.compound(
          node,
          node.properties.map((each) => this.initializer(each)),
        );
      case K.SpreadElement:
      case K.VoidExpression:
        return this.print(node.expression);
      case K.NewExpression:
        return madeObject(this, node) ?? expr(plainText(node.getText(this.source)));
      default:
        return expr(plainText(node.getText(this.source)));
    }
  }

  /** A literal of an array or a structure: with its type, unless it is what a variable begins with. */
  compound(node, parts) {
    const text = parts.length === 0 ? '{ }' : `{ ${parts.join(', ')} }`;
    if (ts.isVariableDeclaration(node.parent) || ts.isArrayLiteralExpression(node.parent))
      return expr(text);
    const contextual =
      this.types.checker.getContextualType(node) ?? this.types.checker.getTypeAtLocation(node);
    const type = this.types.of(contextual).replace(/ ?\*$/, '');
    return expr(`(${type}${ts.isArrayLiteralExpression(node) ? '[]' : ''})${text}`);
  }

  initializer(property) {
    if (ts.isShorthandPropertyAssignment(property))
      return `.${property.name.text} = ${property.name.text}`;
    if (ts.isPropertyAssignment(property))
      return `.${property.name.getText(this.source)} = ${this.text(property.initializer, P.assign)}`;
    return plainText(property.getText(this.source));
  }

  property(node) {
    const { expression, name } = node;
    if (name.text === 'MAX_SAFE_INTEGER') return expr('ULONG_MAX');
    if (isK(expression)) return this.ofContext(name.text);
    const member = memberOf(this, node);
    if (member !== undefined) return expr(`offsetof(struct ${member.tag}, ${member.path})`);
    if (ts.isPropertyAccessExpression(expression) && isK(expression.expression)) {
      if (expression.name.text === 'globals') return expr(`&${name.text}`, P.unary);
      if (expression.name.text === 'sizeof' || expression.name.text === 'stride')
        return expr(`sizeof(struct ${name.text})`);
      if (expression.name.text === 'machine') return expr(snakeCase(name.text));
      if (LAYOUT.has(expression.name.text)) return expr(LAYOUT_NAMES[name.text] ?? name.text);
    }
    if (name.text === 'value' && this.types.isReference(expression))
      return this.types.isParameter(expression)
        ? expr(`*${this.text(expression, P.unary)}`, P.unary)
        : this.print(expression);
    if ((name.text === 'low' || name.text === 'high') && this.isEntry(expression))
      return name.text === 'low'
        ? this.print(expression)
        : expr(`${this.text(expression, P.shift)} >> 32`, P.shift);
    if (name.text === 'length') return expr(`ARRAY_SIZE(${this.text(expression)})`);
    const object = this.text(expression, P.post);
    return expr(`${object}${this.isRecord(expression) ? '->' : '.'}${name.text}`);
  }

  /** A property of `k` itself. */
  ofContext(name) {
    switch (name) {
      case 'cpu':
        return expr('smp_processor_id()');
      case 'smp':
        return expr('IS_ENABLED(CONFIG_SMP)');
      case 'sparsemem':
        return expr('IS_ENABLED(CONFIG_SPARSEMEM)');
      case 'wide':
        return expr('IS_ENABLED(CONFIG_64BIT)');
      case 'zones':
        return expr('NODE_DATA(0)->node_zones');
      case 'ptr_words':
        return expr('(sizeof(long) / 4)');
      default:
        return expr(name);
    }
  }

  /** An entry of a page table, whose words are halves of one value in C. */
  isEntry(node) {
    return this.types.of(this.types.checker.getTypeAtLocation(node)) === 'pteval_t';
  }

  isRecord(node) {
    const type = this.types.of(this.types.checker.getTypeAtLocation(node));
    return type.endsWith('*') || /\w/.test(type);
  }

  element(node) {
    const isMemory = ts.isIdentifier(node.expression) && node.expression.text === 'words';
    if (isMemory || isContext(node.expression, 'words')) return read(this, node.argumentExpression);
    const object = this.text(node.expression, P.post);
    const text = `${object}[${this.text(node.argumentExpression)}]`;
    return isContext(node.expression, 'zones') ? expr(`&${text}`, P.unary) : expr(text);
  }

  binary(node) {
    const operator = node.operatorToken.kind;
    if (operator === K.EqualsToken) {
      const step = this.step(node);
      if (step !== undefined) return step;
    }
    // A function that is not there: Linux calls it all the same.
    if (operator === K.QuestionQuestionToken && isCallOut(stripped(node.left)))
      return this.print(node.left);
    const character = operator === K.PlusEqualsToken ? characterOf(this, node.right) : undefined;
    if (character !== undefined)
      return expr(`${this.text(node.left, P.post)}[n++] = ${character}`, P.assign);
    if (ASSIGNMENTS.has(operator))
      return expr(
        `${this.text(node.left, P.unary)} ${ASSIGNMENTS.get(operator)} ${this.value(node.right, node.left)}`,
        P.assign,
      );
    if (operator === K.CommaToken)
      return expr(`${this.text(node.left, P.comma)}, ${this.text(node.right, P.assign)}`, P.comma);
    if (operator === K.AsteriskAsteriskToken)
      return node.left.getText(this.source) === '2'
        ? expr(`1UL << ${this.text(node.right, P.add)}`, P.shift)
        : expr(`int_pow(${this.text(node.left)}, ${this.text(node.right)})`);
    if (operator === K.AmpersandAmpersandToken || operator === K.BarBarToken)
      return this.logical(node);
    const known = BINARY.get(operator);
    if (known === undefined) return expr(plainText(node.getText(this.source)));
    if (operator === K.PlusToken || operator === K.MinusToken) {
      const place = placeAt(this, node);
      if (place.isPlace || place.isContainer) return addressOf(place);
    }
    if (
      (operator === K.EqualsEqualsEqualsToken || operator === K.ExclamationEqualsEqualsToken) &&
      isZero(node.right)
    )
      return this.comparedWithZero(node, operator === K.EqualsEqualsEqualsToken);
    const [sign, prec] = known;
    // As the kernel writes it: a shift within a mask stands in parentheses.
    const isMask = prec >= P.bor && prec <= P.band;
    const side = (each, above) => {
      const printed = this.print(each);
      const isShift = isMask && printed.prec === P.shift;
      return wrap(printed, isShift ? P.unary : above);
    };
    return expr(`${side(node.left, prec)} ${sign} ${side(node.right, prec + 1)}`, prec);
  }

  /** `pte = asCell(pte + k.pte_words)` is `pte++`, `addr = asVirt(addr + size)` is `addr += size`. */
  step(node) {
    let sum = stripped(node.right);
    while (
      ts.isCallExpression(sum) &&
      ts.isIdentifier(sum.expression) &&
      CONVERSIONS.has(sum.expression.text)
    )
      sum = stripped(sum.arguments.at(-1));
    if (!ts.isIdentifier(node.left) || !ts.isBinaryExpression(sum)) return undefined;
    if (sum.operatorToken.kind !== K.PlusToken || !ts.isIdentifier(sum.left)) return undefined;
    if (sum.left.text !== node.left.text) return undefined;
    if (indexOf(this, stripped(sum.right)) === '1') return expr(`${node.left.text}++`);
    if (memberOf(this, stripped(sum.right)) !== undefined || indexOf(this, stripped(sum.right)))
      return undefined;
    return expr(`${node.left.text} += ${this.text(sum.right, P.assign)}`, P.assign);
  }

  /** `x === 0`: C says it with `!` of pointers and of masks. */
  comparedWithZero(node, isEqual) {
    const left = this.print(node.left);
    const isMask = stripped(node.left).kind === K.BinaryExpression;
    const isPointer =
      stripped(node.right).kind === K.Identifier ||
      this.types.ofNode(stripped(node.left)).endsWith('*');
    if (isEqual && (isMask || isPointer)) return expr(`!${wrap(left, P.unary)}`, P.unary);
    const zero = isPointer ? 'NULL' : '0';
    return expr(`${wrap(left, P.eq)} ${isEqual ? '==' : '!='} ${zero}`, P.eq);
  }

  logical(node) {
    const isAnd = node.operatorToken.kind === K.AmpersandAmpersandToken;
    const prec = isAnd ? P.and : P.or;
    const side = (each) => {
      const inner = stripped(each);
      const mixed =
        ts.isBinaryExpression(inner) &&
        isLogical(inner) &&
        inner.operatorToken.kind !== node.operatorToken.kind;
      if (mixed) return onLine(this.lineOf(each), `(${this.condition(inner)})`);
      // As the kernel writes it, though C does not need it: `a && (b & c)`.
      const truth = isUnequalToZero(inner) ? stripped(inner.left) : inner;
      const isMask =
        ts.isBinaryExpression(truth) &&
        [K.AmpersandToken, K.BarToken, K.CaretToken].includes(truth.operatorToken.kind);
      return isMask
        ? onLine(this.lineOf(each), `(${this.text(truth)})`)
        : this.condition(each, prec);
    };
    return expr(`${side(node.left)} ${isAnd ? '&&' : '||'} ${side(node.right)}`, prec);
  }

  /** Where only its truth matters: `x !== 0` is `x`. */
  condition(node, least = P.comma) {
    const inner = stripped(node);
    if (ts.isBinaryExpression(inner)) {
      const isUnequal = inner.operatorToken.kind === K.ExclamationEqualsEqualsToken;
      const isEqual = inner.operatorToken.kind === K.EqualsEqualsEqualsToken;
      if (isUnequal && isZero(inner.right))
        return onLine(this.lineOf(inner), this.text(inner.left, least));
      if (isEqual && isZero(inner.right))
        return onLine(
          this.lineOf(inner),
          wrap(expr(`!${this.text(inner.left, P.unary)}`, P.unary), least),
        );
    }
    return this.text(inner, least);
  }

  prefix(node) {
    switch (node.operator) {
      case K.ExclamationToken:
        return expr(`!${this.condition(node.operand, P.unary)}`, P.unary);
      case K.PlusPlusToken:
        return expr(`++${this.text(node.operand, P.unary)}`, P.unary);
      case K.MinusMinusToken:
        return expr(`--${this.text(node.operand, P.unary)}`, P.unary);
      case K.TildeToken:
        return expr(`~${this.text(node.operand, P.unary)}`, P.unary);
      case K.MinusToken:
        return expr(`-${this.text(node.operand, P.unary)}`, P.unary);
      default:
        return this.print(node.operand);
    }
  }

  /** What is assigned to `target`: a bool is a condition. */
  value(node, target) {
    return this.types.isBoolean(target)
      ? this.condition(node, P.assign)
      : this.text(node, P.assign);
  }

  // --- calls -------------------------------------------------------------------------------------------------------------

  call(node) {
    return callOf(this, node);
  }

  list(args) {
    return args.map((each) => this.argument(each)).join(', ');
  }

  argument(node) {
    if (this.types.isReference(node) && !this.types.isParameter(node))
      return `&${this.text(node, P.unary)}`;
    return this.types.isBoolean(node) ? this.condition(node, P.assign) : this.text(node, P.assign);
  }
}

const isLogical = (node) =>
  node.operatorToken.kind === K.AmpersandAmpersandToken ||
  node.operatorToken.kind === K.BarBarToken;

const isZero = (node) => {
  const inner = stripped(node);
  return (
    (ts.isNumericLiteral(inner) && inner.text === '0') ||
    (ts.isIdentifier(inner) && (inner.text === 'NULL' || inner.text === 'undefined')) ||
    (inner.kind === K.BigIntLiteral && inner.text === '0n')
  );
};

const isUnequalToZero = (node) =>
  ts.isBinaryExpression(node) &&
  node.operatorToken.kind === K.ExclamationEqualsEqualsToken &&
  isZero(node.right);
