/**
 * Checksums of sources: what the debuggee was made from, so that a client can tell whether the file in its editor is that; and the
 * other way, whether the file that a client sets breakpoints in is what runs.
 */
import { sha256 } from '../protocol/sha256.js';
import type { Dap } from '../protocol/dap.js';

export const CHECKSUM_ALGORITHMS: readonly Dap.ChecksumAlgorithm[] = ['SHA256'];

/** Texts do not change while they are debugged. */
const known = new Map<string, string>();

function checksumOf(text: string): string {
  const found = known.get(text) ?? sha256(text);
  known.set(text, found);
  return found;
}

export const withChecksum = (source: Dap.Source, text: string): Dap.Source => ({
  ...source,
  checksums: [{ algorithm: 'SHA256', checksum: checksumOf(text) }],
});

/** Whether a client's source says that it is another text. */
export function differs({ checksums = [] }: Dap.Source, text: string): boolean {
  const theirs = checksums.find(({ algorithm }) => algorithm === 'SHA256')?.checksum;
  return theirs !== undefined && theirs.toLowerCase() !== checksumOf(text);
}
