/**
 * A whole script, from text to program: parsed, checked and compiled in the order of its statements, then linked.
 *
 *     code:  the script itself (statics first) | tasks | functions
 */
import type { Profile } from '../../engine/types/profile.js';
import { preludeMacros } from '../prelude.js';
import { CTypes, isStruct } from '../semantics/cTypes.js';
import { declareFunction } from '../semantics/names.js';
import { openChecker } from '../semantics/rules.js';
import { Scope, type ScriptFunction, type Variable } from '../semantics/scope.js';
import { Allocator, FunctionTable, StringPool, type Unit } from '../semantics/unit.js';
import {
  MAX_DATA_BYTES,
  MAX_STRING_BYTES,
  MAX_TASKS,
  nrPerCpuCopies,
  windowLayout,
} from '../semantics/window.js';
import type { FunctionDefinition, Script, TaskStatement } from '../syntax/ast.js';
import { Diagnostics, type Diagnostic } from '../syntax/diagnostic.js';
import type { MachineSpec } from '../../engine/image/machineSpec.js';
import { readMachine } from '../syntax/machine.js';
import { readScript } from '../syntax/parse.js';
import { LineMap, spanOf, type Span } from '../syntax/span.js';
import { Assembler, Pool, type Linked } from './assembler.js';
import {
  SHADOW_HEADER_WORDS,
  type CompiledFunction,
  type CompiledTask,
  type ParameterSlot,
  type Program,
} from './program.js';
import { StatementCompiler, type FunctionContext, type TopLevel } from './statements.js';
import { TermCompiler, type Pools } from './terms.js';

export interface CompiledScript {
  /** Absent when there are errors. */
  readonly program: Program | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** A script read as far as its pragmas say: on which machine. What follows needs the types of that machine's kernel. */
export interface ReadScenario {
  readonly text: string;
  readonly machine: MachineSpec;
  compile(profile: Profile): CompiledScript;
}

export function readScenario(text: string): ReadScenario {
  const script = readScript(text, preludeMacros());
  const { machine, diagnostics: machineFindings } = readMachine(script.pragmas);
  return {
    text,
    machine,
    compile: (profile) => {
      const parsed = script.parse((name) => profile.types.typedef(name) !== undefined);
      const compiler = new ScriptCompiler(text, profile);
      const program = compiler.compile(parsed.script, parsed.macros);
      const diagnostics = [...parsed.diagnostics, ...machineFindings, ...compiler.findings].sort(
        (a, b) => a.span.start - b.span.start,
      );
      const failed = diagnostics.some(({ severity }) => severity === 'error');
      return { program: failed ? undefined : program, diagnostics };
    },
  };
}

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
  /** By the index of the script's function. */
  private readonly functions: (Body | undefined)[] = [];
  /** By the number of the task; 0 is the script itself. */
  private readonly tasks: (Body | undefined)[] = [undefined];

  constructor(
    private readonly text: string,
    private readonly profile: Profile,
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
    };
  }

  get findings(): readonly Diagnostic[] {
    return this.unit.diagnostics.all();
  }

  compile(script: Script, macros: Program['macros']): Program {
    for (const statement of script.statements)
      if (statement.kind === 'function')
        this.unit.functions.definitions.set(statement.name, statement);
    const main = this.startBody('main', 'main', spanOf(0, this.text.length));
    const context: FunctionContext = {
      kind: 'main',
      index: -1,
      result: this.unit.types.void,
      resultSlot: undefined,
    };
    const compiler = this.statementCompiler(main, context, this.globalScope);
    compiler.statements(script.statements);
    compiler.finish(undefined);
    this.tasks[0] = main;
    this.checkRoom();
    return this.link(this.staticsFirst(main), macros);
  }

  private checkRoom(): void {
    const { data, strings, diagnostics } = this.unit;
    if (data.sizeBytes <= MAX_DATA_BYTES && strings.sizeBytes <= MAX_STRING_BYTES) return;
    diagnostics.error(
      'incomplete-type',
      spanOf(0, 0),
      'the script is too large: its variables may take 4 MiB, and so may its strings',
    );
  }

  /** Code that gives static variables their first values, to be run before the script. */
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

  private statementCompiler(body: Body, context: FunctionContext, scope: Scope): StatementCompiler {
    const { unit, pools, globalScope } = this;
    const checker = openChecker(unit, scope, body.frame, globalScope);
    const terms = new TermCompiler(body.asm, unit.types, pools, body.shadow);
    return new StatementCompiler(unit, checker, body.asm, terms, context, globalScope, this);
  }

  // --- what the top level declares -----------------------------------------------------------------------------------------

  task(statement: TaskStatement): number | undefined {
    const { name, nameSpan } = statement;
    if (this.tasks.some((task) => task?.name === name)) {
      this.unit.diagnostics.error('redefined', nameSpan, `the task '${name}' is defined twice`);
      return undefined;
    }
    if (this.tasks.length === MAX_TASKS) {
      const message = `a script can have at most ${MAX_TASKS - 1} tasks`;
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
    this.statementCompiler(body, context, new Scope(this.globalScope)).body(statement.body);
    return number;
  }

  function(definition: FunctionDefinition): void {
    const { name, nameSpan, type: syntax } = definition;
    const started = this.startBody(name, 'function', nameSpan);
    const { unit, globalScope } = this;
    const checker = openChecker(unit, globalScope, started.frame, globalScope);
    const declared = declareFunction(checker, name, syntax, nameSpan);
    if (this.functions[declared.index] !== undefined) {
      unit.diagnostics.error('redefined', nameSpan, `'${name}' is defined twice`);
      return;
    }
    const scope = new Scope(globalScope);
    const { result } = declared.type;
    const resultSlot = isStruct(result)
      ? started.frame.allocate(unit.types.pointerSize, unit.types.pointerSize)
      : undefined;
    const parameters = this.parameters(definition, declared, scope, started.frame);
    const body: Body = { ...started, parameters, resultSlot };
    this.functions[declared.index] = body;
    const context: FunctionContext = {
      kind: 'function',
      index: declared.index,
      result,
      resultSlot,
    };
    this.statementCompiler(body, context, scope).body(definition.body);
  }

  private parameters(
    definition: FunctionDefinition,
    declared: ScriptFunction,
    scope: Scope,
    frame: Allocator,
  ): ParameterSlot[] {
    const { types, diagnostics } = this.unit;
    return declared.type.parameters.map(({ name, type }, i) => {
      const span = definition.type.parameters[i]?.span ?? definition.nameSpan;
      const sizeBytes = types.size(type);
      if (name === '') diagnostics.error('expected', span, 'this parameter needs a name');
      if (sizeBytes === 0 && !isStruct(type))
        diagnostics.error(
          'incomplete-type',
          span,
          `a parameter cannot have type '${types.name(type)}'`,
        );
      if (name !== '' && scope.own(name) !== undefined)
        diagnostics.error('redefined', span, `the parameter '${name}' is declared twice`);
      const offset = frame.allocate(sizeBytes, Math.max(1, types.align(type)));
      const variable: Variable = {
        kind: 'variable',
        name,
        type,
        storage: 'frame',
        location: offset,
        parameter: true,
        span,
      };
      scope.declare(name, variable);
      return { offset, repr: types.repr(type), sizeBytes };
    });
  }

  // --- linking -------------------------------------------------------------------------------------------------------------

  private link(statics: Body, macros: Program['macros']): Program {
    const { unit, profile, text } = this;
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
      unit.diagnostics.error('unknown-name', fn.span, `'${fn.name}' is declared but never defined`);
      return finished(statics, 0);
    });
    const tasks: CompiledTask[] = ofTasks.map(({ name }, i) => ({
      name,
      function: nrFunctions + i,
    }));
    return {
      text,
      lines: new LineMap(text),
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
