/** Local declarations of the kernel's files as C, for a printer of statements. */
import ts from 'typescript';
import { isGlobalItself, isOwnList, stripped } from './cShapes.mjs';
import { declared } from './cTypes.mjs';
import { withoutLines } from './cWriter.mjs';

export function locals(printer, node) {
  for (const each of node.declarationList.declarations) local(printer, each, node);
}

function local(printer, each, statement) {
  const { w, e, types, source } = printer;
  const value = each.initializer && stripped(each.initializer);
  // What stands for all memory has no name in C, nor has what only the watchdog counts.
  if (value?.getText(source) === 'k.words' || each.name.text === 'rounds')
    return printer.leftOut(statement);
  if (isGlobalItself(each)) return printer.leftOut(statement);
  const isFirst = each === statement.declarationList.declarations[0];
  printer.begin(isFirst ? statement : each);
  if (value !== undefined && ts.isArrowFunction(value)) return nestedFunction(printer, each, value);
  if (!ts.isIdentifier(each.name)) return destructured(printer, each);
  if (isOwnList(each)) return w.append(`struct list_head ${each.name.text};`);
  const referred = types.referred(each);
  if (referred !== undefined && value !== undefined && ts.isObjectLiteralExpression(value)) {
    // A `Ref` is the variable itself where it is declared.
    w.append(`${declared(referred, each.name.text)} = `);
    w.write(`${e.text(value.properties[0].initializer, 2)};`);
    return;
  }
  w.append(declared(types.ofNode(each), each.name.text));
  if (value !== undefined) w.write(` = ${e.value(each.initializer, each)}`);
  w.append(';');
}

/** A local function: GNU C has them. */
function nestedFunction(printer, each, arrow) {
  const { w, e } = printer;
  const type = printer.returnType(arrow);
  const head = declared(type, each.name.getText(printer.source));
  if (ts.isBlock(arrow.body)) return printer.definition(arrow, head);
  w.append(`${head}(${printer.parameters(arrow).join(', ') || 'void'}) { `);
  const body = type === 'bool' ? e.condition(arrow.body) : e.text(arrow.body);
  w.write(`${type === 'void' ? '' : 'return '}${body}; }`);
}

function destructured(printer, each) {
  const { w, e, types, source } = printer;
  const object = withoutLines(e.text(each.initializer, 16));
  const isArray = ts.isArrayBindingPattern(each.name);
  const parts = each.name.elements.flatMap((element, i) => {
    if (element.name === undefined) return [];
    const name = element.name.getText(source);
    const from = isArray
      ? `${object}[${i}]`
      : `${object}->${element.propertyName?.getText(source) ?? name}`;
    return [`${declared(types.ofNode(element), name)} = ${from};`];
  });
  w.append(parts.join(' '));
}
