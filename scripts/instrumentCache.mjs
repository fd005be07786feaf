/**
 * The instrumented kernel is made once, not by each bundle of a run of all tests (a suite is a bundle): what was made is kept in build/
 * with a key of everything that it was made from, and made anew when that has changed.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** What the printer, the probes and the checker read: all of the engine, and the scripts themselves. */
const INPUTS = [
  ['src/engine', /\.(ts|json)$/],
  ['scripts/kernel', /\.mjs$/],
];

/**
 * @param {() => Promise<import('./instrument.mjs').Instrumented>} make
 * @returns {Promise<import('./instrument.mjs').Instrumented>}
 */
export async function keptInstrumented(root, make) {
  const file = path.join(root, 'build', 'instrumented.json');
  const key = keyOf(root);
  const kept = read(file);
  if (kept?.key === key) return { ...kept.made, texts: new Map(kept.made.texts) };
  const made = await make();
  write(file, JSON.stringify({ key, made: { ...made, texts: [...made.texts] } }));
  return made;
}

/** Paths are in what is made, so the folder counts, too. */
function keyOf(root) {
  const hash = createHash('sha256').update(root);
  const files = INPUTS.flatMap(([folder, kind]) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true })
      .filter((name) => kind.test(name) && !name.includes('profiles'))
      .map((name) => path.join(folder, name)),
  );
  const typescript = path.join('node_modules', 'typescript', 'package.json');
  for (const file of [...files.sort(), 'scripts/instrument.mjs', 'tsconfig.base.json', typescript])
    hash.update(`\0${file}\0`).update(fs.readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

/** Undefined where nothing is kept, or not all of it was written. */
function read(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Under another name first: several bundles may be made at once. */
function write(file, text) {
  const whole = `${file}.${process.pid}`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(whole, text);
  fs.renameSync(whole, file);
}
