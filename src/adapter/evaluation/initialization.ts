/**
 * Setting an array, a struct or a union as a whole: the text of an initializer as a C expression that assigns it. C's rules for
 * initializers hold, designators included; what the text does not name becomes zero.
 *
 * The debugger shows such objects as gdb does, `{next = 0xc1, prev = 0xc2}`; that text, edited, is an initializer, too.
 *
 * Source: C11 6.7.9 (initialization), 6.5.2.5 (compound literals).
 */
import { formatAddress } from '../../engine/memory/address.js';
import type { Place } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import { typeName } from '../../engine/types/typeName.js';

export interface Initialization {
  /** Assigns the object. */
  readonly code: string;
  /** How many bytes the initializer fills, where it may be too many; at most so many may be. */
  readonly room?: { readonly code: string; readonly atMost: number };
}

/** The expressions, or why there are none. */
export function initialization(
  { type, address }: Place,
  text: string,
  pointerSize: 4 | 8,
): Initialization | { readonly reason: string } {
  const spelled = typeName(type);
  const written = asInitializer(text.trim());
  if (spelled.includes('{...}'))
    return { reason: 'The type has no name that an expression could use: set the members.' };
  if (/\.\.\./.test(withoutStrings(written)))
    return {
      reason:
        'The text is cut short: write the whole initializer, or open the variable and set its members.',
    };
  const at = formatAddress(address, pointerSize);
  const bare = stripTypedefs(type);
  if (bare.kind === 'array') {
    const list = written.startsWith('{') ? written : `{ ${written} }`;
    const size = sizeOf(type, pointerSize);
    const element = stripTypedefs(bare.element);
    // A string may come without its null byte, as in C.
    const spare = element.kind === 'int' && element.sizeBytes === 1 ? 1 : 0;
    return {
      code: `memcpy((void *)${at}, (${spelled})${list}, ${size})`,
      room: { code: `sizeof((${typeName(bare.element, '[]')})${list})`, atMost: size + spare },
    };
  }
  const value = written.startsWith('{') ? `(${spelled})${written}` : written;
  return { code: `*(${typeName({ kind: 'pointer', target: type })})${at} = ${value}` };
}

const STRINGS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;

const withoutStrings = (text: string): string => text.replace(STRINGS, '""');

/** gdb's notation as C's: `name = ` is a designator, symbols behind addresses and characters behind codes go. */
function asInitializer(text: string): string {
  if (!text.startsWith('{')) return text;
  const strings: string[] = [];
  const bare = text
    .replace(/(?<=[{,]\s*-?\d+) '(?:[^'\\]|\\.[0-7]*)'/g, '')
    .replace(STRINGS, (string) => `"${strings.push(string) - 1}"`);
  return bare
    .replace(/([{,]\s*)([A-Za-z_]\w*)\s*=(?!=)/g, '$1.$2 =')
    .replace(/(0x[\da-f]+) <[\w.]+(?:\+0x[\da-f]+)?>/gi, '$1')
    .replace(/([^\s{},][^{},]*?) <repeats (\d+) times>/g, (_all, element: string, times: string) =>
      Array.from({ length: Number(times) }, () => element).join(', '),
    )
    .replace(/"(\d+)"/g, (_all, index: string) => strings[Number(index)] ?? '""');
}
