/**
 * `npm test`: everything, from a bare checkout: packages, types, lint, needless exports and files (knip), format, bundles
 * and their budgets, every mocha suite, and the packaged extension in real VS Code. Ends with a table of how long each step
 * took and one line `N passed, N failed, N skipped`: each mocha test counts as one, and so does each other step. A skipped
 * test says why in its title.
 *
 *     npm test -- engine dap     only the named steps and suites (names as printed)
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ensureDependencies } from './setup.mjs';

const root = path.dirname(import.meta.dirname);
const only = process.argv.slice(2);
/** A test that hangs ends, one on a busy machine does not. */
const TIMEOUT = ['--timeout', '180000'];
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];
/** Name and duration of each step that ran. */
const times = [];

ensureDependencies();
const { ensureChromium } = await import('./vscode-host/browser.mjs');

await step('types', () => run('typescript/bin/tsc', ['--build']));
await step('lint', () => run('eslint/bin/eslint.js', ['--max-warnings', '0', '.']));
await step('knip', () => run('knip/bin/knip.js', ['--no-config-hints']));
await step('format', () =>
  run('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
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
for (const suite of suiteNames())
  await suiteStep(suite, async (report) => {
    const { bundleForNode } = await import('./bundle.mjs');
    const bundles = await bundleForNode(testFiles(path.join('test', suite)));
    mocha(bundles, report);
  });
const { hostSuite, uiSuite } = await import('./vscode-tests.mjs');
await suiteStep('vscode', (report) => hostSuite(report));
await suiteStep('ui', (report) => uiSuite((bundles, env) => mocha(bundles, report, env)));

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

/** Folders of test/ with tests that plain node runs. */
function suiteNames() {
  return fs
    .readdirSync(path.join(root, 'test'))
    .filter((name) => name !== 'vscode' && testFiles(path.join('test', name)).length > 0)
    .sort();
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
async function step(name, body) {
  if (!isWanted(name)) return;
  const done = heading(name);
  try {
    await body();
    total.passed++;
  } catch (error) {
    fail(name, error);
  }
  done();
}

/** A step that leaves a report of its tests: `{ passed, failed: [title], skipped: [title] }` as JSON. */
async function suiteStep(name, body) {
  if (!isWanted(name)) return;
  const done = heading(name);
  const file = path.join(root, 'build', 'test-reports', `${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.rmSync(file, { force: true });
  try {
    await body(file);
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    total.passed += report.passed;
    total.failed += report.failed.length;
    total.skipped += report.skipped.length;
    failures.push(...report.failed.map((title) => `${name}: ${title}`));
    skips.push(...report.skipped.map((title) => `${name}: ${title}`));
  } catch (error) {
    fail(name, error);
  }
  done();
}

function heading(name) {
  const started = Date.now();
  console.log(`\n### ${name}`);
  return () => {
    const durationMs = Date.now() - started;
    times.push({ name, durationMs });
    console.log(`### ${name}: ${inSeconds(durationMs)}`);
  };
}

function inSeconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function printTimes() {
  const wholeMs = times.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const rows = [...times, { name: 'whole', durationMs: wholeMs }];
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log('');
  for (const { name, durationMs } of rows)
    console.log(`${name.padEnd(width)} ${inSeconds(durationMs).padStart(9)}`);
}

function fail(name, error) {
  total.failed++;
  failures.push(name);
  console.error(error instanceof Error ? error.message : error);
}

/** A program of a package. */
function run(script, args) {
  const file = path.join(root, 'node_modules', script);
  const done = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) throw new Error(`${path.basename(script)} failed`);
}

/** Runs bundled tests. The report counts, not the exit code: a suite that died left none. */
function mocha(bundles, report, env = {}) {
  const reporter = path.join(root, 'scripts', 'mocha-reporter.cjs');
  const program = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  spawnSync(
    process.execPath,
    [
      '--enable-source-maps',
      program,
      '--no-config',
      ...TIMEOUT,
      '--reporter',
      reporter,
      ...bundles,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env, MMSCOPE_TEST_RESULT: report },
    },
  );
  if (!fs.existsSync(report)) throw new Error('the tests did not run to their end');
}
