/**
 * `oracle native`: how fast Linux 6.1's own mm/ is on this machine. User-Mode Linux runs it as an ordinary process, without an
 * emulator; mmbench.c measures inside. The figures go to native.json in the output folder, with the machine they are of;
 * `mmscope bench` prints ratios to them when it runs on the same machine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { OracleError, lastLines, run } from '../lib/commands.mjs';
import { addToTree, putFile } from '../lib/kernels.mjs';
import { needPackages } from '../lib/packages.mjs';
import { here, inOutput, project, shown } from '../lib/place.mjs';
import { kernelSource, release } from '../lib/source.mjs';

const PACKAGES = ['gcc', 'make', 'flex', 'bison', 'bc', 'libc6-dev'];
/** The best of these: noise only ever adds. */
const RUNS = 3;

export async function native() {
  const machine = await thisMachine();
  const source = kernelSource();
  const kernel = builtKernel(source);
  const all = [];
  for (let i = 1; i <= RUNS; i++) {
    console.log(`run ${i} of ${RUNS} ...`);
    all.push(figuresOf(measured(kernel)));
  }
  const best = Object.fromEntries(
    Object.keys(all[0]).map((name) => [name, Math.min(...all.map((figures) => figures[name]))]),
  );
  for (const [name, ns] of Object.entries(best)) console.log(`${name.padEnd(50)} ${ns} ns`);
  const file = inOutput('native.json');
  const figures = {
    kernel: `Linux ${release(source)}, User-Mode Linux`,
    date: new Date().toISOString().slice(0, 10),
    machine,
    pairNs: pairsOf(best),
    allNs: best,
  };
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`${shown(file)}: \`npm run bench\` compares with these figures`);
}

function builtKernel(source) {
  const kernel = inOutput('native', 'linux');
  if (existsSync(kernel)) return kernel;
  needPackages(PACKAGES);
  addToTree(source);
  putFile(path.join(here, 'native', 'mmbench.c'), path.join(source, 'mm', 'mmbench.c'));
  const objects = inOutput('objects', 'native');
  mkdirSync(objects, { recursive: true });
  const make = (...targets) =>
    run('make', ['-s', '-C', source, `O=${objects}`, 'ARCH=um', ...targets], { quiet: true });
  make(`KCONFIG_ALLCONFIG=${path.join(here, 'native', 'uml.config')}`, 'allnoconfig');
  console.log(`building User-Mode Linux in ${shown(objects)}; minutes the first time ...`);
  make(`-j${os.availableParallelism()}`);
  mkdirSync(path.dirname(kernel), { recursive: true });
  run('strip', ['-o', kernel, path.join(objects, 'linux')]);
  return kernel;
}

/** What the kernel prints in one run. */
function measured(kernel) {
  const args = ['mem=512M', 'mmbench', 'con=null', 'con0=null,fd:2'];
  const done = spawnSync(kernel, args, { encoding: 'latin1', timeout: 300_000 });
  if (done.error) throw new OracleError(`User-Mode Linux: ${done.error.message}`);
  return `${done.stdout}${done.stderr}`;
}

/** `MMBENCH NAME ... 21.90 ns` -> name: 21.9. */
function figuresOf(text) {
  const lines = [...text.matchAll(/MMBENCH (.*?) +(\d+(?:\.\d+)?) ns/g)];
  if (lines.length === 0)
    throw new OracleError(`The kernel measured nothing; it said:\n${lastLines(text)}`);
  return Object.fromEntries(lines.map(([, name, ns]) => [name, Number(ns)]));
}

/** Of a pair of alloc_pages() and __free_pages(), by order. */
function pairsOf(figures) {
  const pairs = Object.entries(figures).map(([name, ns]) => [
    /^alloc_pages\((\d+)\)\+__free_pages pair$/.exec(name)?.[1],
    ns,
  ]);
  return Object.fromEntries(pairs.filter(([order]) => order !== undefined));
}

/** As `mmscope bench` tells machines apart. */
async function thisMachine() {
  const { ensureDependencies } = await import(path.join(project, 'scripts', 'setup.mjs'));
  ensureDependencies();
  const { bundleForNode } = await import(path.join(project, 'scripts', 'bundle.mjs'));
  const [bundle] = await bundleForNode([path.join(project, 'src/cli/nativeFigures.ts')]);
  return (await import(pathToFileURL(bundle).href)).thisMachine();
}
