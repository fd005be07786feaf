/**
 * Runtime validation of protocol messages, derived from the types of @vscode/debugprotocol: required members, primitive
 * types, literal unions, nested objects and arrays. (The JSON schema itself is in no npm package.)
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ts from 'typescript';

const require = createRequire(import.meta.url);
const DECLARATIONS = require.resolve('@vscode/debugprotocol/lib/debugProtocol.d.ts');

const nodes = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
const source = ts.createSourceFile(
  DECLARATIONS,
  readFileSync(DECLARATIONS, 'utf8'),
  ts.ScriptTarget.Latest,
  true,
);
const visit = (node: ts.Node): void => {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
    nodes.set(node.name.text, node);
  else ts.forEachChild(node, visit);
};
visit(source);

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What is wrong with a message, one line each; empty when it is a message of the protocol. */
export function problemsOf(message: unknown): string[] {
  const fields = message as Record<string, unknown>;
  const out: string[] = [];
  if (!Number.isSafeInteger(fields['seq']) || typeof fields['type'] !== 'string')
    return ['the message has no seq or type'];
  if (fields['type'] === 'request') checkAs(message, 'Request', fields['command'], out);
  else if (fields['type'] === 'event') checkAs(message, 'Event', fields['event'], out);
  else if (fields['type'] === 'response' && fields['success'] === false)
    checkNamed(message, 'ErrorResponse', 'error response', out);
  else if (fields['type'] === 'response') checkAs(message, 'Response', fields['command'], out);
  else out.push(`message.type is ${JSON.stringify(fields['type'])}`);
  return out;
}

function checkAs(message: unknown, suffix: string, name: unknown, out: string[]): void {
  if (typeof name !== 'string') {
    out.push(`a ${suffix} without a name`);
    return;
  }
  const typeName = `${capitalized(name)}${suffix}`;
  // Requests with our prefix are no part of the protocol; only the envelope can be checked.
  if (nodes.has(typeName)) checkNamed(message, typeName, name, out);
  else if (name.startsWith('mmscope/')) checkNamed(message, suffix, name, out);
  else out.push(`the protocol has no ${typeName}`);
}

/** Checks a value against a type of the declarations. */
function checkNamed(value: unknown, typeName: string, path: string, out: string[]): void {
  const node = nodes.get(typeName);
  if (node === undefined) {
    out.push(`${path}: the protocol has no type ${typeName}`);
    return;
  }
  if (ts.isTypeAliasDeclaration(node)) {
    check(value, node.type, path, out);
    return;
  }
  const members = membersOf(node);
  if (typeof value !== 'object' || value === null) {
    out.push(`${path}: ${JSON.stringify(value)} is no ${typeName}`);
    return;
  }
  checkMembers(value, members, path, out);
  for (const key of Object.keys(value))
    if (!members.has(key) && !openEnded(typeName) && !isVsCodes(key))
      out.push(`${path}.${key}: not in ${typeName}`);
}

/** Types that the protocol lets implementations extend. */
const openEnded = (typeName: string): boolean =>
  ['LaunchRequestArguments', 'AttachRequestArguments', 'RestartArguments', 'Module'].includes(
    typeName,
  );

/** VS Code's own members, for its menus; only clients that say they are VS Code get any. */
const isVsCodes = (key: string): boolean => key.startsWith('__vscode');

/** Of each node once: messages are many, and the declarations stay as they are. */
function once<Node extends ts.Node, T>(of: (node: Node) => T): (node: Node) => T {
  const known = new Map<Node, T>();
  return (node) => {
    const found = known.get(node);
    if (found !== undefined) return found;
    const made = of(node);
    known.set(node, made);
    return made;
  };
}

const textOf = once((node: ts.Node) => node.getText(source));

/** The members of an interface, those it inherits included. Own ones win. */
const membersOf = once((node: ts.InterfaceDeclaration): Map<string, ts.PropertySignature> => {
  const out = new Map<string, ts.PropertySignature>();
  for (const clause of node.heritageClauses ?? [])
    for (const base of clause.types) {
      const baseNode = nodes.get(textOf(base.expression));
      if (baseNode !== undefined && ts.isInterfaceDeclaration(baseNode))
        for (const [name, member] of membersOf(baseNode)) out.set(name, member);
    }
  for (const member of node.members)
    if (ts.isPropertySignature(member)) out.set(nameOf(member.name), member);
  return out;
});

const nameOf = (name: ts.PropertyName): string =>
  ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : textOf(name);

function checkMembers(
  value: object,
  members: ReadonlyMap<string, ts.PropertySignature>,
  path: string,
  out: string[],
): void {
  for (const [name, member] of members) {
    const held = (value as Record<string, unknown>)[name];
    if (held === undefined) {
      // The envelope's body and arguments are `any`: a type that has none leaves it out.
      const optional =
        member.questionToken !== undefined ||
        (member.type !== undefined && textOf(member.type) === 'any');
      if (!optional) out.push(`${path}.${name} is missing`);
    } else if (member.type !== undefined) check(held, member.type, `${path}.${name}`, out);
  }
}

function check(value: unknown, type: ts.TypeNode, path: string, out: string[]): void {
  const wrong = (expected: string): void =>
    void out.push(`${path}: ${JSON.stringify(value).slice(0, 80)} is no ${expected}`);
  if (ts.isUnionTypeNode(type)) {
    const fits = type.types.some((one) => {
      const problems: string[] = [];
      check(value, one, path, problems);
      return problems.length === 0;
    });
    if (!fits) wrong(textOf(type));
  } else if (ts.isArrayTypeNode(type)) {
    if (!Array.isArray(value)) wrong('array');
    else
      value.forEach((element, index) => check(element, type.elementType, `${path}[${index}]`, out));
  } else if (ts.isTypeLiteralNode(type)) {
    if (typeof value !== 'object' || value === null) wrong('object');
    else checkTypeLiteral(value, type, path, out);
  } else if (ts.isLiteralTypeNode(type)) {
    const literal = type.literal;
    if (ts.isStringLiteral(literal) ? value !== literal.text : value !== null) wrong(textOf(type));
  } else if (ts.isTypeReferenceNode(type)) {
    checkReference(value, type, path, out);
  } else if (ts.isParenthesizedTypeNode(type)) {
    check(value, type.type, path, out);
  } else {
    const keyword = textOf(type);
    if (keyword === 'any' || keyword === 'unknown') return;
    if (keyword === 'null' ? value !== null : typeof value !== keyword) wrong(keyword);
    // The declarations say `number` where the schema says integer; a progress' percentage is the one exception.
    else if (keyword === 'number' && !path.endsWith('.percentage') && !Number.isSafeInteger(value))
      wrong('integer');
  }
}

const literalMembers = once((type: ts.TypeLiteralNode) => {
  const members = new Map<string, ts.PropertySignature>();
  let index: ts.TypeNode | undefined;
  for (const member of type.members) {
    if (ts.isPropertySignature(member)) members.set(nameOf(member.name), member);
    else if (ts.isIndexSignatureDeclaration(member)) index = member.type;
  }
  return { members, index };
});

function checkTypeLiteral(
  value: object,
  type: ts.TypeLiteralNode,
  path: string,
  out: string[],
): void {
  const { members, index } = literalMembers(type);
  checkMembers(value, members, path, out);
  for (const [key, held] of Object.entries(value)) {
    if (members.has(key)) continue;
    if (index === undefined) out.push(`${path}.${key}: not in the protocol`);
    else check(held, index, `${path}.${key}`, out);
  }
}

function checkReference(
  value: unknown,
  type: ts.TypeReferenceNode,
  path: string,
  out: string[],
): void {
  const name = textOf(type.typeName);
  const element = type.typeArguments?.[0];
  if (name === 'Array' && element !== undefined) {
    if (!Array.isArray(value)) out.push(`${path}: no array`);
    else value.forEach((one, index) => check(one, element, `${path}[${index}]`, out));
  } else checkNamed(value, name, path, out);
}

/** Arguments of a request with every member that the protocol declares, and the same with one of them of another type. */
interface Example {
  readonly whole: object;
  readonly wrong: readonly { readonly path: string; readonly args: object }[];
}

/** Of a request's arguments; undefined where the protocol has none. */
export function exampleOf(command: string): Example | undefined {
  const node =
    nodes.get(`${capitalized(command)}Arguments`) ??
    nodes.get(`${capitalized(command)}RequestArguments`);
  if (node === undefined || !ts.isInterfaceDeclaration(node)) return undefined;
  const leaves: (readonly (string | number)[])[] = [];
  const whole = sample(node, [], leaves) as object;
  return {
    whole,
    wrong: leaves.flatMap((path) =>
      [true, 'x', 7, 7.5, {}, ['x']]
        .filter((value) => !fits(value, at(whole, path)))
        .map((value) => ({
          path: `${path.join('.')} = ${JSON.stringify(value)}`,
          args: replaced(whole, path, value) as object,
        })),
    ),
  };
}

/** Numbers of these arguments are whole. */
const fits = (value: unknown, right: unknown): boolean =>
  typeof value === typeof right && typeof value !== 'object' && value !== 7.5;

/** A value of a type, for which `leaves` gets the paths of what is a string, a number or a boolean in it. */
function sample(
  type: ts.Node,
  path: readonly (string | number)[],
  leaves: (readonly (string | number)[])[],
): unknown {
  const leaf = (value: unknown): unknown => {
    leaves.push(path);
    return value;
  };
  if (ts.isInterfaceDeclaration(type)) {
    const out: Record<string, unknown> = {};
    for (const [name, member] of membersOf(type)) {
      // `sources` of a source, and so on for ever.
      const value =
        path.includes(name) || member.type === undefined
          ? undefined
          : sample(member.type, [...path, name], leaves);
      if (value !== undefined) out[name] = value;
    }
    return out;
  }
  if (ts.isTypeReferenceNode(type)) {
    const named = nodes.get(textOf(type.typeName).replace('DebugProtocol.', ''));
    return named === undefined ? undefined : sample(named, path, leaves);
  }
  if (ts.isTypeAliasDeclaration(type)) return sample(type.type, path, leaves);
  if (ts.isUnionTypeNode(type) && type.types[0] !== undefined)
    return sample(type.types[0], path, leaves);
  if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal))
    return leaf(type.literal.text);
  if (ts.isArrayTypeNode(type)) {
    const element = sample(type.elementType, [...path, 0], leaves);
    return element === undefined ? undefined : [element];
  }
  if (type.kind === ts.SyntaxKind.StringKeyword) return leaf('x');
  if (type.kind === ts.SyntaxKind.NumberKeyword) return leaf(1);
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return leaf(true);
  return undefined;
}

const at = (whole: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce((inside, step) => (inside as Record<string | number, unknown>)[step], whole);

function replaced(whole: object, path: readonly (string | number)[], value: unknown): unknown {
  const out = structuredClone(whole);
  (at(out, path.slice(0, -1)) as Record<string | number, unknown>)[path.at(-1) ?? 0] = value;
  return out;
}
