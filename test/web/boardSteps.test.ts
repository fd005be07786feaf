/**
 * Examples stepped with the views open that are boards: after every step the first of what changed is in view, and chips say how much
 * lies beyond each edge. Held against the geometry, in a low window. (The map of physical memory: steps.test.ts.)
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { openView } from './boards.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

const EXAMPLES = 'examples';
const SHORT = ['highmem-2-windows.mms', 'lock-and-wait.mms', 'split-a-block.mms'];
const all = readdirSync(EXAMPLES, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.mms'))
  .sort();
/** All examples to their end where long tests are wanted. */
const isLong = process.env['MMSCOPE_ALL_TRACES'] === '1';
const examples = isLong ? all : all.filter((name) => SHORT.includes(path.basename(name)));
const STEPS = isLong ? 200 : 9;
const VIEWS = ['Virtual', 'Free Areas', 'Caches'] as const;

interface BoardSeen {
  /** Of marks, from the top of the board on, px: their tops and bottoms. */
  readonly marks: readonly (readonly [top: number, bottom: number])[];
  readonly height: number;
  /** What the chips say. */
  readonly above: string;
  readonly below: string;
}

const boardsOf = ({ page }: MapPage): Promise<BoardSeen[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.panel:not([hidden]) .board')].flatMap((board) => {
      const frame = board.getBoundingClientRect();
      if (frame.height === 0) return [];
      const marks = [...board.querySelectorAll('rect[data-changed], rect[data-differs]')].map(
        (mark) => {
          const { top, bottom } = mark.getBoundingClientRect();
          return [top - frame.top, bottom - frame.top] as const;
        },
      );
      const chip = (side: string): string => {
        const found = board.querySelector<HTMLElement>(`.board-beyond.${side}`);
        return found === null || found.hidden ? '' : found.textContent;
      };
      return [{ marks, height: board.clientHeight, above: chip('above'), below: chip('below') }];
    }),
  );

const countIn = (chip: string): number =>
  chip === '' ? 0 : Number(/(\d+) changes/.exec(chip)?.[1] ?? 1);

/** How many marks there are. */
function check({ marks, height, above, below }: BoardSeen): number {
  const sorted = marks.toSorted(([a], [b]) => a - b);
  const [first] = sorted;
  if (first !== undefined) {
    const where = `${JSON.stringify(first)} of ${height}`;
    assert.ok(first[1] > 0 && first[0] < height, `the first change is out of sight: ${where}`);
  }
  // A mark that is half at the edge may count either way.
  const isBeyond = (slack: number) => ({
    above: marks.filter(([, bottom]) => bottom < 8 + slack).length,
    below: marks.filter(([top]) => top > height - 8 - slack).length,
  });
  const [least, most] = [isBeyond(-3), isBeyond(3)];
  for (const [side, chip] of [
    ['above', above],
    ['below', below],
  ] as const) {
    const told = countIn(chip);
    assert.ok(told >= least[side] && told <= most[side], `${chip || 'no chip'} ${side}`);
  }
  return marks.length;
}

describeInBrowser('stepping through an example with a board open', () => {
  let map: MapPage;
  let current: AdapterMachine | undefined;
  let nrSessions = 0;
  let [nrMarks, nrChips] = [0, 0];
  before(async () => {
    const machine = {
      request: (name: string, args: unknown) =>
        current?.request(name, args) ?? Promise.reject(new Error('no machine')),
    };
    map = await openMap(machine, { width: 900, height: 420 });
  });
  after(() => map.page.close());

  for (const name of examples)
    for (const view of VIEWS)
      it(`shows what changed: ${name}, ${view}`, async () => {
        current = await scenarioMachine(path.join(EXAMPLES, name));
        const id = `b${++nrSessions}`;
        await map.stoppedQuickly(id);
        await openView(map, view);
        for (let i = 0; i < STEPS; i++) {
          if ((await current.run('next')) === 'terminated') break;
          await map.stoppedQuickly(id);
          for (const board of await boardsOf(map)) {
            nrMarks += check(board);
            if (board.above !== '' || board.below !== '') nrChips++;
          }
        }
      });

  it('of which some had something to show', () => {
    assert.ok(nrMarks > 2 * examples.length, `${nrMarks} marks`);
    if (isLong) assert.ok(nrChips > 0, `${nrChips} chips`);
  });

  it('a chip leads to the nearest change', async () => {
    const chip = map.page
      .locator('.panel:not([hidden]) .board-beyond:not([hidden]) > span')
      .first();
    current = await scenarioMachine(path.join(EXAMPLES, 'split-a-block.mms'));
    await map.stoppedQuickly('chips');
    await openView(map, 'Free Areas');
    await current.run('next');
    await map.stoppedQuickly('chips');
    await map.settle();
    await map.page
      .locator('.view-free .board')
      .first()
      .evaluate((board) => board.scrollTo(0, 0));
    await map.settle();
    assert.match(await chip.innerText(), /below$/);
    await chip.click();
    await map.settle();
    const [zones] = await boardsOf(map);
    assert.ok(zones !== undefined && check(zones) > 0);
  });
});
