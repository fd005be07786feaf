/**
 * `vmf->address`: a member of a structure that is in no memory, and so a name that the debugger knows rather than an expression of C. For
 * the scenario's compiler, which reads identifiers, each is an identifier.
 */
const ARROW = '->';
const MEMBER = /"(?:[^"\\]|\\.)*"|(?<!(?:->|\.)\s*)\b([A-Za-z_]\w*)\s*->\s*([A-Za-z_]\w*)/g;

export const memberName = (owner: string, member: string): string => `${owner}${ARROW}${member}`;

/** Owner and member of such a name; undefined of a plain one. */
export function memberParts(name: string): readonly [owner: string, member: string] | undefined {
  const at = name.indexOf(ARROW);
  return at < 0 ? undefined : [name.slice(0, at), name.slice(at + ARROW.length)];
}

/** The identifier that stands for a name. */
export const identifierOf = (name: string): string => name.replace(ARROW, '__');

/** The expression with identifiers in place of those of its members that are such names. */
export function withIdentifiers(
  expression: string,
  names: readonly { readonly name: string }[],
): string {
  const known = new Set(names.map(({ name }) => name).filter((name) => name.includes(ARROW)));
  if (known.size === 0 || !expression.includes(ARROW)) return expression;
  return expression.replace(MEMBER, (whole, owner?: string, member?: string) => {
    if (owner === undefined || member === undefined) return whole;
    const name = memberName(owner, member);
    return known.has(name) ? identifierOf(name) : whole;
  });
}
