/** The probes of the instrumented kernel: a call before each statement, one at each function's start and one at its end. */
import ts from 'typescript';
import { isDebugCheck } from './cShapes.mjs';
import { hoistedLocals, rewriteAsAssignment } from './hoist.mjs';

/**
 * Inserts the probes of one file and adds its functions and statements to the tables. Text is only inserted, so columns move and
 * lines do not.
 *
 * @param {(position: number) => number} cLineOf  line in C of the statement that begins at a position of the source; 0: C
 *   does not have it, and nothing stops there
 * @returns {string} the file's text with probes
 */
export function insertProbes({ types, source, file, cFile, cLineOf, tables }) {
  /** @type {{ at: number, text: string, order: number }[]} */
  const inserts = [];
  const insert = (at, text) => inserts.push({ at, text, order: inserts.length });
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1;

  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.body !== undefined)
      instrumentFunction(statement);
  }
  return applyInserts(source.text, inserts);

  function instrumentFunction(declaration) {
    const functionId = tables.functions.length;
    const locals = {};
    tables.functions.push({
      name: declaration.name.text,
      c: { file: cFile, startLine: cLineOf(declaration.getStart(source)), endLine: 0 },
      typescript: {
        file,
        startLine: lineOf(declaration.getStart(source)),
        endLine: lineOf(declaration.end),
      },
      locals,
      settable: [],
    });
    const { settable } = tables.functions[functionId];
    const scope = [];
    const firstStatement = tables.statementLine.c.length;
    const declare = (nameNode, into) => {
      if (!ts.isIdentifier(nameNode)) {
        for (const element of nameNode.elements) if (element.name) declare(element.name, into);
        return;
      }
      if (nameNode.text === 'k') return;
      locals[nameNode.text] ??= types.ofNode(nameNode);
      const structure = types.structureOf(nameNode);
      if (structure !== undefined) tables.structures[structure.spelled] = structure.members;
      into.push(nameNode.text);
    };
    for (const parameter of declaration.parameters) declare(parameter.name, scope);
    const body = declaration.body;
    const { names: hoisted, lists } = hoistedLocals(declaration);
    settable.push(...scope, ...hoisted);
    const variables = hoisted.length === 0 ? '' : `let ${hoisted.join(',')};`;
    insert(body.getStart(source) + 1, `${variables}$enter(${functionId},${setter(settable)});try{`);
    statementList(body.statements, scope);
    // Behind the probes that stand in front of a declaration.
    for (const list of lists) rewriteAsAssignment(list, source, insert);
    insert(body.end - 1, '}finally{$leave();}');
    const { c } = tables.functions[functionId];
    c.endLine = Math.max(c.startLine, ...tables.statementLine.c.slice(firstStatement)) + 1;

    function probe(node, visible) {
      const id = tables.statementFunction.length;
      tables.statementFunction.push(functionId);
      tables.statementLine.c.push(cLineOf(node.getStart(source)));
      tables.statementLine.typescript.push(lineOf(node.getStart(source)));
      return `$at(${id},()=>({${[...new Set(visible)].join(',')}}))`;
    }

    /** A list of statements: a block, a case clause. */
    function statementList(statements, outer) {
      const visible = [...outer];
      for (const statement of statements) {
        statementWithProbe(statement, visible);
        if (ts.isVariableStatement(statement))
          for (const d of statement.declarationList.declarations) declare(d.name, visible);
      }
    }

    /**
     * The probe stands before the statement, except where its condition carries it. A loop whose initializer calls something has
     * both: what is called must find its caller entered.
     */
    function statementWithProbe(statement, visible) {
      const carriesOwn =
        ts.isBlock(statement) ||
        ts.isEmptyStatement(statement) ||
        isDebugCheck(statement) ||
        ts.isFunctionDeclaration(statement) ||
        ts.isWhileStatement(statement) ||
        ts.isDoStatement(statement) ||
        ts.isLabeledStatement(statement) ||
        (ts.isForStatement(statement) &&
          statement.condition !== undefined &&
          !calls(statement.initializer)) ||
        (ts.isVariableStatement(statement) &&
          statement.declarationList.declarations.every((d) => d.initializer === undefined)) ||
        cLineOf(statement.getStart(source)) === 0;
      if (!carriesOwn) insert(statement.getStart(source), `${probe(statement, visible)};`);
      inside(statement, visible);
    }

    /** A body that may be a bare statement becomes a block, so that a probe can stand in it. */
    function bodyOf(statement, visible) {
      if (ts.isBlock(statement)) return statementList(statement.statements, visible);
      insert(statement.getStart(source), '{');
      statementWithProbe(statement, visible);
      insert(statement.end, '}');
    }

    function condition(expression, statement, visible) {
      insert(expression.getStart(source), `(${probe(statement, visible)},(`);
      insert(expression.end, '))');
    }

    function inside(statement, visible) {
      // No stop: in most kernels nothing is there.
      if (isDebugCheck(statement)) return;
      if (ts.isBlock(statement)) statementList(statement.statements, visible);
      else if (ts.isIfStatement(statement)) {
        bodyOf(statement.thenStatement, visible);
        if (statement.elseStatement !== undefined) bodyOf(statement.elseStatement, visible);
      } else if (ts.isWhileStatement(statement)) {
        condition(statement.expression, statement, visible);
        bodyOf(statement.statement, visible);
      } else if (ts.isDoStatement(statement)) {
        bodyOf(statement.statement, visible);
        condition(statement.expression, statement.expression, visible);
      } else if (ts.isForStatement(statement)) {
        const inner = [...visible];
        if (statement.initializer && ts.isVariableDeclarationList(statement.initializer))
          for (const d of statement.initializer.declarations) declare(d.name, inner);
        if (statement.condition !== undefined) condition(statement.condition, statement, inner);
        bodyOf(statement.statement, inner);
      } else if (ts.isForOfStatement(statement) || ts.isForInStatement(statement)) {
        const inner = [...visible];
        if (ts.isVariableDeclarationList(statement.initializer))
          for (const d of statement.initializer.declarations) declare(d.name, inner);
        bodyOf(statement.statement, inner);
      } else if (ts.isSwitchStatement(statement)) {
        for (const clause of statement.caseBlock.clauses) statementList(clause.statements, visible);
      } else if (ts.isLabeledStatement(statement)) {
        inside(statement.statement, visible);
      } else if (ts.isTryStatement(statement)) {
        statementList(statement.tryBlock.statements, visible);
        if (statement.catchClause) statementList(statement.catchClause.block.statements, visible);
        if (statement.finallyBlock) statementList(statement.finallyBlock.statements, visible);
      }
    }
  }
}

/** What the debugger sets them by: the number of one, and its value. */
const setter = (names) =>
  names.length === 0
    ? '()=>{}'
    : `($n,$v)=>{[${names.map((name) => `()=>${name}=$v`).join(',')}][$n]?.()}`;

/** Later inserts at the same place come after earlier ones, except that closing ones nest outwards by themselves. */
function applyInserts(text, inserts) {
  inserts.sort((a, b) => a.at - b.at || a.order - b.order);
  let out = '';
  let last = 0;
  for (const { at, text: inserted } of inserts) {
    out += text.slice(last, at) + inserted;
    last = at;
  }
  return out + text.slice(last);
}

/** Whether something is called in it. */
function calls(node) {
  return (
    node !== undefined &&
    (ts.isCallExpression(node) ||
      Boolean(ts.forEachChild(node, (child) => calls(child) || undefined)))
  );
}
