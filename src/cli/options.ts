/** The arguments of a mode, taken apart: options with a value, flags, and the rest in order. */
import type { CoreSpec } from '../engine/image/machineSpec.js';
import { UsageError } from './usageError.js';

export interface Options {
  readonly values: ReadonlyMap<string, string>;
  /** Of options that may stand several times: every value. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly flags: ReadonlySet<string>;
  readonly rest: readonly string[];
}

/**
 * @param valued options that take the argument behind them: `--proc`
 * @param flags options that stand by themselves: `--json`
 * @throws UsageError for any other option, or one without its value
 */
export function optionsOf(
  args: readonly string[],
  valued: readonly string[],
  flags: readonly string[],
): Options {
  const values = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  const set = new Set<string>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (flags.includes(arg)) set.add(arg);
    else if (valued.includes(arg)) {
      const value = args[++i];
      if (value === undefined) throw new UsageError(`${arg} wants a value`);
      values.set(arg, value);
      lists.set(arg, [...(lists.get(arg) ?? []), value]);
    } else if (arg.startsWith('--')) throw new UsageError(`there is no option '${arg}'`);
    else rest.push(arg);
  }
  return { values, lists, flags: set, rest };
}

/** What a dump does not tell: files that do, and whether what they tell is kept for the next dump of the kernel. */
export interface Given extends Omit<CoreSpec, 'kind' | 'path'> {
  readonly isKept: boolean;
}

export const GIVEN = ['--part', '--vmlinux', '--system-map', '--btf'] as const;
export const GIVEN_FLAGS = ['--no-cache'] as const;
export const GIVEN_USAGE =
  '[--part FILE]... [--vmlinux FILE] [--system-map FILE] [--btf FILE] [--no-cache]';

export const givenIn = ({ values, lists, flags }: Options): Given => ({
  parts: lists.get('--part'),
  vmlinux: values.get('--vmlinux'),
  systemMap: values.get('--system-map'),
  btf: values.get('--btf'),
  isKept: !flags.has('--no-cache'),
});
