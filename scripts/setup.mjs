/** What start and test do first: the right Node, and the packages of package-lock.json. Imports nothing that npm brings. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const LEAST_NODE = 20;

/** Runs `npm ci` when node_modules is missing or of another lock file. */
export function ensureDependencies(say = console.log) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < LEAST_NODE)
    throw new Error(`Node ${LEAST_NODE} or newer is needed; this is ${process.version}.`);
  const stamp = path.join(root, 'node_modules', '.mmscope-lock');
  const lock = createHash('sha256')
    .update(fs.readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  say('installing packages (npm ci, the first start only) ...');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`npm ci failed:\n${done.stdout}${done.stderr}`);
  fs.writeFileSync(stamp, lock);
}
