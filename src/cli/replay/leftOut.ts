/**
 * What the comparison of words leaves out: words that the kernel's run changed and that are not memory management's.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { KernelWord } from './words.js';

export class LeftOut {
  readonly counts = new Map<string, number>();

  constructor(private readonly image: KernelImage) {}

  takes(word: KernelWord): boolean {
    const name = this.rangeOf(word);
    if (name === undefined) return false;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return true;
  }

  private rangeOf({ symbol }: KernelWord): string | undefined {
    void this.image;
    if (symbol !== undefined && /^(buf|line)\.|^(sq|in_|out_|n_ops|ckv|win_|slots)/.test(symbol)) return 'recorder';
    return undefined;
  }
}
