/**
 * Lists of names as one text, so that a new name costs one word: how the compiler and the program read them.
 *
 *     'order work.entry pageblock_flags?'   ->   order | work_entry | pageblock_flags
 */

/** The words of a list. */
export type Words<List extends string, Found = never> = List extends `${infer Word} ${infer Rest}`
  ? Words<Rest, Found | Trimmed<Word>>
  : Exclude<Found | Trimmed<List>, ''>;

type Trimmed<Word extends string> = Word extends `\n${infer Rest}`
  ? Trimmed<Rest>
  : Word extends `${infer Rest}\n`
    ? Trimmed<Rest>
    : Word;

/** The name that a word stands for: without `?`, and with an underscore for each dot. */
export type NameOf<Word extends string> = Word extends `${infer Path}?`
  ? NameOf<Path>
  : Word extends `${infer Outer}.${infer Inner}`
    ? `${Outer}_${NameOf<Inner>}`
    : Word;

export interface ListedName {
  /** As C writes it: `work.entry`. */
  readonly path: string;
  readonly name: string;
  readonly optional: boolean;
}

export function namesIn(list: string): readonly ListedName[] {
  return (list.match(/\S+/g) ?? []).map((word) => {
    const path = word.replace('?', '');
    return { path, name: path.replaceAll('.', '_'), optional: path !== word };
  });
}
