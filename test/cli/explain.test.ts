/** `mmscope explain` as its users meet it: files, the standard input, JSON, exit codes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchFolder } from '../scratch.js';

const BUNDLE = 'build/run/src/cli/main.mjs';
const CMA = 'test/data/reports/01-order10-atomic-cma.txt';
const scratch = scratchFolder();

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function explain(args: readonly string[], input = ''): Outcome {
  const done = spawnSync(process.execPath, [BUNDLE, 'explain', ...args], {
    encoding: 'utf8',
    input,
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe('mmscope explain', function () {
  before(() => void spawnSync(process.execPath, ['scripts/run.mjs', 'src/cli/main.ts']));

  it('tells the answer first, of a file and of the standard input', () => {
    const { code, out } = explain([CMA]);
    assert.equal(code, 0);
    assert.match(
      out.split('\n').slice(0, 2).join(' '),
      /all 56 free blocks of order 10 or above are CMA's/,
    );
    assert.equal(explain(['-'], readFileSync(CMA, 'utf8')).out, out.replaceAll(CMA, 'stdin'));
  });

  it('gives facts as JSON', () => {
    const { out } = explain([CMA, '--json']);
    const { findings } = JSON.parse(out) as {
      findings: { kind: string; facts: { cause: string }; kernel: { version: string } }[];
    };
    assert.deepEqual(
      findings.map(({ kind, facts, kernel }) => [kind, facts.cause, kernel.version]),
      [['page-allocation-failure', 'cma-blocks', '4.9.70']],
    );
  });

  it('decodes a mask alone by the kernel given, else by its own, and says which', () => {
    assert.match(explain(['-'], '0x2084020\n').out, /Linux 6\.1 .*text names none/s);
    const { out } = explain(['-', '--kernel', '4.9'], 'mode:0x2084020\n');
    assert.match(out, /Linux 4\.9: GFP_ATOMIC\|__GFP_COMP/);
  });

  it("writes a machine to step, which has the report's lists and refuses as it did", () => {
    for (const report of [
      'reports/05-order0-atomic-3.2-all-low',
      'reports/09-oom-order2-old-rule',
      'made-reports/android-cma-3.10',
      'made-reports/oom-2.6.18',
      'made-reports/pae-lowmem',
    ]) {
      const scenario = path.join(scratch, `${path.basename(report)}.mms`);
      const { err } = explain([`test/data/${report}.txt`, '--scenario', scenario]);
      assert.match(err, /wrote /);
      const done = spawnSync(process.execPath, [BUNDLE, 'run', scenario], { encoding: 'utf8' });
      assert.equal(done.status, 0, done.stdout + done.stderr);
      assert.match(done.stdout, /(?:23|13|14) expects held;/);
    }
    const none = explain([
      'test/data/reports/14-oops-reserved-bit.txt',
      '--scenario',
      path.join(scratch, 'no.mms'),
    ]);
    assert.match(none.err, /no report in it determines a machine/);
  });

  it('takes captures together: files of /proc, binary ones too', () => {
    const at = (name: string, content: string | Uint8Array): string => {
      const file = path.join(scratch, name);
      writeFileSync(file, content);
      return file;
    };
    const meminfo = at(
      'meminfo',
      'MemTotal: 1000000 kB\nMemFree: 806356 kB\nHugePages_Total: 10\nHugepagesize: 2048 kB\n',
    );
    const asked = at('asked', 'echo 20 > /proc/sys/vm/nr_hugepages\n');
    assert.match(explain([meminfo, asked]).out, /^10 of 20 huge pages/);
    const flags = at(
      'kpageflags',
      new Uint8Array(BigUint64Array.from([1n << 10n, 1n << 7n, 1n << 7n]).buffer),
    );
    const counts = at('kpagecount', new Uint8Array(BigUint64Array.from([0n, 0n, 0n]).buffer));
    assert.match(explain([counts, flags]).out, /slab +s +2 +8 kB +66\.7%/);
  });

  it('ends with 1 where nothing is found, with 2 where it is called wrongly or cannot read', () => {
    const nothing = explain(['-'], 'hello\n');
    assert.equal(nothing.code, 1);
    assert.match(nothing.err, /does not contain a report about memory management/);
    assert.equal(explain([]).code, 2);
    assert.equal(explain(['--nope']).code, 2);
    assert.equal(explain(['-', '--kernel', 'new']).code, 2);
    const missing = explain([path.join(scratch, 'missing')]);
    assert.equal(missing.code, 2);
    assert.match(missing.err, /missing: there is no such file/);
  });
});
