/** Addresses in a session: hovers, `where`, `walk`, page tables as variables, bits that can be set and watched. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { AddressBody } from '../../src/engine/view/address.js';
import { Drive, lineOf, onScenario } from './drive.js';
import { build, withAdapter } from './session.js';

const CORE = path.resolve('examples/data/i386-highmem4g-slub-256M.vmcore.gz');

const onCore = (test: (drive: Drive) => Promise<void>): Promise<void> =>
  withAdapter(async (client) => {
    const drive = new Drive(client, '');
    await drive.launch({ core: CORE }, { stopOnEntry: true });
    await test(drive);
  });

const address = async (drive: Drive, args: object): Promise<AddressBody> =>
  drive.client.body('mmscope/address', { frameId: (await drive.top()).id, ...args });

describe('addresses in a session', function () {
  before(build);

  it('a real machine: each kind with translation and verdict', () =>
    onCore(async (drive) => {
      for (const [args, kind, pattern] of [
        [{ expression: '0xc1801080' }, 'logical', /slab: kmem\\_cache: 32 objects/],
        [{ expression: '0xcc7f1000' }, 'vmalloc', /vmalloc\\_to\\_page\(\) gives page 0xbfe0/],
        [{ expression: '0x08048000' }, 'user', /mapped by init \(pid 1\)/],
        [{ expression: '0x0bfe0000', meant: 'physical' }, 'physical', /highmem/],
        [{ expression: 'c1332640' }, 'kernelImage', /<init_task>/],
        [{ expression: '0xbfe0', meant: 'pfn' }, 'pfn', /HighMem/],
        [{ expression: '0xcc7f1000', use: '__pa' }, 'vmalloc', /✗ `__pa\(0xcc7f1000\)`/],
        [
          { expression: 'page_to_pfn(pfn_to_page(0x9000))' },
          'pfn',
          /free\\_list\\\[MIGRATE\\_MOVABLE/,
        ],
        [{ expression: 'page_to_phys(pfn_to_page(0x9000))' }, 'physical', /0xc9000000/],
        [{ expression: 'pfn_to_page(0x9000)' }, 'structPage', /position 28/],
      ] as const) {
        const { report, markdown } = await address(drive, args);
        assert.equal(report.kind, kind, args.expression);
        assert.match(markdown, pattern, args.expression);
      }
      const failed = await drive.client.failure('mmscope/address', { expression: 'nobody' });
      assert.equal(failed.short, 'cannotEvaluate');
    }));

  it('where(x) and walk(x) in watches and in the console', () =>
    onCore(async (drive) => {
      const hash = await drive.hash();
      const where = await drive.evaluate('where(0x9000)');
      assert.match(where.result, /^pfn 0x9000: free block of order 10/);
      const facts = await drive.variables(where.variablesReference);
      assert.match(facts.find(({ name }) => name === 'list')?.value ?? '', /position 28$/);
      for (const same of ['where(pfn_to_page(0x9000))', 'where(0xc9000000)'])
        assert.equal((await drive.evaluate(same, 'repl')).result, where.result);
      const object = await drive.evaluate('where(0xc1801084)');
      const object1 = (await drive.variables(object.variablesReference)).find(
        ({ name }) => name === 'object',
      );
      assert.match(object1?.value ?? '', /^1 at 0xc1801080, 4 bytes into it/);
      const walk = await drive.evaluate('walk(0x08048000)');
      assert.match(walk.result, /^init \(pid 1\): physical 0xffc0000/);
      const steps = await drive.variables(walk.variablesReference);
      assert.deepEqual(
        steps.map(({ name }) => name),
        ['PGD[0x20]', 'PTE[0x48]', 'leads to'],
      );
      assert.match(
        (await drive.evaluate('where(0xccc00000)')).result,
        /^vmalloc area: none, a gap of /,
      );
      await assert.rejects(drive.evaluate('where(0x70000000)'), /No page is mapped/);
      assert.equal(await drive.hash(), hash);
      const { targets } = await drive.client.body<{ targets: { label: string }[] }>('completions', {
        text: 'whe',
        column: 4,
      });
      assert.ok(targets.some(({ label }) => label === 'where'));
    }));

  it('a page says where it is, and its state once', () =>
    onCore(async (drive) => {
      const { result, variablesReference } = await drive.evaluate('pfn_to_page(0x9000)', 'hover');
      assert.equal(result.split('free block of order 10').length, 2, result);
      const members = await drive.variables(variablesReference);
      const address = members.find(({ name }) => name === '[address]');
      assert.match(address?.value ?? '', /mapped at 0xc9000000$/);
      const where = members.find(({ name }) => name === 'where');
      assert.match(where?.value ?? '', /^list: zone Normal free_area\[10\]/);
      const value = await drive.evaluate('0xc9000000', 'hover');
      const [part] = await drive.variables(value.variablesReference);
      assert.ok(part);
      assert.equal(part.value.split('free block of order 10').length, 2, part.value);
      const facts = await drive.variables(part.variablesReference);
      assert.ok(
        facts.some(({ name }) => name === 'walk'),
        facts.map(({ name }) => name).join(),
      );
    }));

  it('page tables: spaces, ranges, entries and bits that can be set', () =>
    onCore(async (drive) => {
      const tables = await drive.find('Machine', 'page tables');
      assert.equal(tables.value, '2 address spaces');
      const [kernel, init] = await drive.variables(tables.variablesReference);
      assert.match(init?.value ?? '', /^cr3 at physical 0x1911000, 2-level, loaded$/);
      assert.equal(kernel?.name, 'kernel');
      const top = await drive.variables(kernel.variablesReference);
      assert.ok(
        top.some(({ name }) => /^\[0x306\.\.0x32e\]/.test(name)),
        top.map(({ name }) => name).join(),
      );
      const user = await drive.variables(init?.variablesReference ?? 0);
      const entry = user.find(({ name }) => name === '[0x20] 0x08000000');
      assert.match(entry?.value ?? '', /^0x1917067 P RW US A D → table 0x1917000$/);
      const bits = await drive.variables(entry?.variablesReference ?? 0);
      assert.equal(bits.find(({ name }) => name === 'A')?.value, '1');
      const answer = await drive.client.body<{ value: string }>('setVariable', {
        variablesReference: entry?.variablesReference,
        name: 'P',
        value: '0',
      });
      assert.equal(answer.value, '0');
      const walk = await drive.evaluate('walk(0x08048000)');
      assert.match(walk.result, /no page: PGD\[0x20\] is not present/);
    }));

  it('a data breakpoint on the A bit of an entry', () =>
    onScenario('tables.mms', async (drive) => {
      const kernel = await drive.find('Machine', 'page tables', 'kernel');
      const top = await drive.variables(kernel.variablesReference);
      const run = top.find(({ name }) => name.startsWith('[0x306'));
      assert.ok(run, top.map(({ name }) => name).join());
      const inRun = run.name.includes('..')
        ? (await drive.variables(run.variablesReference)).find(({ name }) =>
            name.startsWith('[0x306]'),
          )
        : run;
      const info = await drive.client.body<{ dataId: string; description: string }>(
        'dataBreakpointInfo',
        {
          name: 'A',
          variablesReference: inRun?.variablesReference,
        },
      );
      assert.equal(info.description, 'A of PGD[0x306] of 0xc1800000');
      const [breakpoint] = await drive.setData([{ dataId: info.dataId }]);
      assert.equal(breakpoint?.verified, true);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'data breakpoint');
      // Behind the statement that wrote it.
      assert.equal(await drive.line(), lineOf(drive.program, 'cleared') + 1);
      await drive.go('continue');
      assert.equal(await drive.line(), lineOf(drive.program, 'set') + 1);
      assert.equal((await drive.finish()).exitCode, 0);
    }));
});
