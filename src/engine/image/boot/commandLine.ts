/**
 * The kernel's command line as words: `debug_vm=on slab_nomerge`.
 *
 * Source: Linux 6.1 lib/cmdline.c: next_arg(); kernel/params.c: parse_args().
 */

export interface Argument {
  /** With underscores: Linux takes `-` and `_` for the same. */
  readonly name: string;
  /** Empty where there is none. */
  readonly value: string;
}

/** Words, of which a quoted part may hold spaces; what follows `--` is for init. */
export function readArguments(commandLine: string): readonly Argument[] {
  const found: Argument[] = [];
  for (const word of commandLine.match(/(?:"[^"]*"|\S)+/g) ?? []) {
    if (word === '--') break;
    const text = word.replaceAll('"', '');
    const equals = text.indexOf('=');
    const name = (equals < 0 ? text : text.slice(0, equals)).replaceAll('-', '_');
    found.push({ name, value: equals < 0 ? '' : text.slice(equals + 1) });
  }
  return found;
}
