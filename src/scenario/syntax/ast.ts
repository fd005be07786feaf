/**
 * The tree a text is parsed to: C as written, before any name or type is looked up.
 * Every node has its span. Where something was missing stands a `missing` node, and a diagnostic has said so.
 */
import type { Span } from './span.js';

// --- expressions ---------------------------------------------------------------------------------------------------

export type PrefixOperator = '+' | '-' | '!' | '~' | '*' | '&';
export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';
/** The operator of `a op= b`; absent in plain assignment. */
export type CompoundOperator = Exclude<
  BinaryOperator,
  '<' | '<=' | '>' | '>=' | '==' | '!=' | '&&' | '||'
>;

export type Expr =
  | NameExpr
  | IntegerExpr
  | CharacterExpr
  | StringExpr
  | PrefixExpr
  | IncrementExpr
  | BinaryExpr
  | AssignExpr
  | ConditionalExpr
  | CommaExpr
  | CastExpr
  | CompoundLiteral
  | SizeofTypeExpr
  | SizeofExpr
  | AlignofExpr
  | GenericExpr
  | StatementsExpr
  | CallExpr
  | IndexExpr
  | MemberExpr
  | TypeArgument
  | MissingExpr;

export interface NameExpr {
  readonly kind: 'name';
  readonly name: string;
  readonly span: Span;
}

interface IntegerExpr {
  readonly kind: 'integer';
  readonly value: bigint;
  readonly unsigned: boolean;
  readonly longs: 0 | 1 | 2;
  readonly decimal: boolean;
  readonly span: Span;
}

/** `L`, `u`, `U` or `u8` before a literal: what its characters are. */
export type LiteralPrefix = '' | 'L' | 'u' | 'U' | 'u8';

interface CharacterExpr {
  readonly kind: 'character';
  readonly value: number;
  readonly prefix: LiteralPrefix;
  readonly span: Span;
}

export interface StringExpr {
  readonly kind: 'string';
  /** Without the terminating NUL; of wide characters, the least significant byte first. */
  readonly bytes: readonly number[];
  readonly prefix: LiteralPrefix;
  readonly span: Span;
}

export interface PrefixExpr {
  readonly kind: 'prefix';
  readonly operator: PrefixOperator;
  readonly operand: Expr;
  readonly span: Span;
}

export interface IncrementExpr {
  readonly kind: 'increment';
  readonly operator: '++' | '--';
  readonly prefix: boolean;
  readonly operand: Expr;
  readonly span: Span;
}

export interface BinaryExpr {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
  readonly operatorSpan: Span;
  readonly span: Span;
}

export interface AssignExpr {
  readonly kind: 'assign';
  readonly operator: CompoundOperator | undefined;
  readonly target: Expr;
  readonly value: Expr;
  readonly operatorSpan: Span;
  readonly span: Span;
}

export interface ConditionalExpr {
  readonly kind: 'conditional';
  readonly test: Expr;
  /** Absent in gcc's `a ?: b`. */
  readonly then: Expr | undefined;
  readonly otherwise: Expr;
  readonly span: Span;
}

interface CommaExpr {
  readonly kind: 'comma';
  readonly left: Expr;
  readonly right: Expr;
  readonly span: Span;
}

interface CastExpr {
  readonly kind: 'cast';
  readonly type: TypeSyntax;
  readonly operand: Expr;
  readonly span: Span;
}

/** `(struct page *[2]){ a, b }` */
interface CompoundLiteral {
  readonly kind: 'compound';
  readonly type: TypeSyntax;
  readonly list: InitializerList;
  readonly span: Span;
}

interface SizeofTypeExpr {
  readonly kind: 'sizeof-type';
  readonly type: TypeSyntax;
  readonly span: Span;
}

interface SizeofExpr {
  readonly kind: 'sizeof';
  readonly operand: Expr;
  readonly span: Span;
}

/** `_Alignof(type)`; gcc's `__alignof__`, which takes expressions too and tells the alignment that it prefers. */
interface AlignofExpr {
  readonly kind: 'alignof';
  readonly of: Expr | TypeSyntax;
  readonly preferred: boolean;
  readonly span: Span;
}

export interface GenericExpr {
  readonly kind: 'generic';
  readonly operand: Expr;
  /** Of `default` without a type. */
  readonly choices: readonly { readonly type: TypeSyntax | undefined; readonly value: Expr }[];
  readonly span: Span;
}

/** gcc's `({ statements; value; })` */
export interface StatementsExpr {
  readonly kind: 'statements';
  readonly block: Block;
  readonly span: Span;
}

export interface CallExpr {
  readonly kind: 'call';
  readonly callee: Expr;
  readonly args: readonly Expr[];
  readonly span: Span;
}

export interface IndexExpr {
  readonly kind: 'index';
  readonly object: Expr;
  readonly index: Expr;
  readonly span: Span;
}

export interface MemberExpr {
  readonly kind: 'member';
  readonly object: Expr;
  readonly arrow: boolean;
  readonly name: string;
  readonly nameSpan: Span;
  readonly span: Span;
}

/** A type where a call has an argument: `container_of(p, struct page, lru)`. */
interface TypeArgument {
  readonly kind: 'type-argument';
  readonly type: TypeSyntax;
  readonly span: Span;
}

interface MissingExpr {
  readonly kind: 'missing';
  readonly span: Span;
}

// --- types and declarations ----------------------------------------------------------------------------------------

export type TypeSyntax =
  /** Base type words in source order (`unsigned long`), or one typedef name. */
  | {
      readonly kind: 'named';
      readonly name: string;
      readonly builtin: boolean;
      readonly span: Span;
    }
  | StructSyntax
  | EnumSyntax
  | { readonly kind: 'typeof'; readonly of: Expr | TypeSyntax; readonly span: Span }
  /** `const` and `volatile`, which change nothing but what _Generic chooses. */
  | {
      readonly kind: 'qualified';
      readonly qualifiers: string;
      readonly target: TypeSyntax;
      readonly span: Span;
    }
  /** gcc's `__auto_type`: the type of the initialiser. */
  | { readonly kind: 'auto'; readonly span: Span }
  | { readonly kind: 'pointer'; readonly target: TypeSyntax; readonly span: Span }
  | {
      readonly kind: 'array';
      readonly element: TypeSyntax;
      /** Absent in `int a[] = {...}`. */
      readonly length: Expr | undefined;
      readonly span: Span;
    }
  | FunctionSyntax;

/** What attributes say about layout. */
export interface LayoutAttributes {
  readonly packed: boolean;
  /** `aligned(8)`, `_Alignas(long)`; 'most': `aligned` without a number. The largest counts. */
  readonly aligned: readonly (Expr | TypeSyntax | 'most')[];
}

export interface StructSyntax {
  readonly kind: 'struct' | 'union';
  readonly tag: string | undefined;
  readonly layout: LayoutAttributes;
  /** Absent where the struct is only named. */
  readonly members: readonly MemberSyntax[] | undefined;
  readonly span: Span;
}

export interface MemberSyntax {
  /** '' for an anonymous struct or union. */
  readonly name: string;
  readonly type: TypeSyntax;
  readonly width: Expr | undefined;
  readonly layout: LayoutAttributes;
  readonly span: Span;
}

export interface EnumSyntax {
  readonly kind: 'enum';
  readonly tag: string | undefined;
  readonly packed: boolean;
  readonly enumerators:
    | readonly { readonly name: string; readonly value: Expr | undefined; readonly span: Span }[]
    | undefined;
  readonly span: Span;
}

export interface FunctionSyntax {
  readonly kind: 'function';
  readonly result: TypeSyntax;
  readonly parameters: readonly ParameterSyntax[];
  readonly variadic: boolean;
  /** `int f()`: nothing is said about its parameters. */
  readonly unspecified: boolean;
  readonly span: Span;
}

export interface ParameterSyntax {
  /** '' in a prototype that leaves it out. */
  readonly name: string;
  readonly type: TypeSyntax;
  readonly span: Span;
}

export type Initializer =
  { readonly kind: 'value'; readonly value: Expr; readonly span: Span } | InitializerList;

export interface InitializerList {
  readonly kind: 'list';
  readonly items: readonly {
    readonly designators: readonly Designator[];
    readonly value: Initializer;
  }[];
  readonly span: Span;
}

export type Designator =
  | { readonly kind: 'field'; readonly name: string; readonly span: Span }
  /** `high` in gcc's `[1 ... 3]`. */
  | {
      readonly kind: 'element';
      readonly index: Expr;
      readonly high: Expr | undefined;
      readonly span: Span;
    };

export interface Declarator {
  readonly name: string;
  readonly nameSpan: Span;
  readonly type: TypeSyntax;
  readonly initializer: Initializer | undefined;
  readonly layout: LayoutAttributes;
  readonly span: Span;
}

/** per-cpu: static, and each CPU has its own: what DEFINE_PER_CPU() declares. */
export type Storage = 'automatic' | 'static' | 'typedef' | 'extern' | 'per-cpu';

// --- statements ----------------------------------------------------------------------------------------------------

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expr; readonly span: Span }
  | DeclarationStatement
  | FunctionDefinition
  | TaskStatement
  | { readonly kind: 'cpu'; readonly cpu: Expr; readonly body: Block; readonly span: Span }
  | {
      readonly kind: 'if';
      readonly test: Expr;
      readonly then: Statement;
      readonly otherwise: Statement | undefined;
      readonly span: Span;
    }
  | { readonly kind: 'while'; readonly test: Expr; readonly body: Statement; readonly span: Span }
  | { readonly kind: 'do'; readonly body: Statement; readonly test: Expr; readonly span: Span }
  | ForStatement
  | { readonly kind: 'switch'; readonly value: Expr; readonly body: Statement; readonly span: Span }
  /** `high` in gcc's `case 1 ... 3:`. */
  | {
      readonly kind: 'case';
      readonly value: Expr;
      readonly high: Expr | undefined;
      readonly span: Span;
    }
  | { readonly kind: 'default'; readonly span: Span }
  | { readonly kind: 'break'; readonly span: Span }
  | { readonly kind: 'continue'; readonly span: Span }
  | { readonly kind: 'return'; readonly value: Expr | undefined; readonly span: Span }
  | { readonly kind: 'empty'; readonly span: Span }
  | LabelStatement
  | { readonly kind: 'goto'; readonly name: string; readonly nameSpan: Span; readonly span: Span }
  | StaticAssert
  | Block;

/** `name:`; what it labels follows it. */
interface LabelStatement {
  readonly kind: 'label';
  readonly name: string;
  readonly span: Span;
}

export interface StaticAssert {
  readonly kind: 'static-assert';
  readonly test: Expr;
  readonly message: Expr | undefined;
  readonly span: Span;
}

export interface Block {
  readonly kind: 'block';
  readonly statements: readonly Statement[];
  /** gcc's `__label__ a, b;`: labels of this block alone. */
  readonly ownLabels?: readonly string[];
  readonly span: Span;
}

export interface DeclarationStatement {
  readonly kind: 'declaration';
  readonly storage: Storage;
  /** What the declarators start from; matters alone in `struct x { ... };`. */
  readonly base: TypeSyntax;
  readonly declarators: readonly Declarator[];
  readonly span: Span;
}

export interface FunctionDefinition {
  readonly kind: 'function';
  readonly name: string;
  readonly nameSpan: Span;
  readonly type: FunctionSyntax;
  readonly body: Block;
  readonly span: Span;
}

/** `task NAME { ... }`: a thread of the scenario. */
export interface TaskStatement {
  readonly kind: 'task';
  readonly name: string;
  readonly nameSpan: Span;
  readonly body: Block;
  readonly span: Span;
}

export interface ForStatement {
  readonly kind: 'for';
  readonly init: Statement | undefined;
  readonly test: Expr | undefined;
  readonly step: Expr | undefined;
  readonly body: Statement;
  readonly span: Span;
}

export interface Script {
  readonly statements: readonly Statement[];
}
