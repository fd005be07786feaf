/**
 * `oracle core MACHINE [NAME...]`: the machine's memory before and after. `before.vmcore.gz` is its memory when nothing has
 * been done; of each named run of operations, NAME.after.gz has every word of memory that differs when it has ended.
 *
 * Runs with the later operations have a core of their own, in the folder MACHINE-later: their kernel is another one.
 * before.symbols.gz says which symbols lie elsewhere in it. Its driver does not wait at the end of a script: it is stopped in
 * front of the last operation, which changes nothing, or where the kernel begins to die.
 *
 * `oracle core --user MACHINE`: the memory while a user process runs, with its page tables in the trace.
 */
import {
  copyFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { OracleError, run } from '../lib/commands.mjs';
import { guestOf, machineOf } from '../lib/families.mjs';
import { builtKernel } from '../lib/kernels.mjs';
import { record } from '../lib/machine.mjs';
import { here, inOutput, project, shown } from '../lib/place.mjs';

const SEED = 31;
const NAMES = [
  ...['tour', 'pcp0-n300', 'mixed-n1500', 'comp-n200', 'steal-n400', 'zones-n400'],
  ...['slabseq-n1500', 'vmalloc-n150', 'kmap-n1500', 'cma-n40', 'contig-n30'],
].map((name) => `${name}-s${SEED}`);

const BEFORE = 'mark before\ndump zones\ndump memmap\ndump slabs\ndump vmalloc\ndump cma\nck\n';

export async function core(args) {
  const isUser = args.includes('--user');
  const [machine, ...names] = args.filter((arg) => arg !== '--user');
  if (machine === undefined)
    throw new OracleError('Write a machine, for example: core x86_64-slub-192M');
  const work = mkdtempSync(path.join(os.tmpdir(), 'core-'));
  try {
    if (isUser) await userCore(machine, work);
    else {
      const [first, later] = byGeneration(machine, names.length > 0 ? names : usualNames(machine));
      if (first.length > 0) await beforeAndAfter(machine, first, work);
      if (later.length > 0) await beforeAndAfter(machine, later, work, 'later');
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** There is no highmem to map on x86_64. */
const usualNames = (machine) =>
  NAMES.filter((name) => machine.startsWith('i386') || !name.startsWith('kmap'));

async function userCore(machine, work) {
  const folder = inOutput('cores', `vmcore-${machine}`);
  mkdirSync(folder, { recursive: true });
  const dump = { file: path.join(work, 'vmcore'), when: 'VMCORE-READY', hold: false };
  const guest = { ...small(machine), mode: 'vmcore', args: '', dump };
  await record(guest, folder, 'dumps');
  for (const what of ['registers', 'mem'])
    move(`${dump.file}.${what}.txt`, path.join(folder, `vmcore.info-${what}.txt`));
  const { kernel } = machineOf(machine);
  copyFileSync(
    path.join(builtKernel(kernel, 'first'), 'System.map'),
    path.join(folder, 'System.map'),
  );
  run('gzip', ['-9nf', dump.file, path.join(folder, 'System.map')]);
  move(`${dump.file}.gz`, path.join(folder, 'vmcore.gz'));
  console.log(shown(folder));
}

function byGeneration(machine, names) {
  const isLater = (name) => guestOf(machine, name).generation === 'later';
  return [names.filter((name) => !isLater(name)), names.filter(isLater)];
}

async function beforeAndAfter(machine, names, work, generation = 'first') {
  const isLater = generation === 'later';
  const folder = inOutput('cores', isLater ? `${machine}-later` : machine);
  mkdirSync(folder, { recursive: true });
  const dumped = (name, script, file) =>
    isLater
      ? { ...guestOf(machine, name), script, dump: { file, at: lastOf(machine, script) } }
      : { ...performing(machine, script), dump: { file, when: '%ran ops=', hold: true } };
  const before = path.join(work, 'before.vmcore');
  await record(dumped(names[0], BEFORE, before), work, 'before');
  if (isLater) writeMoved(machine, path.join(folder, 'before.symbols.gz'));
  for (const what of ['registers', 'mem'])
    move(`${before}.${what}.txt`, path.join(folder, `before.${what}.txt`));
  move(path.join(work, 'before.trace.gz'), path.join(folder, 'before.trace.gz'));
  for (const name of names) {
    const after = path.join(work, 'after.vmcore');
    await record(dumped(name, operationsOf(machine, name), after), work, name);
    await difference(machine, generation, before, after, path.join(folder, `${name}.after.gz`));
    const kept = isLater
      ? readdirSync(work).filter((file) => file.startsWith(`${name}.dmesg`))
      : [];
    for (const file of [`${name}.trace.gz`, ...kept])
      move(path.join(work, file), path.join(folder, file));
    console.log(shown(path.join(folder, `${name}.after.gz`)));
  }
  run('gzip', ['-9n', before]);
  move(`${before}.gz`, path.join(folder, 'before.vmcore.gz'));
  console.log(shown(path.join(folder, 'before.vmcore.gz')));
}

/** Where the later driver is in front of a script's last operation, and where a kernel dies. */
function lastOf(machine, script) {
  const symbols = symbolsOf(machine, 'later');
  const point = (name, times) => ({ address: symbols.get(name), times });
  return [
    point('more_line', script.split('\n').length - 1),
    point('oops_begin', 1),
    point('die', 1),
    point('panic', 1),
  ];
}

/** Addresses in hexadecimal, by name. */
function symbolsOf(machine, generation) {
  const map = path.join(builtKernel(machineOf(machine).kernel, generation), 'System.map');
  const lines = readFileSync(map, 'utf8').trimEnd().split('\n').reverse();
  return new Map(lines.map((line) => line.split(' ')).map(([address, , name]) => [name, address]));
}

/** The kernel's name, then `NAME ADDRESS` of each symbol of its profile that lies elsewhere. */
function writeMoved(machine, file) {
  const { kernel } = machineOf(machine);
  const profiles = path.join(project, 'src', 'engine', 'types', 'profiles');
  const profile = JSON.parse(readFileSync(path.join(profiles, `${kernel}.json`), 'utf8'));
  const symbols = symbolsOf(machine, 'later');
  const moved = profile.symbols
    .map((line) => line.split(' '))
    // Of per-CPU variables the offset is known.
    .filter(([name, address]) => !address.startsWith('+') && symbols.has(name))
    .filter(([name, address]) => BigInt(`0x${symbols.get(name)}`) !== BigInt(`0x${address}`))
    .map(([name]) => `${name} ${symbols.get(name)}`);
  writeFileSync(file, gzipSync(`${[kernel, ...moved].join('\n')}\n`, { level: 9 }));
}

/** Whether the name is one of a core's runs: the recordings of those are made here and nowhere else. */
export const isCoreRun = (name) => NAMES.includes(name);

/** The guest that makes the recording of a core's run, memory apart. */
export const coreGuest = (machine, name) => performing(machine, operationsOf(machine, name));

const performing = (machine, script) => ({
  ...small(machine),
  mode: 'run',
  script,
  options: 'slab_nomerge',
  args: machine.startsWith('i386') ? 'highmem=64M' : '',
});

function operationsOf(machine, name) {
  const { script } = guestOf(machine, name);
  if (script === undefined) throw new OracleError(`"${name}" is not a script of operations.`);
  return withoutEvents(script);
}

const small = (machine) => ({
  ...machineOf(machine),
  ...{ generation: 'first', program: 'init', cma: '4M', barMebibytes: 16 },
});

/** Events would be written to memory that is compared. */
const withoutEvents = (script) => script.replace(/^events.*\n/gm, '');

/** Writes every word of RAM that differs. */
async function difference(machine, generation, before, after, file) {
  const { kernel, ram } = machineOf(machine);
  const map = path.join(builtKernel(kernel, generation), 'System.map');
  const end = (Number.parseInt(ram, 10) * (ram.endsWith('G') ? 2 ** 30 : 2 ** 20)).toString(16);
  const script = path.join(here, 'scripts', 'corediff.py');
  const compare = spawn('python3', [script, before, after, map, end], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pack = spawn('gzip', ['-9n'], { stdio: ['pipe', 'pipe', 'inherit'] });
  compare.stdout.pipe(pack.stdin);
  pack.stdout.pipe(createWriteStream(file));
  const [[compared], [packed]] = await Promise.all([once(compare, 'exit'), once(pack, 'close')]);
  if (compared !== 0 || packed !== 0) throw new OracleError('The memories could not be compared.');
}

/** Across file systems. */
function move(from, to) {
  run('mv', ['-f', from, to]);
}
