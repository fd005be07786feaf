/** Loops of the kernel's files as C, for a printer of statements. */
import ts from 'typescript';
import { memberOf } from './cPlaces.mjs';
import { stripped } from './cShapes.mjs';
import { declared } from './cTypes.mjs';
import { withoutLines } from './cWriter.mjs';

export function forLoop(printer, node) {
  const { w, e } = printer;
  const macro = iterator(printer, node);
  if (macro !== undefined) {
    w.append(macro);
    return printer.nested(node.statement);
  }
  const { initializer, condition, incrementor } = node;
  w.append('for (');
  if (initializer !== undefined && ts.isVariableDeclarationList(initializer))
    initializer.declarations.forEach((each, i) => {
      const type = printer.types.ofNode(each);
      const name = each.name.getText(printer.source);
      w.append(i === 0 ? declared(type, name) : `, ${type.endsWith('*') ? '*' : ''}${name}`);
      if (each.initializer !== undefined) w.write(` = ${e.value(each.initializer, each)}`);
    });
  else if (initializer !== undefined) w.write(e.text(initializer));
  w.write(condition === undefined ? ';' : `; ${e.condition(condition)}`);
  w.write(incrementor === undefined ? ';)' : `; ${e.text(incrementor)})`);
  printer.nested(node.statement);
}

/** The kernel's iterators, which are macros there and loops here. */
function iterator(printer, { initializer, incrementor }) {
  if (initializer === undefined || !ts.isVariableDeclarationList(initializer)) return undefined;
  const [first, second] = initializer.declarations;
  const call = first?.initializer && stripped(first.initializer);
  if (call === undefined || incrementor === undefined || !ts.isCallExpression(call))
    return undefined;
  const plain = (node) => withoutLines(printer.e.text(node, 2));
  const name = first.name.getText(printer.source);
  const other = second?.name.getText(printer.source);
  const callee = call.expression.getText(printer.source);
  const args = call.arguments;
  if (callee === 'list_first_entry' || callee === 'list_last_entry') {
    const member = memberOf(printer.e, stripped(args[2]));
    if (member === undefined) return undefined;
    const suffix = `${other === undefined ? '' : '_safe'}${callee === 'list_last_entry' ? '_reverse' : ''}`;
    const cursor = other === undefined ? name : `${name}, ${other}`;
    return `list_for_each_entry${suffix}(${cursor}, ${plain(args[1])}, ${member.path})`;
  }
  if (callee === 'first_zones_zonelist' && other !== undefined)
    return `for_each_zone_zonelist(${other}, ${name}, ${plain(args[1])}, ${plain(args[2])})`;
  const isRaw = incrementor.getText(printer.source) === `${name} = k.read_ptr(${name})`;
  if (isRaw && printer.types.ofNode(first) === 'struct list_head *')
    return `list_for_each(${name}, ${plain(args[0])})`;
  return undefined;
}
