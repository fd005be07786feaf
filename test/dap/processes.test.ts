/** Processes under Machine: of a dump that describes itself, and of a core of a bundled kernel. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { Drive } from './drive.js';
import { build, withAdapter } from './session.js';

const DUMP = path.resolve('test/dumps/data/debian12-amd64-256M.kdump');
const CORE = path.resolve('test/golden/data/user/x86_64-slub-192M/before.vmcore.gz');

const PROG = ['Machine', 'Processes', 'prog (pid 94)'] as const;

describe('processes', function () {
  this.timeout(120_000);
  before(build);

  it('of a dump: numbers, areas with names, pages, tables, files of /proc', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ core: DUMP }, { stopOnEntry: true });
      const numbers = await drive.find(...PROG, 'numbers');
      assert.equal(numbers.value, 'rss 1, total_vm 2849, pinned_vm 0 pages');
      const areas = await drive.find(...PROG, 'areas');
      assert.equal(areas.value, '19 areas');
      const all = await drive.variables(areas.variablesReference);
      assert.deepEqual(
        [all[0]?.value, all[6]?.value, all[7]?.value, all.at(-1)?.value],
        [
          'r--p /bin/prog, 1 page',
          'rw-p [heap], 34 pages',
          'rw-p /anon_hugepage (deleted), 1024 pages',
          'r-xp [vdso], 2 pages',
        ],
      );
      const huge = all.find(({ value }) => value.startsWith('rw-p /anon_hugepage'));
      const flags = await drive.find(...PROG, 'areas', huge?.name ?? '', 'vm_flags');
      assert.match(flags.value, /^VM_READ \| VM_WRITE \| .*VM_HUGETLB/);
      const pages = await drive.find(...PROG, 'areas', huge?.name ?? '', 'pages');
      assert.equal(pages.value, '1024 of 1024 have an entry');
      assert.equal(pages.indexedVariables, 2);
      const [first] = await drive.variables(pages.variablesReference);
      assert.match(first?.value ?? '', /^0x00007f2622e00000: huge page of 2 MiB, pfn 0x/);
      const maps = await drive.find(...PROG, '/proc', 'maps', '7');
      assert.match(maps.value, /^300f5000-30117000 rw-p .* \[heap\]$/);
      const tables = await drive.find(...PROG, 'page tables');
      assert.match(tables.value, /^pgd at physical 0x[0-9a-f]+, 4-level$/);
      assert.ok((await drive.variables(tables.variablesReference)).length > 2);
    }));

  it('of a core of a bundled kernel', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ core: CORE }, { stopOnEntry: true });
      const tree = await drive.find('Machine', 'Processes');
      const tasks = await drive.variables(tree.variablesReference);
      const init = tasks.find(({ name }) => name.endsWith('(pid 1)'));
      assert.ok(init !== undefined, tasks.map(({ name }) => name).join());
      const areas = await drive.find('Machine', 'Processes', init.name, 'areas');
      const lines = await drive.variables(areas.variablesReference);
      assert.ok(lines.some(({ value }) => value.includes('[stack]')));
      const text = await drive.evaluate('proc("1/maps")', 'repl');
      assert.match(text.result, /\[stack\]/);
    }));
});
