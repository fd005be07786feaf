/**
 * A whole script, from text to program: parsed, checked and compiled in the order of its statements, then linked.
 *
 *     code:  the scenario itself (statics first) | tasks | functions
 */
import type { Profile } from '../../engine/types/profile.js';
import { libraryHeader } from '../prelude/headers.js';
import { preludeMacros } from '../prelude.js';
import { CTypes, isStruct } from '../semantics/cTypes.js';
import { declareFunction } from '../semantics/names.js';
import { usesFrames } from '../semantics/nested.js';
import { openChecker } from '../semantics/rules.js';
import { Scope, type ScriptFunction } from '../semantics/scope.js';
import { Allocator, FunctionTable, StringPool, type Unit } from '../semantics/unit.js';
import { MAX_STRING_BYTES, MAX_TASKS, nrPerCpuCopies, windowLayout } from '../semantics/window.js';
import { buildFacts } from '../buildFacts.js';
import { isLinuxName, linuxRelease } from '../kernelNames/linuxNames.js';
import type { Checker } from '../semantics/checker.js';
import { functionType, isTypedefName } from '../semantics/types.js';
import type { Declarator, Expr, FunctionDefinition, Script, TaskStatement } from '../syntax/ast.js';
import { Diagnostics, type Diagnostic } from '../syntax/diagnostic.js';
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import { readMachine } from '../syntax/machine.js';
import { readScript, type ParsedScript } from '../syntax/parse.js';
import type { FindInclude, Sources } from '../syntax/sources.js';
import { spanOf, type Span } from '../syntax/span.js';
import { Assembler, Pool, type Linked } from './assembler.js';
import {
  SHADOW_HEADER_WORDS,
  type CompiledFunction,
  type CompiledTask,
  type ParameterSlot,
  type Program,
} from './program.js';
import { isModule, ModuleCalls } from './moduleCalls.js';
import type { FunctionContext, TopLevel } from './functionContext.js';
import { parameterSlots } from './parameters.js';
import { StatementCompiler } from './statements.js';
import { TermCompiler, type Pools } from './terms.js';

export interface CompiledScript {
  /** Absent when there are errors. */
  readonly program: Program | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** A scenario read as far as its pragmas say: on which machine. What follows needs the types of that machine's kernel. */
export interface ReadScenario {
  readonly text: string;
  /** The text with the files that it includes: where spans lead. */
  readonly sources: Sources;
  readonly machine: MachineSpec;
  /** Where the pragma stands that says so; the start of the text if none does. */
  readonly machineSpan: Span;
  /** What is wrong with the pragmas: with errors among them the machine is not the one that was meant. */
  readonly machineFindings: readonly Diagnostic[];
  compile(profile: Profile): CompiledScript;
}

export interface ScenarioFile {
  /** The scenario's file name, for `__FILE__` and KBUILD_MODNAME. */
  readonly name?: string | undefined;
  /** Where `#include "file"` leads. */
  readonly findInclude?: FindInclude | undefined;
}

export function readScenario(text: string, file: ScenarioFile = {}): ReadScenario {
  const unreadable = notText(text);
  const script = readScript(unreadable === undefined ? text : '', {
    predefined: preludeMacros(),
    header: libraryHeader,
    ...file,
  });
  const { machine, span, diagnostics: machineFindings } = readMachine(script.pragmas);
  return {
    text,
    sources: script.sources,
    machine,
    machineSpan: span,
    machineFindings,
    compile: (profile) => {
      if (unreadable !== undefined) return { program: undefined, diagnostics: [unreadable] };
      const isTypeName = (name: string): boolean => isTypedefName(profile.types, name);
      const parsed = script.parse(isTypeName, buildFacts(profile));
      const compiler = new ScriptCompiler(script.sources, profile, parsed);
      const program = compiler.compile();
      const diagnostics = [...parsed.diagnostics, ...machineFindings, ...compiler.findings].sort(
        (a, b) => a.span.start - b.span.start,
      );
      const failed = diagnostics.some(({ severity }) => severity === 'error');
      return { program: failed ? undefined : program, diagnostics };
    },
  };
}

/** What is no text leaves a thousand findings; one is enough. Comments may be in any encoding. */
function notText(text: string): Diagnostic | undefined {
  if (!/[\0\ufffd]/.test(text)) return undefined;
  const at = withoutComments(text).search(/[\0\ufffd]/);
  if (at < 0) return undefined;
  const what = text[at] === '\0' ? 'a byte of 0' : 'bytes that are not UTF-8';
  return {
    severity: 'error',
    code: 'stray-character',
    span: spanOf(at, at + 1),
    message: `this is not a text in UTF-8: it has ${what} here`,
  };
}

/** The same text with blanks in place of comments. */
const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\*[^]*?\*\/|\/\/[^\n]*/g, (found) =>
    found.startsWith('/') ? found.replace(/[^\n\0]/g, ' ') : found,
  );

export const compileScenario = (text: string, profile: Profile): CompiledScript =>
  readScenario(text).compile(profile);

/** A function whose code is ready to be linked. */
interface Body {
  readonly name: string;
  readonly kind: CompiledFunction['kind'];
  readonly span: Span;
  readonly asm: Assembler;
  readonly frame: Allocator;
  readonly shadow: Allocator;
  readonly parameters: readonly ParameterSlot[];
  readonly resultSlot: number | undefined;
}

class ScriptCompiler implements TopLevel {
  private readonly unit: Unit;
  private readonly globalScope = new Scope(undefined);
  private readonly pools: Pools = {
    constants: new Pool(),
    builtins: new Pool(),
    sites: new Pool(),
  };
  /** By the index of the scenario's function. */
  private readonly functions: (Body | undefined)[] = [];
  /** By the number of the task; 0 is the scenario itself. */
  private readonly tasks: (Body | undefined)[] = [undefined];

  private readonly module: ModuleCalls;

  constructor(
    private readonly sources: Sources,
    private readonly profile: Profile,
    private readonly parsed: ParsedScript,
  ) {
    const window = windowLayout(profile.pointerSize);
    this.unit = {
      profile,
      types: new CTypes(profile.types),
      window,
      diagnostics: new Diagnostics(),
      strings: new StringPool(window.strings),
      data: new Allocator(window.data),
      perCpu: { used: false },
      functions: new FunctionTable(),
      staticInitialisers: [],
      effects: true,
      isModule: isModule(parsed.script.statements),
      standing: true,
      laterTags: parsed.tags,
      macros: parsed.macros,
      externs: new Map(),
      externUses: new Map(),
      laterVariables: variablesOf(parsed.script),
      defined: new Set(),
      initialised: new Set(),
    };
    this.module = new ModuleCalls(this.unit);
  }

  get findings(): readonly Diagnostic[] {
    return this.unit.diagnostics.all();
  }

  compile(): Program {
    const { statements } = this.parsed.script;
    for (const statement of statements)
      if (statement.kind === 'function')
        this.unit.functions.definitions.set(statement.name, statement);
    const main = this.startBody('main', 'main', spanOf(0, this.sources.main.text.length));
    const context: FunctionContext = {
      kind: 'main',
      index: -1,
      result: this.unit.types.void,
      resultSlot: undefined,
    };
    const { compiler, checker } = this.statementCompiler(main, context, this.globalScope);
    compiler.statements(statements);
    this.module.atEnd(checker, statements, compiler);
    compiler.end();
    this.tasks[0] = main;
    this.checkExterns();
    this.checkRoom();
    return this.link(this.staticsFirst(main));
  }

  moduleCall(expr: Expr, span: Span, compiler: StatementCompiler): boolean {
    const { checker } = compiler;
    return this.module.statement(checker, expr, span, compiler);
  }

  private checkExterns(): void {
    for (const [name, span] of this.unit.externUses)
      if (!this.unit.defined.has(name))
        this.unit.diagnostics.error(
          'unknown-name',
          span,
          `neither the scenario nor the kernel has a variable '${name}'`,
        );
  }

  private checkRoom(): void {
    const { strings, diagnostics } = this.unit;
    if (strings.sizeBytes <= MAX_STRING_BYTES) return;
    diagnostics.error(
      'incomplete-type',
      spanOf(0, 0),
      'the string literals of a scenario may take 4 MiB together, and these take more',
    );
  }

  /** Code that gives static variables their first values, to be run before the scenario. */
  private staticsFirst(main: Body): Body {
    const asm = new Assembler();
    const terms = new TermCompiler(asm, this.unit.types, this.pools, main.shadow);
    for (const store of this.unit.staticInitialisers) terms.effect(store);
    return { ...main, asm };
  }

  private startBody(name: string, kind: Body['kind'], span: Span): Body {
    const frame = new Allocator(0);
    const shadow = new Allocator(0);
    shadow.allocate(SHADOW_HEADER_WORDS, 1);
    const asm = new Assembler();
    return { name, kind, span, asm, frame, shadow, parameters: [], resultSlot: undefined };
  }

  private statementCompiler(
    body: Body,
    context: FunctionContext,
    scope: Scope,
    argumentArea?: number,
  ): { readonly compiler: StatementCompiler; readonly checker: Checker } {
    const { unit, pools, globalScope } = this;
    const checker = openChecker(unit, scope, body.frame, globalScope);
    checker.functionName = body.kind === 'function' ? body.name : '';
    checker.argumentArea = argumentArea;
    const terms = new TermCompiler(body.asm, unit.types, pools, body.shadow);
    const compiler = new StatementCompiler(
      ...([unit, checker, body.asm, terms, context, globalScope, this] as const),
    );
    return { compiler, checker };
  }

  // --- what the top level declares -----------------------------------------------------------------------------------------

  task(statement: TaskStatement): number | undefined {
    const { name, nameSpan } = statement;
    if (this.tasks.some((task) => task?.name === name)) {
      this.unit.diagnostics.error('redefined', nameSpan, `the task '${name}' is defined twice`);
      return undefined;
    }
    if (this.tasks.length === MAX_TASKS) {
      const message = `a scenario can have at most ${MAX_TASKS - 1} tasks`;
      this.unit.diagnostics.error('unsupported', nameSpan, message);
      return undefined;
    }
    const number = this.tasks.length;
    const body = this.startBody(name, 'task', nameSpan);
    this.tasks.push(body);
    const context: FunctionContext = {
      kind: 'task',
      index: -1 - number,
      result: this.unit.types.void,
      resultSlot: undefined,
    };
    const { compiler } = this.statementCompiler(body, context, new Scope(this.globalScope));
    compiler.body(statement.body);
    return number;
  }

  function(definition: FunctionDefinition): void {
    const { name, nameSpan, type } = definition;
    const { unit, globalScope } = this;
    const checker = openChecker(unit, globalScope, new Allocator(0), globalScope);
    const declared = declareFunction(checker, name, type, nameSpan);
    if (this.functions[declared.index] === undefined)
      this.compileFunction(definition, declared, new Scope(globalScope));
    else unit.diagnostics.error('redefined', nameSpan, `'${name}' is defined twice`);
  }

  nested(definition: FunctionDefinition, scope: Scope): void {
    const { name, nameSpan: span, body } = definition;
    const { unit, globalScope } = this;
    const checker = openChecker(unit, scope, new Allocator(0), globalScope);
    const type = functionType(checker, definition.type);
    const { declared } = unit.functions;
    if (scope.own(name) !== undefined)
      unit.diagnostics.error('redefined', span, `'${name}' is defined twice`);
    const nested = { level: scope.level + 1, linked: usesFrames(body, scope) };
    const made = { kind: 'function', name, index: declared.length, type, span, nested } as const;
    declared.push(made);
    scope.declare(name, made);
    this.compileFunction(definition, made, new Scope(scope, false, true));
  }

  private compileFunction(
    { name, nameSpan, type: syntax, body }: FunctionDefinition,
    { index, nested }: ScriptFunction,
    scope: Scope,
  ): void {
    const started = this.startBody(name, 'function', nameSpan);
    const { unit, globalScope } = this;
    const { pointerSize, voidPointer } = unit.types;
    const { frame } = started;
    const pointer = { repr: unit.types.repr(voidPointer), sizeBytes: pointerSize };
    const pointerSlot = (): number => frame.allocate(pointerSize, pointerSize);
    // The first of all, where those that are inside of this one find it.
    const link = nested?.linked === true ? [{ ...pointer, offset: pointerSlot() }] : [];
    // The names of the parameters are the definition's, whatever a prototype called them.
    const own = functionType(openChecker(unit, scope, frame, globalScope), syntax);
    const { result } = own;
    const resultSlot = isStruct(result) ? pointerSlot() : undefined;
    const parameters = [...link, ...parameterSlots(unit, { nameSpan, syntax, own }, scope, frame)];
    const argumentArea = own.variadic ? pointerSlot() : undefined;
    if (argumentArea !== undefined) parameters.push({ ...pointer, offset: argumentArea });
    const finished: Body = { ...started, parameters, resultSlot };
    this.functions[index] = finished;
    const context: FunctionContext = { kind: 'function', index, result, resultSlot };
    this.statementCompiler(finished, context, scope, argumentArea).compiler.body(body);
  }

  private reportUndefined({ name }: ScriptFunction, use: Span): void {
    const release = isLinuxName(name) ? `: Linux ${linuxRelease} has it, scenarios do not` : '';
    const message = `'${name}' is declared but never defined${release}`;
    this.unit.diagnostics.error('unknown-name', use, message);
  }

  // --- linking -------------------------------------------------------------------------------------------------------------

  private link(statics: Body): Program {
    const { unit, profile, sources } = this;
    const { macros } = this.parsed;
    const linked: Linked = { code: [], boundaries: [], switches: [] };
    statics.asm.link(linked);
    const { declared } = unit.functions;
    const nrFunctions = declared.length;
    const finished = (body: Body, entry: number): CompiledFunction => ({
      name: body.name,
      kind: body.kind,
      entry,
      frameBytes: Math.ceil(body.frame.sizeBytes / 8) * 8,
      shadowWords: body.shadow.sizeBytes,
      parameters: body.parameters,
      resultSlot: body.resultSlot,
      span: body.span,
    });
    const ofTasks = this.tasks.map((body, i) => {
      const entry = body?.asm.link(linked) ?? 0;
      return finished(body ?? statics, i === 0 ? 0 : entry);
    });
    const ofFunctions = declared.map((fn) => {
      const body = this.functions[fn.index];
      if (body !== undefined) return finished(body, body.asm.link(linked));
      // A prototype of what is never called is nobody's mistake.
      const use = unit.functions.uses.get(fn);
      if (use !== undefined) this.reportUndefined(fn, use);
      return finished(statics, 0);
    });
    const tasks: CompiledTask[] = ofTasks.map(({ name }, i) => ({
      name,
      function: nrFunctions + i,
    }));
    return {
      sources,
      profile,
      window: unit.window,
      code: Int32Array.from(linked.code),
      constants: this.pools.constants.items,
      switches: linked.switches,
      builtins: this.pools.builtins.items,
      sites: this.pools.sites.items,
      boundaries: linked.boundaries.map((boundary) => ({
        ...boundary,
        function: boundary.function < 0 ? nrFunctions - 1 - boundary.function : boundary.function,
      })),
      functions: [...ofFunctions, ...ofTasks],
      tasks,
      strings: unit.strings.content(),
      dataBytes: unit.data.sizeBytes,
      nrDataCopies: unit.perCpu.used ? nrPerCpuCopies(profile) : 1,
      globals: this.globalScope.variables(),
      globalScope: this.globalScope,
      declaredFunctions: declared,
      macros,
    };
  }
}

function variablesOf({ statements }: Script): ReadonlyMap<string, Declarator> {
  const variables = new Map<string, Declarator>();
  for (const statement of statements)
    if (statement.kind === 'declaration' && statement.storage !== 'typedef')
      for (const declarator of statement.declarators)
        if (statement.storage !== 'extern' || declarator.initializer !== undefined)
          variables.set(declarator.name, declarator);
  return variables;
}
