/**
 * `npm test`: everything, from a bare checkout: packages, types, bundles and their budgets; lint, needless exports and files
 * (knip), format and every mocha suite, two at a time; and beside them the packaged extension in real VS Code. Ends with a table of how
 * long each step took and one line `N passed, N failed, N skipped`: each mocha test counts as one, and so does each other step. A skipped
 * test says why in its title.
 *
 *     npm test -- engine dap     only the named steps and suites (names as printed)
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureDependencies } from './setup.mjs';

const root = path.dirname(import.meta.dirname);
const begun = Date.now();
const only = process.argv.slice(2);
/** A test that hangs ends, one on a busy machine does not. */
const TIMEOUT = ['--timeout', '180000'];
/** Steps that begin first, so that none of them is left for the end. */
const LONGEST = ['dap', 'web', 'golden', 'engine', 'lint', 'cli', 'scenario', 'format'];
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];
/** Name and duration of each step that ran. */
const times = [];
let bundled;

ensureDependencies();
const { ensureChromium } = await import('./vscode-host/browser.mjs');

// Bundles need no types: both at once, and a lane is free when the types are done.
const types = shownAtEnd((out) =>
  step('types', () => run('typescript/bin/tsc', ['--build'], out), out),
);
await step('build', async () => {
  const { buildAll, checkBudgets } = await import('./build.mjs');
  const { packageVsix } = await import('./package.mjs');
  const over = checkBudgets(await buildAll());
  if (over.length > 0) throw new Error(`over budget: ${over.join(', ')}`);
  await packageVsix();
});

const browser = isWanted('web') || isWanted('vscode') || isWanted('ui') ? ensureChromium() : {};
if (browser.path) process.env.CHROMIUM = browser.path;
const CHECKS = {
  lint: ['eslint/bin/eslint.js', '--max-warnings', '0', '.'],
  knip: ['knip/bin/knip.js', '--no-config-hints'],
  format: ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
};
const { uiSuite } = await import('./vscode-tests.mjs');
const IN_VSCODE = {
  ui: (report, out) => uiSuite((bundles, env) => mocha(bundles, report, env, out)),
  vscode: (report, out) => node([path.join(root, 'scripts/vscode-tests.mjs'), report], {}, out),
};
await sideBySide([...suiteNames(), ...Object.keys(CHECKS)], Object.keys(IN_VSCODE), (name, out) => {
  if (name in IN_VSCODE) return suiteStep(name, (report) => IN_VSCODE[name](report, out), out);
  const [program, ...args] = CHECKS[name] ?? [];
  if (program !== undefined) return step(name, () => run(program, args, out), out);
  return suiteStep(
    name,
    async (report) => mocha((await bundles()).get(name), report, {}, out),
    out,
  );
});

if (isWanted('golden') && !process.env.MMSCOPE_RECORDINGS) console.log(notRun());
for (const title of skips) console.log(`skipped: ${title}`);
for (const title of failures) console.log(`failed: ${title}`);
printTimes();
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

function isWanted(name) {
  return only.length === 0 || only.includes(name);
}

/** Recordings that only some machines have. */
function notRun() {
  const list = fs.readFileSync(path.join(root, 'test/golden/data/elsewhere.txt'), 'utf8');
  const count = list.trim().split('\n').length;
  return `not run: ${count} long recordings that are not in the repository (set MMSCOPE_RECORDINGS to their folder)`;
}

/**
 * Steps that can run beside each other, as many at a time as there are processors, at most two: each keeps little more than one busy;
 * and beside them, one after the other, those that mostly wait.
 */
async function sideBySide(names, patient, body) {
  const busy = names.filter(isWanted).sort((a, b) => rank(a) - rank(b));
  const lane = async (waiting) => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      await shownAtEnd((out) => body(name, out));
  };
  const nrBusy = Math.min(2, os.availableParallelism());
  const lanes = Array.from({ length: nrBusy - 1 }, () => lane(busy));
  lanes.push(types.then(() => lane(busy)));
  await Promise.all([...lanes, lane(patient.filter(isWanted))]);
}

/** Runs something beside others: what it prints is shown when it has ended. */
async function shownAtEnd(body) {
  const pieces = [];
  await body((piece) => pieces.push(piece));
  process.stdout.write(pieces.join(''));
}

/** The bundled files of each suite that is wanted: made at once, for they share the engine. */
function bundles() {
  bundled ??= bundleSuites(suiteNames().filter(isWanted));
  return bundled;
}

async function bundleSuites(names) {
  const { bundleForNode } = await import('./bundle.mjs');
  const files = names.map((name) => testFiles(path.join('test', name)));
  const outputs = await bundleForNode(files.flat());
  return new Map(names.map((name, i) => [name, outputs.splice(0, files[i].length)]));
}

/** Folders of test/ with tests that plain node runs. */
function suiteNames() {
  return fs
    .readdirSync(path.join(root, 'test'))
    .filter((name) => name !== 'vscode' && testFiles(path.join('test', name)).length > 0)
    .sort();
}

function rank(name) {
  const at = LONGEST.indexOf(name);
  return at < 0 ? LONGEST.length : at;
}

function testFiles(dir) {
  const full = path.join(root, dir);
  if (!fs.statSync(full).isDirectory()) return [];
  return fs
    .readdirSync(full, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => path.join(full, name));
}

/** One step that passes or fails as a whole. */
async function step(name, body, out = undefined) {
  if (!isWanted(name)) return;
  const done = heading(name, out);
  try {
    await body();
    total.passed++;
  } catch (error) {
    fail(name, error, out);
  }
  done();
}

/** A step that leaves a report of its tests: `{ passed, failed: [{ title, why }], skipped: [title] }` as JSON. */
async function suiteStep(name, body, out = undefined) {
  if (!isWanted(name)) return;
  const done = heading(name, out);
  const file = path.join(root, 'build', 'test-reports', `${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.rmSync(file, { force: true });
  try {
    await body(file);
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    total.passed += report.passed;
    total.failed += report.failed.length;
    total.skipped += report.skipped.length;
    failures.push(...report.failed.map(({ title, why }) => `${name}: ${title}\n${inShort(why)}`));
    skips.push(...report.skipped.map((title) => `${name}: ${title}`));
  } catch (error) {
    fail(name, error, out);
  }
  done();
}

function heading(name, out = (piece) => process.stdout.write(piece)) {
  const started = Date.now();
  out(`\n### ${name}\n`);
  return () => {
    const durationMs = Date.now() - started;
    times.push({ name, durationMs });
    out(`### ${name}: ${inSeconds(durationMs)}\n`);
  };
}

/** The beginning of an error, indented: the whole of it stands with its suite's output. */
function inShort(why) {
  return why
    .split('\n')
    .slice(0, 16)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n');
}

function inSeconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function printTimes() {
  const rows = [...times, { name: 'whole', durationMs: Date.now() - begun }];
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log('');
  for (const { name, durationMs } of rows)
    console.log(`${name.padEnd(width)} ${inSeconds(durationMs).padStart(9)}`);
}

function fail(name, error, out = (piece) => process.stderr.write(piece)) {
  total.failed++;
  failures.push(name);
  out(`${error instanceof Error ? error.message : error}\n`);
}

/** A program of a package. */
async function run(script, args, out = undefined) {
  const file = path.join(root, 'node_modules', script);
  const code = await node([file, ...args], {}, out);
  if (code !== 0) throw new Error(`${path.basename(script)} failed`);
}

/**
 * Runs node to its end; gives its exit code.
 * @param out takes what is printed; without it that goes where ours goes
 */
async function node(args, env, out) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: out === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece) => out?.(piece));
  return new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
}

/** Runs bundled tests. The report counts, not the exit code: a suite that died left none. */
async function mocha(bundles, report, env = {}, out = undefined) {
  const reporter = path.join(root, 'scripts', 'mocha-reporter.cjs');
  const program = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const options = ['--no-config', ...TIMEOUT, '--reporter', reporter];
  const result = { MMSCOPE_TEST_RESULT: report };
  await node(['--enable-source-maps', program, ...options, ...bundles], { ...env, ...result }, out);
  if (!fs.existsSync(report)) throw new Error('the tests did not run to their end');
}
