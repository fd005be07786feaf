/**
 * One guest: a kernel and an /init in QEMU, with a script, until it ends; or until its memory was dumped.
 *
 * `-icount shift=0,sleep=off` (time is the number of instructions), a fixed clock and no randomness make every boot of a
 * machine with one CPU the same, bit by bit; and so every recording.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { barSays, makeBar, unpackBar } from './bar.mjs';
import { OracleError, run } from './commands.mjs';
import { debuggerOf } from './debugger.mjs';
import { initramfs } from './guests.mjs';
import { builtKernel } from './kernels.mjs';
import { needPackages } from './packages.mjs';

const PACKAGES = ['qemu-system-x86', 'python3', 'gzip'];

/** The driver leaves QEMU through isa-debug-exit with this code. */
const ENDED_WELL = 1;

/**
 * @typedef {object} Guest
 * @property {string} kernel
 * @property {'first' | 'later'} generation of the driver
 * @property {string} program of the initramfs
 * @property {string} ram e.g. 512M
 * @property {string} mode of the program
 * @property {string} [script] operations
 * @property {string} [cma]
 * @property {string} [options] for the program, after its mode
 * @property {string} [args] the end of the kernel's command line
 * @property {boolean} [apic] with the interrupt controllers of machines with several CPUs
 * @property {number} [loglevel]
 * @property {number} [barMebibytes]
 * @property {number} [timeoutSeconds]
 * @property {Dump} [dump]
 *
 * @typedef {object} Dump
 * @property {string} file where memory is dumped to
 * @property {string} [when] the moment: the output says this; the guest ends then
 * @property {boolean} [hold] the guest is to wait when the script has ended
 * @property {{ address: string, times: number }[]} [at] the moment: the kernel is at one of these for its last time; it goes on then
 */

/**
 * Runs a guest and leaves NAME.trace.gz, NAME.serial.gz and what it copied in `folder`. Of a guest that dies in its script the
 * trace ends with the operation that it died of.
 *
 * @param {Guest} guest
 */
export async function record(guest, folder, name) {
  needPackages(PACKAGES);
  const boot = [
    '-kernel',
    path.join(builtKernel(guest.kernel, guest.generation), 'bzImage'),
    '-initrd',
    initramfs(guest.program, guest.kernel.startsWith('i386') ? 32 : 64),
  ];
  const work = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'oracle-'));
  try {
    const bar = path.join(work, 'bar');
    const mebibytes = guest.barMebibytes ?? 256;
    makeBar(bar, Buffer.from(guest.script ?? ''), mebibytes, guest.dump?.hold === true);
    const monitor = path.join(work, 'monitor');
    const serial = path.join(work, 'serial');
    const stub = path.join(work, 'stub');
    const qemu = start([
      ...machineArguments(guest, serial, bar, mebibytes),
      ...boot,
      ...(guest.dump?.at ? ['-S', '-gdb', `unix:${stub},server=on,wait=off`] : []),
      ...(guest.dump ? ['-qmp', `unix:${monitor},server=on,wait=off`] : ['-monitor', 'none']),
    ]);
    const late = setTimeout(() => qemu.process.kill(), 1000 * (guest.timeoutSeconds ?? 900));
    try {
      if (guest.dump?.at) await dumpAt(guest, stub, monitor);
      else if (guest.dump) await dumpWhen(guest.dump, qemu, bar, monitor);
      const code = await qemu.ended;
      mkdirSync(folder, { recursive: true });
      const said = readFileSync(serial, 'utf8').replaceAll('\r', '');
      writeFileSync(path.join(folder, `${name}.serial`), said);
      run('gzip', ['-9nf', path.join(folder, `${name}.serial`)]);
      const hasDied = code !== ENDED_WELL && guest.dump?.when === undefined;
      if (hasDied) {
        const about = `The guest did not end by itself. Its console:\n${said.slice(-2000)}`;
        if (!barSays(bar, '%run ops')) throw new OracleError(about);
        console.error(about);
      }
      unpackBar(bar, folder, name, hasDied);
    } finally {
      clearTimeout(late);
      qemu.process.kill();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function machineArguments(guest, serial, bar, mebibytes) {
  const { kernel, ram, mode, cma = '16M', options = '', args = '', loglevel = 4 } = guest;
  const apic = guest.apic ? '' : 'nolapic noapic';
  const commandLine =
    `console=ttyS0 nokaslr norandmaps ${apic} cma=${cma} panic=1 quiet loglevel=${loglevel}` +
    ` mmo=${mode} ${options} ${args}`;
  return [
    processorOf(kernel).program,
    ...['-machine', 'pc', '-cpu', processorOf(kernel).cpu, '-m', ram, '-smp', '1'],
    ...['-display', 'none', '-no-reboot', '-net', 'none', '-vga', 'std', '-append', commandLine],
    ...['-serial', `file:${serial}`],
    ...['-object', `memory-backend-file,id=hm,size=${mebibytes}M,share=on,mem-path=${bar}`],
    ...['-device', 'ivshmem-plain,memdev=hm', '-device', 'isa-debug-exit,iobase=0x501,iosize=2'],
    ...['-icount', 'shift=0,sleep=off', '-rtc', 'base=2024-01-01,clock=vm'],
  ];
}

function processorOf(kernel) {
  if (kernel.startsWith('x86_64')) return { program: 'qemu-system-x86_64', cpu: 'qemu64,+pdpe1gb' };
  if (kernel.includes('pae')) return { program: 'qemu-system-x86_64', cpu: 'qemu64' };
  return { program: 'qemu-system-i386', cpu: 'qemu32,+pge,+pse' };
}

function start([program, ...args]) {
  const process = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    process.on('error', (error) => reject(new OracleError(`${program}: ${error.message}`)));
    process.on('exit', (code) => resolve(code));
  });
  return { process, ended };
}

/** Waits for the moment, stops the guest, writes its memory and registers, and ends it. */
async function dumpWhen({ file, when }, qemu, bar, monitor) {
  for (let tries = 0; !barSays(bar, when); tries++) {
    if (tries > 600 || qemu.process.exitCode !== null)
      throw new OracleError(
        `The script did not come to its end ("${when}"): does an operation sleep?`,
      );
    await sleep(250);
  }
  await sleep(1000);
  const call = await monitorOf(monitor);
  await call('stop');
  await writeMemory(file, call);
  // It may be gone before it answers.
  await call('quit').catch(() => undefined);
}

/** Lets the guest run to one of the points, writes its memory and registers, and lets it go on. */
async function dumpAt({ kernel, dump: { file, at } }, stub, monitor) {
  const stopped = await debuggerOf(stub, processorOf(kernel).program.endsWith('64'));
  await stopped.runTo(at);
  await writeMemory(file, await monitorOf(monitor));
  await stopped.leave();
}

/** Gives what calls QEMU's monitor. */
async function monitorOf(file) {
  const socket = net.connect(file);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const call = async (execute, args) => {
    socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new OracleError(`QEMU went away at ${execute}`);
      const answer = JSON.parse(value);
      if ('error' in answer) throw new OracleError(`QEMU, ${execute}: ${answer.error.desc}`);
      if ('return' in answer) return answer.return;
    }
  };
  await lines.next();
  await call('qmp_capabilities');
  return call;
}

async function writeMemory(file, call) {
  for (const what of ['registers', 'mem']) {
    const said = await call('human-monitor-command', { 'command-line': `info ${what}` });
    writeFileSync(`${file}.${what}.txt`, said.replaceAll('\r', ''));
  }
  await call('dump-guest-memory', { paging: false, protocol: `file:${file}` });
  chmodSync(file, 0o644);
}
