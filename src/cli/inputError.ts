/** Errors that are about an input, not about us: their message is for the user. */
import { ImageError } from '../engine/image/kernelImage.js';
import { TraceError } from '../engine/image/state/index.js';
import { Unanswerable } from '../engine/inspect/ask/answer.js';
import { FileError } from '../engine/image/openMachine.js';

export const isInputError = (error: unknown): error is Error =>
  error instanceof FileError ||
  error instanceof ImageError ||
  error instanceof TraceError ||
  error instanceof Unanswerable;
