/** The C type that an engine type stands for (src/engine/machine/ctypes.ts). */
import ts from 'typescript';

const BY_NAME = new Map([
  ['VirtAddr', 'unsigned long'],
  ['PhysAddr', 'phys_addr_t'],
  ['Pfn', 'unsigned long'],
  ['Cell', 'void *'],
  ['bigint', 'u64'],
  ['PteVal', 'pteval_t'],
  ['PteWords', 'pteval_t'],
  ['string', 'const char *'],
]);
/** Aliases that the checker dissolves: what was written tells. */
const BY_ALIAS = new Map([
  ['Int', 'int'],
  ['UInt', 'unsigned int'],
  ['Long', 'long'],
  ['ULong', 'unsigned long'],
  ['PteVal', 'pteval_t'],
]);

/** What a written type says that the checker forgets; undefined for others. */
export const aliasedType = (written) =>
  written !== undefined && ts.isTypeReferenceNode(written)
    ? BY_ALIAS.get(written.typeName.getText())
    : undefined;

export class CTypes {
  constructor(checker) {
    this.checker = checker;
  }

  /** Of a variable, parameter or expression. */
  ofNode(node) {
    const local = this.referred(node);
    if (local !== undefined) return pointerTo(local);
    return (
      aliasedType(node.type ?? node.parent?.type) ?? this.of(this.checker.getTypeAtLocation(node))
    );
  }

  of(type) {
    if (type.flags & ts.TypeFlags.Void) return 'void';
    const bare = this.checker.getNonNullableType(type);
    const target = this.literal(bare, 'pointsTo');
    if (target !== undefined) return pointerTo(target);
    const flavour = this.literal(bare, 'ctype');
    if (flavour !== undefined) return flavour;
    if (bare.symbol?.name === 'Out')
      return pointerTo(this.of(this.checker.getTypeArguments(bare)[0]));
    const spelled = this.checker.typeToString(bare);
    if (BY_NAME.has(spelled)) return BY_NAME.get(spelled);
    if (bare.flags & ts.TypeFlags.BooleanLike || spelled === 'boolean') return 'bool';
    if (bare.flags & ts.TypeFlags.BigIntLike) return 'u64';
    if (isAll(bare, ts.TypeFlags.StringLike)) return 'const char *';
    if (this.checker.isArrayType(bare)) {
      const [element] = this.checker.getTypeArguments(bare);
      return pointerTo(this.of(element));
    }
    const container = bare.symbol?.name;
    if (container === 'Set' || container === 'ReadonlySet')
      return pointerTo(this.of(this.checker.getTypeArguments(bare)[0]));
    if (container === 'Map' || container === 'ReadonlyMap') {
      const [key, value] = this.checker.getTypeArguments(bare).map((each) => this.of(each));
      return pointerTo(`struct { ${declared(key, 'key')}; ${declared(value, 'value')}; }`);
    }
    if (isAll(bare, ts.TypeFlags.NumberLiteral)) return 'int';
    if (bare.flags & ts.TypeFlags.NumberLike || spelled.startsWith('number')) return 'long';
    const [call] = bare.getCallSignatures();
    if (call !== undefined) return this.functionPointer(call);
    if (bare.isUnion()) {
      // An address or the number 0, a structure or the name of a failure: what it is when it is something.
      const [most = bare.types[0]] = bare.types.filter((each) => !each.isLiteral());
      return this.of(most);
    }
    const name = (bare.aliasSymbol ?? bare.symbol)?.name;
    if (name !== undefined && /^[A-Z]\w*$/.test(name)) return `struct ${snakeCase(name)} *`;
    return spelled.startsWith('{') ? this.unnamed(bare) : spelled;
  }

  /**
   * The members of a structure that the engine keeps as an object of its own, in no memory, with their C types; undefined of what is
   * none.
   *
   * @returns {{ spelled: string, members: Readonly<Record<string, string>> } | undefined}
   */
  structureOf(node) {
    let type = this.checker.getNonNullableType(this.checker.getTypeAtLocation(node));
    if (type.isUnion()) type = type.types.find((each) => !each.isLiteral()) ?? type;
    const spelled = this.of(type);
    const isObject = /^struct \w+ \*$/.test(spelled) && (type.flags & ts.TypeFlags.Object) !== 0;
    if (!isObject || this.literal(type, 'pointsTo') !== undefined) return undefined;
    const members = {};
    const properties = this.checker.getPropertiesOfType(type);
    // JavaScript's own, such as a Map.
    if (properties.some(({ name }) => name.startsWith('__@'))) return undefined;
    for (const property of properties) {
      const member = this.checker.getTypeOfSymbol(property);
      const { valueDeclaration } = property;
      if (member.getCallSignatures().length > 0 || valueDeclaration === undefined) continue;
      members[property.name] = aliasedType(valueDeclaration.type) ?? this.of(member);
    }
    return Object.keys(members).length === 0 ? undefined : { spelled, members };
  }

  /** A structure without a name, by its members. */
  unnamed(type) {
    const members = this.checker.getPropertiesOfType(type).map((property) => {
      const written = aliasedType(property.valueDeclaration?.type);
      return `${declared(written ?? this.of(this.checker.getTypeOfSymbol(property)), property.name)};`;
    });
    return `struct { ${members.join(' ')} }`;
  }

  functionPointer(call) {
    const parameters = call.parameters.filter(({ name }) => name !== 'k');
    const types = parameters.map((each) => this.of(this.checker.getTypeOfSymbol(each)));
    return `${this.of(call.getReturnType())} (*)(${types.join(', ') || 'void'})`;
  }

  /** The tag of the structure that a pointer leads to: `page` of a `struct page *`. */
  tagOf(node) {
    return /^struct (\w+) \*$/.exec(this.of(this.checker.getTypeAtLocation(node)))?.[1];
  }

  /** Whether a value is a `Out`: a local that a function called may write. */
  isReference(node) {
    return this.checker.getTypeAtLocation(node).symbol?.name === 'Out';
  }

  /** `int` of a parameter or local that is written as `Out<Int>`. */
  referred({ type }) {
    if (type === undefined || !ts.isTypeReferenceNode(type)) return undefined;
    const [target] = type.typeArguments ?? [];
    if (type.typeName.getText() !== 'Out' || target === undefined) return undefined;
    return aliasedType(target) ?? this.of(this.checker.getTypeFromTypeNode(target));
  }

  /** Whether a name is a parameter's: a `Out` is a pointer there, and the variable itself where it is declared. */
  isParameter(node) {
    const symbol = this.checker.getSymbolAtLocation(node);
    return symbol?.valueDeclaration !== undefined && ts.isParameter(symbol.valueDeclaration);
  }

  isBoolean(node) {
    return this.of(this.checker.getTypeAtLocation(node)) === 'bool';
  }

  literal(type, property) {
    const symbol = this.checker.getPropertyOfType(type, property);
    if (symbol === undefined) return undefined;
    const of = this.checker.getNonNullableType(this.checker.getTypeOfSymbol(symbol));
    return of.isStringLiteral() ? of.value : undefined;
  }
}

const isAll = (type, flag) =>
  type.isUnion() ? type.types.every((each) => each.flags & flag) : Boolean(type.flags & flag);

const pointerTo = (type) => (type.endsWith('*') ? `${type}*` : `${type} *`);

/** `struct page *page`, `int order`. */
export function declared(type, name) {
  if (type.includes('(*)')) return type.replace('(*)', `(*${name})`);
  return type.endsWith('*') ? `${type}${name}` : `${type} ${name}`;
}

/** AllocContext -> alloc_context */
export const snakeCase = (name) =>
  name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
