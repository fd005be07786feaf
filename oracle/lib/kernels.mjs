/**
 * The five kernels, and building them: Debian's source with one more file, the driver, configured by the fragments below.
 *
 * Each is built with the driver of one of two generations. The `first` one made most recordings; `later` has more operations.
 * Any change of the driver moves the kernel's boot by microseconds, so a recording is made again with the generation that made
 * it (families.mjs says which).
 */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OracleError, run } from './commands.mjs';
import { needPackages } from './packages.mjs';
import { here, inOutput, shown } from './place.mjs';
import { kernelSource } from './source.mjs';

export const KERNELS = {
  'i386-highmem4g-slub': { arch: 'i386', fragments: ['common', 'i386', 'highmem4g', 'slub'] },
  'i386-pae-slab': { arch: 'i386', fragments: ['common', 'i386', 'pae', 'slab'] },
  'x86_64-slub': { arch: 'x86_64', fragments: ['common', 'x86_64', 'slub'] },
  'x86_64-slab': { arch: 'x86_64', fragments: ['common', 'x86_64', 'guess', 'slab'] },
  'x86_64-slub-smp': { arch: 'x86_64', fragments: ['common', 'x86_64', 'slub', 'smp'] },
};

const PACKAGES = [
  'gcc',
  'make',
  'flex',
  'bison',
  'bc',
  'libelf-dev',
  'libssl-dev',
  'patch',
  'xz-utils',
];
const JOBS = `-j${os.availableParallelism()}`;

/** Of every build the same, whoever makes it. */
const BUILD_STRINGS = {
  KBUILD_BUILD_TIMESTAMP: '2024-01-01',
  KBUILD_BUILD_USER: 'oracle',
  KBUILD_BUILD_HOST: 'lab',
  KBUILD_BUILD_VERSION: '1',
};

/** The folder of a built kernel: bzImage, System.map, config. Built first if it is not there. */
export function builtKernel(name, generation) {
  const folder = kernelFolder(name, generation);
  if (!existsSync(path.join(folder, 'bzImage'))) buildKernel(name, generation);
  return folder;
}

const kernelFolder = (name, generation) => inOutput('kernels', generation, name);

export function buildKernel(name, generation) {
  const { arch, fragments } = KERNELS[name];
  needPackages(PACKAGES);
  const source = kernelSource();
  addToTree(source);
  putDriver(source, generation);
  const objects = inOutput('objects', name);
  const flags = samePaths(source, objects);
  const make = (...targets) =>
    run('make', ['-s', '-C', source, `O=${objects}`, `ARCH=${arch}`, ...flags, ...targets], {
      env: BUILD_STRINGS,
      quiet: true,
    });
  configure(objects, fragments, make);
  console.log(
    `building ${name} (driver: ${generation}) in ${shown(objects)}; minutes the first time ...`,
  );
  make(JOBS, 'bzImage');
  const folder = kernelFolder(name, generation);
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(objects, 'System.map'), path.join(folder, 'System.map'));
  copyFileSync(path.join(objects, '.config'), path.join(folder, 'config'));
  copyFileSync(path.join(objects, 'arch/x86/boot/bzImage'), path.join(folder, 'bzImage'));
  console.log(`built ${shown(folder)}`);
}

/** Build ids are of the debug information too, and that has the names of folders: it gets the same ones everywhere. */
function samePaths(source, objects) {
  const maps = `-fdebug-prefix-map=${objects}=/objects -fdebug-prefix-map=${source}=/source`;
  return [`KCFLAGS=${maps}`, `KAFLAGS=${maps}`];
}

/** The lines that make the tree know files of this recorder; nothing else of it is changed. */
export function addToTree(source) {
  const additions = [
    ['mm/Makefile', 'mmoracle.o', 'obj-$(CONFIG_MMORACLE) += mmoracle.o\n'],
    ['mm/Makefile', 'mmbench.o', 'obj-$(CONFIG_MMBENCH) += mmbench.o\n'],
    [
      'mm/Kconfig',
      'MMORACLE',
      '\nconfig MMORACLE\n\tbool "mm oracle: recorder"\n\tdepends on PROC_FS\n\tdefault n\n',
    ],
    [
      'mm/Kconfig',
      'MMBENCH',
      '\nconfig MMBENCH\n\tbool "allocator speed test at boot"\n\tdefault n\n',
    ],
  ];
  for (const [name, known, text] of additions) {
    const file = path.join(source, name);
    if (!readFileSync(file, 'utf8').includes(known)) appendFileSync(file, text);
  }
}

/** Puts the driver into the tree: the first generation as it is, the later one patched. */
function putDriver(source, generation) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'driver-'));
  try {
    const files = ['mmoracle.c', 'mmoracle_layout.h', 'mmoracle_more.h'];
    for (const name of files)
      copyFileSync(path.join(here, 'driver', name), path.join(folder, name));
    if (generation === 'later')
      run('patch', ['-s', '-p2', '-i', path.join(here, 'driver', 'later.patch')], {
        cwd: folder,
        quiet: true,
      });
    for (const name of files) putFile(path.join(folder, name), path.join(source, 'mm', name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Copies unless the bytes are there: make goes by the time of files. */
export function putFile(from, to) {
  if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) return;
  copyFileSync(from, to);
}

/** Writes .config when the fragments are others than those it came from, and holds it against them. */
function configure(objects, fragments, make) {
  mkdirSync(objects, { recursive: true });
  const wanted = fragments
    .map((name) => readFileSync(path.join(here, 'configs', `${name}.config`), 'utf8'))
    .join('');
  const used = path.join(objects, 'fragments.config');
  if (!existsSync(used) || readFileSync(used, 'utf8') !== wanted) {
    const next = path.join(objects, 'fragments.next');
    writeFileSync(next, wanted);
    make(`KCONFIG_ALLCONFIG=${next}`, 'allnoconfig');
    writeFileSync(used, wanted);
    rmSync(next);
  }
  make('olddefconfig');
  const lost = notTaken(wanted, readFileSync(path.join(objects, '.config'), 'utf8'));
  if (lost.length > 0) throw new OracleError(`Kconfig did not take: ${lost.join(', ')}`);
}

/** Lines of the fragments that .config does not follow; of two lines about one option the later counts. */
function notTaken(wanted, config) {
  const have = new Map(optionsOf(config));
  return [...new Map(optionsOf(wanted))]
    .filter(([option, value]) => (have.get(option) ?? 'n') !== value)
    .map(([option, value]) => `${option}=${value}`);
}

/** `[option, value]` of each line that sets one, or says that it is not set. */
function optionsOf(text) {
  return [...text.matchAll(/^(?:# (CONFIG_\w+) is not set|(CONFIG_\w+)=(.*))$/gm)].map(
    ([, off, option, value]) => (off === undefined ? [option, value] : [off, 'n']),
  );
}
