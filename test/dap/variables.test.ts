/** Trees of typed values, paging, references that die, expressions, memory, completions. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const BLOCKS = scenario('blocks.mms');

const toLock = async (drive: Drive): Promise<void> => {
  await drive.setLines([{ line: lineOf(BLOCKS, 'lock') }]);
  await drive.go('continue');
};

describe('variables', function () {
  before(build);

  it('scopes: locals, the machine, globals, the CPU', () =>
    onScenario('blocks.mms', async (drive) => {
      const scopes = await drive.scopes();
      assert.deepEqual(
        scopes.map(({ name, presentationHint }) => [name, presentationHint]),
        [
          ['Locals', 'locals'],
          ['Machine', undefined],
          ['Globals', undefined],
          ['CPU', 'registers'],
        ],
      );
    }));

  it('a struct page opens to flags, counts and where it is', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLock(drive);
      const page = await drive.find('Locals', 'page');
      assert.equal(page.type, 'struct page *');
      assert.match(
        page.value,
        /^0xffffea[0-9a-f]+ pfn 0x[0-9a-f]+: allocated page of zone DMA32, 1 reference$/,
      );
      assert.equal(page.memoryReference, /^0x[0-9a-f]+/.exec(page.value)?.[0]);
      const members = await drive.variables(page.variablesReference);
      const names = members.map(({ name }) => name);
      for (const name of [
        'flags',
        '_refcount',
        '_mapcount',
        'lru',
        'zone',
        'migratetype',
        'struct page',
      ])
        assert.ok(names.includes(name), name);
      assert.equal(new Set(names).size, names.length);
      assert.equal(members.find(({ name }) => name === 'flags')?.evaluateName, 'page->flags');
      const locked = await drive.find('Locals', 'page', 'flags', 'PG_locked');
      assert.deepEqual([locked.value, locked.variablesReference], ['0', 0]);
      const head = await drive.find('Locals', 'block', 'compound');
      assert.equal(head.value, 'head, order 3');
    }));

  it('evaluateName denotes what the tree shows, at every level', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLock(drive);
      const frameId = (await drive.top()).id;
      let checked = 0;
      const visit = async (reference: number, depth: number): Promise<void> => {
        const variables = await drive.variables(reference, { start: 0, count: 3 });
        for (const variable of variables.slice(0, 12)) {
          if (variable.evaluateName !== undefined) {
            const body = await drive.evaluate(variable.evaluateName, 'watch', frameId);
            assert.equal(body.result, variable.value, variable.evaluateName);
            assert.equal(body.type, variable.type, variable.evaluateName);
            const hover = await drive.evaluate(variable.evaluateName, 'hover', frameId);
            assert.deepEqual([hover.result, hover.type], [body.result, body.type]);
            checked++;
          }
          if (depth > 0 && variable.variablesReference > 0)
            await visit(variable.variablesReference, depth - 1);
        }
      };
      for (const scope of await drive.scopes())
        await visit(scope.variablesReference, scope.name === 'Globals' ? 1 : 3);
      assert.ok(checked > 300, `${checked} names`);
    }));

  it('free lists are lists of pages in list order', () =>
    onScenario('blocks.mms', async (drive) => {
      const area = await drive.find('Machine', 'zone DMA32', 'free_area[10]');
      const count = Number(/^(\d+) free block/.exec(area.value)?.[1]);
      const lists = await drive.variables(area.variablesReference);
      const sum = lists
        .filter(({ name }) => name.startsWith('free_list['))
        .reduce((total, { indexedVariables = 0 }) => total + indexedVariables, 0);
      assert.equal(sum, count);
      const cma = lists.find(({ name }) => name === 'free_list[MIGRATE_CMA]');
      assert.ok(cma && (cma.indexedVariables ?? 0) >= 2, JSON.stringify(lists, undefined, 1));
      const [first, second] = await drive.variables(cma.variablesReference, {
        filter: 'indexed',
        start: 0,
        count: 2,
      });
      assert.match(first?.value ?? '', /free block of order 10 \(1024 pages\).*MIGRATE_CMA/);
      // The list's order is the kernel's: the first page's lru leads to the second.
      const next = await drive.evaluate(`${first?.evaluateName ?? ''}.lru.next`);
      const offset = await drive.evaluate(`&${second?.evaluateName ?? ''}.lru`);
      assert.equal(next.memoryReference, offset.memoryReference);
    }));

  it('mem_map is paged: any part of it, and no more than asked for', () =>
    onScenario('blocks.mms', async (drive) => {
      const map = await drive.find('Machine', 'mem_map');
      assert.ok((map.indexedVariables ?? 0) >= 16000);
      const part = await drive.variables(map.variablesReference, {
        filter: 'indexed',
        start: 0x1000,
        count: 100,
      });
      assert.equal(part.length, 100);
      assert.deepEqual([part[0]?.name, part[99]?.name], ['[4096]', '[4195]']);
      assert.deepEqual(await drive.variables(map.variablesReference, { filter: 'named' }), []);
      const beyond = await drive.variables(map.variablesReference, {
        filter: 'indexed',
        start: map.indexedVariables ?? 0,
        count: 10,
      });
      assert.deepEqual(beyond, []);
      const all = await drive.variables(map.variablesReference);
      assert.ok(all.length <= 5000);
    }));

  it('references die when the machine moves, also backward', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.go('next');
      const [scope] = await drive.scopes();
      const frame = await drive.top();
      await drive.go('stepBack');
      const gone = await drive.client.failure('variables', {
        variablesReference: scope?.variablesReference,
      });
      assert.equal(gone.short, 'staleReference');
      assert.equal(
        (await drive.client.failure('scopes', { frameId: frame.id })).short,
        'noSuchFrame',
      );
      assert.equal(
        (await drive.client.failure('stackTrace', { threadId: 99 })).short,
        'noSuchThread',
      );
    }));

  it('locals of kernel functions have their C types', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'rmqueue' }]);
      await drive.go('continue');
      const locals = await drive.variables((await drive.find('Locals', 'zone')).parent);
      const types = new Map(locals.map(({ name, type }) => [name, type]));
      assert.equal(types.get('zone'), 'struct zone *');
      assert.equal(types.get('order'), 'unsigned int');
      assert.equal(types.get('migratetype'), 'enum migratetype');
      const zone = await drive.find('Locals', 'zone', 'name');
      assert.match(zone.value, /"DMA32"$/);
      assert.equal(await drive.value('zone->zone_pgdat->node_id'), '0');
      // Outer frames have theirs, those of the script included.
      const frames = await drive.frames();
      const outer = frames.findIndex(({ name }) => name === '__alloc_pages');
      const scopes = await drive.scopes(outer);
      const names = (await drive.variables(scopes[0]?.variablesReference ?? 0)).map((v) => v.name);
      assert.ok(names.includes('gfp') && names.includes('order'), names.join(' '));
      assert.equal((await drive.evaluate('order', 'watch', frames[outer]?.id)).result, '3');
      const script = frames.findIndex(({ name }) => name === 'take');
      assert.equal((await drive.evaluate('order', 'watch', frames[script]?.id)).result, '3');
      assert.equal((await drive.evaluate('counter', 'watch', frames.at(-1)?.id)).result, '0');
    }));

  it('masks show the names of their bits, in scenarios and in kernel functions', () =>
    onScenario('masks.mms', async (drive) => {
      await drive.go('next');
      const gfp = await drive.find('Locals', 'gfp');
      assert.deepEqual([gfp.value, gfp.type], ['0x40cc0 (GFP_KERNEL|__GFP_COMP)', 'gfp_t']);
      // What is edited is what is shown: the number, the names, or something else altogether.
      for (const [value, expected] of [
        ['0x40cc0 (GFP_KERNEL|__GFP_COMP)', '0x40cc0 (GFP_KERNEL|__GFP_COMP)'],
        ['0x40cc0 (GFP_NOWAIT | __GFP_COMP)', '0x40800 (GFP_NOWAIT|__GFP_COMP)'],
        ['0x0 (GFP_NOWAIT|__GFP_COMP)', '0x0'],
        ['GFP_KERNEL', '0xcc0 (GFP_KERNEL)'],
        ['gfp | __GFP_COMP', '0x40cc0 (GFP_KERNEL|__GFP_COMP)'],
      ] as const) {
        const name = 'gfp';
        const args = { variablesReference: gfp.parent, name, value };
        const set = await drive.client.body<Dap.SetVariableResponse['body']>('setVariable', args);
        assert.equal(set.value, expected, value);
      }
      const { value } = await drive.client.body<Dap.SetExpressionResponse['body']>(
        'setExpression',
        { expression: 'gfp', value: '0x40cc0 (GFP_KERNEL|__GFP_COMP|__GFP_NOWARN)' },
      );
      assert.equal(value, '0x42cc0 (GFP_KERNEL|__GFP_NOWARN|__GFP_COMP)');
      assert.equal(
        (await drive.variables(gfp.parent, { format: { hex: true } }))[0]?.value,
        '0x42cc0',
      );

      await drive.setFunctions([{ name: 'rmqueue_buddy' }, { name: '__free_one_page' }]);
      await drive.go('continue');
      const local = async (name: string): Promise<string> =>
        (await drive.find('Locals', name)).value;
      assert.equal(await local('alloc_flags'), '0x801 (ALLOC_WMARK_LOW|ALLOC_KSWAPD)');
      assert.equal(await drive.value('alloc_flags'), await local('alloc_flags'));
      assert.equal(await local('migratetype'), 'MIGRATE_UNMOVABLE');
      const frames = await drive.frames();
      const outer = frames.find((frame) => frame.name === '__alloc_pages');
      const mask = await drive.evaluate('gfp', 'watch', outer?.id);
      assert.equal(mask.result, '0x42cc0 (GFP_KERNEL|__GFP_NOWARN|__GFP_COMP)');
      await drive.go('continue');
      assert.equal(await local('fpi_flags'), '0x0 (FPI_NONE)');
    }));

  it('the stack comes in parts when asked for', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'expand' }]);
      await drive.go('continue');
      const all = await drive.frames();
      const part = (startFrame: number, levels: number): Promise<Dap.StackTraceResponse['body']> =>
        drive.client.body('stackTrace', { threadId: 1, startFrame, levels });
      const one = await part(0, 1);
      assert.deepEqual([one.stackFrames, one.totalFrames], [all.slice(0, 1), all.length]);
      assert.deepEqual((await part(1, 2)).stackFrames, all.slice(1, 3));
      assert.deepEqual((await part(100, 2)).stackFrames, []);
    }));

  it('hex on request', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLock(drive);
      const [locals] = await drive.scopes();
      const hex = await drive.variables(locals?.variablesReference ?? 0, { format: { hex: true } });
      assert.equal(hex.find(({ name }) => name === 'counter')?.value, '0x1');
    }));

  it('expressions: watch, hover with translation, nothing changed', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLock(drive);
      const hash = await drive.hash();
      const cases: readonly [string, RegExp][] = [
        ['page_to_pfn(page)', /^0x[0-9a-f]+$/],
        ['page->flags & (1UL << PG_locked)', /^0$/],
        ['sizeof(struct page)', /^64$/],
        ['contig_page_data.node_zones[1].name', /"DMA32"$/],
        ['(unsigned char)300', /^44$/],
        ['block == page ? 1 : 2', /^2$/],
      ];
      for (const [expression, expected] of cases)
        assert.match((await drive.evaluate(expression)).result, expected);
      /** What a hover adds to the value, apart from it. */
      const addition = async (expression: string, name = '[address]'): Promise<string> => {
        const hover = await drive.evaluate(expression, 'hover');
        const watch = await drive.evaluate(expression);
        assert.deepEqual([hover.result, hover.type], [watch.result, watch.type]);
        const children =
          hover.variablesReference === 0 ? [] : await drive.variables(hover.variablesReference);
        return children.find((child) => child.name === name)?.value ?? '';
      };
      assert.match(
        await addition('page'),
        /^address of a struct page, physical 0x[0-9a-f]+000, mapped at 0xffff8880[0-9a-f]{8}$/,
      );
      assert.match(
        await addition('page_address(page)'),
        /^kernel logical address, physical 0x[0-9a-f]+, pfn 0x[0-9a-f]+, page 0xffffea/,
      );
      assert.match(
        await addition('0xffffffff81aef0c0'),
        /^kernel image address, <contig_page_data>, physical 0x[0-9a-f]+, pfn/,
      );
      assert.match(await addition('page_to_phys(page)'), /^physical address, pfn 0x/);
      assert.match(await addition('page_to_pfn(page)', '[page]'), /^pfn 0x[0-9a-f]+: allocated/);
      // A plain number is not an address.
      for (const plain of ['counter', '6144', 'contig_page_data.nr_zones', '0xcc0'])
        assert.deepEqual([await addition(plain), await addition(plain, '[page]')], ['', ''], plain);
      const frameId = (await drive.top()).id;
      for (const expression of ['counter = 5', 'alloc_page(GFP_KERNEL)', '1 +', 'nobody'])
        assert.equal(
          (await drive.client.failure('evaluate', { expression, frameId, context: 'watch' })).short,
          'cannotEvaluate',
        );
      assert.equal(await drive.hash(), hash);
    }));

  it('memory by reference: what is there, and how much is not', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLock(drive);
      const { memoryReference = '' } = await drive.evaluate('page');
      const read = (args: object): Promise<Dap.ReadMemoryResponse['body']> =>
        drive.client.body('readMemory', { memoryReference, ...args });
      const whole = await read({ count: 64 });
      const bytes = Buffer.from(whole?.data ?? '', 'base64');
      assert.deepEqual([whole?.address, bytes.length], [memoryReference, 64]);
      assert.equal(bytes.readInt32LE(0x34), 1);
      const later = await read({ offset: 0x34, count: 4 });
      assert.equal(Buffer.from(later?.data ?? '', 'base64').readInt32LE(0), 1);
      assert.deepEqual(await read({ memoryReference: '0x1000', count: 16 }), {
        address: '0x0000000000001000',
        unreadableBytes: 16,
      });
      const phys = await read({ memoryReference: 'phys:0x1000', count: 16 });
      assert.equal(Buffer.from(phys?.data ?? '', 'base64').length, 16);
      const end = await read({ memoryReference: 'phys:0x3ffffffff8', count: 64 });
      assert.equal(end?.unreadableBytes, 64);
      assert.deepEqual((await read({ count: 0 }))?.data, undefined);
      assert.equal(
        (await drive.client.failure('readMemory', { memoryReference: 'here', count: 1 })).short,
        'badAddress',
      );
    }));

  it('completions: names in view, members, the kernel', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLock(drive);
      const frameId = (await drive.top()).id;
      const complete = async (text: string): Promise<Dap.CompletionItem[]> => {
        const body = await drive.client.body<Dap.CompletionsResponse['body']>('completions', {
          text,
          column: text.length + 1,
          frameId,
        });
        return body.targets;
      };
      const labels = async (text: string): Promise<string[]> =>
        (await complete(text)).map(({ label }) => label);
      assert.deepEqual(await labels('page->_ref'), ['_refcount']);
      assert.ok((await labels('page->lru.')).includes('next'));
      assert.ok((await labels('cou')).includes('counter'));
      assert.ok((await labels('alloc_pa')).includes('alloc_pages'));
      assert.ok(
        (await labels('1 + contig_page_data.node_zones[0].wat')).includes('watermark_boost'),
      );
      assert.ok((await labels('MIGRATE_')).includes('MIGRATE_CMA'));
      const [member] = await complete('page->_ref');
      assert.deepEqual([member?.type, member?.length, member?.detail], ['field', 4, 'atomic_t']);
      // Columns count from 1 here: behind `page->`.
      assert.equal(member?.start, 7);
      assert.deepEqual(await labels('(struct pagl'), []);
      assert.ok((await labels('sizeof(struct pa')).includes('page'));
      assert.ok((await labels('(enum migr')).includes('migratetype'));
      assert.deepEqual(await labels('pr_info("cou'), []);
      assert.ok((await labels('pr_info("%d", cou')).includes('counter'));
      assert.deepEqual(await labels('zzzz'), []);
    }));
});
