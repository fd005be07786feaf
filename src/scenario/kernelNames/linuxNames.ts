/**
 * Whether Linux has a function or a macro of a name: so that a name that scenarios lack is told from one that is misspelt.
 * The list is made by scripts/linuxNames.mjs; it is unpacked when the first unknown name is met.
 */
import list from './linux-6.1.json' with { type: 'json' };
import { hasMeaning } from './meanings.js';

let known: ReadonlySet<string> | undefined;

function unpacked(): ReadonlySet<string> {
  const names = new Set<string>();
  let name = '';
  for (const entry of list.names.split(' ')) {
    name = name.slice(0, parseInt(entry.charAt(0), 36)) + entry.slice(1);
    names.add(name);
  }
  return names;
}

export const isLinuxName = (name: string): boolean =>
  hasMeaning(name) || (known ??= unpacked()).has(name);

export const linuxRelease = list.release;
