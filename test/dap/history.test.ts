/** Questions about time: who wrote this, who writes it next, what differs between two times; and going there. */
import assert from 'node:assert/strict';
import type { DifferencesBody, WriteArguments, WriteBody } from '../../src/engine/view/history.js';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const at = (marker: string): number => lineOf(scenario('blocks.mms'), marker);

const lastWrite = (drive: Drive, args: WriteArguments): Promise<WriteBody> =>
  drive.client.body('mmscope/lastWrite', args);
const nextWrite = (drive: Drive, args: WriteArguments): Promise<WriteBody> =>
  drive.client.body('mmscope/nextWrite', args);

async function reach(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

async function goTo(drive: Drive, time: number | undefined): Promise<void> {
  await drive.client.send('mmscope/goToTime', { time });
  assert.equal((await drive.stopped()).reason, 'goto');
}

const now = async (drive: Drive): Promise<number> =>
  (await drive.client.body<{ now: number }>('mmscope/clock')).now;

describe('history', function () {
  before(build);

  it('tells which line of which function wrote a flag, in which statement', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'loop: alloc');
      const flag = await drive.find('Locals', 'page', 'flags', 'PG_locked');
      const written = await lastWrite(drive, {
        variablesReference: flag.parent,
        name: 'PG_locked',
      });
      assert.equal(written.found, true);
      assert.match(
        written.text,
        /^PG_locked of page 0x[0-9a-f]+: 1 -> 0 in clear_bit_unlock_is_negative_byte\(\) <- folio_unlock\(\) <- unlock_page\(\) at main:\d+: unlock_page\(page\);$/,
      );
      assert.deepEqual([written.old, written.new, written.task], ['1', '0', 'main']);
      assert.equal(written.frame?.name, 'clear_bit_unlock_is_negative_byte');
      assert.match(written.frame.source?.path ?? '', /^mmscope-kernel\/.*bitops/);
      assert.equal(written.statement?.line, at('lock') + 1);
      // Behind the line that wrote, as a data breakpoint stops.
      await goTo(drive, written.time);
      assert.deepEqual(await drive.names(), [
        'clear_bit_unlock_is_negative_byte',
        'folio_unlock',
        'unlock_page',
        'main',
      ]);
      assert.equal(await drive.value('PageLocked(page)'), '0');
      const before = await lastWrite(drive, { expression: 'PageLocked(page)' });
      assert.equal(before.found, false);
    }));

  it('the same by expression and by address, forward and backward', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'lock');
      const frameId = (await drive.top()).id;
      const count = await lastWrite(drive, { expression: 'page->_refcount.counter', frameId });
      assert.equal(count.frame?.name, 'set_page_count');
      const { memoryReference = '' } = await drive.evaluate('&page->_refcount');
      const bytes = await lastWrite(drive, { memoryReference, offset: 0, count: 4 });
      assert.equal(bytes.time, count.time);
      assert.equal(bytes.frame?.name, count.frame.name);
      assert.deepEqual([bytes.old, bytes.new], ['00 00 00 00', '01 00 00 00']);
      const flags = (await drive.evaluate('&page->flags')).memoryReference ?? '';
      const none = await nextWrite(drive, { expression: 'page->flags', frameId });
      assert.equal(none.found, false);
      assert.match(none.text, /so far/);
      await reach(drive, 'loop: alloc');
      await goTo(drive, count.time);
      const next = await nextWrite(drive, { memoryReference: flags, count: 8 });
      assert.equal(next.frame?.name, 'test_and_set_bit');
      assert.equal(next.statement?.line, at('lock'));
    }));

  it('a variable of the scenario, an edit, and what nobody has written', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'lock');
      const counter = await lastWrite(drive, { expression: 'counter' });
      assert.equal(
        counter.text,
        `counter: 0 -> 1 at main:${at('take: count')}: counter = counter + 1;`,
      );
      assert.deepEqual([counter.frame?.name, counter.frame?.line], ['take', at('take: count')]);
      await drive.client.send('setExpression', { expression: 'counter', value: '7' });
      const edited = await lastWrite(drive, { expression: 'counter' });
      assert.match(edited.text, /counter: 1 -> 7, by an edit/);
      assert.equal(edited.task, undefined);
      const never = await lastWrite(drive, { expression: 'page->mapping' });
      assert.deepEqual(
        [never.found, /since the machine was opened/.test(never.text)],
        [false, true],
      );
      const value = await lastWrite(drive, { expression: '1 + 2' });
      assert.match(value.text, /no memory of its own/);
      assert.equal((await drive.client.failure('mmscope/lastWrite', {})).short, 'badArguments');
    }));

  it('goes to any time, and back to the same state', () =>
    onScenario('blocks.mms', async (drive) => {
      const start = await now(drive);
      const entry = await drive.hash();
      await reach(drive, 'print');
      const [end, there] = [await now(drive), await drive.hash()];
      const middle = Math.floor((start + end) / 2);
      await goTo(drive, middle);
      // The place is behind the line that wrote the entry: at the time, or a few words later.
      assert.ok((await now(drive)) >= middle);
      await goTo(drive, start);
      assert.equal(await drive.hash(), entry);
      await goTo(drive, end);
      assert.equal(await drive.hash(), there);
      assert.equal(await drive.line(), at('print'));
      for (const time of [-1, 1e12, 0.5])
        assert.equal(
          (await drive.client.failure('mmscope/goToTime', { time })).short,
          'badArguments',
        );
    }));

  it('what differs between two times has names', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'lock');
      const from = await now(drive);
      await drive.go('next');
      const locked: DifferencesBody = await drive.client.body('mmscope/differences', { from });
      const names = locked.differences.map(({ name }) => name);
      assert.ok(
        names.some((name) => /^page 0x[0-9a-f]+->flags$/.test(name)),
        names.join(),
      );
      await reach(drive, 'loop: free');
      const to = await now(drive);
      const there: DifferencesBody = await drive.client.body('mmscope/differences', { from, to });
      const text = there.differences.map(({ name }) => name).join('\n');
      for (const expected of [
        /^page 0x[0-9a-f]+->_refcount.counter$/m,
        /^per_cpu_pages of zone DMA32, CPU 0->free_factor$/m,
        /^contig_page_data\.node_zones\[1\]\.free_area\[0\]\.nr_free$/m,
        /^one \(of main\)$/m,
      ])
        assert.match(text, expected);
      const back: DifferencesBody = await drive.client.body('mmscope/differences', {
        from: to,
        to: from,
      });
      const pairs = ({ differences }: DifferencesBody, turn: boolean): string[] =>
        differences.map(
          (one) => `${one.name}: ${turn ? one.new : one.old} ${turn ? one.old : one.new}`,
        );
      assert.deepEqual(pairs(back, true), pairs(there, false));
      const few: DifferencesBody = await drive.client.body('mmscope/differences', {
        from,
        to,
        limit: 2,
      });
      assert.deepEqual([few.differences.length, few.total], [2, there.total]);
      const none: DifferencesBody = await drive.client.body('mmscope/differences', {
        from: to,
        to,
      });
      assert.deepEqual(none.differences, []);
    }));
});
