/** Macros that are there before the text begins: read from lines of `#define` when they are used for the first time. */
import { withoutComments } from './directive.js';
import { Diagnostics } from './diagnostic.js';
import { readDefinition, type Macro, type MacroTable } from './macros.js';

/** The macros that a text of `#define` lines makes. */
export function readMacros(text: string): MacroTable {
  const table = new Map<string, Macro>();
  for (const line of text.split('\n')) {
    const match = /^#define (?=(\w+))/.exec(line);
    if (match?.[1] !== undefined) table.set(match[1], lazyMacro(match[1], line.slice(8)));
  }
  return table;
}

/** A predefined macro, read when it is used for the first time. */
function lazyMacro(name: string, text: string): Macro {
  let read: Macro | undefined;
  const macro = (): Macro => {
    if (read !== undefined) return read;
    const made = readDefinition(withoutComments(text).trimEnd(), 0, new Diagnostics());
    if ('message' in made) throw new Error(`${name}: ${made.message}`);
    return (read = made);
  };
  return {
    name,
    predefined: true,
    get parameters() {
      return macro().parameters;
    },
    get rest() {
      return macro().rest;
    },
    get body() {
      return macro().body;
    },
  } as Macro;
}
