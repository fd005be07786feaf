/**
 * Locals of the instrumented kernel as variables of their whole function: so that one closure reaches them, and a debugger can set
 * them, whatever block they are in and however they are declared. In the C that is shown, they are plain variables, too.
 *
 *     for (const page of pages) { const { order }: Block = f(page); ... }
 *     let page,order; ... for (page of pages) { ({ order } = f(page)); ... }
 *
 * A name that hides another one of its function becomes the same variable where the other is not read behind it any more. Left as
 * they are: names that a function inside of the function uses and a loop declares, for it may keep those of one turn.
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
  const captured = new Set();
  const kept = new Set();
  /** @type {{ name: string, inner: ts.Node }[]} */
  const hiding = [];
  const names = new Set(parameters.flatMap(({ name }) => namesIn(name)));

  const visit = (node, outer) => {
    if (ts.isFunctionLike(node)) {
      for (const name of freeNames(node)) captured.add(name);
      return;
    }
    let visible = outer;
    if (opensBlock(node)) {
      const own = declaredIn(node);
      for (const name of own) if (outer.has(name)) hiding.push({ name, inner: node });
      visible = new Set([...outer, ...own]);
    }
    if (ts.isVariableDeclarationList(node)) lists.push(node);
    ts.forEachChild(node, (child) => visit(child, visible));
  };
  visit(body, names);

  for (const list of lists)
    if (loopAround(list, body) !== undefined)
      for (const name of namesOf(list)) if (captured.has(name)) kept.add(name);
  for (const { name, inner } of hiding) if (!isDeadBehind(name, inner, body)) kept.add(name);

  const isKept = (list) => namesOf(list).some((name) => kept.has(name));
  // One keyword declares them all: those beside one that stays, stay, and so do their namesakes.
  for (let size = -1; size !== kept.size;) {
    size = kept.size;
    for (const list of lists) if (isKept(list)) namesOf(list).forEach((name) => kept.add(name));
  }
  const hoisted = lists.filter((list) => !isKept(list));
  return { names: [...new Set(hoisted.flatMap(namesOf))], lists: hoisted };
}

/** Whether nobody reads a name that a block hides once the block has given it another value. */
function isDeadBehind(name, inner, body) {
  const outside = [];
  const visit = (node) => {
    // Another block's own variable is not the one that is hidden.
    const isAround = node.pos <= inner.pos && node.end >= inner.end;
    if (node === inner || (!isAround && opensBlock(node) && declaredIn(node).includes(name)))
      return;
    if (ts.isIdentifier(node) && node.text === name) outside.push(node);
    ts.forEachChild(node, visit);
  };
  visit(body);
  const behind = outside.filter((node) => node.pos > inner.pos);
  const isDeclaration = ({ parent }) =>
    ts.isVariableDeclaration(parent) || ts.isBindingElement(parent);
  // Behind the block it gets a value first,
  if (
    behind.length > 0 &&
    !(isDeclaration(behind[0]) && outside.every((node) => behind.includes(node)))
  )
    return false;
  // and in front of it, in the next turn of a loop around them.
  const before = outside.filter((node) => node.pos < inner.pos);
  for (let loop = loopAround(inner, body); loop !== undefined; loop = loopAround(loop, body)) {
    const inLoop = before.filter((node) => node.pos >= loop.pos);
    if (inLoop.length > 0 && !isDeclaration(inLoop[0])) return false;
  }
  return true;
}

/** The innermost loop of a function that a node is in. */
function loopAround(node, body) {
  for (let at = node.parent; at !== body; at = at.parent)
    if (ts.isIterationStatement(at, false)) return at;
  return undefined;
}

/** Names that a function inside of another one uses and does not declare. */
function freeNames(fn) {
  const own = new Set();
  const used = new Set();
  const visit = (node) => {
    if (ts.isParameter(node) || ts.isVariableDeclaration(node))
      for (const name of namesIn(node.name)) own.add(name);
    if (ts.isIdentifier(node) && !isMember(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(fn);
  return [...used].filter((name) => !own.has(name));
}

/** Behind a point, or a property's own name. */
const isMember = ({ parent, ...node }) =>
  (ts.isPropertyAccessExpression(parent) && parent.name.pos === node.pos) ||
  (ts.isPropertyAssignment(parent) && parent.name.pos === node.pos);

const namesOf = (list) => list.declarations.flatMap(({ name }) => namesIn(name));

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
    // A statement that begins with a brace is a block.
    if (!ts.isIdentifier(name) && !isOfLoop) {
      insert(name.getStart(source), '(');
      insert(initializer.end, ')');
    }
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
