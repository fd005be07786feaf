/** Semantic breakpoints: what happens inside the allocator, as one exception filter and as function breakpoints. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { EXCEPTION_FILTERS } from '../../src/adapter/breakpoints/exceptionFilters.js';
import { HAPPENINGS as TABLE } from '../../src/adapter/breakpoints/happenings/index.js';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { listItems } from '../docs/listItems.js';
import { build } from './session.js';

const HAPPENINGS = scenario('happenings.mms');
const at = (marker: string): number => lineOf(HAPPENINGS, marker);

const filters = (
  drive: Drive,
  filterOptions: Dap.ExceptionFilterOptions[],
): Promise<Dap.SetExceptionBreakpointsResponse['body']> =>
  drive.client.body('setExceptionBreakpoints', { filters: [], filterOptions });

/** The filter that is all of them, made to mean one. */
const only = (drive: Drive, id: string, condition = '1'): ReturnType<typeof filters> =>
  filters(drive, [
    { filterId: 'inside', condition: `${id.replaceAll('-', '_')} && (${condition})` },
  ]);

interface Expected {
  readonly id: string;
  /** The innermost kernel function of the stop. */
  readonly fn: string;
  /** Marker of the scenario's line that stops first, and the sentence there. */
  readonly first: string;
  readonly sentence: RegExp;
  /** A condition, and the line and sentence of the first stop with it. */
  readonly condition: string;
  readonly then: string;
  readonly thenSentence: RegExp;
  /** A condition that never holds. */
  readonly never: string;
}

const EXPECTED: readonly Expected[] = [
  {
    id: 'block-split',
    fn: 'expand',
    first: 'refill',
    sentence: /^split: order 10 -> 0 of MIGRATE_UNMOVABLE in zone DMA, pfn 0x[0-9a-f]+$/,
    condition: 'migratetype == MIGRATE_RECLAIMABLE && order == 4 && high == 10',
    then: 'fallback',
    thenSentence: /^split: order 10 -> 4 of MIGRATE_RECLAIMABLE in zone DMA, pfn 0x[0-9a-f]+$/,
    never: 'zone == ZONE_NORMAL || high <= order',
  },
  {
    id: 'buddy-merge',
    fn: '__free_one_page',
    first: 'start',
    sentence:
      /^merge: pfn 0x[0-9a-f]+ and its buddy 0x[0-9a-f]+, order 0 -> 1 of MIGRATE_MOVABLE in zone DMA32$/,
    condition: 'pfn == page_to_pfn(kept) && buddy_pfn == (pfn ^ 32) && order == 5',
    then: 'merge',
    thenSentence: /order 5 -> 6 of MIGRATE_UNMOVABLE in zone DMA$/,
    never: 'order == 10 || buddy_pfn != (pfn ^ (1 << order))',
  },
  {
    id: 'fallback',
    fn: 'steal_suitable_fallback',
    first: 'refill',
    sentence:
      /^fallback: order 0 of MIGRATE_UNMOVABLE takes a block of order 10 of MIGRATE_MOVABLE in zone DMA, pfn 0x[0-9a-f]+, with its pageblock/,
    condition:
      'start_migratetype == MIGRATE_RECLAIMABLE && fallback_migratetype == MIGRATE_MOVABLE',
    then: 'fallback',
    thenSentence: /^fallback: order 4 of MIGRATE_RECLAIMABLE takes a block of order 10/,
    never: '!whole_block || fallback_order < order || start_migratetype == fallback_migratetype',
  },
  {
    id: 'pageblock-type',
    fn: 'set_pageblock_migratetype',
    first: 'refill',
    sentence: /^pageblock of pfn 0x[0-9a-f]+ in zone DMA: MIGRATE_MOVABLE -> MIGRATE_UNMOVABLE$/,
    condition: 'migratetype == MIGRATE_RECLAIMABLE && pfn % pageblock_nr_pages == 0',
    then: 'fallback',
    thenSentence: /: MIGRATE_MOVABLE -> MIGRATE_RECLAIMABLE$/,
    never: 'migratetype == old_migratetype || zone == ZONE_NORMAL',
  },
  {
    id: 'pcp-refill',
    fn: 'rmqueue_bulk',
    first: 'refill',
    sentence:
      /^pcp refill: up to \d+ blocks? of order 0 of MIGRATE_UNMOVABLE from zone DMA for CPU 0$/,
    condition: 'count >= 1 && order == 0 && migratetype == MIGRATE_UNMOVABLE && cpu == 0',
    then: 'refill',
    thenSentence: /^pcp refill/,
    never: 'order > 0',
  },
  {
    id: 'pcp-drain',
    fn: 'free_pcppages_bulk',
    first: 'start',
    sentence: /^pcp drain: 32 pages of CPU 0 back to zone DMA32$/,
    condition: 'count == 1',
    then: 'drain',
    thenSentence: /^pcp drain: 1 page of CPU 0 back to zone DMA$/,
    never: 'count == 0 || cpu != 0 || zone == ZONE_NORMAL',
  },
  {
    id: 'watermark',
    fn: 'zone_page_state_add',
    first: 'down',
    sentence:
      /^watermark: zone DMA, \d+ -> \d+ free pages, no longer above WMARK_(?:HIGH|LOW) \(\d+\)$/,
    condition: 'mark == WMARK_LOW && free > old_free',
    then: 'up',
    thenSentence: /^watermark: zone DMA, \d+ -> \d+ free pages, above WMARK_LOW \(\d+\)$/,
    never: 'free == old_free || zone == ZONE_NORMAL',
  },
  {
    id: 'refcount-zero',
    fn: 'put_page_testzero',
    first: 'last reference',
    sentence: /^_refcount of pfn 0x[0-9a-f]+ in zone DMA dropped to 0$/,
    condition: 'pfn == page_to_pfn(kept)',
    then: 'merge',
    thenSentence: /^_refcount of pfn 0x[0-9a-f]+ in zone DMA dropped to 0$/,
    never: 'pfn_to_page(pfn)->_refcount.counter != 0 || zone == ZONE_NORMAL',
  },
];

/** Name of the innermost function, line of the scenario, and where on the tape. */
async function here(drive: Drive): Promise<{ fn: string; line: number; hash: string }> {
  const frames = await drive.frames();
  return {
    fn: frames[0]?.name ?? '',
    line: frames.at(-1)?.line ?? 0,
    hash: await drive.hash(),
  };
}

const isOver = async (drive: Drive): Promise<void> => {
  const { exitCode } = await drive.finish();
  assert.equal(exitCode, 0);
};

describe('semantic breakpoints', function () {
  before(build);

  for (const { id, fn, first, sentence, condition, then, thenSentence } of EXPECTED)
    it(`${id}: at its place, and there again in reverse`, () =>
      onScenario('happenings.mms', async (drive) => {
        await only(drive, id);
        const stop = await drive.go('continue');
        // Not as an error.
        assert.equal(stop.reason, 'breakpoint');
        const [top = ''] = (stop.text ?? '').split('\n');
        assert.match(top, sentence);
        const place = await here(drive);
        assert.equal(place.fn, fn);
        assert.equal(place.line, at(first));
        const info: Dap.ExceptionInfoResponse['body'] = await drive.client.body('exceptionInfo', {
          threadId: drive.threadId,
        });
        assert.equal(info.exceptionId, id);
        assert.equal(info.description, top);
        assert.equal(info.details?.message, top);

        await only(drive, id, condition);
        await drive.go('stepBack');
        const later = await drive.go('continue');
        assert.match((later.text ?? '').split('\n')[0] ?? '', thenSentence);
        const second = await here(drive);
        assert.equal(second.fn, fn);
        assert.equal(second.line, at(then));

        // The same places the other way, to the byte.
        await only(drive, id);
        const placesBack: string[] = [];
        for (;;) {
          const back = await drive.go('reverseContinue');
          if (back.reason !== 'breakpoint') break;
          placesBack.push((await here(drive)).hash);
          if (placesBack.at(-1) === place.hash) break;
        }
        if (second.hash !== place.hash) assert.equal(placesBack.at(-1), place.hash);
        if (placesBack.length > 0)
          assert.equal((await drive.go('reverseContinue')).reason, 'entry');
      }));

  it('none of them where its condition does not hold', () =>
    onScenario('happenings.mms', async (drive) => {
      const each = EXPECTED.map(({ id, never }) => `${id.replaceAll('-', '_')} && (${never})`);
      await filters(drive, [{ filterId: 'inside', condition: each.join(' || ') }]);
      const next = new Promise<Dap.Event>((resolve) => {
        for (const event of ['stopped', 'exited']) drive.client.once(event, resolve);
      });
      await drive.client.send('continue', { threadId: drive.threadId });
      const { event, body } = (await next) as Dap.StoppedEvent;
      assert.equal(event, 'exited', body.text);
    }));

  it('docs/breakpoints.md has them all', () => {
    const text = readFileSync('docs/breakpoints.md', 'utf8');
    for (const { label } of EXCEPTION_FILTERS) assert.ok(text.includes(`| ${label}`), label);
    const [stops = '', facts = ''] = text.split('Their facts, besides `zone`:');
    const ofPages = EXPECTED.map(({ id }) => id);
    for (const { id, knows } of TABLE) {
      const rowIn = (part: string): string =>
        [...part.split('\n'), ...listItems(part)].find((line) =>
          new RegExp(`^(?:\\| )?\`${id}\``).test(line),
        ) ?? '';
      const isOfPages = ofPages.includes(id);
      // The others have their facts in the row that says where they stop.
      const row = rowIn(isOfPages ? facts : text);
      assert.notEqual(rowIn(isOfPages ? stops : text), '', id);
      const names = knows.split(' ');
      assert.equal(names.includes('zone'), isOfPages, id);
      for (const name of names)
        assert.ok(name === 'zone' || row.includes(`\`${name}\``), `${id}: ${name}`);
    }
    assert.deepEqual(
      ofPages,
      TABLE.slice(0, EXPECTED.length).map(({ id }) => id),
    );
  });

  it('a few filters leave room for breakpoints; nothing stops that nobody asked for', () =>
    onScenario('happenings.mms', async (drive) => {
      const initialize = drive.client.messages.find(({ message }) => message.type === 'response')
        ?.message as Dap.InitializeResponse;
      const known = initialize.body?.exceptionBreakpointFilters ?? [];
      assert.equal(known.length, 8, `${known.length} filters`);
      const inside = known.find(({ filter }) => filter === 'inside');
      assert.deepEqual([inside?.default, inside?.supportsCondition], [false, true]);
      for (const { id } of EXPECTED)
        assert.ok(inside?.conditionDescription?.includes(id.replaceAll('-', '_')), id);
      await filters(drive, [{ filterId: 'bug' }]);
      await isOver(drive);
    }));

  it('the filter of all of them: several at once, and what one does not know is 0', () =>
    onScenario('happenings.mms', async (drive) => {
      const condition = 'fallback && order == 4 || refcount_zero && pfn == page_to_pfn(kept)';
      await filters(drive, [{ filterId: 'inside', condition }]);
      const first = await drive.go('continue');
      assert.match(first.text ?? '', /^fallback: order 4 of MIGRATE_RECLAIMABLE/);
      const second = await drive.go('continue');
      assert.match(second.text ?? '', /^_refcount of pfn 0x[0-9a-f]+ in zone DMA dropped to 0$/);
      assert.equal((await here(drive)).line, at('merge'));
      // Without a condition it stops at the next one there is.
      await filters(drive, [{ filterId: 'inside' }]);
      assert.match((await drive.go('continue')).text ?? '', /^[a-z_ ]+[:o]/);
    }));

  it('a failed allocation knows its zone', () =>
    onScenario('happenings.mms', async (drive) => {
      const condition = 'zone == ZONE_DMA && order == 10 && (gfp & __GFP_HIGH)';
      await filters(drive, [{ filterId: 'allocation-failure', condition }]);
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /^page allocation failure: order 10, gfp GFP_ATOMIC\|GFP_DMA/);
      assert.equal((await here(drive)).line, at('DMA fails'));
    }));

  it('as function breakpoints they count their hits', () =>
    onScenario('happenings.mms', async (drive) => {
      const [split, wrong] = await drive.setFunctions([
        { name: 'block-split', hitCondition: '2' },
        { name: 'block-splits' },
      ]);
      assert.equal(split?.verified, true);
      assert.match(
        split.message ?? '',
        /expand\(\).* A condition may use order, high, .*: high >= 9/,
      );
      assert.equal(wrong?.verified, false);
      assert.match(wrong.message ?? '', /Did you mean 'block-split'\?/);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'function breakpoint');
      assert.match(stop.text ?? '', /^split: order 10 -> 4 of MIGRATE_RECLAIMABLE/);
      assert.deepEqual(stop.hitBreakpointIds, [split.id]);
      assert.equal((await here(drive)).line, at('fallback'));
      assert.equal((await drive.go('reverseContinue')).reason, 'entry');
    }));

  it('a write of the scenario itself stops behind its statement', () =>
    onScenario('happenings.mms', async (drive) => {
      await only(drive, 'refcount-zero', 'pfn == page_to_pfn(cache)');
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /^_refcount of pfn/);
      assert.deepEqual(await drive.names(), ['main']);
      assert.equal((await here(drive)).line, at('by hand') + 1);
    }));

  it('of several CPUs, each has its own refills and drains', () =>
    onScenario('cpus.mms', async (drive) => {
      const line = (marker: string): number => lineOf(scenario('cpus.mms'), marker);
      await only(drive, 'pcp-refill', 'cpu == 1');
      const refill = await drive.go('continue');
      assert.match(refill.text ?? '', /^pcp refill: .* of MIGRATE_RECLAIMABLE .* for CPU 1$/);
      assert.equal((await here(drive)).line, line('refill of CPU 1'));
      await only(drive, 'pcp-drain', 'zone == ZONE_DMA32');
      const drains = [await drive.go('continue'), await drive.go('continue')];
      assert.deepEqual(
        drains.map(({ text = '' }) => / of (CPU \d) back to zone DMA32$/.exec(text)?.[1]),
        ['CPU 0', 'CPU 1'],
      );
      assert.equal((await here(drive)).line, line('drain of both'));
    }));
});
