/** A folder for what a test writes; it goes when the tests end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mmscope-test-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
