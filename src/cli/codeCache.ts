/**
 * Loads the bundle that the command line is in with what V8 made of it the last time: compiling 6 MB takes longer than listing a dump.
 * It is kept in `mmscope/code-1` of the user's folder for caches, a file for each bundle and version of node; the newest few stay.
 *
 * Invariant: the cache changes nothing but time. What V8 did not make, or made of another bundle, it does not take.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire, wrap } from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';
import { createHash } from 'node:crypto';
import { cachedDataVersionTag } from 'node:v8';
import { cacheFolder } from '../files/cacheFolder.js';
import { inlineAsAtStart } from './inlining.js';

const FOLDER = 'code-1';
const KEPT_FILES = 4;

type Bundle = Readonly<Record<string, () => unknown>>;

/** @param file an absolute path; @param isKept false: neither read nor written; @param folder where it is kept */
export function loadBundle(
  file: string,
  isKept: boolean,
  folder = path.join(cacheFolder(), FOLDER),
): Bundle {
  const require = createRequire(file);
  if (!isKept) return require(file) as Bundle;
  const tag = cachedDataVersionTag();
  const kept = path.join(folder, `${identityOf(file, tag)}.bin`);
  const cachedData = bytesOf(kept);
  const script = new Script(wrap(readFileSync(file, 'utf8')), {
    filename: file,
    ...(cachedData && { cachedData }),
  });
  const module = { exports: {} as Bundle };
  const run = script.runInThisContext() as (...args: readonly unknown[]) => void;
  run(module.exports, require, module, file, path.dirname(file));
  // At the end, when it is known what was used.
  if (cachedData === undefined || script.cachedDataRejected === true)
    process.once('exit', () => {
      // The thread of a session ends first, and has used more than the one that started it.
      const isWanted = script.cachedDataRejected === true || bytesOf(kept) === undefined;
      // V8 takes only code that was kept under the flags that it is loaded under.
      if (isWanted && cachedDataVersionTag() !== tag) inlineAsAtStart();
      if (isWanted && cachedDataVersionTag() === tag) write(kept, script.createCachedData());
    });
  return module.exports;
}

/** Of the bundle as it lies there, and of what runs it, with its flags. */
function identityOf(file: string, tag: number): string {
  const { size, mtimeMs } = statSync(file);
  const what = [file, size, mtimeMs, process.version, process.arch, tag].join('\n');
  return createHash('sha256').update(what).digest('hex').slice(0, 32);
}

function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Whole or not at all; what cannot be written is not kept. */
function write(file: string, bytes: Uint8Array): void {
  const part = `${file}.${process.pid}`;
  try {
    const folder = path.dirname(file);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(part, bytes, { mode: 0o600 });
    renameSync(part, file);
    const newest = readdirSync(folder)
      .map((name) => path.join(folder, name))
      .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const old of newest.slice(KEPT_FILES)) rmSync(old, { force: true });
  } catch {
    rmSync(part, { force: true });
  }
}
