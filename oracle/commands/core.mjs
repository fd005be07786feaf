/**
 * `oracle core MACHINE [NAME...]`: the machine's memory before and after. `before.vmcore.gz` is its memory when nothing has
 * been done; of each named run of operations, NAME.after.gz has every word of memory that differs when it has ended.
 *
 * `oracle core --user MACHINE`: the memory while a user process runs, with its page tables in the trace.
 */
import { copyFileSync, createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { OracleError, run } from '../lib/commands.mjs';
import { guestOf, machineOf } from '../lib/families.mjs';
import { builtKernel } from '../lib/kernels.mjs';
import { record } from '../lib/machine.mjs';
import { here, inOutput, shown } from '../lib/place.mjs';

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
    else await beforeAndAfter(machine, names.length > 0 ? names : usualNames(machine), work);
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

async function beforeAndAfter(machine, names, work) {
  const folder = inOutput('cores', machine);
  mkdirSync(folder, { recursive: true });
  const dumped = (script, file) => ({
    ...performing(machine, script),
    dump: { file, when: '%ran ops=', hold: true },
  });
  const before = path.join(work, 'before.vmcore');
  await record(dumped(BEFORE, before), work, 'before');
  for (const what of ['registers', 'mem'])
    move(`${before}.${what}.txt`, path.join(folder, `before.${what}.txt`));
  move(path.join(work, 'before.trace.gz'), path.join(folder, 'before.trace.gz'));
  for (const name of names) {
    const after = path.join(work, 'after.vmcore');
    await record(dumped(operationsOf(machine, name), after), work, name);
    await difference(machine, before, after, path.join(folder, `${name}.after.gz`));
    move(path.join(work, `${name}.trace.gz`), path.join(folder, `${name}.trace.gz`));
    console.log(shown(path.join(folder, `${name}.after.gz`)));
  }
  run('gzip', ['-9n', before]);
  move(`${before}.gz`, path.join(folder, 'before.vmcore.gz'));
  console.log(shown(path.join(folder, 'before.vmcore.gz')));
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
async function difference(machine, before, after, file) {
  const { kernel, ram } = machineOf(machine);
  const map = path.join(builtKernel(kernel, 'first'), 'System.map');
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
