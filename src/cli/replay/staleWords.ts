/**
 * Words of a `page` line that cannot be judged: the trace's first state does not tell them, and nobody has written them
 * since. They are what earlier, unrecorded lives of the page left there.
 */
import type { StateImage } from '../../engine/image/state/index.js';
import { asPfn } from '../../engine/memory/address.js';

export interface Judgeable {
  /** The kernel's line, with ours in place of the words that cannot be judged. */
  readonly line: string;
  /** How many words that were, of those that differ. */
  readonly notJudged: number;
}

const WORDS = / w=([0-9a-f,]+) /;

export function withoutStaleWords(
  { mm, guesses }: StateImage,
  pfn: number,
  ours: string,
  kernel: string,
): Judgeable {
  const oursWords = WORDS.exec(ours)?.[1]?.split(',') ?? [];
  const kernelWords = WORDS.exec(kernel)?.[1]?.split(',') ?? [];
  const guessed = guesses(pfn);
  const page = mm.memmap.pfn_to_page(asPfn(pfn));
  const isStale = (offset: number): boolean => guessed.get(offset) === mm.words[page + offset];
  let notJudged = 0;
  const words = kernelWords.map((word, i) => {
    const at = i * mm.ptr_words;
    const stale = isStale(at) && (!mm.wide || isStale(at + 1));
    const own = oursWords[i];
    if (word === own || own === undefined || !stale) return word;
    notJudged++;
    return own;
  });
  return { line: kernel.replace(WORDS, ` w=${words.join(',')} `), notJudged };
}
