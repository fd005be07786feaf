/**
 * Declarations: names into scopes, objects into frames or the data of the program, initialisers to stores.
 *
 * Top-level variables live as long as the program, and so do static ones of functions, whose first values are stored before
 * anything runs; the others lie in the frame.
 */
import type { CType } from '../../engine/types/model.js';
import { completedArray, completedStruct } from '../semantics/arrayLengths.js';
import type { Checker } from '../semantics/checker.js';
import {
  arrayOf,
  functionOf,
  isComplete,
  isInteger,
  isStruct,
  stripTypedefs,
  structOf,
} from '../semantics/cTypes.js';
import { errorType, isError } from '../semantics/errors.js';
import { fixedPlace, framePlace } from '../semantics/fold.js';
import { initialise, isConstantStore } from '../semantics/initializers.js';
import type { Place, Term } from '../semantics/ir.js';
import { declareFunction, declareFunctionOfType } from '../semantics/names.js';
import type { Scope, Variable } from '../semantics/scope.js';
import { askedAlignment, declareTag } from '../semantics/structTypes.js';
import type { Unit } from '../semantics/unit.js';
import { MAX_DATA_BYTES, nrPerCpuCopies, PER_CPU_STRIDE } from '../semantics/window.js';
import type { Declarator, DeclarationStatement } from '../syntax/ast.js';
import type { Span } from '../syntax/span.js';

export class DeclarationCompiler {
  constructor(
    private readonly unit: Unit,
    private readonly checker: Checker,
    private readonly globalScope: Scope,
  ) {}

  private get scope(): Scope {
    return this.checker.scope;
  }

  /** Declares what a declaration declares; the stores that give its variables their first values. */
  declare(statement: DeclarationStatement): Term[] {
    const { base, storage, declarators } = statement;
    // `struct x { ... };` declares by being looked at, `struct x;` a type that comes later.
    const isTag = base.kind === 'struct' || base.kind === 'union' || base.kind === 'enum';
    if (isTag && declarators.length === 0) declareTag(this.checker, base);
    if (base.kind !== 'auto') this.checker.resolve(base);
    const stores: Term[] = [];
    for (const declarator of declarators) {
      if (declarator.name === '') continue;
      if (storage === 'typedef') this.typedef(declarator);
      else if (declarator.type.kind === 'function') this.prototype(declarator);
      else if (this.isFunctionType(declarator)) this.prototypeOfType(declarator);
      else if (storage === 'extern' && declarator.initializer === undefined)
        this.extern(declarator);
      else if (storage === 'per-cpu')
        for (const store of this.perCpu(declarator)) stores.push(store);
      else for (const store of this.variable(declarator, storage === 'static')) stores.push(store);
    }
    return stores;
  }

  private typedef({ name, type: syntax, nameSpan }: Declarator): void {
    const target = this.checker.resolve(syntax);
    const known = this.scope.own(name);
    // C11: the same typedef may be written again.
    if (known?.kind !== 'typedef' || !this.unit.types.same(known.type, target))
      this.checkNew(name, nameSpan);
    this.scope.declare(name, {
      kind: 'typedef',
      type: { kind: 'typedef', name, target },
      span: nameSpan,
    });
  }

  private prototype({ name, type, nameSpan }: Declarator): void {
    if (type.kind === 'function') declareFunction(this.checker, name, type, nameSpan);
  }

  /** `fn twice;`, where fn is a typedef of a function type. */
  private isFunctionType({ type }: Declarator): boolean {
    if (type.kind !== 'named' && type.kind !== 'typeof') return false;
    return functionOf(this.checker.resolve(type)) !== undefined;
  }

  private prototypeOfType({ name, type, nameSpan }: Declarator): void {
    const fn = functionOf(this.checker.resolve(type));
    if (fn !== undefined) declareFunctionOfType(this.checker, name, fn, nameSpan);
  }

  /** `extern` names something of the kernel, or a variable that the scenario defines, here or further on. */
  private extern(declarator: Declarator): void {
    const { name, nameSpan } = declarator;
    const written = this.checker.resolve(declarator.type);
    const known = this.globalScope.own(name) ?? this.unit.externs.get(name);
    if (known?.kind === 'variable') {
      this.checkSame(name, known.type, written, nameSpan);
      if (this.scope !== this.globalScope) this.scope.declare(name, known);
      return;
    }
    const isKernels = this.unit.profile.symbol(name) !== undefined;
    if (known !== undefined || (isKernels && !this.unit.laterVariables.has(name))) return;
    const type = this.externType(name, written);
    const usable = this.checkObject(type, nameSpan);
    const variable = this.place(name, usable ? type : this.unit.types.int, true, nameSpan);
    this.unit.externs.set(name, variable);
    this.scope.declare(name, usable ? variable : { ...variable, type: errorType });
  }

  /** The type of what is defined further on says how long an array is. */
  private externType(name: string, written: CType): CType {
    const later = this.unit.laterVariables.get(name);
    if (arrayOf(written)?.length !== 0 || later === undefined) return written;
    const type = this.checker.resolve(later.type);
    return isFlexible(later, type) ? completedArray(this.checker, type, later.initializer) : type;
  }

  /** A variable of which each CPU has its own; the stores of its initialiser into every one. */
  private perCpu(declarator: Declarator): Term[] {
    const stores = this.variable(declarator, true);
    this.unit.perCpu.used = true;
    const { initializer, name } = declarator;
    const declared = this.scope.own(name);
    if (initializer === undefined || declared?.kind !== 'variable' || isError(declared.type))
      return stores;
    for (let cpu = 1; cpu < nrPerCpuCopies(this.unit.profile); cpu++) {
      const place = fixedPlace(declared.type, declared.location + cpu * PER_CPU_STRIDE);
      const copies = initialise(this.checker, place, initializer);
      if (this.scope === this.globalScope) stores.push(...copies);
      else this.unit.staticInitialisers.push(...copies);
    }
    return stores;
  }

  /** Declares a variable; the stores of its initialiser, unless they belong to the program's start. */
  private variable(declarator: Declarator, isStatic: boolean): Term[] {
    const { name, nameSpan, initializer } = declarator;
    const { types, diagnostics } = this.unit;
    const type = this.typeOf(declarator);
    const isGlobal = this.scope === this.globalScope;
    const before = isGlobal ? this.tentative(declarator, type) : undefined;
    if (before === undefined) this.checkNew(name, nameSpan);
    const usable = this.checkObject(type, nameSpan);
    const align = askedAlignment(this.checker, declarator.layout);
    const fixed = isStatic || isGlobal;
    // Elements of a flexible array at its end make an object longer than its type.
    const whole = fixed && usable ? completedStruct(this.checker, type, initializer) : type;
    const variable =
      before ?? this.place(name, usable ? whole : types.int, fixed, nameSpan, align, type);
    this.scope.declare(name, usable ? variable : { ...variable, type: errorType });
    if (isGlobal) this.unit.defined.add(name);
    if (initializer === undefined || !usable) {
      if (initializer?.kind === 'value') this.checker.term(initializer.value);
      return [];
    }
    if (isGlobal) this.unit.initialised.add(name);
    const place: Place =
      variable.storage === 'frame'
        ? framePlace(type, variable.location)
        : fixedPlace(before === undefined ? whole : type, variable.location);
    const stores = initialise(this.checker, place, initializer);
    // At the top level `static` says nothing that is not so anyway.
    if (!isStatic || isGlobal) return stores;
    if (stores.some((store) => !isConstantStore(store)))
      diagnostics.error(
        'not-constant',
        initializer.span,
        'a static variable must be initialized with constants',
      );
    else for (const store of stores) this.unit.staticInitialisers.push(store);
    return [];
  }

  private typeOf(declarator: Declarator): CType {
    const { initializer } = declarator;
    if (declarator.type.kind === 'auto' && initializer?.kind === 'value') {
      const term = this.checker.term(initializer.value);
      return isInteger(term.type) && 'widthBits' in term.type
        ? this.unit.types.longLong
        : term.type;
    }
    const written = this.checker.resolve(declarator.type);
    return isFlexible(declarator, written)
      ? completedArray(this.checker, written, initializer)
      : written;
  }

  /** The variable that an earlier declaration of the same name at the top level made: this one is of the same. */
  private tentative(
    { name, initializer, nameSpan }: Declarator,
    type: CType,
  ): Variable | undefined {
    const own = this.scope.own(name);
    const known =
      own?.kind === 'variable' ? own : own === undefined ? this.unit.externs.get(name) : undefined;
    if (known === undefined) return undefined;
    if (initializer !== undefined && this.unit.initialised.has(name)) return undefined;
    this.checkSame(name, known.type, type, nameSpan);
    return known;
  }

  private checkSame(name: string, before: CType, now: CType, span: Span): void {
    if (isError(before) || isError(now) || this.unit.types.same(before, now)) return;
    const [was, is] = [this.unit.types.name(before), this.unit.types.name(now)];
    const message = `'${name}' was declared with type '${was}' before, not '${is}'`;
    this.unit.diagnostics.error('redefined', span, message);
  }

  private checkObject(type: CType, span: Span): boolean {
    if (isError(type)) return false;
    const { types, diagnostics } = this.unit;
    const size = types.size(type);
    const known = stripTypedefs(type).kind !== 'enum' || isComplete(type);
    if (known && size > 0 && functionOf(type) === undefined) return true;
    if (isStruct(type) && size === 0 && this.isEmptyStruct(type)) return true;
    const name = types.name(type);
    diagnostics.error(
      'incomplete-type',
      span,
      `a variable cannot have type '${name}': its size is not known`,
    );
    return false;
  }

  private isEmptyStruct(type: CType): boolean {
    return structOf(type)?.complete === true;
  }

  private checkNew(name: string, span: Span): void {
    if (this.scope.own(name) !== undefined)
      this.unit.diagnostics.error('redefined', span, `'${name}' is defined twice`);
  }

  /** @param as the variable's type, if that is not what the object takes */
  private place(
    name: string,
    type: CType,
    fixed: boolean,
    span: Span,
    least = 1,
    as = type,
  ): Variable {
    const { types, data } = this.unit;
    const align = Math.max(least, types.align(type));
    const allocator = fixed ? data : this.checker.frame;
    const location = allocator.allocate(types.size(type), align);
    if (
      fixed &&
      data.sizeBytes > MAX_DATA_BYTES &&
      data.sizeBytes - types.size(type) <= MAX_DATA_BYTES
    )
      this.unit.diagnostics.error(
        'incomplete-type',
        span,
        `there is no room for '${name}': the variables of a scenario may take 4 MiB together`,
      );
    const storage = fixed ? 'fixed' : 'frame';
    return { kind: 'variable', name, type: as, storage, location, parameter: false, span };
  }
}

/** `int a[] = ...`: its initialiser says how long it is. */
const isFlexible = ({ type: syntax }: Declarator, type: CType): boolean =>
  syntax.kind === 'array' ? syntax.length === undefined : arrayOf(type)?.length === 0;
