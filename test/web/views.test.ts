/**
 * The views of virtual memory, page walks, free lists and caches as they are drawn: what stands on the screen is what the adapter
 * said, and where it stands says the same. Real machines behind real answers; screenshots for the eye in build/screenshots.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { CachesBody, SlabsBody } from '../../src/engine/view/atlas/caches.js';
import type {
  FreeAreasBody,
  FreeBlocksBody,
  NewestAttemptBody,
} from '../../src/engine/view/atlas/freeAreas.js';
import type { WalkBody } from '../../src/engine/view/atlas/pageWalk.js';
import type { AliasesBody, PagesBody, VirtualBody } from '../../src/engine/view/atlas/virtual.js';
import { PAGE_BITS } from '../../src/engine/view/atlas/virtual.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import { launch, MapPage, noBrowser } from './mapPage.js';

const SCENARIO = path.join('test', 'web', 'scenarios', 'views.mms');
const SPLIT = path.join('examples', 'split-a-block.mms');
const WALK = path.join('examples', 'walk-an-address.mms');

const ask = <Body>(machine: AdapterMachine, name: string, args?: object): Promise<Body> =>
  machine.request(name, args) as Promise<Body>;

/** Steps over lines until the one that holds a text is next. */
async function stepTo(machine: AdapterMachine, file: string, text: string): Promise<void> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const wanted = lines.findIndex((line) => line.includes(text)) + 1;
  for (let i = 0; i < 80; i++) {
    const { stackFrames } = await ask<{ stackFrames: { line: number }[] }>(machine, 'stackTrace', {
      threadId: 1,
    });
    if (stackFrames[0]?.line === wanted) return;
    await machine.run('next');
  }
  assert.fail(`the line with ${text} is never next`);
}

type Data = Readonly<Record<string, string>>;

/** The elements that carry a mark, with all that they carry and where they are. */
const marked = (map: MapPage, name: string): Promise<readonly Marked[]> =>
  map.page.evaluate((mark) => {
    const nodes = document.querySelectorAll<SVGElement>(`.panel:not([hidden]) [data-${mark}]`);
    return Array.from(nodes, (node) => {
      const { x, y, width, height } = node.getBoundingClientRect();
      const data = Object.entries(node.dataset).map(([key, value]) => [key, value ?? ''] as const);
      return { data: Object.fromEntries(data), x, y, width, height, text: node.textContent };
    });
  }, name);

interface Marked {
  readonly data: Data;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly text: string;
}

const find = (all: readonly Marked[], name: string, value: string): Marked =>
  all.find(({ data }) => data[name] === value) ?? assert.fail(`no ${name} ${value}`);

/** Presses an element of a picture in its middle, whatever text lies over it. */
async function press(map: MapPage, selector: string, modifier?: 'Alt'): Promise<void> {
  const target = map.page.locator(selector).first();
  await target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await target.boundingBox()) ?? assert.fail(selector);
  if (modifier !== undefined) await map.page.keyboard.down(modifier);
  await map.page.mouse.click(x + width / 2, y + height / 2);
  if (modifier !== undefined) await map.page.keyboard.up(modifier);
  await map.settle();
}

/** What the page complains of. A screenshot hides the caret by a style of its own, which the page's policy refuses. */
const complaints = ({ complaints: all }: MapPage): readonly string[] =>
  all.filter((text) => !text.startsWith('Applying inline style'));

async function openView(map: MapPage, title: string): Promise<void> {
  await map.page.getByRole('tab', { name: title, exact: true }).click();
  await map.settle();
}

/** Walks an address through the view's own field. */
async function walkTo(map: MapPage, expression: string): Promise<void> {
  await map.page.getByRole('textbox', { name: 'Address or expression to walk' }).fill(expression);
  await map.page.keyboard.press('Enter');
  await map.settle();
}

describe('views of memory as they are drawn', function () {
  if (noBrowser !== undefined) {
    it.skip(`in a browser (${noBrowser})`);
    return;
  }
  let browser: Browser;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser.close();
  });

  describe('free areas', () => {
    let machine: AdapterMachine;
    let map: MapPage;
    before(async () => {
      machine = await scenarioMachine(SPLIT);
      map = await MapPage.open(browser, machine);
      await map.stopped();
      await openView(map, 'Free Areas');
    });
    after(() => map.page.close());
    const areas = (): Promise<FreeAreasBody> => ask(machine, 'mmscope/freeAreas');

    it('every number of the matrix is the list’s, a longer list has a longer bar', async () => {
      const { zones } = await areas();
      const cells = await marked(map, 'list');
      const bars = await marked(map, 'bar');
      let nrCells = 0;
      for (const { index, orders } of zones)
        for (const { order, counts } of orders)
          counts.forEach((count, type) => {
            const cell = cells.find(({ data }) => data['list'] === `${index}/${order}/${type}`);
            // Types that no zone has blocks of have no row.
            if (cell === undefined) {
              assert.equal(count, 0);
              return;
            }
            nrCells++;
            assert.equal(Number(cell.data['count']), count);
          });
      assert.ok(nrCells > 60);
      const sized = bars.map((bar) => ({
        count: Number(find(cells, 'list', bar.data['bar'] ?? '').data['count']),
        width: bar.width,
      }));
      sized.sort((a, b) => a.count - b.count);
      sized.reduce((a, b) => {
        assert.ok(a.width <= b.width + 0.01, `${a.count}: ${a.width}, ${b.count}: ${b.width}`);
        return b;
      });
      // Columns are orders, from left to right.
      const row = [0, 1, 2, 3].map((order) => find(cells, 'list', `0/${order}/0`).x);
      assert.deepEqual(
        row,
        row.toSorted((a, b) => a - b),
      );
    });

    it('free pages fill the gauge as far as the marks say', async () => {
      const { zones } = await areas();
      const bars = await marked(map, 'gauge');
      assert.equal(bars.length, zones.length);
      for (const { name, freePages } of zones)
        assert.equal(Number(find(bars, 'gauge', name).data['pages']), freePages);
    });

    it('a split runs from order 5 to order 4; what it changed is in view', async () => {
      await machine.run('next');
      await map.stopped();
      const moves = await marked(map, 'move');
      assert.deepEqual(
        moves.map(({ data }) => [data['move'], data['from'], data['to']]),
        [['split', '5', '4']],
      );
      const cells = await marked(map, 'list');
      const normal = (await areas()).zones.find(({ name }) => name === 'Normal')?.index ?? -1;
      const [four, five] = [4, 5].map((order) => find(cells, 'list', `${normal}/${order}/0`));
      const [move] = moves;
      assert.ok(move && four && five);
      assert.ok(Math.abs(move.x - (four.x + four.width / 2)) < 2);
      assert.ok(Math.abs(move.x + move.width - (five.x + five.width / 2)) < 2);
      const changed = await marked(map, 'changed');
      assert.deepEqual(changed.map(({ data }) => data['delta']).sort(), ['-1', '1']);
      for (const { y, height } of changed) assert.ok(y > 0 && y + height < 860);
      await map.screenshot('free-split');
    });

    it('a press lists the blocks in list order; one of them is selected for all views', async () => {
      const normal = (await areas()).zones.find(({ name }) => name === 'Normal')?.index ?? -1;
      await press(map, `[data-list="${normal}/10/1"]`);
      const { pfns } = await ask<FreeBlocksBody>(machine, 'mmscope/freeBlocks', {
        zone: normal,
        order: 10,
        migratetype: 1,
        start: 0,
        count: 240,
      });
      const chips = await marked(map, 'block');
      assert.ok(pfns.length > 100);
      assert.deepEqual(
        chips.map(({ data }) => Number(data['block'])),
        pfns,
      );
      assert.deepEqual(
        chips.map(({ data }) => Number(data['position'])),
        pfns.map((_, i) => i),
      );
      await press(map, `[data-block="${pfns[1] ?? ''}"]`);
      await openView(map, 'Physical');
      await map.page
        .locator('.details h2')
        .getByText(`0x${(pfns[1] ?? 0).toString(16)}`)
        .waitFor();
      await openView(map, 'Free Areas');
      assert.equal(await map.page.locator('.side [aria-selected="true"]').count(), 1);
    });

    it('why a request was refused is seen: the line, its end, the term that decided', async () => {
      await machine.run('continue');
      await map.stopped();
      const { attempt } = await ask<NewestAttemptBody>(machine, 'mmscope/attempt');
      assert.equal(attempt?.failed, true);
      const deciding = attempt.passes
        .at(-1)
        ?.zones.flatMap(({ test }) => test?.terms ?? [])
        .filter(({ decides }) => decides);
      const lit = await marked(map, 'decides');
      assert.deepEqual(
        lit.map(({ data }) => data['decides']?.replace(/^[−+] [\d,]+ /, '')),
        deciding?.map(({ label }) => label),
      );
      assert.ok(lit.length > 0);
      const ends = (await marked(map, 'request')).filter(({ text }) => text.includes('refused'));
      assert.equal(ends.length, 1);
      assert.equal(await map.page.locator('[data-headline="Refused"]').count(), 1);
      for (const { y, height } of [...lit, ...ends]) assert.ok(y > 0 && y + height < 860);
      assert.deepEqual(complaints(map), []);
      await map.screenshot('free-refused');
    });
  });

  describe('page walk', () => {
    let machine: AdapterMachine;
    let map: MapPage;
    before(async () => {
      machine = await scenarioMachine(WALK);
      map = await MapPage.open(browser, machine);
      await map.stopped();
      await openView(map, 'Page Walk');
    });
    after(() => map.page.close());

    it('each entry that is lit is the walk’s, at its place in its table', async () => {
      await walkTo(map, '&vm_zone_stat');
      const body = await ask<WalkBody>(machine, 'mmscope/walk', { expression: '&vm_zone_stat' });
      assert.equal(body.steps.length, 4);
      const entries = await marked(map, 'entry');
      assert.deepEqual(
        entries.map(({ data }) => [
          data['entry'],
          Number(data['index']),
          data['at'],
          data['value'],
        ]),
        body.steps.map(({ level, index, at, value }) => [level, index, at, value]),
      );
      // All tables begin and end at the same heights: an entry's height is its index.
      const shares = entries.map(({ y, height }) => y + height / 2);
      const [first, second] = body.steps.map(({ index, nrEntries }) => (index + 0.5) / nrEntries);
      const px = ((shares[1] ?? 0) - (shares[0] ?? 0)) / ((second ?? 0) - (first ?? 0));
      body.steps.forEach(({ index, nrEntries }, i) => {
        const expected = (shares[0] ?? 0) + px * ((index + 0.5) / nrEntries - (first ?? 0));
        assert.ok(
          Math.abs((shares[i] ?? 0) - expected) < 1.5,
          `${i}: ${shares[i] ?? 0}, ${expected}`,
        );
      });
      const xs = entries.map(({ x }) => x);
      assert.deepEqual(
        xs,
        xs.toSorted((a, b) => a - b),
      );
      const [page] = await marked(map, 'page');
      assert.equal(page?.data['page'], body.page?.phys);
      assert.equal(
        (await marked(map, 'arrow')).filter(({ data }) => data['arrow'] === 'whole').length,
        4,
      );
      await map.screenshot('walk-4-level');
    });

    it('fields are as wide as they have bits, and say the address', async () => {
      const fields = await marked(map, 'field');
      assert.deepEqual(
        fields.map(({ data }) => data['field']),
        ['unused', 'PGD', 'PUD', 'PMD', 'PTE', 'offset'],
      );
      const [unused, pgd, , , , offset] = fields;
      assert.ok(unused && pgd && offset);
      assert.ok(Math.abs(unused.width / 16 - pgd.width / 9) < 0.5);
      assert.ok(Math.abs(offset.width / 12 - pgd.width / 9) < 0.5);
    });

    it('every bit is a switch: a click sets it, with Alt it is watched', async () => {
      const body = await ask<WalkBody>(machine, 'mmscope/walk', { expression: '&vm_zone_stat' });
      const drawn = await marked(map, 'bit');
      assert.deepEqual(
        new Set(drawn.map(({ data }) => `${data['bit'] ?? ''}=${data['set'] ?? ''}`)),
        new Set(
          body.steps.flatMap(({ level, bits }) =>
            bits.map(({ name, set }) => `${level}/${name}=${set ? 1 : 0}`),
          ),
        ),
      );
      const pte = body.steps.at(-1);
      const bit = pte?.bits.find(({ name }) => name === 'G');
      await press(map, '[data-bit="PTE/G"]');
      await press(map, '[data-bit="PTE/G"]', 'Alt');
      await map.settle();
      assert.deepEqual(map.acts.splice(0), [
        { action: 'set', expression: bit?.expression, value: bit?.set === true ? '0' : '1' },
        { action: 'breakOnChange', expression: bit?.expression },
      ]);
    });

    it('a walk that breaks says where and why', async () => {
      const body = await ask<WalkBody>(machine, 'mmscope/walk', {
        expression: '0xffffc90000000000',
      });
      await walkTo(map, '0xffffc90000000000');
      const [fault] = await marked(map, 'fault');
      assert.equal(fault?.data['fault'], 'page fault');
      assert.equal(fault.data['level'], body.fault?.level);
      assert.equal((await marked(map, 'page')).length, 0);
      assert.deepEqual((await marked(map, 'arrow')).at(-1)?.data['arrow'], 'broken');
      await walkTo(map, 'nonsense');
      assert.match(await map.page.locator('.view-walk .note').innerText(), /nonsense/);
      assert.deepEqual(complaints(map), []);
    });

    it('follows the machine: an entry that was cleared breaks the walk, the TLB that kept it is stale', async () => {
      await stepTo(machine, WALK, 'invlpg(va);');
      await map.stopped();
      const { tlb } = await ask<VirtualBody>(machine, 'mmscope/virtual', {});
      const stale = tlb.filter((entry) => entry.stale !== undefined);
      await walkTo(map, stale[0]?.first ?? '');
      assert.equal((await marked(map, 'fault')).length, 1);
      assert.match((await marked(map, 'tlb'))[0]?.text ?? '', /stale/);
      await openView(map, 'Virtual');
      const dots = await marked(map, 'tlb');
      const red = dots.filter(({ data }) => data['stale'] === '1').map(({ data }) => data['tlb']);
      assert.deepEqual(new Set(red), new Set(stale.map(({ first }) => first)));
      assert.ok(red.length > 0);
      await map.screenshot('virtual-stale');
    });
  });

  describe('virtual', () => {
    let machine: AdapterMachine;
    let map: MapPage;
    before(async () => {
      machine = await scenarioMachine(SCENARIO);
      await stepTo(machine, SCENARIO, 'char *object');
      map = await MapPage.open(browser, machine, { width: 1280 });
      await map.stopped();
      await openView(map, 'Virtual');
    });
    after(() => map.page.close());
    const virtual = (): Promise<VirtualBody> => ask(machine, 'mmscope/virtual', {});

    it('regions stand in the order of addresses from 0 to the top, holes folded', async () => {
      const { regions } = await virtual();
      const drawn = await marked(map, 'region');
      assert.deepEqual(
        drawn.map(({ data }) => data['region']),
        regions.map(({ id }) => id),
      );
      const tops = drawn.map(({ y }) => y);
      assert.deepEqual(
        tops,
        tops.toSorted((a, b) => a - b),
      );
      const named = regions.flatMap((region, i) => {
        const box = drawn[i];
        return region.kind === 'hole' || box === undefined
          ? []
          : [{ bytes: region.sizeBytes, height: box.height }];
      });
      named.sort((a, b) => a.bytes - b.bytes);
      assert.deepEqual(
        named.map(({ height }) => Math.round(height)),
        named.map(({ height }) => Math.round(height)).sort((a, b) => a - b),
      );
      assert.ok(drawn.some(({ data }) => data['fold'] === 'hole'));
    });

    it('tells the border of lowmem in numbers', async () => {
      const { border } = await virtual();
      const [drawn] = await marked(map, 'border');
      assert.equal(drawn?.data['border'], border?.at);
      assert.equal(Number(drawn?.data['lowmem']), border?.lowmemBytes);
      assert.equal(Number(drawn?.data['highmem']), border?.highmemBytes);
      assert.match(drawn?.text ?? '', /884 MiB/);
    });

    it('pages of a region are cells, down to single ones', async () => {
      const { regions } = await virtual();
      const vmalloc = regions.find(({ kind }) => kind === 'vmalloc') ?? assert.fail('no vmalloc');
      await press(map, `[data-region="${vmalloc.id}"]`);
      const [all] = await marked(map, 'window');
      const perCell = Number(all?.data['percell']);
      assert.ok(perCell > 1 && perCell * Number(all?.data['cells']) * 4096 >= vmalloc.sizeBytes);
      await press(map, '[data-part="area"]');
      const [near] = await marked(map, 'window');
      assert.equal(near?.data['percell'], '1');
      const area = (await marked(map, 'part')).find(({ data }) => data['part'] === 'area');
      assert.ok(BigInt(near.data['window'] ?? 0) <= BigInt(area?.data['first'] ?? 0));
      const pages = await ask<PagesBody>(machine, 'mmscope/virtualPages', {
        first: near.data['window'],
        pagesPerCell: 1,
        cells: Number(near.data['cells']),
      });
      const states = Buffer.from(pages.states, 'base64');
      const present = states.filter((state) => (state & PAGE_BITS.present) !== 0).length;
      const labels = await map.page.evaluate(() =>
        [...document.querySelectorAll('.view-virtual [data-cells]')].map((path) => [
          path.getAttribute('data-cells'),
          path.getAttribute('d')?.match(/M/g)?.length ?? 0,
        ]),
      );
      const drawn = labels
        .filter(([look]) => look !== 'none' && look !== 'kept')
        .reduce((sum, [, count]) => sum + Number(count), 0);
      assert.equal(drawn, present);
      assert.ok(present >= 2);
    });

    it('every address of a frame has a line to it, on the ribbon, too; one is gone to in a click', async () => {
      const pfn = Number(
        (
          await ask<{ result: string }>(machine, 'evaluate', {
            expression: 'page_to_pfn(page)',
            context: 'watch',
          })
        ).result,
      );
      const { aliases } = await ask<AliasesBody>(machine, 'mmscope/aliases', { pfn });
      // kmap() has one, vmap() has it twice.
      assert.deepEqual(aliases.map(({ region }) => region).sort(), ['pkmap', 'vmalloc', 'vmalloc']);
      await map.page.locator('.goto vscode-text-field input').fill(`pfn 0x${pfn.toString(16)}`);
      await map.page.keyboard.press('Enter');
      await map.settle();
      const lines = await marked(map, 'line');
      assert.deepEqual(
        lines.map(({ data }) => data['line']),
        aliases.map(({ address }) => address),
      );
      const [frame] = await marked(map, 'frame');
      assert.equal(Number(frame?.data['frame']), pfn);
      for (const { y } of lines)
        assert.ok(Math.abs(y - ((frame?.y ?? 0) + (frame?.height ?? 0))) < 9);
      const regions = await marked(map, 'region');
      for (const { data, y } of (await marked(map, 'alias')).filter(({ width }) => width < 12)) {
        const alias = aliases.find(({ address }) => address === data['alias']);
        const region = find(regions, 'region', alias?.regionId ?? '');
        assert.ok(y > region.y - 6 && y < region.y + region.height + 6, alias?.address);
      }
      await map.screenshot('virtual-aliases');
      const pkmap = aliases.find(({ region }) => region === 'pkmap');
      await press(map, `.aliases [data-alias="${pkmap?.address ?? ''}"]`);
      assert.deepEqual(
        (await marked(map, 'lit')).map(({ data }) => data['lit']),
        [pkmap?.address],
      );
      await openView(map, 'Page Walk');
      assert.equal((await marked(map, 'walk'))[0]?.data['walk'], pkmap?.address);
      assert.deepEqual(complaints(map), []);
    });
  });

  describe('caches', () => {
    let machine: AdapterMachine;
    let map: MapPage;
    before(async () => {
      machine = await scenarioMachine(SCENARIO);
      await stepTo(machine, SCENARIO, 'kfree(object)');
      map = await MapPage.open(browser, machine, { width: 1280 });
      await map.stopped();
      await openView(map, 'Caches');
    });
    after(() => map.page.close());

    it('every shelf says how much is in use; a step marks what it changed', async () => {
      const body = await ask<CachesBody>(machine, 'mmscope/caches');
      const shelves = await marked(map, 'cache');
      assert.deepEqual(
        shelves.map(({ data }) => [data['cache'], Number(data['used']), Number(data['total'])]),
        body.caches.map(({ name, used, total }) => [name, used, total]),
      );
      await machine.run('next');
      await map.stopped();
      const labels = await map.page.locator('.shelves [role="gridcell"]').allInnerTexts();
      assert.equal(labels.filter((label) => label.includes('since the last stop')).length, 1);
    });

    it('objects are slots in list order of their slabs, arrows lead along the freelist, red zones are seen', async () => {
      const { caches } = await ask<CachesBody>(machine, 'mmscope/caches');
      const cache =
        caches.find(({ name }) => name === 'kmalloc-128') ?? assert.fail('no kmalloc-128');
      await press(map, '[data-cache="kmalloc-128"]');
      const body = await ask<SlabsBody>(machine, 'mmscope/slabs', {
        cache: cache.address,
        start: 0,
        count: 24,
      });
      const slabs = await marked(map, 'slab');
      assert.deepEqual(
        slabs.map(({ data }) => Number(data['slab'])),
        body.slabs.map(({ pfn }) => pfn),
      );
      const slots = await marked(map, 'object');
      const states = body.slabs.flatMap(({ objects }) => [...Buffer.from(objects, 'base64')]);
      assert.deepEqual(
        slots.map(({ data }) => Number(data['state'])),
        states,
      );
      const [first] = body.slabs;
      slots
        .slice(0, first?.nrObjects)
        .forEach(({ data }, i) =>
          assert.equal(
            BigInt(data['object'] ?? 0),
            BigInt(first?.firstObject ?? 0) + BigInt(i * cache.sizeBytes),
          ),
        );
      const chain = body.slabs
        .flatMap(({ chains }) => chains)
        .find(({ objects }) => objects.length > 1);
      const arrows = await marked(map, 'next');
      assert.ok(
        arrows.some(
          ({ data }) => data['next'] === `${chain?.objects[0] ?? ''}-${chain?.objects[1] ?? ''}`,
        ),
      );
      const layout = await marked(map, 'layout');
      assert.deepEqual(
        layout.map(({ data }) => [data['layout'], Number(data['from']), Number(data['to'])]),
        body.layout.map(({ kind, from, to }) => [kind, from, to]),
      );
      const zones = layout.filter(({ data }) => data['layout'] === 'redzone');
      const object = find(layout, 'layout', 'object');
      assert.equal(zones.length, 2);
      assert.ok((zones[0]?.x ?? 0) < object.x && (zones[1]?.x ?? 0) >= object.x + object.width - 1);
      await map.screenshot('caches-redzones');
    });

    it('an object that is pressed is selected for all views', async () => {
      const [slot] = await marked(map, 'object');
      await press(map, '[data-object]');
      await openView(map, 'Page Walk');
      assert.equal((await marked(map, 'walk'))[0]?.data['walk'], slot?.data['object']);
      await openView(map, 'Caches');
      assert.equal(
        await map.page
          .locator('[role="gridcell"][aria-selected="true"]', {
            hasText: slot?.data['object'] ?? '-',
          })
          .count(),
        1,
      );
      assert.deepEqual(complaints(map), []);
    });
  });
});
