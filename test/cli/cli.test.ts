/** The command line as its users meet it: modes, exit codes, what goes where. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { reportSentence } from '../../src/engine/image/reportText.js';
import { scratchFolder } from '../scratch.js';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where scripts/run.mjs puts what it bundles. */
const BUNDLE = 'build/run/src/cli/main.mjs';

function mmscope(...args: string[]): Outcome {
  const done = spawnSync(process.execPath, [BUNDLE, ...args], { encoding: 'utf8' });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const PCP0 = 'test/golden/data/x86_64-slub-192M/pcp0-n300-s31.trace.gz';
const STATE = 'examples/data/i386-highmem4g-slub-1G.trace.gz';
const scratch = scratchFolder();
const file = (name: string, text: string): string => {
  const at = path.join(scratch, name);
  writeFileSync(at, text, 'latin1');
  return at;
};

describe('mmscope', function () {
  before(() => void spawnSync(process.execPath, ['scripts/run.mjs', 'src/cli/main.ts']));

  for (const args of [
    [],
    ['no-such-mode'],
    ['replay'],
    ['replay', '--events'],
    ['info'],
    ['info', STATE, STATE],
    ['info', STATE, '--proc', 'version'],
    ['info', '--proc', 'buddyinfo'],
  ])
    it(`${['mmscope', ...args].join(' ')}: usage, exit code 2`, () => {
      const { code, out, err } = mmscope(...args);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err, /^usage:\n {2}mmscope /m);
    });

  it('replay prints a line a trace and ends with 0 when all agree', () => {
    const { code, out } = mmscope('replay', PCP0, STATE);
    assert.equal(code, 0);
    assert.deepEqual(out.trimEnd().split('\n'), [
      'x86_64-slub-192M/pcp0-n300-s31.trace.gz: ops 379, differ 0, state-differ 0, unsupported 0',
      'data/i386-highmem4g-slub-1G.trace.gz: ops 1, differ 0, state-differ 0, unsupported 0',
    ]);
  });

  it('replay names what it cannot read, goes on, and ends with 2', () => {
    const { code, out, err } = mmscope('replay', file('cut.trace', '%zones\nnode'), STATE);
    assert.equal(code, 2);
    assert.match(err, /^\S+\/cut\.trace: line 2: %zones of line 1 has no %end$/m);
    assert.match(out, /^data\/i386-highmem4g-slub-1G.trace.gz: ops 1, /);
  });

  it('replay ends with 1 where something was not judged', () => {
    const trace = file('vm.trace', 'mode run\nvm 1 4096 -> f7c00000\n');
    const { code, out } = mmscope('replay', trace);
    assert.equal(code, 1);
    assert.match(
      out,
      /vm\.trace: ops 0, differ 0, state-differ 0, unsupported 1\n {2}unsupported: vm 1\n$/,
    );
  });

  it('run prints what the scenario logs', () => {
    const script = file(
      'good.mms',
      `#pragma mmscope state "${path.resolve(STATE)}"
struct page *page = alloc_page(GFP_KERNEL);
pr_info("pfn %#lx\\n", page_to_pfn(page));
expect(page_to_pfn(page) == 0x194d);
`,
    );
    assert.deepEqual(mmscope('run', script), {
      code: 0,
      out: 'pfn 0x194d\n1 expect held; 1 page not given back: allocated at line 2 by alloc_page()\n',
      err: '',
    });
  });

  it('run names a failed expect and a deadlock, and ends with 1', () => {
    const script = file(
      'bad.mms',
      `#pragma mmscope machine arch=i386 ram=64M
struct page *page = alloc_page(GFP_KERNEL);
  expect(page == NULL);
lock_page(page);
lock_page(page);
`,
    );
    const { code, out, err } = mmscope('run', script);
    assert.equal(code, 1);
    assert.equal(
      out,
      '1 expect failed; 1 page not given back: allocated at line 2 by alloc_page()\n',
    );
    const [expectation, deadlock, wait] = err.split('\n');
    const failed = `${script}:3:3: failed: expect(page == NULL): page is 0x`;
    assert.equal(expectation?.slice(0, failed.length), failed);
    assert.equal(deadlock, `${script}: deadlock: no task can run`);
    assert.match(
      wait ?? '',
      /^ {2}main waits for the lock of page 0x[0-9a-f]+, which it holds itself$/,
    );
  });

  it('run shows errors as compilers do, all of them, and ends with 1', () => {
    const script = file('errors.mms', 'int a = ;\n\tstruct page *p = alloc_pag(GFP_KERNEL);\n');
    const { code, out, err } = mmscope('run', script);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.deepEqual(err.trimEnd().split('\n'), [
      `${script}:1:9: error: expected an expression, not ';'`,
      '    1 | int a = ;',
      '      |         ^',
      `${script}:2:19: error: neither the scenario nor the kernel has a function 'alloc_pag' (did you mean 'alloc_page'?)`,
      '    2 | \tstruct page *p = alloc_pag(GFP_KERNEL);',
      '      | \t                 ^~~~~~~~~',
    ]);
  });

  it('run names the place of a fault, also in an included file, and the calls that led there', () => {
    const header = file('deep.h', 'void touch(struct page *p)\n{\n\tp->flags = 1;\n}\n');
    const script = file(
      'fault.mms',
      '#pragma mmscope machine arch=x86_64 ram=32M\n#include "deep.h"\nvoid f(void) { touch(NULL); }\nf();\n',
    );
    const { code, out, err } = mmscope('run', script);
    assert.equal(code, 1);
    const text = 'BUG: kernel NULL pointer dereference, address: 0000000000000000';
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd()),
      [
        text,
        '#PF: supervisor write access in kernel mode',
        '#PF: error_code(0x0002) - not-present page',
        'PGD 0 P4D 0',
      ],
    );
    assert.deepEqual(err.trimEnd().split('\n'), [
      `${header}:3:2: task main died: ${text}`,
      '  because PGD[0x0] is not present',
      `  in touch() at ${header}:3:2`,
      `  in f() at ${script}:3:16`,
      `  in main at ${script}:4:1`,
    ]);
  });

  it('run puts the parts of a line together', () => {
    const script = file(
      'parts.mms',
      '#pragma mmscope machine arch=x86_64 ram=32M\npr_info("a:"); pr_cont(" 1"); pr_cont(" 2\\n"); pr_info("b"); pr_info("c");\n',
    );
    assert.deepEqual(mmscope('run', script), { code: 0, out: 'a: 1 2\nb\nc\n', err: '' });
  });

  it('run judges the pragma before it opens the machine, and says where a machine is asked for that cannot be', () => {
    const wrong = file('wrong.mms', '#pragma mmscope machine arch=i386 cpus=2\n');
    const judged = mmscope('run', wrong);
    assert.equal(judged.code, 1);
    assert.match(
      judged.err,
      /wrong\.mms:1:40: error: no bundled kernel is built for arch=i386 cpus=2/,
    );
    const small = file('small.mms', '#pragma mmscope machine arch=x86_64 ram=16M\n');
    const opened = mmscope('run', small);
    assert.equal(opened.code, 2);
    assert.match(opened.err, /small\.mms:1:17: error: The machine has too little memory to boot/);
  });

  it('a report or a file of /proc is told as what it is, whatever it is given to', () => {
    const texts = {
      'a report from a kernel':
        'insmod: page allocation failure: order:5, mode:0x40cc0(GFP_KERNEL)',
      "a kernel's log": '[  481.220000] CMA: reserved 64 MiB',
      'a copy of /proc/buddyinfo':
        'Node 0, zone      DMA      1      0      0      1      2      1      1',
      'a copy of /proc/zoneinfo': 'Node 0, zone      DMA',
      'a copy of /proc/meminfo': 'MemTotal:         987654 kB',
    };
    for (const [what, text] of Object.entries(texts))
      assert.ok(reportSentence(text)?.startsWith(`this is ${what}`), text);
    // A scenario may quote one.
    assert.equal(reportSentence('// BUG: Bad page state in process init'), undefined);
    const path = file('fed.txt', `${texts['a report from a kernel']}\nMem-Info:\n`);
    for (const form of ['core', 'state']) {
      const { err } = mmscope('run', file('fed.mms', `#pragma mmscope ${form} "fed.txt"\n`));
      assert.match(err, /this is a report .*: `mmscope explain` reads it\./, form);
    }
    for (const command of ['info', 'run', 'replay']) {
      const { code, err } = mmscope(command, path);
      assert.notEqual(code, 0);
      assert.match(
        err,
        /this is a report .*: `mmscope explain` reads it\. Here a memory dump .* a scenario/,
      );
    }
  });

  it('run of a scenario whose machine is not there: a sentence, exit code 2', () => {
    const script = file('lost.mms', '#pragma mmscope core "none.vmcore"\n');
    const { code, err } = mmscope('run', script);
    assert.equal(code, 2);
    assert.match(err, /none\.vmcore: there is no such file/);
  });

  it('run examples/deadlock.mms: every expect holds, and at the end each task waits for the other', () => {
    const { code, out, err } = mmscope('run', 'examples/deadlock.mms');
    assert.equal(code, 1);
    assert.match(out, /^[0-9]+ expects held/);
    assert.match(
      err,
      /^examples\/deadlock\.mms: deadlock: no task can run\n {2}main waits for the lock of page (0x[0-9a-f]+), which other holds\n {2}other waits for the lock of page (?!\1)0x[0-9a-f]+, which main holds\n {2}cycle: main waits for other, other for main\n$/,
    );
  });

  const ends = (name: string): boolean => name.endsWith('.mms') && name !== 'deadlock.mms';
  for (const example of readdirSync('examples').filter(ends))
    it(`run examples/${example}: every expect holds`, () => {
      const { code, err } = mmscope('run', `examples/${example}`);
      assert.equal(err, '');
      assert.equal(code, 0);
    });

  it('dap speaks the protocol on stdin and stdout, and ends with its input', () => {
    const request =
      '{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"mmscope"}}';
    const done = spawnSync(process.execPath, [BUNDLE, 'dap'], {
      encoding: 'utf8',
      input: `Content-Length: ${request.length}\r\n\r\n${request}`,
    });
    assert.equal(done.status, 0);
    const body = /^Content-Length: \d+\r\n\r\n(.*)Content-Length: /.exec(done.stdout)?.[1] ?? '';
    const { seq, type, request_seq, success } = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([seq, type, request_seq, success], [1, 'response', 1, true]);
  });

  it('dap --port of what is not a port: a sentence, exit code 2', () => {
    assert.deepEqual(mmscope('dap', '--port', 'abc'), {
      code: 2,
      out: '',
      err: "mmscope dap: 'abc' is not a port: write a number up to 65535\n",
    });
  });

  it('dap --port of a port that is taken: a sentence, exit code 2', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      assert.deepEqual(mmscope('dap', '--port', `${port}`), {
        code: 2,
        out: '',
        err: `mmscope: cannot listen on port ${port}: another program uses it\n`,
      });
    } finally {
      server.close();
    }
  });

  it('bench measures the groups that are named, each in a process of its own', () => {
    const { code, out } = mmscope('bench', 'where', 'boot', '--json');
    assert.equal(code, 0);
    const rows = JSON.parse(out) as { name: string; value: number; unit: string }[];
    assert.deepEqual(
      rows.map(({ unit }) => unit),
      [...Array<string>(5).fill('ms'), 'ms', 'MB', 'ms', 'MB'],
    );
    assert.match(mmscope('bench', 'pages', 'page').err, /'page' is not one of pages, objects, /);
  });

  it('info shows the zones of a recorded state', () => {
    const { code, out } = mmscope('info', STATE);
    assert.equal(code, 0);
    assert.match(out, /^kernel +Linux 6\.1\.192 i386-highmem4g-slub$/m);
    assert.match(out, /^ {2}HighMem +0x373fe +0x3ffe0 +35810 +35810 +35586 +0 +none$/m);
    assert.match(out, /^ {2}mem_map +f5800000 /m);
  });

  for (const name of ['buddyinfo', 'pagetypeinfo'])
    it(`info --proc ${name} prints what the kernel printed, byte for byte`, () => {
      const folder = 'test/golden/data/x86_64-slub-512M';
      const { code, out } = mmscope('info', `${folder}/idle-s1.trace.gz`, '--proc', name);
      assert.equal(code, 0);
      assert.equal(out, readFileSync(`${folder}/static.${name}.txt`, 'latin1'));
    });

  const unreadable: readonly (readonly [string, string, RegExp])[] = [
    ['that is not there', path.join(scratch, 'none'), /^mmscope: .*none: there is no such file$/],
    [
      'that is no trace',
      file('prose', 'Once upon a time\n'),
      /^mmscope: The trace does not contain a full state/,
    ],
    ['that is damaged', file('damaged.gz', '\x1f\x8b and no more'), /^mmscope: .*damaged gzip$/],
    ['that is empty', file('empty', ''), /^mmscope: The file is empty\.$/],
  ];
  for (const [what, name, message] of unreadable)
    it(`info of a file ${what}: a sentence, exit code 2`, () => {
      const { code, out, err } = mmscope('info', name);
      assert.equal(code, 2);
      assert.equal(out, '');
      assert.match(err.trimEnd(), message);
    });
});
