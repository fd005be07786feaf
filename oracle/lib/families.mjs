/**
 * What can be recorded, by the name of the recording: `FAMILY[-nOPERATIONS][-sSEED]`, for example `mixed-n150-s12` or `usr`.
 * A family is a generator of operations, or a mode of the guest's program. FORMAT.md says what each is about.
 *
 * Spaces in command lines matter: the machine's memory depends on their length.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OracleError, run } from './commands.mjs';
import { KERNELS } from './kernels.mjs';
import { needPackages } from './packages.mjs';
import { here } from './place.mjs';

/** The operations that a script of scripts/ makes. */
function operationsOf(script, ...args) {
  needPackages(['python3']);
  const file = path.join(here, 'scripts', script);
  return run('python3', [file, ...args.map(String)], { quiet: true });
}

/** What generate.py makes, of a family or of another's operations. */
const generated = ({ kernel, ram, seed, operations }, family) =>
  operationsOf('generate.py', kernel, ram, family, seed ?? 1, ...(operations ? [operations] : []));

const IDLE = 'mark idle2\ndump zones\ndump memmap\ndump slabs\ndump vmalloc\nck\n';
const later = (what, ...args) => ({
  generation: 'later',
  program: 'init2',
  ...what,
  args: `${args.join(' ')} `,
});
const seeded = ({ seed }) => `slab_nomerge mmo.seed=${seed ?? 1}`;

/** KiB that press leaves free before it asks for what is not there. */
function left(kernel) {
  if (kernel.startsWith('i386-high')) return 1900;
  return kernel.startsWith('i386') ? 1500 : 1000;
}

/** What the guest writes to sysfs before it begins. */
const THP_ON = ['enabled:madvise', 'defrag:madvise', 'use_zero_page:1'].map(
  (setting) => `mmo.w=/sys/kernel/mm/transparent_hugepage/${setting}`,
);

const GENERATED =
  'idle tour pcp0 mixed comp steal zones bulk slabseq slabgeom vmalloc kmap cma contig pgtable';

/**
 * Pattern of the family's name -> what is special about its guest, and which files beside the trace belong to the recording
 * (`keep`: none, the kernel's log, or all).
 */
const FAMILIES = [
  ...GENERATED.split(' ').map((family) => [
    new RegExp(`^${family}$`),
    (wanted) => ({
      script: generated(wanted, family),
      // Creating caches sleeps, so interrupts stay on.
      ...(family === 'slabgeom' && { mode: 'runnq' }),
    }),
  ]),
  [
    /^bad$/,
    () => ({
      script: readFileSync(path.join(here, 'scripts', 'bad.ops'), 'utf8'),
      loglevel: 7,
      keep: 'log',
    }),
  ],
  [/^static$/, () => ({ mode: 'static', keep: 'all' })],
  [/^static-merge$/, () => ({ mode: 'static', args: '', apic: true, keep: 'all' })],
  [/^static-\d+[MG]$/, () => ({ mode: 'static', args: '', keep: 'all' })],
  [/^usr$/, () => ({ mode: 'usr', keep: 'all' })],
  [
    /^cmausr-touch(\d+)$/,
    (_, pages) => ({ mode: 'cmausr', options: `mmo.touch=${pages}`, keep: 'all' }),
  ],
  [/^oom$/, () => ({ mode: 'oom', keep: 'all' })],
  [/^idle-20s-clocks-running$/, () => ({ mode: 'idle2', script: IDLE, keep: 'all' })],
  [/^ftrace-userland$/, () => ({ mode: 'ftrace', keep: 'all' })],
  [
    /^ftrace-of-(\w+)$/,
    (wanted, family) => ({ mode: 'ftracerun', script: generated(wanted, family), keep: 'all' }),
  ],
  [
    /^slabbad$/,
    ({ kernel, seed }) =>
      later(
        { mode: 'slabx', script: operationsOf('slabbad.py', kernel, seed ?? 1), keep: 'log' },
        'slab_nomerge no_hash_pointers log_buf_len=1M',
      ),
  ],
  [
    /^migr$/,
    (wanted) =>
      later(
        { mode: 'migr', cma: '64M' },
        seeded(wanted),
        ...(wanted.kernel.startsWith('i386-high') ? ['mmo.pb=1024'] : []),
        'mmo.big=14000',
      ),
  ],
  [
    /^press$/,
    (wanted) =>
      later({ mode: 'press', cma: '4M' }, seeded(wanted), `mmo.left=${left(wanted.kernel)}`),
  ],
  [/^usr2$/, (wanted) => later({ mode: 'usr2' }, seeded(wanted))],
  [
    /^huge$/,
    (wanted) => ({
      generation: 'later',
      program: 'init3',
      mode: 'huge',
      args: seeded(wanted),
    }),
  ],
  // The same program where the kernel has switched transparent huge pages off, because there is less than 512M.
  [
    /^thp$/,
    (wanted) => ({
      generation: 'later',
      program: 'init3',
      mode: 'huge',
      args: [seeded(wanted), ...THP_ON].join(' '),
    }),
  ],
  // Huge pages are 4 MiB large without PAE.
  [
    /^thpmigr$/,
    (wanted) => ({
      ...{ generation: 'later', program: 'init5', mode: 'thpmigr', cma: '80M' },
      args: [
        seeded(wanted),
        ...THP_ON,
        ...(wanted.kernel.startsWith('i386-high') ? ['mmo.hps=4194304'] : []),
      ].join(' '),
    }),
  ],
  [
    /^advise$/,
    (wanted) => ({
      ...{ generation: 'later', program: 'init6', mode: 'advise', cma: '4M' },
      args: [
        seeded(wanted),
        ...THP_ON,
        ...(wanted.kernel.startsWith('i386-high') ? ['mmo.hps=4194304', 'highmem=96M'] : []),
      ].join(' '),
    }),
  ],
  [
    /^hugetlb$/,
    (wanted) => ({
      ...{ generation: 'later', program: 'init4', mode: 'hugetlb', cma: '4M' },
      // A part of a small machine is highmem, whose pages leave a pool last.
      args: `${seeded(wanted)}${wanted.kernel.startsWith('i386-high') ? ' highmem=96M' : ''}`,
    }),
  ],
];

/** `x86_64-slub-512M` -> kernel and RAM. Of a folder of many sizes (`x86_64-slub-sizes`) the recording's name has the RAM. */
export function machineOf(machine, name = '') {
  const kernel = Object.keys(KERNELS).find(
    (known) =>
      machine.startsWith(`${known}-`) && /^(\d+[MG]|sizes)$/.test(machine.slice(known.length + 1)),
  );
  if (kernel === undefined)
    throw new OracleError(
      `"${machine}" is not a machine; write KERNEL-RAM such as x86_64-slub-512M. ` +
        `Kernels: ${Object.keys(KERNELS).join(', ')}.`,
    );
  const size = machine.slice(kernel.length + 1);
  const ram = size === 'sizes' ? /-(\d+[MG])$/.exec(name)?.[1] : size;
  if (ram === undefined)
    throw new OracleError(`"${name}" does not say how much RAM; write for example static-128M.`);
  return { kernel, ram };
}

/** The guest that makes a recording of this name on this machine. */
export function guestOf(machine, name) {
  const [, family, operations, seed] = /^(.*?)(?:-n(\d+))?(?:-s(\d+))?$/.exec(name);
  const wanted = { ...machineOf(machine, name), operations, seed };
  for (const [pattern, special] of FAMILIES) {
    const match = pattern.exec(family);
    if (match === null) continue;
    return {
      ...{ kernel: wanted.kernel, ram: wanted.ram },
      ...{ generation: 'first', program: 'init', mode: 'run', args: 'slab_nomerge' },
      ...special(wanted, match[1]),
    };
  }
  throw new OracleError(
    `"${name}" is not a recording that can be made; write FAMILY[-nOPERATIONS][-sSEED] such as tour-s1. ` +
      `Families: ${GENERATED} bad static usr cmausr-touchPAGES oom idle-20s-clocks-running ` +
      'ftrace-userland ftrace-of-steal slabbad migr press usr2 huge thp thpmigr hugetlb advise.',
  );
}
