/** What the window Memory asks: what changed and where, what happened when, what frames are coloured by, where something is. */
import assert from 'node:assert/strict';
import type { FrameChangesBody } from '../../src/engine/view/frameChanges.js';
import { FRAME_CHANGES } from '../../src/engine/view/frameChanges.js';
import type { FrameLabelsBody, FrameValuesBody } from '../../src/engine/view/frameValues.js';
import type { LocateBody } from '../../src/engine/view/locate.js';
import type { MapBody } from '../../src/engine/view/map.js';
import { kindOfState } from '../../src/engine/view/pageState.js';
import {
  TIMELINE_EVENTS,
  type TimelineBody,
  type TimelineEventKind,
} from '../../src/engine/view/timeline.js';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const at = (file: string, marker: string): number => lineOf(scenario(file), marker);

const now = async (drive: Drive): Promise<number> =>
  (await drive.client.body<{ now: number }>('mmscope/clock')).now;

async function allStates(drive: Drive): Promise<Buffer> {
  const outline = { firstPfn: 0, framesPerCell: 1, cells: 0 };
  const { maxPfn } = await drive.client.body<MapBody>('mmscope/map', outline);
  const body = await drive.client.body<MapBody>('mmscope/map', { ...outline, cells: maxPfn });
  return Buffer.from(body.states, 'base64');
}

const changesOf = (drive: Drive, from: number, to?: number): Promise<FrameChangesBody> =>
  drive.client.body('mmscope/frameChanges', { from, ...(to !== undefined && { to }) });

/** Both ways of knowing what changed: by the runs, and by looking at every frame. */
function assertSame(before: Buffer, after: Buffer, { runs, total }: FrameChangesBody): void {
  assert.equal(total, runs.length);
  const told = Buffer.from(before);
  for (const [firstPfn, nrFrames, was, is, change] of runs)
    for (let pfn = firstPfn; pfn < firstPfn + nrFrames; pfn++) {
      assert.equal(before[pfn], was, `before, pfn 0x${pfn.toString(16)}`);
      assert.equal(after[pfn], is, `after, pfn 0x${pfn.toString(16)}`);
      told[pfn] = is;
      const isOther = kindOfState(was) !== kindOfState(is);
      const expected = isOther ? 'changed' : was !== is ? 'regrouped' : FRAME_CHANGES[change];
      assert.equal(FRAME_CHANGES[change], expected);
    }
  assert.ok(told.equals(after), 'a frame differs that is not told of');
}

const timeline = (drive: Drive, args: object = {}): Promise<TimelineBody> =>
  drive.client.body('mmscope/timeline', { buckets: 500, ...args });

/** How many events of a kind there are. */
const countOf = ({ events }: TimelineBody, kind: TimelineEventKind): number =>
  events.reduce(
    (sum, [, code, count]) => (TIMELINE_EVENTS[code]?.kind === kind ? sum + count : sum),
    0,
  );

/** Runs to the end, stopping at what a condition selects: what each stop says. */
async function happened(drive: Drive, condition: string): Promise<readonly string[]> {
  await drive.client.body('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [{ filterId: 'inside', condition }],
  });
  const sentences: string[] = [];
  for (;;) {
    const { reason, text = '' } = await drive.go('continue');
    if (reason !== 'breakpoint') return sentences;
    sentences.push(text);
  }
}

describe('the window Memory', function () {
  before(build);

  it('learns every frame that a step changed, forward and backward', () =>
    onScenario('happenings.mms', async (drive) => {
      const states = [await allStates(drive)];
      const times = [await now(drive)];
      for (let i = 0; i < 8; i++) {
        await drive.go('next');
        states.push(await allStates(drive));
        times.push(await now(drive));
      }
      for (let i = 1; i < times.length; i++)
        for (const from of [i - 1, 0]) {
          const [old, recent] = [states[from], states[i]];
          assert.ok(old && recent);
          assertSame(old, recent, await changesOf(drive, times[from] ?? 0, times[i]));
          assertSame(recent, old, await changesOf(drive, times[i] ?? 0, times[from]));
        }
      // The machine stands where it stood.
      assert.equal(await now(drive), times.at(-1));
      assert.ok((await allStates(drive)).equals(states.at(-1) ?? Buffer.alloc(0)));
    }));

  it('reads pins and copies on write off the tape, as stepping into the kernel finds them', async () => {
    const file = 'pins-and-copies.mms';
    await onScenario(
      file,
      async (drive) => {
        const sentences = await happened(drive, 'cow_break || page_pinned');
        assert.deepEqual(
          sentences.map((text) => /^[^:]*/.exec(text)?.[0]),
          ['pin', 'copy on write'],
        );
        const body = await timeline(drive);
        assert.equal(countOf(body, 'cow'), 1);
        assert.equal(countOf(body, 'pin'), 1);
        // Parts of a statement are moments like any other; what lies beyond the record does not.
        const part = await timeline(drive, { from: 1.25, to: 1.5 });
        assert.deepEqual([part.from, part.to], [1.25, 1.5]);
        const beyond = await timeline(drive, { from: 0, to: 1e300 });
        assert.deepEqual([beyond.from, beyond.to], [body.first, body.last]);
        for (const wrong of [{ from: 2, to: 1 }, { from: -1 }])
          assert.equal(
            (await drive.client.failure('mmscope/timeline', { buckets: 9, ...wrong })).short,
            'badArguments',
          );
      },
      { stopAtEnd: true },
    );
  });

  it('learns that only a count or a flag of a page changed, or its bytes', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: at('blocks.mms', 'lock') + 1 }]);
      await drive.go('continue');
      const pfn = Number(await drive.value('page_to_pfn(page)'));
      const from = await now(drive);
      await drive.evaluate('get_page(page)', 'repl');
      const { runs } = await changesOf(drive, from);
      const touched = runs.find(([first]) => first === pfn);
      assert.equal(FRAME_CHANGES[touched?.[4] ?? 0], 'touched');
      const later = await now(drive);
      await drive.evaluate('memset(page_address(page), 0x5a, 64)', 'repl');
      const written = (await changesOf(drive, later)).runs.find(([first]) => first === pfn);
      assert.equal(FRAME_CHANGES[written?.[4] ?? 0], 'written');
    }));

  it('refuses times that are not on record', () =>
    onScenario('blocks.mms', async (drive) => {
      const failure = await drive.client.failure('mmscope/frameChanges', { from: 1e12 });
      assert.match(failure.sentence, /whole numbers from 0 to/);
    }));

  it('counts splits, merges and refills as the kernel makes them', () =>
    onScenario(
      'happenings.mms',
      async (drive) => {
        const sentences = await happened(drive, 'block_split || buddy_merge');
        const isSplit = (text: string): boolean => text.startsWith('split: ');
        const splits = sentences.filter(isSplit).reduce((sum, text) => {
          const [, high = '0', low = '0'] = /^split: order (\d+) -> (\d+)/.exec(text) ?? [];
          return sum + Number(high) - Number(low);
        }, 0);
        const merges = sentences.filter((text) => !isSplit(text)).length;
        assert.ok(splits > 10 && merges > 3, `${splits} splits, ${merges} merges`);
        const body = await timeline(drive);
        assert.equal(countOf(body, 'split'), splits);
        assert.equal(countOf(body, 'merge'), merges);
        assert.ok(countOf(body, 'refill') > 0);
        assert.ok(countOf(body, 'drain') > 0);
      },
      { stopAtEnd: true },
    ));

  it('has a line of free pages that is the zone\u2019s own counter', () =>
    onScenario('happenings.mms', async (drive) => {
      for (let i = 0; i < 5; i++) await drive.go('next');
      const { zones, times } = await timeline(drive, { buckets: 40 });
      for (const column of [7, 19, 33]) {
        await drive.client.send('mmscope/goToTime', { time: times[column + 1] });
        await drive.stopped();
        const here = await now(drive);
        if (here !== times[column + 1]) continue; // Inside a line: it stops behind it.
        const counter = 'contig_page_data.node_zones[0].vm_stat[NR_FREE_PAGES].counter';
        assert.equal(zones[0]?.free[column], Number(await drive.value(counter)));
      }
    }));

  it('counts statements, and forgets what an edit cuts off', () =>
    onScenario('happenings.mms', async (drive) => {
      for (let i = 0; i < 4; i++) await drive.go('next');
      const long = await timeline(drive);
      assert.equal(long.last, 4);
      assert.equal(long.now, 4);
      assert.deepEqual(new Set(long.tasks), new Set([0]));
      assert.equal(long.taskNames[0], 'main');
      await drive.go('stepBack');
      await drive.go('stepBack');
      assert.equal((await timeline(drive)).now, 2);
      assert.equal((await timeline(drive)).last, 4);
      const events = (await timeline(drive, { from: 0, to: 2 })).events.length;
      await drive.evaluate('memset(phys_to_virt(0x200000), 1, 4)', 'repl');
      const short = await timeline(drive);
      assert.equal(short.last, 3);
      assert.equal((await timeline(drive, { from: 0, to: 2 })).events.length, events);
    }));

  it('has the expects, those that held and those that failed', () =>
    onScenario(
      'calls.mms',
      async (drive) => {
        await drive.go('continue');
        const { expects } = await timeline(drive);
        const held = expects.reduce((sum, [, count]) => sum + count, 0);
        assert.ok(held > 0, 'no expect held');
      },
      { stopAtEnd: true },
    ));

  it('colours frames by what their struct pages say', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: at('blocks.mms', 'lock') + 1 }]);
      await drive.go('continue');
      const pfn = Number(await drive.value('page_to_pfn(page)'));
      const valueOf = async (by: string): Promise<number | undefined> => {
        const asks = { firstPfn: pfn, framesPerCell: 1, cells: 1, by };
        const { values } = await drive.client.body<FrameValuesBody>('mmscope/frameValues', asks);
        return Buffer.from(values, 'base64')[0];
      };
      assert.equal(await valueOf('references'), Number(await drive.value('page_count(page)')));
      assert.equal(
        await valueOf('PG_locked'),
        (await drive.value('PageLocked(page)')) === '1' ? 15 : 0,
      );
      assert.equal(await valueOf('PG_head'), 0);
      assert.equal(await valueOf('mappings'), 0);
      assert.equal(await valueOf('pins'), 0);
      assert.ok(((await valueOf('age')) ?? 0) > 8, 'just written');
      const names = async (by: string): Promise<readonly string[]> => {
        const asks = { firstPfn: 0, framesPerCell: 1, cells: 1, by };
        const body = await drive.client.body<FrameValuesBody>('mmscope/frameValues', asks);
        return body.names ?? [];
      };
      assert.deepEqual((await names('migratetype')).slice(0, 3), [
        'UNMOVABLE',
        'MOVABLE',
        'RECLAIMABLE',
      ]);
      assert.deepEqual(await names('zone'), ['DMA', 'DMA32']);
      const { counts, flags } = await drive.client.body<FrameLabelsBody>('mmscope/frameLabels', {
        firstPfn: pfn,
        nrFrames: 1,
      });
      assert.deepEqual([counts, flags.length], [[1], 1]);
      const refused = { firstPfn: 0, framesPerCell: 1, cells: 1, by: 'PG_nonsense' };
      const failure = await drive.client.failure('mmscope/frameValues', refused);
      assert.match(failure.sentence, /not 'PG_nonsense'/);
    }));

  it('finds a frame by pfn, address, symbol and expression, and says why not', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: at('blocks.mms', 'lock') + 1 }]);
      await drive.go('continue');
      const pfn = Number(await drive.value('page_to_pfn(page)'));
      const frameId = (await drive.top()).id;
      const locate = (text: string): Promise<LocateBody> =>
        drive.client.body('mmscope/locate', { text, frameId });
      const address = (await locate(`0x${pfn.toString(16)}`)).address ?? '';
      assert.match(address, /^0xffff8880/);
      for (const text of [String(pfn), `pfn ${pfn}`, 'page', address, 'page_address(page) + 8'])
        assert.equal((await locate(text)).pfn, pfn, text);
      const found = await locate(address);
      assert.ok(found.aliases.some((alias) => alias.address === address));
      assert.equal((await locate('&vm_zone_stat')).pfn !== undefined, true);
      const free = await locate('0x2400');
      if (free.area !== undefined) assert.match(free.area.migratetype, /^MIGRATE_/);
      for (const [text, why] of [
        ['nonsense', /nonsense/],
        ['pfn 99999999', /99999999|5f5e0ff/],
      ] as const) {
        const failure = await drive.client.failure('mmscope/locate', { text, frameId });
        assert.match(failure.sentence, why);
      }
    }));
});
