/** Values as they are written, named and set: numbers, names that hide one another, wholes, declarations. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { FrameBody } from '../../src/engine/view/map.js';
import { Drive, lineOf, onScenario, scenario } from './drive.js';
import { build, withAdapter } from './session.js';

const VALUES = scenario('values.mms');
const STATE = path.resolve('examples/data/i386-highmem4g-slub-1G.trace.gz');

const toMarker = async (drive: Drive, marker: string): Promise<void> => {
  await drive.setLines([{ line: lineOf(VALUES, marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
};

const locals = async (drive: Drive, format?: Dap.ValueFormat): Promise<Map<string, string>> => {
  const [scope] = await drive.scopes();
  const list = await drive.variables(scope?.variablesReference ?? 0, format && { format });
  return new Map(list.map(({ name, value }) => [name, value]));
};

const set = async (
  drive: Drive,
  expression: string,
  value: string,
): Promise<Dap.SetExpressionResponse['body']> =>
  drive.client.body('setExpression', { expression, value, frameId: (await drive.top()).id });

describe('values', function () {
  before(build);

  it('addresses, frames and masks in hexadecimal, counts in decimal', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'call');
      const values = await locals(drive);
      assert.match(values.get('va') ?? '', /^0xffff8880[0-9a-f]{8}$/);
      // By what it came from: neither its type nor its name says it.
      assert.match(values.get('where_it_is') ?? '', /^0x[0-9a-f]+000$/);
      assert.match(values.get('frame') ?? '', /^0x[0-9a-f]+$/);
      assert.deepEqual([values.get('count'), values.get('order')], ['6144', '7']);
      for (const [expression, pattern] of [
        ['page->flags', /^0x[0-9a-f]+ \(zone 1\)$/],
        ['page_to_pfn(page)', /^0x/],
        ['frame - page_to_pfn(page)', /^1$/],
        ['va & ~4095UL', /^0xffff8880/],
        ['contig_page_data.node_zones[1].zone_start_pfn', /^0x1000$/],
        ['contig_page_data.node_zones[1].present_pages', /^\d+$/],
        ['page->flags & (1UL << PG_locked)', /^0$/],
        ['sizeof(struct page)', /^64$/],
        ['(unsigned long)page', /^0xffffea/],
        ['-1L', /^-1$/],
      ] as const)
        assert.match(await drive.value(expression), pattern, expression);
    }));

  it('flags have names everywhere, which can be edited', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'call');
      const flags = await drive.find('Locals', 'page', 'flags');
      assert.match(flags.value, /\(zone 1\)$/);
      const written = flags.value.replace('(zone 1)', '(zone 1 | PG_locked | PG_dirty)');
      const locked = await set(drive, 'page->flags', written);
      assert.match(locked.value, /^0x[0-9a-f]+ \(zone 1 \| PG_locked \| PG_dirty\)$/);
      assert.equal(await drive.value('PageLocked(page) && PageDirty(page)'), '1');
      await set(drive, 'page->page_type', '0xffffff7f');
      assert.equal(await drive.value('page->page_type'), '0xffffff7f (~PG_buddy)');
      await set(drive, 'contig_page_data.node_zones[1].flags', '1 << ZONE_BOOSTED_WATERMARK');
      assert.equal(
        await drive.value('contig_page_data.node_zones[1].flags'),
        '0x1 (ZONE_BOOSTED_WATERMARK)',
      );
      const zone = await drive.find('Machine', 'zone DMA32', 'flags');
      assert.equal(zone.value, '0x1 (ZONE_BOOSTED_WATERMARK)');
    }));

  it('a toggle: all hexadecimal, all decimal, and back; a request that asks for hexadecimal gets it', () =>
    onScenario(
      'values.mms',
      async (drive) => {
        await toMarker(drive, 'call');
        assert.equal((await locals(drive)).get('count'), '0x1800');
        const frame = (await locals(drive)).get('frame') ?? '';
        drive.client.takeEvents('invalidated');
        const body = await drive.client.body('mmscope/numberFormat', { format: 'decimal' });
        assert.deepEqual(body, { format: 'decimal' });
        const told: Dap.InvalidatedEvent = await drive.client.waitForEvent('invalidated');
        assert.deepEqual(told.body.areas, ['variables', 'stacks']);
        const values = await locals(drive);
        assert.equal(values.get('count'), '6144');
        assert.equal(values.get('frame'), `${Number(frame)}`);
        assert.match(values.get('va') ?? '', /^1844\d{16}$/);
        assert.match(await drive.value('page->flags'), /^\d+ \(zone 1\)$/);
        assert.equal((await locals(drive, { hex: true })).get('count'), '0x1800');
        const refused = await drive.client.failure('mmscope/numberFormat', { format: 'octal' });
        assert.match(refused.sentence, /auto, hex, decimal/);
        await drive.client.send('mmscope/numberFormat', { format: 'auto' });
        assert.equal((await locals(drive)).get('count'), '6144');
        // What is edited is what is shown, whatever the format.
        await drive.client.send('mmscope/numberFormat', { format: 'hex' });
        assert.equal((await set(drive, 'count', '0x1801')).value, '0x1801');
      },
      { args: { numberFormat: 'hex' } },
    ));

  it('every digit that is typed is stored', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'call');
      const { parent } = await drive.find('Locals', 'count');
      for (const [before, typed, after] of [
        ['6144', '6154', '6154'],
        ['6144', '6144', '6144'],
        ['6144', '0x1234', '4660'],
        ['100', '200', '200'],
        ['10', '20', '20'],
        ['16', '0x16', '22'],
      ]) {
        await set(drive, 'count', before ?? '');
        assert.equal((await set(drive, 'count', typed ?? '')).value, after);
        await set(drive, 'count', before ?? '');
        const body = await drive.client.body<Dap.SetVariableResponse['body']>('setVariable', {
          variablesReference: parent,
          name: 'count',
          value: typed,
        });
        assert.equal(body.value, after, `${before} <- ${typed}`);
      }
    }));

  it('arrays, strings and structs are set as C initializes them', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'call');
      const hash = await drive.hash();
      for (const [expression, typed, expected] of [
        [
          'pair',
          '{ .first = 5, .second[1] = order, .name = "x" }',
          '{first = 5, second = {0, 7}, name = "x"}',
        ],
        // As it is shown, changed.
        [
          'pair',
          '{first = 6, second = {0, 8}, name = "y{,"}',
          '{first = 6, second = {0, 8}, name = "y{,"}',
        ],
        ['numbers', '{ 9, 8, [3] = 7 }', '{9, 8, 0, 7}'],
        ['numbers', '{1, 1, 1, 2}', '{1, 1, 1, 2}'],
        ['text', '"hello"', '"hello"'],
        ['pair.second', '{ -1, 0x10 }', '{-1, 16}'],
        [
          'page->lru',
          '{next = 0x0, prev = 0xffffffff81aef0c0 <contig_page_data>}',
          /^\{next = 0x0, prev = 0xffffffff81aef0c0/,
        ],
        ['page->_refcount', '{counter = 3}', '{counter = 3}'],
      ] as const) {
        const { value } = await set(drive, expression, typed);
        if (typeof expected === 'string') assert.equal(value, expected, typed);
        else assert.match(value, expected, typed);
        assert.equal(await drive.value(expression), value);
      }
      for (const [expression, typed] of [
        ['numbers', '{ 1, 2, 3, 4, 5 }'],
        ['pair', '7'],
        ['pair', '{ .nothing = 1 }'],
        ['text', '"much too long"'],
        ['pair', '{first = 1, second = {...}}'],
      ] as const) {
        const refused = await drive.client.failure('setExpression', {
          expression,
          value: typed,
          frameId: (await drive.top()).id,
        });
        assert.equal(refused.short, 'cannotAssign', typed);
      }
      for (let i = 0; i < 8; i++) await drive.go('stepBack');
      assert.equal(await drive.hash(), hash);
    }));

  it('a variable that another hides has an expression of its own, in every frame', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'twice');
      const hidden = await drive.find('Scenario', 'order');
      assert.deepEqual([hidden.evaluateName, hidden.value], ['main::order', '7']);
      await drive.setFunctions([{ name: 'prep_new_page' }]);
      await drive.go('continue');
      const page = await drive.find('Scenario', 'page');
      assert.equal(page.evaluateName, 'main::page');
      assert.equal((await drive.find('Scenario', 'count')).evaluateName, 'count');
      const own = await drive.find('Locals', 'page');
      assert.notEqual(own.value, page.value);
      for (const { id } of await drive.frames()) {
        const found = await drive.evaluate('main::page', 'watch', id);
        assert.deepEqual([found.result, found.type], [page.value, 'struct page *']);
        assert.equal(
          (await drive.evaluate('main::page->_refcount.counter', 'watch', id)).result,
          '1',
        );
        assert.equal(
          (await drive.evaluate('main::numbers[2] + main::pair.first', 'watch', id)).result,
          '4',
        );
      }
      const [flags] = await drive.variables(page.variablesReference);
      assert.match(await drive.value(flags?.evaluateName ?? ''), /\(zone 1\)$/);
      assert.equal((await set(drive, 'main::order', '9')).value, '9');
      await assert.rejects(drive.evaluate('main::nothing'), /no variable 'nothing'/);
    }));

  it('an edit or a call in a session without a scenario is undone by a step back', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ state: STATE });
      const start = await drive.hash();
      const none = await client.failure('stepBack', { threadId: 1 });
      assert.equal(none.short, 'notRunnable');
      await drive.evaluate('alloc_pages(GFP_KERNEL, 3)', 'repl');
      const called = await drive.hash();
      assert.notEqual(called, start);
      await set(drive, 'contig_page_data.node_zones[1].watermark_boost', '12');
      const edited = await drive.hash();
      await drive.go('stepBack');
      assert.equal(await drive.hash(), called);
      await drive.go('stepBack');
      assert.equal(await drive.hash(), start);
      // And made again.
      await drive.go('next');
      assert.equal(await drive.hash(), called);
      await drive.go('continue');
      assert.equal(await drive.hash(), edited);
      await drive.go('reverseContinue');
      assert.equal(await drive.hash(), start);
    }));

  it('walk() of a booted machine, also of addresses that nothing maps', () =>
    onScenario('values.mms', async (drive) => {
      for (const expression of ['walk(0)', 'walk(0x08048000)'])
        assert.match(await drive.value(expression), /^kernel: no page: /);
      await toMarker(drive, 'call');
      assert.match(await drive.value('walk(va)'), /^kernel: physical 0x/);
    }));

  it('locations: declarations of the scenario, of kernel functions, of structs', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'call');
      const locate = (reference: number | undefined): Promise<Dap.LocationsResponse['body']> =>
        drive.client.body('locations', { locationReference: reference ?? 0 });
      const page = await drive.find('Locals', 'page');
      const declared = await locate(page.declarationLocationReference);
      assert.equal(declared?.source.path, drive.program);
      assert.equal(declared.line, lineOf(VALUES, 'page'));
      const type = await locate(page.valueLocationReference);
      assert.equal(type?.source.name, 'struct page (pahole)');
      const lru = await drive.find('Locals', 'page', 'lru');
      const member = await locate(lru.declarationLocationReference);
      const { content } = await drive.client.body<Dap.SourceResponse['body']>('source', {
        sourceReference: member?.source.sourceReference ?? 0,
      });
      assert.match(
        content.split('\n')[(member?.line ?? 0) - 1] ?? '',
        /^\t+struct list_head +lru; +\/\* +8 +16 \*\/$/,
      );
      assert.match(content, /\/\* size: 64, cachelines: 1, members: \d \*\//);
      // A pointer to a function leads to it, and so does a name alone.
      const pointer = await drive.evaluate('(void (*)(void *))0xffffffff81236310');
      assert.match(pointer.result, /<radix_tree_node_ctor>$/);
      const ctor = await locate(pointer.valueLocationReference);
      assert.match(ctor?.source.name ?? '', /radix-tree\.c$|idr\.c$/);
      const named = await drive.evaluate('alloc_pages');
      assert.match(
        named.result,
        /^struct page \*alloc_pages\(gfp_t gfp_mask, unsigned int order\)/,
      );
      const declaration = await drive.evaluate('struct list_head', 'repl');
      assert.match(declaration.result, /^struct list_head \{\n\tstruct list_head \* +next; /);
      const list = await locate(declaration.valueLocationReference);
      assert.equal(list?.source.name, 'struct list_head (pahole)');
      await drive.setFunctions([{ name: 'prep_new_page' }]);
      await drive.go('continue');
      const order = await drive.find('Locals', 'order');
      const fn = await locate(order.declarationLocationReference);
      assert.match(fn?.source.name ?? '', /page_alloc\.c$/);
      await drive.go('stepIn');
      const stale = await drive.client.failure('locations', {
        locationReference: order.declarationLocationReference,
      });
      assert.equal(stale.short, 'staleReference');
    }));

  it('a page says what its use makes of its words: a tail has no mapping; a block that is split is nobody’s', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'free');
      const names = async (expression: string): Promise<string[]> => {
        const { variablesReference } = await drive.evaluate(expression);
        return (await drive.variables(variablesReference)).map(({ name }) => name);
      };
      const tail = await names('block + 1');
      assert.ok(tail.includes('compound_head') && tail.includes('compound_order'), tail.join());
      for (const name of ['mapping', 'lru', 'index', 'private'])
        assert.ok(!tail.includes(name), name);
      const pfn = Number(await drive.value('page_to_pfn(block + 2)'));
      const { fields } = await drive.client.body<FrameBody>('mmscope/frame', { pfn });
      assert.deepEqual(
        fields.map(({ name }) => name),
        ['flags', '_refcount', '_mapcount', 'compound_head'],
      );
      assert.match(fields[0]?.value ?? '', /\(zone 1\)$/);
      await drive.go('stepBack');
      await drive.setFunctions([{ name: 'expand' }]);
      await drive.go('continue');
      const page = await drive.find('Locals', 'page');
      assert.match(page.value, /page of zone DMA that the allocator holds: on no list/);
    }));

  it('a list that is cut says so, and can be cancelled', () =>
    onScenario('values.mms', async (drive) => {
      const map = await drive.find('Machine', 'mem_map');
      const all = await drive.variables(map.variablesReference);
      const last = all.at(-1);
      assert.equal(all.length, 1001);
      assert.deepEqual(
        [last?.name, last?.value],
        ['[1000...16351]', "15352 more: ask for them with 'start' 1000 and a 'count'"],
      );
      const many = await drive.variables(map.variablesReference, { start: 0, count: 3000 });
      assert.equal(many.length, 3000);
      const listing = drive.client.failure('variables', {
        variablesReference: map.variablesReference,
        start: 0,
        count: 16000,
      });
      await drive.client.send('cancel', { requestId: drive.client.lastSeq });
      assert.equal((await listing).short, 'cancelled');
    }));

  it('types and memory references are for clients that asked', () =>
    onScenario(
      'values.mms',
      async (drive) => {
        await toMarker(drive, 'call');
        const [scope] = await drive.scopes();
        for (const variable of await drive.variables(scope?.variablesReference ?? 0))
          assert.deepEqual([variable.type, variable.memoryReference], [undefined, undefined]);
        const page = await drive.evaluate('page');
        assert.deepEqual([page.type, page.memoryReference], [undefined, undefined]);
      },
      { client: { supportsVariableType: false, supportsMemoryReferences: false } },
    ));

  it('what a menu can do with a variable is said to VS Code', () =>
    onScenario(
      'values.mms',
      async (drive) => {
        await toMarker(drive, 'call');
        const menu = async (...names: string[]): Promise<unknown> =>
          ((await drive.find('Locals', ...names)) as { __vscodeVariableMenuContext?: string })
            .__vscodeVariableMenuContext;
        assert.equal(await menu('page'), 'mmscopePage');
        assert.equal(await menu('va'), 'mmscopeAddress');
        assert.equal(await menu('count'), undefined);
        assert.equal(await menu('page', 'lru'), undefined);
      },
      { client: { clientID: 'vscode' } },
    ));
});
