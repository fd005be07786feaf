import assert from 'node:assert/strict';
import { describedMachine, readMachine } from '../../src/scenario/syntax/machine.js';
import { readScript } from '../../src/scenario/syntax/parse.js';
import { diagnosticLines } from './marked.js';

/** The machine as one line, then findings. */
function check(text: string, expected: string, findings: readonly string[] = []): void {
  const { machine, diagnostics } = readMachine(readScript(text).pragmas);
  const line =
    machine.kind === 'machine'
      ? `${machine.profile} ram=${machine.ramBytes / 2 ** 20}M cma=${machine.cmaBytes / 2 ** 20}M cpus=${machine.cpus}`
      : `${machine.kind} ${machine.path}`;
  assert.equal(line, expected, text);
  assert.deepEqual(diagnosticLines(text, diagnostics), findings, text);
}

const standard = 'x86_64-slub ram=1024M cma=16M cpus=1';

describe('#pragma mmscope', () => {
  it('picks the kernel build that fits', () => {
    check('int x;', standard);
    check(
      '// lesson\n#pragma mmscope machine arch=i386 ram=512M slab=slub cma=8M cpus=1\n',
      'i386-highmem4g-slub ram=512M cma=8M cpus=1',
    );
    check('#pragma mmscope machine arch=i386-pae', 'i386-pae-slab ram=1024M cma=16M cpus=1');
    check('#pragma mmscope machine slab=slab', 'x86_64-slab ram=1024M cma=16M cpus=1');
    check('#pragma mmscope machine cpus=4', 'x86_64-slub-smp ram=1024M cma=16M cpus=4');
    check(
      '#pragma mmscope machine profile=i386-pae-slab ram=0x4000000',
      'i386-pae-slab ram=64M cma=16M cpus=1',
    );
    check('#pragma mmscope machine ram=32M', 'x86_64-slub ram=32M cma=8M cpus=1');
    check('#pragma mmscope machine cma=0', 'x86_64-slub ram=1024M cma=0M cpus=1');
  });

  it('takes an encoding of compound pages', () => {
    const encodingOf = (text: string): string | undefined => {
      const { machine, diagnostics } = readMachine(readScript(text).pragmas);
      assert.deepEqual(diagnostics, []);
      return machine.kind === 'machine' ? machine.compound : undefined;
    };
    assert.equal(encodingOf('int x;'), 'compound-head');
    assert.equal(encodingOf('#pragma mmscope machine compound=head-tail'), 'head-tail');
    assert.equal(
      encodingOf('#pragma mmscope machine arch=i386-pae compound=compound-reclaim'),
      'compound-reclaim',
    );
  });

  it('opens files', () => {
    check('#pragma mmscope core "dumps/vm core"', 'core dumps/vm core');
    check('  # pragma mmscope state "a\\\\b.gz" // why', 'state a\\b.gz');
  });

  it('describes a machine in a file by the name of the file', () => {
    const described = (path: string): string => {
      const machine = describedMachine({ kind: 'core', path });
      return machine === undefined
        ? 'unknown'
        : `${machine.arch} ${machine.profile} ram=${machine.ramBytes / 2 ** 20}M cma=${machine.cmaBytes}`;
    };
    assert.equal(
      described('a/x86_64-slub-smp-192M/before.vmcore.gz'),
      'x86_64 x86_64-slub-smp ram=192M cma=0',
    );
    assert.equal(described('i386-pae-slab-2G.gz'), 'i386-pae i386-pae-slab ram=2048M cma=0');
    assert.equal(described('x86_64-slab.gz'), 'x86_64 x86_64-slab ram=1024M cma=0');
    assert.equal(described('dumps/vmcore'), 'unknown');
  });

  it('leaves other pragmas alone', () => check('#pragma once\n#pragma GCC x', standard));

  it('says what is wrong, and where', () => {
    check('#pragma mmscope machine arhc=i386 ram=1T', standard, [
      "1:25 `arhc` bad-pragma: unknown key 'arhc' (did you mean 'arch'?) [Change to 'arch']",
      "1:39 `1T` bad-pragma: '1T' is not a size: write 512M, 4G, ...",
    ]);
    check(
      '#pragma mmscope machine ram=8M cpus cpus=2 cpus=3',
      'x86_64-slub-smp ram=1024M cma=16M cpus=3',
      [
        '1:29 `8M` bad-pragma: ram=8M is out of range: use 16M to 64G',
        "1:32 `cpus` bad-pragma: 'cpus' needs a value",
        "1:44 `cpus` bad-pragma: 'cpus' is given twice",
      ],
    );
    check('#pragma mmscope machine seed=1', standard, [
      "1:25 `seed` bad-pragma: unknown key 'seed'; the keys are arch, profile, ram, slab, cma, cpus, compound, bus, cmdline",
    ]);
    check('#pragma mmscope machine slab=slob arch=i368', standard, [
      "1:30 `slob` bad-pragma: 'slob' is not a value of slab: use one of slub, slab [Change to 'slub']",
      "1:40 `i368` bad-pragma: 'i368' is not a value of arch: use one of i386, i386-pae, x86_64 [Change to 'i386']",
    ]);
    check(
      '#pragma mmscope machine arch=i386 slab=slab',
      'i386-highmem4g-slub ram=1024M cma=16M cpus=1',
      [
        '1:40 `slab` bad-pragma: no bundled kernel is built for arch=i386 slab=slab; there are i386-highmem4g-slub, i386-pae-slab, x86_64-slub, x86_64-slab, x86_64-slub-smp',
      ],
    );
    check(
      '#pragma mmscope machine arch=i386 ram=8G',
      'i386-highmem4g-slub ram=8192M cma=16M cpus=1',
      ['1:39 `8G` bad-pragma: i386 without PAE addresses at most 4G: use arch=i386-pae'],
    );
    check('#pragma mmscope machine ram=64M cma=48M', 'x86_64-slub ram=64M cma=48M cpus=1', [
      '1:37 `48M` bad-pragma: the CMA area can take at most half of the memory',
    ]);
    check('#pragma mmscope machine compound=compound-reclaim', standard, [
      '1:34 `compound-reclaim` bad-pragma: only 32-bit kernels had compound-reclaim: use arch=i386',
    ]);
    check('#pragma mmscope machine compound=head_tail', standard, [
      "1:34 `head_tail` bad-pragma: 'head_tail' is not a value of compound: use one of compound-head, head-tail, compound-reclaim [Change to 'head-tail']",
    ]);
    check('#pragma mmscope cores "x"', standard, [
      "1:17 `cores` bad-pragma: expected machine, core or state after '#pragma mmscope' (did you mean 'core'?) [Change to 'core']",
    ]);
    check('#pragma mmscope core dumps/x', standard, [
      '1:21 ` dumps/x` bad-pragma: write #pragma mmscope core "path/to/file"',
    ]);
    check('#pragma mmscope machine\n#pragma mmscope core "x"', standard, [
      '2:17 `core "x"` bad-pragma: a scenario can have only one machine, and this is the second',
    ]);
  });
});
