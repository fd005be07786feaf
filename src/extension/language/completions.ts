/** What an editor may offer at a place of a scenario. Pure; loaded with the engine, at the first question. */
import { machineKeys } from '../../scenario/index.js';
import { contextAt } from './codeContext.js';
import { declarationsIn } from './declared.js';
import { kernelWords, membersOf, profileOf, type KernelWord } from './kernelWords.js';

export interface Suggestion {
  readonly label: string;
  readonly kind: KernelWord['kind'] | 'field' | 'local' | 'keyword' | 'key' | 'value';
  /** A type, a prototype. */
  readonly detail: string;
  readonly doc: string;
  /** Suggestions are in this order before that of the alphabet. */
  readonly rank: 0 | 1 | 2;
}

const PRAGMAS = [
  ['machine', 'Boots a machine: arch, ram, slab, cma, cpus.'],
  ['state', 'Rebuilds a machine from a recorded state.'],
  ['core', 'Opens a memory dump.'],
] as const;
const KEYWORDS =
  'if else for while do switch case default break continue return sizeof struct union enum const static void char short int long unsigned signed bool task cpu';

/**
 * @param line the number of the line, from 0
 * @param before its text up to the cursor
 */
export function completionsAt(text: string, line: number, before: string): readonly Suggestion[] {
  const context = contextAt(before);
  switch (context.kind) {
    case 'prose':
      return [];
    case 'pragma':
      return inPragma(context.words, context.prefix);
    case 'member': {
      const declared = declarationsIn(text, line);
      const typeOf = (name: string): string | undefined =>
        declared.findLast((each) => each.name === name)?.type;
      return membersOf(profileOf(text), context.object, typeOf).map(({ name, type }) => ({
        label: name,
        kind: 'field',
        detail: type,
        doc: '',
        rank: 0,
      }));
    }
    case 'name':
      return [...names(text, line)];
  }
}

function inPragma(words: readonly string[], prefix: string): readonly Suggestion[] {
  const plain = { detail: '', rank: 0 } as const;
  if (words.length === 0)
    return PRAGMAS.map(([label, doc]) => ({ label, kind: 'keyword', doc, ...plain }));
  if (words[0] !== 'machine') return [];
  const key = /^(\w+)=/.exec(prefix)?.[1];
  if (key !== undefined) {
    const value = machineKeys[key]?.value;
    const choices = value?.kind === 'choice' ? value.choices : [];
    return choices.map((label) => ({ label, kind: 'value', doc: '', ...plain }));
  }
  return Object.entries(machineKeys)
    .filter(([name]) => !words.some((word) => word.startsWith(`${name}=`)))
    .map(([label, { doc }]) => ({ label, kind: 'key', doc, ...plain }));
}

function* names(text: string, line: number): Iterable<Suggestion> {
  const seen = new Set<string>();
  for (const { name, type } of [...declarationsIn(text, line)].reverse()) {
    if (seen.has(name)) continue;
    seen.add(name);
    yield { label: name, kind: 'local', detail: type, doc: '', rank: 0 };
  }
  for (const { name, kind, signature, doc, source } of kernelWords(profileOf(text))) {
    if (seen.has(name)) continue;
    seen.add(name);
    const rank = kind === 'function' || kind === 'macro' ? 1 : 2;
    yield { label: name, kind, detail: signature, doc: sentence(doc, source), rank };
  }
  for (const label of KEYWORDS.split(' '))
    if (!seen.has(label)) yield { label, kind: 'keyword', detail: '', doc: '', rank: 2 };
}

/** What is known of a word, as a hover and a completion say it. */
export const sentence = (doc: string, source: string): string =>
  [doc === '' || /[.?!]$/.test(doc) ? doc : `${doc}.`, source === '' ? '' : `_${source}_`]
    .filter((part) => part !== '')
    .join(' ');
