/**
 * The instrumented second compile of src/engine/kernel (ARCHITECTURE.md, "Stepping into the kernel").
 *
 * An esbuild plugin that answers the import `mmscope:instrumented-kernel`: the same kernel functions, with a call before
 * each statement that tells `src/engine/probe.ts` where execution is and which locals are in scope, and the tables that
 * lead from ids to functions, lines and C types. Text is only inserted, so columns move and lines do not.
 */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

const MODULE = 'mmscope:instrumented-kernel';
const NAMESPACE = 'instrumented-kernel';
/** @returns {import('esbuild').Plugin} */
export function instrumentedKernel(root) {
  const kernelDir = path.join(root, 'src', 'engine', 'kernel');
  const functions = path.join(root, 'src', 'engine', 'entry', 'functions.ts');
  return {
    name: 'instrumented-kernel',
    setup(build) {
      /** @type {Promise<Instrumented> | undefined} */
      let work;
      const instrumented = () => (work ??= instrumentAll(root, kernelDir));
      build.onStart(() => void (work = undefined));

      build.onResolve({ filter: /^mmscope:instrumented-kernel$/ }, () => ({
        path: MODULE,
        namespace: NAMESPACE,
      }));
      build.onResolve({ filter: /^\./, namespace: NAMESPACE }, (args) => {
        const file = path.join(args.resolveDir, args.path).replace(/\.js$/, '.ts');
        const again = file.startsWith(kernelDir + path.sep) || file === functions;
        return again ? { path: file, namespace: NAMESPACE } : { path: file };
      });
      build.onLoad({ filter: /^mmscope:/, namespace: NAMESPACE }, async () => {
        const { tables } = await instrumented();
        return {
          contents: `export * as kernel from './functions.js';\nexport const tables = ${JSON.stringify(tables)};\n`,
          loader: 'js',
          resolveDir: path.dirname(functions),
        };
      });
      build.onLoad({ filter: /\.ts$/, namespace: NAMESPACE }, async (args) => {
        const { texts } = await instrumented();
        return {
          contents: texts.get(args.path) ?? (await readFile(args.path, 'utf8')),
          loader: 'ts',
          resolveDir: path.dirname(args.path),
        };
      });
    },
  };
}

/**
 * @typedef {{ texts: Map<string, string>, tables: object }} Instrumented
 * @returns {Promise<Instrumented>}
 */
async function instrumentAll(root, kernelDir) {
  const { default: ts } = await import('typescript');
  const files = (await readdir(kernelDir, { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => path.join(kernelDir, name));
  const config = ts.readConfigFile(path.join(root, 'src/engine/tsconfig.json'), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(
    config.config,
    ts.sys,
    path.join(root, 'src/engine'),
  );
  const program = ts.createProgram(files, {
    ...parsed.options,
    noEmit: true,
    composite: false,
    incremental: false,
  });
  const tables = { functions: [], statementFunction: [], statementLine: [], sources: {} };
  const texts = new Map();
  for (const file of files) {
    const source = program.getSourceFile(file);
    const name = path.relative(kernelDir, file).replaceAll(path.sep, '/');
    const probe = path.relative(path.dirname(file), path.join(root, 'src', 'engine', 'probe.js'));
    tables.sources[name] = await readFile(file, 'utf8');
    const text = instrumentFile(ts, program.getTypeChecker(), source, name, tables);
    texts.set(
      file,
      `import { enterFunction as $enter, atStatement as $at, leaveFunction as $leave } from '${probe}';${text}`,
    );
  }
  return { texts, tables };
}

/** Inserts the probes of one file and adds its functions and statements to the tables. */
function instrumentFile(ts, checker, source, file, tables) {
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
      file,
      startLine: lineOf(declaration.getStart(source)),
      endLine: lineOf(declaration.end),
      locals,
    });
    const scope = [];
    const declare = (nameNode, into) => {
      if (!ts.isIdentifier(nameNode)) {
        for (const element of nameNode.elements) if (element.name) declare(element.name, into);
        return;
      }
      if (nameNode.text === 'k') return;
      locals[nameNode.text] ??= cTypeOf(ts, checker, nameNode);
      into.push(nameNode.text);
    };
    for (const parameter of declaration.parameters) declare(parameter.name, scope);

    const body = declaration.body;
    insert(body.getStart(source) + 1, `$enter(${functionId});try{`);
    statementList(body.statements, scope);
    insert(body.end - 1, '}finally{$leave();}');

    function probe(node, visible) {
      const id = tables.statementLine.length;
      tables.statementFunction.push(functionId);
      tables.statementLine.push(lineOf(node.getStart(source)));
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

    /** The probe stands before the statement, except where its condition carries it. */
    function statementWithProbe(statement, visible) {
      const carriesOwn =
        ts.isBlock(statement) ||
        ts.isEmptyStatement(statement) ||
        ts.isFunctionDeclaration(statement) ||
        ts.isWhileStatement(statement) ||
        ts.isDoStatement(statement) ||
        ts.isLabeledStatement(statement) ||
        (ts.isForStatement(statement) && statement.condition !== undefined) ||
        (ts.isVariableStatement(statement) &&
          statement.declarationList.declarations.every((d) => d.initializer === undefined));
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

/** The C type that an engine type stands for (src/engine/kernel/types.ts). */
function cTypeOf(ts, checker, node) {
  const type = checker.getTypeAtLocation(node);
  const literal = (property) => {
    const symbol = checker.getPropertyOfType(type, property);
    if (symbol === undefined) return undefined;
    const of = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
    return of.isStringLiteral() ? of.value : undefined;
  };
  const target = literal('pointsTo');
  if (target !== undefined) return `${target} *`;
  const flavour = literal('ctype');
  if (flavour !== undefined) return flavour;
  const spelled = checker.typeToString(type);
  if (spelled === 'boolean' || spelled === 'true' || spelled === 'false') return 'bool';
  if (spelled === 'Cell') return 'void *';
  if (spelled === 'Pfn') return 'unsigned long';
  if (type.flags & ts.TypeFlags.NumberLike || spelled.startsWith('number')) return 'long';
  return spelled;
}
