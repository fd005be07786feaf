/** Names that mean something without being declared: builtins, macros, the kernel's enumerators, constants and globals. */
import { allBuiltins, forms, preludeDocs, type Program } from '../../scenario/index.js';
import type { KnownName } from './evaluator.js';

export function* knownNames(
  { profile, declaredFunctions }: Program,
  prefix: string,
): Iterable<KnownName> {
  const fits = (name: string): boolean => name.startsWith(prefix);
  for (const { name } of declaredFunctions) if (fits(name)) yield { name, kind: 'function' };
  for (const { name, signature } of [...allBuiltins, ...forms, ...preludeDocs()])
    if (fits(name)) yield { name, kind: 'function', detail: signature };
  for (const name of profile.symbolNames()) if (fits(name)) yield { name, kind: 'variable' };
  for (const name of profile.types.names().enumerators)
    if (fits(name)) yield { name, kind: 'enum' };
  for (const name of profile.constantNames()) if (fits(name)) yield { name, kind: 'enum' };
  for (const name of profile.types.names().structs)
    if (fits(`struct ${name}`)) yield { name: `struct ${name}`, kind: 'keyword' };
}
