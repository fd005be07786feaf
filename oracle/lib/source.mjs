/** The source of Linux 6.1, as Debian's package linux-source-6.1 has it, unpacked once. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from './commands.mjs';
import { needPackages } from './packages.mjs';
import { inOutput, shown } from './place.mjs';

const NAME = 'linux-source-6.1';

/** The folder of the source; unpacked first if it is not there. */
export function kernelSource() {
  const folder = inOutput('source', NAME);
  if (existsSync(folder)) return folder;
  needPackages([NAME, 'xz-utils']);
  const unpacking = inOutput('source.tmp');
  console.log(`unpacking ${NAME} into ${shown(path.dirname(folder))} ...`);
  rmSync(unpacking, { recursive: true, force: true });
  mkdirSync(unpacking, { recursive: true });
  run('tar', ['-C', unpacking, '-xf', `/usr/src/${NAME}.tar.xz`]);
  mkdirSync(path.dirname(folder), { recursive: true });
  renameSync(path.join(unpacking, NAME), folder);
  rmSync(unpacking, { recursive: true });
  return folder;
}

/** `6.1.192`: what the source says it is. */
export function release(folder) {
  const text = readFileSync(path.join(folder, 'Makefile'), 'utf8');
  const part = (name) => new RegExp(`^${name} = (\\d+)`, 'm').exec(text)?.[1];
  return `${part('VERSION')}.${part('PATCHLEVEL')}.${part('SUBLEVEL')}`;
}
