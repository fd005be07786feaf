/**
 * Declarations: names into scopes, objects into frames or the data of the program, initialisers to stores.
 *
 * Top-level variables live as long as the program, and so do static ones of functions, whose first values are stored before
 * anything runs; the others lie in the frame.
 */
import type { CType } from '../../engine/types/model.js';
import { completedArray } from '../semantics/arrayLengths.js';
import type { Checker } from '../semantics/checker.js';
import { functionOf, isStruct, structOf } from '../semantics/cTypes.js';
import { errorType, isError } from '../semantics/errors.js';
import { fixedPlace, framePlace } from '../semantics/fold.js';
import { initialise } from '../semantics/initializers.js';
import type { Place, Term } from '../semantics/ir.js';
import { declareFunction } from '../semantics/names.js';
import type { Scope, Variable } from '../semantics/scope.js';
import type { Unit } from '../semantics/unit.js';
import { nrPerCpuCopies, PER_CPU_STRIDE } from '../semantics/window.js';
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
    // `struct x { ... };` declares by being looked at.
    this.checker.resolve(statement.base);
    const stores: Term[] = [];
    for (const declarator of statement.declarators) {
      if (declarator.name === '') continue;
      if (statement.storage === 'typedef') this.typedef(declarator);
      else if (declarator.type.kind === 'function') this.prototype(declarator);
      else if (statement.storage === 'extern') this.extern(declarator);
      else if (statement.storage === 'per-cpu') stores.push(...this.perCpu(declarator));
      else stores.push(...this.variable(declarator, statement.storage === 'static'));
    }
    return stores;
  }

  private typedef({ name, type, nameSpan }: Declarator): void {
    this.checkNew(name, nameSpan);
    this.scope.declare(name, {
      kind: 'typedef',
      type: { kind: 'typedef', name, target: this.checker.resolve(type) },
      span: nameSpan,
    });
  }

  private prototype({ name, type, nameSpan }: Declarator): void {
    if (type.kind === 'function') declareFunction(this.checker, name, type, nameSpan);
  }

  /** `extern` names something of the kernel; there is nothing else outside. */
  private extern({ name, type, nameSpan }: Declarator): void {
    this.checker.resolve(type);
    if (this.unit.profile.symbol(name) !== undefined) return;
    this.unit.diagnostics.error('unknown-name', nameSpan, `the kernel has no variable '${name}'`);
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
    const written = this.checker.resolve(declarator.type);
    const flexible = declarator.type.kind === 'array' && declarator.type.length === undefined;
    const type = flexible ? completedArray(this.checker, written, initializer) : written;
    this.checkNew(name, nameSpan);
    const usable = this.checkObject(type, nameSpan);
    const fixed = isStatic || this.scope === this.globalScope;
    const variable = this.place(name, usable ? type : types.int, fixed, nameSpan);
    this.scope.declare(name, usable ? variable : { ...variable, type: errorType });
    if (initializer === undefined || !usable) {
      if (initializer?.kind === 'value') this.checker.term(initializer.value);
      return [];
    }
    const place: Place =
      variable.storage === 'frame'
        ? framePlace(type, variable.location)
        : fixedPlace(type, variable.location);
    const stores = initialise(this.checker, place, initializer);
    // At the top level `static` says nothing that is not so anyway.
    if (!isStatic || this.scope === this.globalScope) return stores;
    if (stores.some((store) => !isConstantStore(store)))
      diagnostics.error(
        'not-constant',
        initializer.span,
        'a static variable must be initialized with constants',
      );
    else this.unit.staticInitialisers.push(...stores);
    return [];
  }

  private checkObject(type: CType, span: Span): boolean {
    if (isError(type)) return false;
    const { types, diagnostics } = this.unit;
    const size = types.size(type);
    if (size > 0 && functionOf(type) === undefined) return true;
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

  private place(name: string, type: CType, fixed: boolean, span: Span): Variable {
    const { types, data } = this.unit;
    const align = Math.max(1, types.align(type));
    const allocator = fixed ? data : this.checker.frame;
    const location = allocator.allocate(types.size(type), align);
    const storage = fixed ? 'fixed' : 'frame';
    return { kind: 'variable', name, type, storage, location, parameter: false, span };
  }
}

const isConstantStore = (store: Term): boolean =>
  store.kind === 'clear' || (store.kind === 'store' && store.value.kind === 'constant');
