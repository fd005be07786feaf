/** Statements and declarations of the kernel's files as C. */
import ts from 'typescript';
import { CExpressions } from './cExpressions.mjs';
import { locals } from './cLocals.mjs';
import { forLoop } from './cLoops.mjs';
import { formatOf } from './cReports.mjs';
import { isDebugCheck, stripped } from './cShapes.mjs';
import { aliasedType, declared, snakeCase } from './cTypes.mjs';
import { CWriter, withoutLines } from './cWriter.mjs';

const WIDTH = 96;

/** What counts rounds; and what tells of sleeping and of locks, where C just sleeps. */
const NOT_IN_C = /^(?:k\.(?:watchdog|sleepsOn|shows|took|released)\(|if \(k\.has\()/;

/**
 * @typedef {object} PrintedSource
 * @property {string[]} lines  the file as C
 * @property {Map<number, number>} lineOf  where a statement, by its position in the source, stands in them, from 1; 0: nowhere
 * @returns {PrintedSource}
 */
export function printSource(source, types, structs) {
  return new FilePrinter(source, types, structs).print();
}

class FilePrinter {
  constructor(source, types, structs) {
    this.source = source;
    this.types = types;
    this.e = new CExpressions(types, structs, source);
    this.w = new CWriter();
    this.lineOfPosition = new Map();
    /** Positions of comments that are printed. */
    this.commented = new Set();
    /** What C calls the end of a labelled loop that is left from inside, by its own label. */
    this.endOf = new Map();
    /** Positions of the comments that say so. */
    this.ends = new Map();
    /** Whether the function that is printed is one of bool. */
    this.returnsBool = false;
  }

  print() {
    for (const statement of this.source.statements) this.topLevel(statement);
    this.comments(ts.getLeadingCommentRanges(this.source.text, this.source.endOfFileToken.pos));
    return { lines: this.w.lines.map((line) => line.trimEnd()), lineOf: this.lineOfPosition };
  }

  lineOf(node) {
    return this.e.lineOf(node);
  }

  lineAt(position) {
    return this.source.getLineAndCharacterOfPosition(position).line + 1;
  }

  /** Begins the line of a statement and remembers it. */
  begin(node, text = '') {
    this.w.begin(this.lineOf(node), text);
    this.remember(node);
  }

  remember(node) {
    const at = node.getStart(this.source);
    if (!this.lineOfPosition.has(at)) this.lineOfPosition.set(at, this.w.line);
  }

  /** A statement that C does not have: line 0. */
  leftOut(node) {
    this.lineOfPosition.set(node.getStart(this.source), 0);
    if (ts.isIfStatement(node)) this.leftOut(node.thenStatement);
  }

  // --- comments ----------------------------------------------------------------------------------------------------------

  leading(node) {
    this.comments(ts.getLeadingCommentRanges(this.source.text, node.getFullStart()));
    this.blankBefore(node.getStart(this.source));
  }

  /** A blank line of the source stays. */
  blankBefore(position) {
    if (
      /\n[ \t]*\n[ \t]*$/.test(this.source.text.slice(0, position)) &&
      !/\{$/.test(this.w.lines.at(-1) ?? '{')
    )
      this.w.blank();
  }

  /** What stands behind a statement on its line. */
  trailing(node) {
    for (const { pos, end } of ts.getTrailingCommentRanges(this.source.text, node.end) ?? []) {
      if (this.commented.has(pos)) continue;
      this.commented.add(pos);
      this.w.append(` ${oneLine(this.source.text.slice(pos, end))}`);
    }
  }

  /** `// area_found:` behind a labelled loop names the place that `break label` goes to. */
  nameEnd(node) {
    const label = node.label.text;
    this.endOf.delete(label);
    if (!breaksTo(node.statement, label)) return;
    const siblings = node.parent.statements ?? [];
    const next = siblings[siblings.indexOf(node.label.parent) + 1];
    if (next === undefined) return;
    for (const { pos, end } of ts.getLeadingCommentRanges(this.source.text, next.pos) ?? []) {
      const name = /^\/\/ (\w+):/.exec(this.source.text.slice(pos, end))?.[1];
      if (name === undefined) continue;
      this.endOf.set(label, name);
      this.ends.set(pos, name);
      return;
    }
  }

  comments(ranges) {
    for (const { pos, end } of ranges ?? []) {
      if (this.commented.has(pos)) continue;
      this.commented.add(pos);
      this.blankBefore(pos);
      const label = this.ends.get(pos);
      if (label !== undefined) {
        const { depth } = this.w;
        this.w.depth = 0;
        this.w.begin(this.lineAt(pos), `${label}:`);
        this.w.depth = depth;
        const rest = this.source.text.slice(pos, end).replace(/^\/\/ \w+:\s*/, '');
        if (rest !== '') this.w.append(` ${oneLine(rest)}`);
        continue;
      }
      const text = this.source.text.slice(pos, end);
      const lines = text.startsWith('//') ? [oneLine(text)] : blockLines(text);
      lines.forEach((line, i) => this.w.comment(this.lineAt(pos) + i, line));
    }
  }

  // --- declarations ------------------------------------------------------------------------------------------------------

  topLevel(node) {
    const isFirst = node === this.source.statements[0];
    const has =
      ts.isImportDeclaration(node) ||
      ts.isExportDeclaration(node) ||
      ts.isTypeAliasDeclaration(node);
    if (has) {
      // The file's own comment stands before its first statement; a comment on what C does not have is left out.
      const ranges = ts.getLeadingCommentRanges(this.source.text, node.getFullStart()) ?? [];
      if (isFirst) this.comments(ranges.slice(0, 1));
      for (const { pos } of ranges) this.commented.add(pos);
      return;
    }
    this.leading(node);
    if (this.w.line > 0 && !/^( ?\*|\/\*|#define)/.test(this.w.lines.at(-1))) this.w.blank();
    if (ts.isFunctionDeclaration(node) && node.body !== undefined) this.functionDeclaration(node);
    else if (ts.isVariableStatement(node)) this.globals(node);
    else if (ts.isInterfaceDeclaration(node)) this.structure(node);
    else this.begin(node, `/* ${node.getText(this.source).split('\n')[0]} */`);
    this.trailing(node);
  }

  functionDeclaration(node, storage = this.storageOf(node)) {
    this.begin(node);
    this.definition(node, `${storage}${declared(this.returnType(node), node.name.text)}`);
  }

  storageOf(node) {
    if (this.source.fileName.endsWith('.h.ts')) return 'static inline ';
    return isExported(node) ? '' : 'static ';
  }

  returnType(node) {
    const { checker } = this.types;
    return (
      aliasedType(node.type) ??
      this.types.of(checker.getReturnTypeOfSignature(checker.getSignatureFromDeclaration(node)))
    );
  }

  parameters(node) {
    const own = node.parameters.filter(({ name }) => name.getText(this.source) !== 'k');
    return own.map((each) => declared(this.types.ofNode(each), each.name.getText(this.source)));
  }

  definition(node, head) {
    const { w } = this;
    w.append(`${head}(`);
    const parameters = this.parameters(node);
    parameters.forEach((each, i) => {
      const text = `${each}${i < parameters.length - 1 ? ',' : ''}`;
      if (columns(w.lines.at(-1)) + text.length >= WIDTH) w.continued();
      w.append(/[(\t]$/.test(w.lines.at(-1)) ? text : ` ${text}`);
    });
    w.append(parameters.length === 0 ? 'void)' : ')');
    const outer = this.returnsBool;
    this.returnsBool = this.returnType(node) === 'bool';
    w.begin(this.lineOf(node.body), '{');
    this.rest(node.body);
    this.returnsBool = outer;
  }

  globals(node) {
    for (const each of node.declarationList.declarations) {
      if (each.initializer === undefined) continue;
      const value = stripped(each.initializer);
      this.begin(node);
      if (ts.isArrowFunction(value)) this.macro(each.name.getText(this.source), value);
      else this.constant(each, value);
    }
  }

  macro(name, arrow) {
    const { w, e } = this;
    if (ts.isBlock(arrow.body))
      return this.definition(arrow, `static inline ${declared(this.returnType(arrow), name)}`);
    const first = w.line;
    const parameters = arrow.parameters
      .map((each) => each.name.getText(this.source))
      .filter((each) => each !== 'k');
    w.append(`#define ${name}${parameters.length === 0 ? '' : `(${parameters.join(', ')})`} (`);
    const isBool = this.returnType(arrow) === 'bool';
    w.write(`${isBool ? e.condition(arrow.body) : e.text(arrow.body)})`);
    w.continueFrom(first);
  }

  constant(declaration, value) {
    const { w, e, source } = this;
    const name = declaration.name.getText(source);
    const isTable =
      ts.isArrayLiteralExpression(value) ||
      ts.isObjectLiteralExpression(value) ||
      ts.isNewExpression(value);
    if (isTable) {
      const type = this.types.ofNode(declaration).replace(/ ?\*$/, '');
      w.append(`static const ${declared(type, name)}[] = `);
      w.write(`${e.text(value)};`);
      return;
    }
    const first = w.line;
    w.append(`#define ${name} `);
    w.write(e.text(value, 16));
    w.continueFrom(first);
  }

  structure(node) {
    const { w, source } = this;
    this.begin(node, `struct ${snakeCase(node.name.text)} {`);
    w.depth++;
    for (const member of node.members) {
      this.leading(member);
      const name = member.name?.getText(source) ?? '';
      this.begin(
        member,
        ts.isPropertySignature(member)
          ? `${declared(this.types.ofNode(member), name)};`
          : `/* ${name}() */`,
      );
    }
    w.depth--;
    w.begin(this.lineAt(node.end - 1), '};');
  }

  // --- blocks ------------------------------------------------------------------------------------------------------------

  /** The statements of a block and its end; its beginning is written. */
  rest(block) {
    const { w } = this;
    w.depth++;
    for (const statement of block.statements) this.statement(statement);
    this.comments(ts.getLeadingCommentRanges(this.source.text, block.end - 1));
    w.depth--;
    w.begin(this.lineAt(block.end - 1), '}');
  }

  /** What an if or a loop does. */
  nested(statement) {
    const { w } = this;
    if (ts.isBlock(statement)) {
      w.append(' {');
      return this.rest(statement);
    }
    w.depth++;
    this.statement(statement);
    w.depth--;
  }

  statement(node) {
    this.leading(node);
    this.bare(node);
    this.trailing(node);
  }

  bare(node) {
    const { w, e } = this;
    if (ts.isBlock(node)) {
      w.begin(this.lineOf(node), '{');
      return this.rest(node);
    }
    if (ts.isVariableStatement(node)) return this.locals(node);
    if (NOT_IN_C.test(node.getText(this.source))) return this.leftOut(node);
    if (ts.isFunctionDeclaration(node)) return this.functionDeclaration(node, '');
    if (ts.isLabeledStatement(node)) return this.labelled(node);
    this.begin(node);
    if (ts.isExpressionStatement(node)) w.write(`${e.text(node.expression)};`);
    else if (ts.isReturnStatement(node)) this.returnStatement(node);
    else if (isDebugCheck(node)) w.write(`${e.text(node.thenStatement.expression)};`);
    else if (ts.isIfStatement(node)) this.ifStatement(node);
    else if (ts.isWhileStatement(node)) {
      w.write(`while (${e.condition(node.expression)})`);
      this.nested(node.statement);
    } else if (ts.isDoStatement(node)) {
      w.append('do');
      this.nested(node.statement);
      w.append(' while (');
      this.remember(node.expression);
      w.write(`${e.condition(node.expression)});`);
    } else if (ts.isForStatement(node)) this.forLoop(node);
    else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) {
      const name = node.initializer.declarations?.[0]?.name.getText(this.source) ?? 'each';
      w.write(`for_each(${name.replace(/^\[(.*)\]$/, '$1')}, ${e.text(node.expression)})`);
      this.nested(node.statement);
    } else if (ts.isSwitchStatement(node)) this.switchStatement(node);
    else if (ts.isContinueStatement(node))
      w.append(node.label === undefined ? 'continue;' : `goto ${node.label.text};`);
    else if (ts.isBreakStatement(node))
      w.append(node.label === undefined ? 'break;' : `goto ${this.breakLabel(node)};`);
    else if (ts.isThrowStatement(node)) {
      const [text] = node.expression.arguments ?? [];
      w.write(text === undefined ? 'BUG();' : `panic(${formatOf(e, text)});`);
    } else
      w.append(
        ts.isEmptyStatement(node) ? ';' : `/* ${node.getText(this.source).split('\n')[0]} */`,
      );
  }

  /** A label in front of a loop is what `continue` goes to; one in front of a block, what `break` goes to, behind it. */
  labelled({ label, statement }) {
    if (!ts.isBlock(statement)) {
      this.label(label);
      this.remember(label);
      this.nameEnd({ label, statement, parent: label.parent.parent });
      return this.statement(statement);
    }
    for (const each of statement.statements) this.statement(each);
    this.comments(ts.getLeadingCommentRanges(this.source.text, statement.end - 1));
    this.label(label);
    // A comment may name it for the reader of the source.
    const [next] = ts.getLeadingCommentRanges(this.source.text, statement.end) ?? [];
    if (next && this.source.text.slice(next.pos, next.end) === `// ${label.text}:`)
      this.commented.add(next.pos);
  }

  /** A labelled block ends at its label; what is behind a labelled loop may have a name there. */
  breakLabel({ label, parent }) {
    let outer = parent;
    while (!ts.isLabeledStatement(outer) || outer.label.text !== label.text) outer = outer.parent;
    if (ts.isBlock(outer.statement)) return label.text;
    return this.endOf.get(label.text) ?? `end_of_${label.text}`;
  }

  label({ text }) {
    const { w } = this;
    const { depth } = w;
    w.depth = 0;
    w.begin(w.sourceLine, `${text}:`);
    w.depth = depth;
  }

  ifStatement(node) {
    const { w, e } = this;
    w.write(`if (${e.condition(node.expression)})`);
    this.nested(node.thenStatement);
    const otherwise = node.elseStatement;
    if (otherwise === undefined) return;
    if (ts.isBlock(node.thenStatement)) w.append(' else');
    else w.begin(this.lineOf(otherwise), 'else');
    if (!ts.isIfStatement(otherwise)) return this.nested(otherwise);
    w.append(' ');
    this.remember(otherwise);
    this.ifStatement(otherwise);
  }

  returnStatement(node) {
    const { w, e } = this;
    w.append('return');
    if (node.expression !== undefined)
      w.write(` ${this.returnsBool ? e.condition(node.expression) : e.text(node.expression)}`);
    w.append(';');
  }

  locals(node) {
    locals(this, node);
  }

  // --- loops -------------------------------------------------------------------------------------------------------------

  forLoop(node) {
    forLoop(this, node);
  }

  switchStatement(node) {
    const { w, e } = this;
    w.write(`switch (${e.text(node.expression)}) {`);
    for (const clause of node.caseBlock.clauses) {
      this.comments(ts.getLeadingCommentRanges(this.source.text, clause.getFullStart()));
      const label = ts.isDefaultClause(clause)
        ? 'default:'
        : `case ${withoutLines(e.text(clause.expression))}:`;
      w.begin(this.lineOf(clause), label);
      w.depth++;
      for (const statement of clause.statements) this.statement(statement);
      w.depth--;
    }
    w.begin(this.lineAt(node.caseBlock.end - 1), '}');
  }
}

/** Whether a statement has `break label`. */
function breaksTo(statement, label) {
  let found = false;
  const visit = (node) => {
    if (ts.isBreakStatement(node) && node.label?.text === label) found = true;
    else ts.forEachChild(node, visit);
  };
  visit(statement);
  return found;
}

/** Tabs are eight wide in the kernel. */
const columns = (line) => line.replaceAll('\t', '        ').length;

/** `// text`, with the dashes of a section's title cut short. */
const oneLine = (text) =>
  `/* ${text
    .replace(/^\/\/\s*|^\/\*+\s*|\s*\*\/$/g, '')
    .replace(/-{4,}$/, '---')
    .trimEnd()} */`;

function blockLines(text) {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.map((line, i) => (i === 0 ? line.replace(/^\/\*\*/, '/*') : ` ${line}`));
}

const isExported = (node) =>
  (ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined)?.some(
    ({ kind }) => kind === ts.SyntaxKind.ExportKeyword,
  ) ?? false;
