/**
 * Commands under the names that users of crash and drgn know, thin over the same readings. `--c` has a command print the C
 * expression that it stands for instead.
 */
import type { Answer, Asked } from '../answer.js';

export interface Command {
  /** `rd ADDRESS [COUNT]`, and what it does. */
  readonly usage: string;
  readonly summary: string;
  /** The C that it stands for. */
  readonly c: (args: readonly string[]) => string;
  /** @throws Unanswerable */
  readonly run: (asked: Asked, args: readonly string[]) => Answer;
}
