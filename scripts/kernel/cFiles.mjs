/** The kernel's files printed as C: whole C files, and where each statement of the source stands in them. */
import { printSource } from './cStatements.mjs';
import { CTypes } from './cTypes.mjs';

/**
 * @typedef {object} PrintedKernel
 * @property {Map<string, string>} texts  C file -> its text
 * @property {(part: import('./sources.mjs').Part, position: number) => number | undefined} lineOf
 *   line of the C file where a statement that begins at a position of its source stands; 0: it has no form in C
 * @property {(part: import('./sources.mjs').Part) => string} fileOf  the C file that a part belongs to
 */

/** @returns {PrintedKernel} */
export function printKernel({ checker, files, structs }) {
  const types = new CTypes(checker);
  const texts = new Map();
  const places = new Map();
  for (const { name, parts } of files) {
    const lines = [];
    for (const part of parts) {
      const printed = printSource(part.source, types, structs);
      if (lines.length > 0) lines.push('');
      places.set(part, { name, before: lines.length, lineOf: printed.lineOf });
      for (const line of printed.lines) lines.push(line);
    }
    texts.set(name, `${lines.join('\n')}\n`);
  }
  return {
    texts,
    fileOf: (part) => places.get(part).name,
    lineOf(part, position) {
      const { before, lineOf } = places.get(part);
      const line = lineOf.get(position);
      return line === undefined || line === 0 ? line : before + line;
    },
  };
}
