/**
 * From types as written to types: names looked up, structs laid out, enumerators numbered, array lengths computed.
 */
import { stripTypedefs } from '../../engine/types/layout.js';
import type {
  CType,
  EnumType,
  FunctionType,
  Member,
  StructType,
} from '../../engine/types/model.js';
import type { EnumSyntax, Expr, FunctionSyntax, StructSyntax, TypeSyntax } from '../syntax/ast.js';
import { isType } from '../syntax/print.js';
import type { Span } from '../syntax/span.js';
import { suggestion } from '../syntax/suggest.js';
import type { DiagnosticCode, Fix } from '../syntax/diagnostic.js';
import { isComplete, isInteger, type CTypes } from './cTypes.js';
import { constantValue } from './fold.js';
import type { Term } from './ir.js';
import type { Scope } from './scope.js';
import { layOutStruct, type MemberToPlace } from './structLayout.js';
import { errorType, type Unit } from './unit.js';

/** A struct of the script while it is being declared: its members may point to it. */
class DeclaredStruct implements StructType {
  sizeBytes = 0;
  complete = false;
  members: readonly Member[] = [];
  /** Between its braces: it cannot be defined again in there. */
  open = false;

  constructor(
    readonly kind: 'struct' | 'union',
    readonly name: string,
  ) {}
}

/** Whether the type could not be worked out, or is made of one that could not. */
export function isError(type: CType): boolean {
  const bare = stripTypedefs(type);
  if (bare.kind === 'pointer') return isError(bare.target);
  if (bare.kind === 'array') return isError(bare.element);
  return bare === errorType;
}

export abstract class TypeResolver {
  /** A type written once is worked out once, whatever declarators share it. */
  private readonly resolved = new Map<TypeSyntax, CType>();
  private nrAnonymous = 0;

  constructor(
    protected readonly unit: Unit,
    public scope: Scope,
  ) {}

  protected get types(): CTypes {
    return this.unit.types;
  }

  /** The type of an expression that is not evaluated. */
  protected abstract typeOf(expr: Expr): CType;
  /** The value of an expression. */
  abstract term(expr: Expr): Term;

  protected error(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.unit.diagnostics.error(code, span, message, fix);
  }

  protected warning(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.unit.diagnostics.warning(code, span, message, fix);
  }

  resolve(syntax: TypeSyntax): CType {
    const known = this.resolved.get(syntax);
    if (known !== undefined) return known;
    const type = this.resolveNew(syntax);
    this.resolved.set(syntax, type);
    return type;
  }

  private resolveNew(syntax: TypeSyntax): CType {
    switch (syntax.kind) {
      case 'named':
        return syntax.builtin
          ? this.baseType(syntax.name, syntax.span)
          : this.typedef(syntax.name, syntax.span);
      case 'struct':
      case 'union':
        return this.structType(syntax);
      case 'enum':
        return this.enumType(syntax);
      case 'typeof':
        return isType(syntax.of) ? this.resolve(syntax.of) : this.typeOf(syntax.of);
      case 'pointer':
        return this.types.pointerTo(this.resolve(syntax.target));
      case 'array':
        return this.arrayType(syntax.element, syntax.length, syntax.span);
      case 'function':
        return this.functionType(syntax);
    }
  }

  private baseType(name: string, span: Span): CType {
    const type = this.types.table.base(name);
    if (type !== undefined) return type;
    const message = /float|double/.test(name)
      ? 'the kernel does not use floating-point numbers'
      : `'${name}' is no type`;
    this.error('unknown-type', span, message);
    return errorType;
  }

  private typedef(name: string, span: Span): CType {
    const meaning = this.scope.lookup(name);
    if (meaning?.kind === 'typedef') return meaning.type;
    const known = this.types.table.typedef(name);
    if (known !== undefined && meaning === undefined) return known;
    const { structs, typedefs } = this.types.table.names();
    if (structs.includes(name)) {
      this.error('unknown-type', span, `unknown type '${name}': it is a struct`, {
        title: `Change to 'struct ${name}'`,
        span,
        replacement: `struct ${name}`,
      });
      return errorType;
    }
    const hint = suggestion(name, [...this.scope.allNames(), ...typedefs], span);
    this.error('unknown-type', span, `unknown type '${name}'${hint.text}`, hint.fix);
    return errorType;
  }

  private arrayType(elementSyntax: TypeSyntax, length: Expr | undefined, span: Span): CType {
    let element = this.resolve(elementSyntax);
    if (!isComplete(element)) {
      this.error('incomplete-type', span, `an array of '${this.types.name(element)}' has no size`);
      element = errorType;
    }
    if (length === undefined) return { kind: 'array', element, length: 0 };
    const value = this.constantOf(length, 'the length of an array');
    if (value === undefined) return { kind: 'array', element, length: 1 };
    if (value < 0 || value > 0x10_0000) {
      const problem = value < 0 ? 'negative' : 'beyond what a scenario can hold';
      this.error('bad-initializer', length.span, `the length of the array is ${problem}`);
      return { kind: 'array', element, length: 1 };
    }
    return { kind: 'array', element, length: Number(value) };
  }

  functionType(syntax: FunctionSyntax): FunctionType {
    const parameters = syntax.parameters.map(({ name, type: written }) => {
      const type = this.resolve(written);
      const bare = stripTypedefs(type);
      // An array or a function as a parameter is a pointer.
      if (bare.kind === 'array') return { name, type: this.types.pointerTo(bare.element) };
      if (bare.kind === 'function') return { name, type: this.types.pointerTo(type) };
      return { name, type };
    });
    let result = this.resolve(syntax.result);
    const { kind } = stripTypedefs(result);
    if (kind === 'function' || kind === 'array') {
      const name = this.types.name(result);
      this.error('type-mismatch', syntax.span, `a function cannot return '${name}'`);
      result = errorType;
    }
    return { kind: 'function', result, parameters, variadic: syntax.variadic };
  }

  private structType(syntax: StructSyntax): CType {
    const { kind, tag, members } = syntax;
    if (members === undefined) return this.namedStruct(kind, tag ?? '', syntax.span);
    const struct = this.declaredStruct(kind, tag, syntax.span);
    struct.open = true;
    const toPlace: MemberToPlace[] = [];
    const seen = new Set<string>();
    for (const member of members) {
      const type = this.memberType(member.type, member.span);
      const widthBits =
        member.width === undefined ? undefined : this.bitWidth(type, member.width, member.name);
      if (member.name !== '' && seen.has(member.name))
        this.error('redefined', member.span, `a second member '${member.name}'`);
      seen.add(member.name);
      toPlace.push({ name: member.name, type, widthBits });
    }
    const laidOut = layOutStruct(this.types, kind, struct.name, toPlace);
    struct.members = laidOut.members;
    struct.sizeBytes = laidOut.sizeBytes;
    struct.complete = true;
    struct.open = false;
    return struct;
  }

  private memberType(syntax: TypeSyntax, span: Span): CType {
    const type = this.resolve(syntax);
    if (isComplete(type) || isError(type)) return type;
    const name = this.types.name(type);
    this.error('incomplete-type', span, `a member cannot have the type '${name}': it has no size`);
    return errorType;
  }

  private bitWidth(type: CType, width: Expr, name: string): number {
    const value = Number(this.constantOf(width, 'the width of a bit-field') ?? 1);
    if (!isInteger(type)) {
      this.error('type-mismatch', width.span, 'only integers can be bit-fields');
      return 1;
    }
    const most = this.types.size(type) * 8;
    if (value >= (name === '' ? 0 : 1) && value <= most) return value;
    const range = `1 to ${most}`;
    this.error('bad-initializer', width.span, `the width of this bit-field must be ${range}`);
    return 1;
  }

  /** A tag that is only named: the script's, else the kernel's, else a new incomplete type. */
  private namedStruct(kind: 'struct' | 'union', tag: string, span: Span): CType {
    const known = this.scope.lookupTag(tag);
    if (known?.kind === kind) return known;
    const { table } = this.types;
    const kernels = kind === 'struct' ? table.struct(tag) : table.union(tag);
    if (kernels !== undefined && known === undefined) return kernels;
    const names = table.names();
    const hint = suggestion(
      tag,
      [...names.structs, ...names.unions, ...this.scope.allTags()],
      span,
    );
    const fix = hint.fix && {
      ...hint.fix,
      title: `Change to '${kind} ${hint.fix.replacement}'`,
      replacement: `${kind} ${hint.fix.replacement}`,
    };
    const message = `neither the script nor the kernel has '${kind} ${tag}'${hint.text}`;
    this.warning('unknown-type', span, message, fix);
    const struct = new DeclaredStruct(kind, tag);
    this.scope.declareTag(tag, struct);
    return struct;
  }

  private declaredStruct(
    kind: 'struct' | 'union',
    tag: string | undefined,
    span: Span,
  ): DeclaredStruct {
    if (tag === undefined) return new DeclaredStruct(kind, '');
    const own = this.scope.ownTag(tag);
    if (own instanceof DeclaredStruct && own.kind === kind && !own.complete && !own.open)
      return own;
    if (own !== undefined) this.error('redefined', span, `'${kind} ${tag}' is defined twice`);
    const struct = new DeclaredStruct(kind, tag);
    this.scope.declareTag(tag, struct);
    return struct;
  }

  private enumType(syntax: EnumSyntax): CType {
    const { tag, enumerators } = syntax;
    if (enumerators === undefined) {
      const known = this.scope.lookupTag(tag ?? '');
      if (known?.kind === 'enum') return known;
      const kernels = this.types.table.enum(tag ?? '');
      if (kernels !== undefined) return kernels;
      const hint = suggestion(tag ?? '', this.types.table.names().enums, syntax.span);
      const message = `neither the script nor the kernel has 'enum ${tag ?? ''}'${hint.text}`;
      this.error('unknown-type', syntax.span, message);
      return errorType;
    }
    const list: { name: string; value: number }[] = [];
    let next = 0;
    for (const { name, value: written, span } of enumerators) {
      const value = written && this.constantOf(written, 'the value of an enumerator');
      const number = value === undefined ? next : Number(value);
      list.push({ name, value: number });
      next = number + 1;
      if (this.scope.own(name) !== undefined)
        this.error('redefined', span, `'${name}' is defined twice`);
      this.scope.declare(name, { kind: 'enumerator', type: this.types.int, value: number, span });
    }
    const signed = list.some(({ value }) => value < 0);
    const name = tag ?? `<anonymous ${++this.nrAnonymous}>`;
    const type: EnumType = { kind: 'enum', name, sizeBytes: 4, signed, enumerators: list };
    if (tag !== undefined) {
      if (this.scope.ownTag(tag) !== undefined)
        this.error('redefined', syntax.span, `'enum ${tag}' is defined twice`);
      this.scope.declareTag(tag, type);
    }
    return type;
  }

  /** The value of an integer constant expression; undefined, with a finding, if it is none. */
  constantOf(expr: Expr, what: string): number | bigint | undefined {
    const term = this.term(expr);
    if (isError(term.type)) return undefined;
    const value = isInteger(term.type) ? constantValue(term) : undefined;
    if (value === undefined)
      this.error('not-constant', expr.span, `${what} must be an integer constant`);
    return value;
  }
}
