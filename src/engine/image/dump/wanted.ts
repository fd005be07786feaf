/** What a dump does not tell of itself, and which file would: for a message, and for a client that offers to pick the file. */
import { ImageError } from '../kernelImage.js';

export interface WantedKernel {
  /** `6.1.0-50-686-pae`. */
  readonly release: string;
  /** Of its vmlinux; undefined where the dump does not say it. */
  readonly buildId: string | undefined;
}

/** The dump opens with its kernel's vmlinux, or with the files that the message names. */
export class WantsVmlinux extends ImageError {
  readonly wanted: WantedKernel;

  constructor({ release, buildId }: WantedKernel, missing: string) {
    const id = buildId === undefined ? '' : `, build id ${buildId}`;
    super(
      `The dump, of Linux ${release}${id}, ${missing}. Distributions have vmlinux in a package of debug symbols, such as linux-image-${release}-dbg.`,
    );
    this.wanted = { release, buildId };
  }
}
