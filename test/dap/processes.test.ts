/** Processes under Machine: of a dump that describes itself, and of a core of a bundled kernel. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { Drive, lineOf, onScenario, scenario } from './drive.js';
import { build, withAdapter } from './session.js';

const DUMP = path.resolve('test/dumps/data/debian12-amd64-256M.kdump');
const CORE = path.resolve('test/golden/data/user/x86_64-slub-192M/before.vmcore.gz');

const PROG = ['Machine', 'Processes', 'prog (pid 94)'] as const;

describe('processes', function () {
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

const SCENARIO = 'processes.mms';
const at = (marker: string, file = SCENARIO): number => lineOf(scenario(file), marker);

/** Where a session stops that stops at what a condition selects: the scenario's line, the kernel function, the sentence. */
async function stopsOf(
  drive: Drive,
  condition: string,
  motion: 'continue' | 'reverseContinue' = 'continue',
): Promise<{ line: number; fn: string; text: string }[]> {
  await drive.client.body('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [{ filterId: 'inside', condition }],
  });
  const stops: { line: number; fn: string; text: string }[] = [];
  for (;;) {
    const { reason, text = '' } = await drive.go(motion);
    if (reason !== 'breakpoint') return stops;
    const frames = await drive.frames();
    const own = frames.find(({ source }) => source?.path?.endsWith('.mms') === true);
    stops.push({ line: own?.line ?? 0, fn: frames[0]?.name ?? '', text });
  }
}

describe('a process of a scenario', function () {
  before(build);

  it('has pages of files, which tell which, and where in it: in a batch, on a list, not mapped any more', () =>
    onScenario('file-pages.mms', async (drive) => {
      const markers = ['in a batch', 'on a list', 'not mapped'];
      await drive.setLines(markers.map((marker) => ({ line: at(marker, 'file-pages.mms') })));
      const told: string[] = [];
      const facts: string[][] = [];
      for (const marker of markers) {
        await drive.go('continue');
        const { result, variablesReference } = await drive.evaluate('where(page)', 'repl');
        told.push(result.replace(/^pfn 0x[0-9a-f]+: /, ''));
        const all = await drive.variables(variablesReference);
        facts.push(
          all.filter(({ name }) => ['file', 'rmap'].includes(name)).map(({ value }) => value),
        );
        assert.equal(await drive.line(), at(marker, 'file-pages.mms'));
      }
      const file = '/memfd:notes (deleted), index 1';
      assert.deepEqual(told, [
        `page cache, 4 references; ${file}; mapped by init (pid 1)`,
        `page cache, 3 references; ${file}; mapped by init (pid 1)`,
        `page cache, 2 references; ${file}`,
      ]);
      const rmap = /^init \(pid 1\) at 0x[0-9a-f]+, \/memfd:notes \(deleted\)$/;
      assert.equal(facts[0]?.[0], file);
      assert.match(facts[0][1] ?? '', rmap);
      assert.deepEqual(facts[2], [file]);
    }));

  it('hovers say first what an address is known as: a file, an object, an area', () =>
    onScenario('file-pages.mms', async (drive) => {
      await drive.setLines([{ line: at('on a list', 'file-pages.mms') }]);
      await drive.go('continue');
      const begins = async (expression: string): Promise<string> => {
        const { variablesReference } = await drive.evaluate(expression, 'hover');
        const all = await drive.variables(variablesReference);
        const { value = '' } = all.find(({ name }) => name === '[address]') ?? {};
        return value.replaceAll(/0x[0-9a-f]+/g, 'X').split(', physical')[0] ?? '';
      };
      const file = '/memfd:notes (deleted), index 1';
      assert.equal(await begins('file + PAGE_SIZE'), `${file}; user virtual address`);
      assert.equal(await begins('page'), `${file}; address of a struct page`);
      assert.match(
        await begins('object'),
        /^object \d+ of kmalloc-128, at X, allocated; kernel logical address$/,
      );
      assert.equal(
        await begins('area'),
        'vmalloc area: vmalloc, X–X, 1 page, requested by main; vmalloc address',
      );
    }));

  it('stops at faults, copies on write and pins, forward and back', () =>
    onScenario(
      SCENARIO,
      async (drive) => {
        const condition = 'page_fault || cow_break || cow_reuse || page_pinned || page_unpinned';
        const there = await stopsOf(drive, condition);
        assert.deepEqual(
          there.map(({ line, fn }) => [line, fn]),
          [
            [at('anonymous'), 'do_anonymous_page'],
            [at('pin'), 'try_grab_page'],
            [at('second'), 'do_anonymous_page'],
            [at('copy'), 'do_wp_page'],
            [at('copy'), 'wp_page_copy'],
            [at('reuse'), 'do_wp_page'],
            [at('reuse'), 'wp_page_reuse'],
            [at('unpin'), 'gup_put_folio'],
          ],
        );
        const texts = there.map(({ text }) => text.replaceAll(/0x[0-9a-f]+/g, 'X'));
        assert.equal(texts[0], 'page fault (anonymous, write) at X of pid 1');
        assert.equal(texts[1], 'pin: pfn X by pid 1; until now 0 pins, 2 references');
        assert.equal(texts[3], 'page fault (anonymous, protection, write) at X of pid 100');
        assert.equal(
          texts[4],
          'copy on write: pid 100 gets a page of its own at X, a copy of pfn X',
        );
        assert.equal(texts[6], 'reuse: pfn X becomes writable for pid 1 at X, nobody else has it');
        assert.deepEqual((await stopsOf(drive, condition, 'reverseContinue')).reverse(), there);
      },
      { stopAtEnd: true },
    ));

  it('has its tasks, areas and pages under Machine, and the account of what it pinned', () =>
    onScenario(SCENARIO, async (drive) => {
      await drive.client.body('setBreakpoints', {
        source: { path: drive.program },
        breakpoints: [{ line: at('wait') }],
      });
      await drive.go('continue');
      const tree = await drive.find('Machine', 'Processes');
      assert.equal(tree.value, '2 tasks, 2 with memory of their own');
      assert.deepEqual(
        (await drive.variables(tree.variablesReference)).map(({ name }) => name),
        ['init (pid 1)', 'init (pid 100)'],
      );
      const maps = await drive.evaluate('proc("self/maps")', 'repl');
      assert.match(
        maps.result,
        /^[0-9a-f]+-[0-9a-f]+ rw-p 00000000 00:00 0 \n[0-9a-f]+-[0-9a-f]+ rw-p 00000000 00:00 0 +\[stack\]$/,
      );
      const status = await drive.evaluate('proc("100/status")', 'repl');
      assert.match(status.result, /^Name:\tinit\n.*^Pid:\t100\n.*^VmRSS:\t +12 kB\n/ms);

      const where = await drive.evaluate('where(pages[0])', 'repl');
      const facts = (await drive.variables(where.variablesReference)).map(
        ({ name, value }) => `${name}: ${value}`,
      );
      const line = (name: string): RegExpExecArray | undefined =>
        facts.map((fact) => new RegExp(name).exec(fact)).find((found) => found !== null) ??
        undefined;
      assert.ok(line('^account: _refcount 1027 = 1 \\+ 1 \\+ 1024 \\+ 1$'), facts.join('\n'));
      const pin = `pinned at line ${at('pin')} by pin_user_pages\\(\\) in task main, at time (\\d+)`;
      const time = line(pin)?.[1];
      assert.ok(time !== undefined, facts.join('\n'));
      const get = `a reference taken at line ${at('get')} by get_page\\(\\) in task main, at time`;
      assert.ok(line(get), facts.join('\n'));
      // A pinned page is copied at fork(): the child has another one.
      assert.ok(line('^rmap: init \\(pid 1\\) at 0x[0-9a-f]+, anonymous memory$'));
      assert.ok(line('^rmap 2: init \\(pid 100\\) .*; not mapped there now$'));
      const pins = await drive.find('Machine', 'Pinned pages');
      assert.equal(pins.value, '1 pin (1 acquired, 0 released)');
      const [page] = await drive.variables(pins.variablesReference);
      assert.equal(page?.value, 'pinned once, _refcount 1027 = 1 + 1 + 1024 + 1');

      // The time leads back to the statement that has just pinned it.
      await drive.client.send('mmscope/goToTime', { time: Number(time) });
      await drive.stopped();
      const frames = await drive.frames();
      const own = frames.find(({ source }) => source?.path?.endsWith('.mms') === true);
      assert.ok(own?.line === at('pin') || own?.line === at('get'), `line ${own?.line}`);
    }));

  it('stops where pages migrate, and where they cannot', () =>
    onScenario(
      'migration.mms',
      async (drive) => {
        const condition = 'page_migrated || migration_failed';
        await drive.client.body('setBreakpoints', {
          source: { path: drive.program },
          breakpoints: [{ line: at('moved', 'migration.mms') }],
        });
        await drive.go('continue');
        const [moved, stays, ...more] = await stopsOf(drive, condition);
        assert.equal(moved?.line, at('moved', 'migration.mms'));
        assert.match(moved.text, /^migrated: pfn 0x[0-9a-f]+ -> pfn 0x[0-9a-f]+$/);
        assert.equal(stays?.line, at('stays', 'migration.mms'));
        assert.match(
          stays.text,
          /^not migrated: pfn 0x[0-9a-f]+ has \d+ references, more than mappings$/,
        );
        assert.ok(more.every(({ text }) => text.startsWith('not migrated: ')));
      },
      { stopAtEnd: true },
    ));

  it('stops where huge pages are split, by entry and whole, and collapsed, forward and back', () =>
    onScenario(
      'huge.mms',
      async (drive) => {
        const line = (marker: string): number => at(marker, 'huge.mms');
        const condition = 'huge_entry_split || huge_page_split || collapse';
        const there = await stopsOf(drive, condition);
        assert.deepEqual(
          there.map(({ line, fn }) => [line, fn]),
          [
            [line('entry'), '__split_huge_pmd_locked'],
            [line('page'), 'split_huge_page_to_list'],
            [line('held'), 'split_huge_page_to_list'],
            [line('collapse'), 'collapse_huge_page'],
          ],
        );
        const texts = there.map(({ text }) => text.replaceAll(/pfn 0x[0-9a-f]+/g, 'pfn X'));
        assert.deepEqual(texts, [
          'split: the entry of huge page pfn X at 0x0000000040000000 becomes a table',
          'split: huge page pfn X has 513 references, 512 of mappings',
          // One too many: it stays whole.
          'split: huge page pfn X has 3 references, 1 of mappings',
          'collapse: pid 1 gets one huge page at 0x0000000040000000',
        ]);
        const told = (drive.client.takeEvents('output') as Dap.OutputEvent[])
          .map(({ body }) => body.output.trim().replaceAll(/huge page 0x[0-9a-f]+/g, 'huge page X'))
          .filter((output) => output.includes('huge page X'));
        assert.deepEqual(told, [
          'the entry of huge page X at 0x0000000040000000 became a table',
          'huge page X was split into small pages',
          'the small pages at 0x0000000040000000 became huge page X',
        ]);
        assert.deepEqual((await stopsOf(drive, condition, 'reverseContinue')).reverse(), there);

        // Conditions look at the facts of each.
        await drive.setFunctions([
          { name: 'huge-page-split', condition: 'references > mappings + 1' },
          { name: 'collapse', condition: 'address != (unsigned long)buf' },
          { name: 'huge-entry-split', condition: '!zero && mappings == 1 && !freeze' },
        ]);
        await drive.client.body('setExceptionBreakpoints', { filters: [] });
        const lines: number[] = [];
        for (;;) {
          const { reason } = await drive.go('continue');
          if (reason !== 'function breakpoint') break;
          const own = (await drive.frames()).find(
            ({ source }) => source?.path?.endsWith('.mms') === true,
          );
          lines.push(own?.line ?? 0);
        }
        assert.deepEqual(lines, [line('entry'), line('held')]);
      },
      { stopAtEnd: true },
    ));
});
