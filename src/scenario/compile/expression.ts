/**
 * One expression, to be evaluated at a boundary of a program: a watch, a hover, a condition, a line of the debug console.
 *
 * Variables in view there are found by name, then everything the program knows. An expression that may change nothing finds
 * its variables by their place in the frame, so its code serves every frame that stands at the boundary; one that may change
 * things runs in a frame of its own, and its variables are plain addresses.
 */
import type { CType } from '../../engine/types/model.js';
import type { Value } from '../semantics/arithmetic.js';
import type { Checker } from '../semantics/checker.js';
import { CTypes, isScalar } from '../semantics/cTypes.js';
import { isError } from '../semantics/errors.js';
import { addressOf } from '../semantics/fold.js';
import type { BitRange, Place, Term } from '../semantics/ir.js';
import { openChecker } from '../semantics/rules.js';
import { Scope, type Variable, type VisibleVariable } from '../semantics/scope.js';
import { Allocator, FunctionTable, StringPool, type Unit } from '../semantics/unit.js';
import type { Expr } from '../syntax/ast.js';
import { Diagnostics, type Diagnostic } from '../syntax/diagnostic.js';
import { parseExpression, type ParseOptions } from '../syntax/parse.js';
import { buildFacts } from '../buildFacts.js';
import { isTypedefName } from '../semantics/types.js';
import { Assembler, Pool, type Linked } from './assembler.js';
import { SHADOW_HEADER_WORDS, type Boundary, type Program } from './program.js';
import type { FunctionContext, TopLevel } from './functionContext.js';
import { StatementCompiler } from './statements.js';
import { TermCompiler, type Pools } from './terms.js';

export interface ExpressionContext {
  readonly program: Program;
  /** Absent where no statement is about to run: only the top level's names are in view. */
  readonly boundary: Boundary | undefined;
  /** Where the frame lies; needed when things may be changed. */
  readonly frameAddress: number;
  readonly sideEffects: boolean;
  /** Names with values that are not the program's: `$old`. */
  readonly values?: Readonly<Record<string, { readonly type: CType; readonly value: Value }>>;
}

/** An expression's code, and what its result is. */
export interface CompiledExpression {
  readonly type: CType;
  /** value: the code leaves it. address: of an object with this type. void: nothing. */
  readonly result: 'value' | 'address' | 'void';
  /** Of a bit-field at the address. */
  readonly bits: BitRange | undefined;
  readonly code: Int32Array;
  readonly entry: number;
  readonly constants: readonly Value[];
  readonly switches: Program['switches'];
  readonly builtins: Program['builtins'];
  readonly sites: Program['sites'];
  readonly strings: Uint8Array;
  readonly frameBytes: number;
  readonly shadowWords: number;
}

export type ExpressionResult =
  | { readonly expression: CompiledExpression; readonly diagnostics: readonly Diagnostic[] }
  | { readonly expression?: undefined; readonly diagnostics: readonly Diagnostic[] };

export function compileExpression(text: string, context: ExpressionContext): ExpressionResult {
  const { program, sideEffects } = context;
  const { profile, macros, globalScope } = program;
  const scope = evaluationScope(context);
  const isTypeName: NonNullable<ParseOptions['isTypeName']> = (name) => {
    const meaning = scope.lookup(name);
    if (meaning !== undefined) return meaning.kind === 'typedef';
    return isTypedefName(profile.types, name);
  };
  const facts = buildFacts(profile);
  const parsed = parseExpression(text, { isTypeName, macros, facts });
  if (parsed.diagnostics.some(isProblem)) return { diagnostics: parsed.diagnostics };
  const functions = new FunctionTable();
  functions.declared.push(...program.declaredFunctions);
  const unit: Unit = {
    profile,
    types: new CTypes(profile.types),
    window: program.window,
    diagnostics: new Diagnostics(),
    strings: new StringPool(stringsAddress(program)),
    data: new Allocator(program.window.data + program.dataBytes),
    perCpu: { used: false },
    functions,
    staticInitialisers: [],
    effects: sideEffects,
    isModule: false,
    standing: false,
    laterTags: new Set(),
    macros,
    externs: new Map(),
    externUses: new Map(),
    laterVariables: new Map(),
    defined: new Set(),
    initialised: new Set(),
  };
  const frame = new Allocator(0);
  const checker = openChecker(unit, scope, frame, globalScope);
  // It runs in a frame of its own then, below the one whose variables it means.
  if (sideEffects) checker.ownFrame = context.frameAddress;
  const parts = partsOf(unit, program);
  if (sideEffects) new StatementCompiler(...statementParts(unit, checker, parts, globalScope));
  const result = checkExpression(checker, parsed.expression);
  const diagnostics = unit.diagnostics.all();
  if (result === undefined || diagnostics.some(isProblem)) return { diagnostics };
  return {
    expression: assemble({ ...result, strings: unit.strings }, parts, frame, context),
    diagnostics,
  };
}

/** What code is made with. */
interface Parts {
  readonly pools: Pools;
  readonly asm: Assembler;
  readonly shadow: Allocator;
  readonly terms: TermCompiler;
}

function partsOf(unit: Unit, program: Program): Parts {
  const pools: Pools = {
    constants: new Pool(program.constants),
    builtins: new Pool(program.builtins),
    sites: new Pool(program.sites),
  };
  const asm = new Assembler();
  const shadow = new Allocator(0);
  shadow.allocate(SHADOW_HEADER_WORDS, 1);
  return { pools, asm, shadow, terms: new TermCompiler(asm, unit.types, pools, shadow) };
}

/** Statements in an expression (`({ ... })`) are compiled as those of a function without a name. */
const statementParts = (
  unit: Unit,
  checker: Checker,
  { asm, terms }: Parts,
  globalScope: Scope,
) => {
  const { void: result } = unit.types;
  const context: FunctionContext = { kind: 'main', index: -1, result, resultSlot: undefined };
  return [unit, checker, asm, terms, context, globalScope, NO_TOP_LEVEL] as const;
};

const NO_TOP_LEVEL: TopLevel = {
  function: () => undefined,
  nested: () => undefined,
  task: () => undefined,
  moduleCall: () => false,
};

const isProblem = (diagnostic: Diagnostic): boolean => diagnostic.severity === 'error';

/** Strings of an expression have addresses past those of the program. */
export const stringsAddress = ({ window, strings }: Program): number =>
  window.strings + Math.ceil((strings.length + 1) / 4096) * 4096;

interface Checked {
  readonly term: Term;
  readonly type: CType;
  readonly result: CompiledExpression['result'];
  readonly bits: BitRange | undefined;
}

function checkExpression(checker: Checker, expr: Expr): Checked | undefined {
  const place = checker.place(expr);
  if (place !== undefined) return isError(place.type) ? undefined : placeResult(checker, place);
  const term = checker.term(expr);
  const { type } = term;
  if (isError(type)) return undefined;
  if (type.kind === 'void') return { term, type, result: 'void', bits: undefined };
  return { term, type, result: isScalar(type) ? 'value' : 'address', bits: undefined };
}

function placeResult(checker: Checker, place: Place): Checked {
  const pointer = checker.types.pointerTo(place.type);
  const term = addressOf(pointer, { ...place, bits: undefined });
  return { term, type: place.type, result: 'address', bits: place.bits };
}

function assemble(
  { term, type, result, bits, strings }: Checked & { readonly strings: StringPool },
  { pools, asm, shadow, terms }: Parts,
  frame: Allocator,
  { program, sideEffects }: ExpressionContext,
): CompiledExpression {
  terms.value(term);
  asm.emit('END');
  // Functions of the scenario can only be called where things may change: else their code is not needed.
  const before = sideEffects ? Array.from(program.code) : [];
  const linked: Linked = {
    code: before,
    boundaries: [],
    switches: sideEffects ? [...program.switches] : [],
  };
  const entry = asm.link(linked);
  return {
    type,
    result,
    bits,
    code: Int32Array.from(linked.code),
    entry,
    constants: pools.constants.items,
    switches: linked.switches,
    builtins: pools.builtins.items,
    sites: pools.sites.items,
    strings: strings.content(),
    frameBytes: Math.ceil(frame.sizeBytes / 8) * 8,
    shadowWords: shadow.sizeBytes,
  };
}

/** The names in view at a boundary: its variables, the types of the blocks around, the top level. */
function evaluationScope(context: ExpressionContext): Scope {
  const { program, boundary, values } = context;
  const scope = new Scope(program.globalScope);
  const blocks: Scope[] = [];
  for (let at = boundary?.scope; at !== undefined && at !== program.globalScope; at = at.parent)
    blocks.unshift(at);
  for (const block of blocks) block.copyTypesTo(scope);
  // Of a function inside of others: their variables lie in their frames.
  const around = blocks.flatMap(({ beginsFunction, parent }) => (beginsFunction ? [parent] : []));
  let inner = scope;
  for (const outer of around) {
    for (const variable of outermostFirst(outer?.visible)) inner.declare(variable.name, variable);
    inner = new Scope(inner, false, true);
  }
  for (const variable of outermostFirst(boundary?.visible))
    inner.declare(variable.name, placed(variable, context));
  for (const [name, { type, value }] of Object.entries(values ?? {}))
    inner.declare(name, { kind: 'enumerator', type, value, span: { start: 0, end: 0 } });
  return inner;
}

function placed(variable: Variable, { sideEffects, frameAddress }: ExpressionContext): Variable {
  if (!sideEffects || variable.storage === 'fixed') return variable;
  return { ...variable, storage: 'fixed', location: frameAddress + variable.location };
}

function outermostFirst(visible: VisibleVariable | undefined): Variable[] {
  const variables: Variable[] = [];
  for (let at = visible; at !== undefined; at = at.outer) variables.unshift(at.variable);
  return variables;
}
