/**
 * Traces of user programs that have nothing beside them, neither a core nor the program's acts: the program is done again from its
 * family and seed, on a machine that is made of the trace's first dumps, and each result, event, table and list is the kernel's.
 *
 * `MMSCOPE_RECORDINGS` adds those of another folder.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { replayFile } from '../../src/cli/replay/replay.js';
import { FOLDERS } from '../recordings.js';

const FOLDER = 'test/golden/data/plain';
const [, ELSEWHERE] = FOLDERS;
/** Where in the other folder all is performed; what is missing of the others, docs/fidelity.md says. */
const OTHERS = [
  'i386-highmem4g-slub-1G/usr',
  'i386-highmem4g-slub-2G/usr',
  'i386-pae-slab-1536M/usr',
  'i386-pae-slab-5G/usr',
  'x86_64-slub-512M/usr',
  'x86_64-slub-6G/usr',
  'i386-highmem4g-slub-1G/cmausr-touch180000',
  'i386-pae-slab-1536M/cmausr-touch100000',
  'x86_64-slub-512M/cmausr-touch100000',
  'i386-highmem4g-slub-1G/usr2-s1',
  'i386-pae-slab-1536M/usr2-s1',
  'i386-pae-slab-128M/migr-s1',
  'x86_64-slab-128M/migr-s1',
  'x86_64-slub-128M/migr-s1',
  'i386-highmem4g-slub-256M/huge-s1',
  'i386-pae-slab-256M/huge-s1',
  'x86_64-slab-256M/huge-s1',
  'x86_64-slub-256M/huge-s1',
  'x86_64-slub-smp-256M/huge-s1',
];

/** By family, how many operations are compared at least. */
const OPERATIONS: Readonly<Record<string, number>> = {
  cmausr: 42,
  usr: 142,
  usr2: 200,
  migr: 47,
  huge: 131,
  thp: 124,
};

function* files(): Generator<string> {
  for (const machine of readdirSync(FOLDER))
    for (const name of readdirSync(path.join(FOLDER, machine)))
      // What a trace of usr starts from.
      if (!name.startsWith('idle')) yield path.join(FOLDER, machine, name);
  for (const name of OTHERS) {
    const file = path.join(ELSEWHERE ?? '', `${name}.trace.gz`);
    if (ELSEWHERE !== undefined && existsSync(file)) yield file;
  }
}

describe('a trace of a user program without a core', () => {
  for (const file of files()) {
    const name = file.split('/').slice(-2).join('/');
    it(`${name} is done again`, function () {
      const { verdict } = replayFile(file);
      assert.equal(verdict.first, undefined);
      assert.equal(verdict.differ + verdict.stateDiffer, 0);
      assert.equal(verdict.unsupported, 0, verdict.notes.join('\n'));
      const [family = ''] = path.basename(file).split(/[-.]/);
      assert.ok(verdict.ops >= (OPERATIONS[family] ?? Infinity), `${verdict.ops} operations`);
    });
  }
});
