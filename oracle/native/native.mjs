/**
 * `oracle native`: how fast Linux's own mm/ is on this machine.
 *
 *     mmbench.c   in Linux 6.1 as User-Mode Linux, an ordinary process: what the kernel does for itself, pages, objects, areas
 *     usermem.c   under the kernel that this machine runs, of whatever release: faults, COW and fork(), which need a real MMU
 *
 * The figures go to native.json in the output folder, with the machine they are of; `mmscope bench` prints ratios to them when it runs
 * on the same machine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const userMemory = builtUserMemory();
  const all = [];
  for (let i = 1; i <= RUNS; i++) {
    console.log(`run ${i} of ${RUNS} ...`);
    all.push({
      ...figuresOf(measured(kernel)),
      ...figuresOf(run(userMemory, [], { quiet: true })),
    });
  }
  const best = Object.fromEntries(
    Object.keys(all[0]).map((name) => [name, Math.min(...all.map((figures) => figures[name]))]),
  );
  for (const [name, ns] of Object.entries(best)) console.log(`${name.padEnd(50)} ${ns} ns`);
  const file = inOutput('native.json');
  const figures = {
    kernel: `Linux ${release(source)}, User-Mode Linux`,
    userKernel: `Linux ${os.release()}`,
    date: new Date().toISOString().slice(0, 10),
    machine,
    pairNs: { ...pairsOf(best), ...rowsOf(best) },
    allNs: best,
  };
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`${shown(file)}: \`npm run bench\` compares with these figures`);
}

function builtKernel(source) {
  const kernel = inOutput('native', 'linux');
  const program = path.join(here, 'native', 'mmbench.c');
  const used = path.join(source, 'mm', 'mmbench.c');
  if (existsSync(kernel) && existsSync(used) && readFileSync(used).equals(readFileSync(program)))
    return kernel;
  needPackages(PACKAGES);
  addToTree(source);
  rmSync(kernel, { force: true });
  putFile(program, used);
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

/** The program for the kernel that runs here. */
function builtUserMemory() {
  needPackages(['gcc', 'libc6-dev']);
  const program = inOutput('native', 'usermem');
  run('gcc', ['-O2', '-Wall', '-o', program, path.join(here, 'native', 'usermem.c')]);
  return program;
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

/** The rows of `mmscope bench` by name, and what they are called here. */
const ROWS = {
  kmalloc: 'kmalloc(128)+kfree pair',
  kmem_cache: 'kmem_cache_alloc(128)+free pair',
  vmalloc: 'vmalloc(65536)+vfree pair',
  handle_mm_fault: 'anonymous fault, without its trap',
  pin: 'pin_user_pages(512)+unpin_user_pages',
  'anonymous fault': 'anonymous fault, trap included',
  'COW fault': 'COW fault, trap included',
  'THP fault': 'THP fault, trap included',
  fork: 'fork() of 1,000 pages',
};

function rowsOf(figures) {
  const rows = Object.entries(ROWS).map(([row, name]) => {
    if (figures[name] === undefined) throw new OracleError(`nothing measured "${name}"`);
    return [row, figures[name]];
  });
  return Object.fromEntries(rows);
}

/** As `mmscope bench` tells machines apart. */
async function thisMachine() {
  const { ensureDependencies } = await import(path.join(project, 'scripts', 'setup.mjs'));
  ensureDependencies();
  const { bundleForNode } = await import(path.join(project, 'scripts', 'bundle.mjs'));
  const [bundle] = await bundleForNode([path.join(project, 'src/cli/nativeFigures.ts')]);
  return (await import(pathToFileURL(bundle).href)).thisMachine();
}
