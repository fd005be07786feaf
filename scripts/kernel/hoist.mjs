/**
 * Locals of the instrumented kernel as variables of their whole function: so that one closure reaches them, and a debugger can set
 * them, whatever block they are in and however they are declared. In the C that is shown, they are plain variables, too.
 *
 *     for (const page of pages) { const order: Order = f(page); ... }
 *     let page,order; ... for (page of pages) { order = f(page); ... }
 *
 * Left as they are: names that a function inside of the function uses, for it may keep those of one turn of a loop; names that hide
 * others; patterns.
 */
import ts from 'typescript';

/**
 * What of a function's locals is to be hoisted.
 *
 * @param {ts.FunctionDeclaration} declaration
 * @returns {{ names: string[], lists: ts.VariableDeclarationList[] }} names to be declared at its beginning, and the declarations that
 *   are to be rewritten
 */
export function hoistedLocals({ parameters, body }) {
  /** @type {ts.VariableDeclarationList[]} */
  const lists = [];
  const kept = new Set();
  const names = new Set(parameters.flatMap(({ name }) => namesIn(name)));

  const keepAll = (node) => {
    if (ts.isIdentifier(node)) kept.add(node.text);
    ts.forEachChild(node, keepAll);
  };
  const visit = (node, outer) => {
    if (ts.isFunctionLike(node)) return keepAll(node);
    let visible = outer;
    if (opensBlock(node)) {
      const own = declaredIn(node);
      for (const name of own) if (outer.has(name)) kept.add(name);
      visible = new Set([...outer, ...own]);
    }
    if (ts.isVariableDeclarationList(node)) {
      lists.push(node);
      for (const { name } of node.declarations)
        if (!ts.isIdentifier(name)) namesIn(name).forEach((one) => kept.add(one));
    }
    ts.forEachChild(node, (child) => visit(child, visible));
  };
  visit(body, names);

  const namesOf = (list) => list.declarations.flatMap(({ name }) => namesIn(name));
  const isKept = (list) => namesOf(list).some((name) => kept.has(name));
  // One keyword declares them all: those beside one that stays, stay, and so do their namesakes.
  for (let size = -1; size !== kept.size;) {
    size = kept.size;
    for (const list of lists) if (isKept(list)) namesOf(list).forEach((name) => kept.add(name));
  }
  const hoisted = lists.filter((list) => !isKept(list));
  return { names: [...new Set(hoisted.flatMap(namesOf))], lists: hoisted };
}

/**
 * Makes an assignment of a declaration by insertions: what goes becomes a comment.
 *
 * @param {(at: number, text: string) => void} insert
 */
export function rewriteAsAssignment(list, source, insert) {
  const [first] = list.declarations;
  insert(list.getStart(source), '/*');
  insert(first.getStart(source), '*/');
  const isOfLoop = ts.isForOfStatement(list.parent) || ts.isForInStatement(list.parent);
  for (const { name, type, initializer } of list.declarations) {
    if (type !== undefined) {
      insert(name.end, '/*');
      insert(type.end, '*/');
    }
    if (initializer === undefined && !isOfLoop) insert((type ?? name).end, '=undefined');
  }
}

const opensBlock = (node) =>
  ts.isBlock(node) ||
  ts.isCaseBlock(node) ||
  ts.isForStatement(node) ||
  ts.isForOfStatement(node) ||
  ts.isForInStatement(node) ||
  ts.isCatchClause(node);

/** The names that a block declares itself. */
function declaredIn(node) {
  if (ts.isCatchClause(node))
    return node.variableDeclaration ? namesIn(node.variableDeclaration.name) : [];
  const lists = ts.isBlock(node)
    ? node.statements.filter(ts.isVariableStatement).map(({ declarationList }) => declarationList)
    : ts.isCaseBlock(node)
      ? node.clauses
          .flatMap(({ statements }) => [...statements])
          .filter(ts.isVariableStatement)
          .map(({ declarationList }) => declarationList)
      : node.initializer !== undefined && ts.isVariableDeclarationList(node.initializer)
        ? [node.initializer]
        : [];
  return lists.flatMap(({ declarations }) => declarations).flatMap(({ name }) => namesIn(name));
}

const namesIn = (name) =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (element.name ? namesIn(element.name) : []));
