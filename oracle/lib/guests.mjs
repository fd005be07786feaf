/**
 * The guest: an initramfs of one static program, /init, and a console. Six programs, because the size of an initramfs moves
 * the machine's memory: a recording needs the very bytes it was made with. Source files keep their names for the same reason
 * (they are in the program's build id).
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './commands.mjs';
import { needPackages } from './packages.mjs';
import { here, inOutput } from './place.mjs';

/** `init` runs scripts and the first modes; `init2` those of the later operations; `init3` huge pages; `init4` pools of them alone; `init5` huge pages that move; `init6` advice. */
const PACKAGES = ['gcc', 'gcc-multilib', 'binutils', 'gzip'];

/** The initramfs of a program, for 32 or 64 bit; made first if it is not there. */
export function initramfs(program, bits) {
  const archive = inOutput('guests', `${program}-${bits}.cpio.gz`);
  if (existsSync(archive)) return archive;
  needPackages(PACKAGES);
  mkdirSync(path.dirname(archive), { recursive: true });
  const binary = inOutput('guests', `${program}-${bits}`);
  const flags = ['-O1', '-static', `-m${bits}`, '-w'];
  run('gcc', [...flags, '-o', binary, `${program}.c`], { cwd: path.join(here, 'guests') });
  run('strip', [binary]);
  const plain = inOutput('guests', `${program}-${bits}.cpio`);
  writeFileSync(plain, cpio(readFileSync(binary)));
  run('gzip', ['-9nf', plain]);
  renameSync(`${plain}.gz`, archive);
  return archive;
}

const DIRECTORY = 0o040755;
const CONSOLE = 0o020644;
const PROGRAM = 0o100755;

/** As `cpio -o -H newc --reproducible --owner 0:0` writes it; by hand, because mknod would need root. */
function cpio(init) {
  const entries = [
    ['.', DIRECTORY, 3],
    ['dev', DIRECTORY, 2],
    ['dev/console', CONSOLE, 1, { rdev: [5, 1] }],
    ['init', PROGRAM, 1, { data: init }],
  ];
  const parts = entries.map(([name, mode, links, rest], inode) =>
    entry(inode, name, mode, links, rest),
  );
  return padded(Buffer.concat([...parts, entry(0, 'TRAILER!!!', 0, 1)]), 512);
}

function entry(inode, name, mode, links, { rdev = [0, 0], data = Buffer.alloc(0) } = {}) {
  const owner = [0, 0];
  const time = 0;
  const device = [0, 0];
  const check = 0;
  const numbers = [
    ...[inode, mode, ...owner, links, time, data.length],
    ...[...device, ...rdev, name.length + 1, check],
  ];
  const hex = numbers.map((n) => n.toString(16).toUpperCase().padStart(8, '0')).join('');
  return Buffer.concat([padded(Buffer.from(`070701${hex}${name}\0`), 4), padded(data, 4)]);
}

const padded = (bytes, size) =>
  Buffer.concat([bytes, Buffer.alloc((size - (bytes.length % size)) % size)]);
