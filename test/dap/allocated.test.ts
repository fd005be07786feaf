/** Who has allocated an object, a page, an area: from the account of the calls, wherever it is shown. */
import assert from 'node:assert/strict';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const FILE = scenario('allocated.mms');
const by = (marker: string, fn: string): string => `at line ${lineOf(FILE, marker)} by ${fn}()`;

const goTo = async (drive: Drive, marker: string): Promise<void> => {
  await drive.setLines([{ line: lineOf(FILE, marker) }]);
  await drive.go('continue');
};

const where = async (drive: Drive, expression: string): Promise<string> =>
  (await drive.evaluate(`where(${expression})`)).result;

describe('who has allocated it', function () {
  before(build);

  it('where(): objects, large ones, areas, pages, in tasks, from the console', () =>
    onScenario('allocated.mms', async (drive) => {
      await goTo(drive, 'here');
      for (const [expression, text] of [
        ['object', by('object', 'kmem_cache_alloc')],
        ['object + 199', by('object', 'kmem_cache_alloc')],
        ['bytes', by('kmalloc', 'kmalloc')],
        ['large + 5000', by('large', 'kmalloc')],
        ['page + 3', by('pages', 'alloc_pages')],
        ['other', `${by('in a task', 'alloc_page')} in task second`],
      ] as const)
        assert.ok(
          (await where(drive, expression)).endsWith(`; allocated ${text}`),
          `${expression}: ${await where(drive, expression)}`,
        );
      assert.ok(
        (await where(drive, 'area + 4096')).includes(`allocated ${by('vmalloc', 'vmalloc')}`),
      );
      const said = await drive.evaluate('kmalloc(64, GFP_KERNEL)', 'repl');
      assert.match(await where(drive, said.result), /; allocated in the debug console$/);
      assert.doesNotMatch(await where(drive, 'pfn_to_page(0x100)'), /allocated (?:at|in)/);
    }));

  it('freed ones say who freed them, or nothing; and it is true at every time', () =>
    onScenario('allocated.mms', async (drive) => {
      await goTo(drive, 'end');
      const facts = async (expression: string): Promise<Record<string, string>> => {
        const { variablesReference } = await drive.evaluate(`where(${expression})`);
        const all = await drive.variables(variablesReference);
        return Object.fromEntries(all.map(({ name, value }) => [name, value]));
      };
      const gone = await facts('other');
      assert.equal(gone['allocated'], `${by('in a task', 'alloc_page')} in task second`);
      assert.equal(gone['freed'], by('frees', '__free_page'));
      assert.doesNotMatch(await where(drive, 'bytes'), /allocated at/);
      await drive.setLines([{ line: lineOf(FILE, 'here') }]);
      await drive.go('reverseContinue');
      assert.equal((await facts('other'))['freed'], undefined);
      assert.match(await where(drive, 'bytes'), /; allocated at line/);
    }));

  it('the tree of caches, the areas, and hovers', () =>
    onScenario('allocated.mms', async (drive) => {
      await goTo(drive, 'here');
      const cache = await drive.find('Machine', 'Caches', 'mine');
      const rows = await drive.variables(cache.variablesReference);
      assert.equal(
        rows.find(({ name }) => name === 'created')?.value,
        by('cache', 'kmem_cache_create'),
      );
      const cpu =
        rows.find(({ name }) => /^CPU 0/.test(name)) ??
        rows.find(({ value }) => value === '1 slab');
      const [slab] = await drive.variables(cpu?.variablesReference ?? 0);
      const objects = await drive.variables(slab?.variablesReference ?? 0, { filter: 'indexed' });
      assert.match(
        objects.find(({ value }) => value.includes('used'))?.value ?? '',
        new RegExp(
          `: used; allocated ${by('object', 'kmem_cache_alloc').replace(/[()]/g, '\\$&')}$`,
        ),
      );
      const areas = await drive.find('Machine', 'Virtual areas');
      const pieces = await drive.variables(areas.variablesReference, { filter: 'indexed' });
      const told: string[] = [];
      for (const { variablesReference } of pieces)
        if (variablesReference > 0)
          for (const { name, value } of await drive.variables(variablesReference))
            if (name === 'allocated') told.push(value);
      assert.deepEqual(told, [by('vmalloc', 'vmalloc')]);
      const hover = await drive.evaluate('bytes', 'hover');
      const parts = await drive.variables(hover.variablesReference);
      const address = parts.find(({ name }) => name === '[address]');
      const inside = await drive.variables(address?.variablesReference ?? 0);
      assert.equal(
        inside.find(({ name }) => name === 'allocated')?.value,
        by('kmalloc', 'kmalloc'),
      );
    }));
});
