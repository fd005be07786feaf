/**
 * How much work the window does for a machine of 16.7 million frames, counted: what it asks for, and what it draws, at the first picture,
 * while it scrolls, at a step, along the timeline. How long that takes, `npm run bench -- window` says.
 */
import assert from 'node:assert/strict';
import type { FrameChangesBody } from '../../src/engine/view/frameChanges.js';
import type { MapArguments, MapBody } from '../../src/engine/view/map.js';
import { pageKindCode, PAGE_KINDS, pageState } from '../../src/engine/view/pageState.js';
import { CHANGED } from '../../webview/views/physical/changes.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { plainMachine } from './machines.js';
import type { Machine, MapPage } from './mapPage.js';

const NR_FRAMES = 1 << 24;
const FREE = pageState(pageKindCode('free'), 10);
const SLAB = pageState(pageKindCode('slab'));
const ZONES = [
  { name: 'DMA', startPfn: 0, endPfn: 4096 },
  { name: 'DMA32', startPfn: 4096, endPfn: 1 << 20 },
  { name: 'Normal', startPfn: 1 << 20, endPfn: NR_FRAMES },
];
const NR_CHANGED = 60;
/** The zoom at which a frame is a cell of a few pixels. */
const NEAR = 9;

/** 64 GiB. Counts the questions, and how many cells of the map are asked for. */
class HugeMachine implements Machine {
  nrQuestions = 0;
  nrCells = 0;
  now = 0;
  private readonly small = plainMachine([], new Uint8Array(1));

  request(name: string, args: unknown): Promise<unknown> {
    this.nrQuestions++;
    if (name === 'mmscope/map') return Promise.resolve(this.map(args as MapArguments));
    if (name === 'mmscope/clock')
      return Promise.resolve({ now: this.now, start: 0, end: this.now });
    if (name === 'mmscope/frameChanges') return Promise.resolve(this.changes());
    return this.small.request(name, args);
  }

  private map({ cells, framesPerCell }: MapArguments): MapBody {
    // The overview is one cell of the whole machine; the minimap's are asked once.
    if (framesPerCell === 1) this.nrCells += cells;
    const state = framesPerCell === 1 ? FREE : pageState(FREE >>> 4, 15);
    const states = Buffer.from(new Uint8Array(cells).fill(state)).toString('base64');
    const totals = new Array<number>(PAGE_KINDS.length).fill(0);
    totals[pageKindCode('free')] = NR_FRAMES;
    const body = { maxPfn: NR_FRAMES, zones: ZONES, states };
    return cells * framesPerCell >= NR_FRAMES ? { ...body, totals } : body;
  }

  /** Far apart from each other, from 4 GiB to the top. */
  private changes(): FrameChangesBody {
    const runs = Array.from(
      { length: NR_CHANGED },
      (_, i) => [(1 << 20) + i * 250_000, 1, FREE, SLAB, CHANGED] as const,
    );
    return { from: this.now - 1, to: this.now, runs, total: runs.length };
  }
}

/** Counts in the page, by the class of the canvas, whatever is drawn on it. */
function countDraws(): void {
  const scope = window as unknown as { draws: Record<string, number> };
  scope.draws = {};
  const count = <T extends object>({ prototype }: { prototype: T }, names: (keyof T)[]): void => {
    for (const name of names) {
      const own = prototype[name] as (...args: unknown[]) => unknown;
      (prototype[name] as unknown) = function (
        this: T & { readonly canvas: HTMLCanvasElement },
        ...args: unknown[]
      ) {
        const of = this.canvas.closest('.slider') === null ? this.canvas.className : 'strip';
        scope.draws[of] = (scope.draws[of] ?? 0) + 1;
        return own.apply(this, args);
      };
    }
  };
  count(CanvasRenderingContext2D, ['fillRect', 'drawImage', 'putImageData', 'fillText']);
  count(WebGL2RenderingContext, ['drawArrays', 'drawArraysInstanced', 'texSubImage2D']);
}

/** What has been drawn since the last look. */
const draws = ({ page }: MapPage): Promise<Readonly<Record<string, number>>> =>
  page.evaluate(() => {
    const scope = window as unknown as { draws: Record<string, number> };
    const { draws: found } = scope;
    scope.draws = {};
    return found;
  });

const WIDTH = 1600;
const HEIGHT = 900;

describeInBrowser('work of the window, 16.7 million frames', () => {
  for (const renderer of ['canvas', 'webgl'] as const)
    describe(renderer, () => {
      const machine = new HugeMachine();
      let map: MapPage;
      /** Cells that there is room for. */
      let nrInView: number;
      before(async () => {
        const kept = { views: { physical: { renderer, zoom: NEAR } } };
        map = await openMap(machine, { width: WIDTH, height: HEIGHT, kept });
        await map.page.evaluate(countDraws);
        await map.stopped();
        const scale = await map.page.locator('.scale').innerText();
        const cellPx = Number(/(\d+) px/.exec(scale)?.[1]);
        nrInView = (WIDTH / cellPx) * (HEIGHT / cellPx);
      });
      after(() => map.page.close());

      it('asks for what is in view, and a little beyond', () => {
        assert.ok(machine.nrCells > nrInView / 4, `${machine.nrCells} cells`);
        assert.ok(machine.nrCells < 4 * nrInView, `${machine.nrCells} of ${nrInView} in view`);
      });

      it('scrolling asks only for what comes into view, and draws no more than is in view', async () => {
        await draws(map);
        machine.nrCells = 0;
        const nrFrames = 20;
        await map.page.evaluate(async (count) => {
          const view = document.querySelector('.viewport');
          for (let i = 0; i < count && view !== null; i++) {
            view.scrollTop += 97;
            await new Promise((resolve) =>
              requestAnimationFrame(() => requestAnimationFrame(resolve)),
            );
          }
        }, nrFrames);
        await map.settle();
        const { cells = 0 } = await draws(map);
        const tiles = nrInView / 1024;
        assert.ok(cells > 0 && cells < nrFrames * 8 * tiles, `${cells} draws, ${tiles} tiles`);
        const scrolled = (97 * nrFrames) / HEIGHT;
        assert.ok(machine.nrCells < 4 * nrInView * (scrolled + 1), `${machine.nrCells} cells`);
      });

      it('a step is known everywhere without asking for a cell again', async () => {
        machine.now = 1;
        machine.nrCells = machine.nrQuestions = 0;
        await draws(map);
        await map.stopped();
        assert.ok(machine.nrQuestions < 16, `${machine.nrQuestions} questions`);
        assert.ok(machine.nrCells <= 2 * nrInView, `${machine.nrCells} cells`);
        const told = await map.page.locator('.edge:visible').allInnerTexts();
        assert.ok(told.length > 0, 'changes are out of sight');
        assert.ok(
          told.some((text) => /\d+ changes/.test(text)),
          told.join(),
        );
      });

      it('the pointer along the timeline asks for nothing, and draws its cursor alone', async () => {
        await map.settle();
        await draws(map);
        machine.nrQuestions = 0;
        const nrMoves = 40;
        await map.page.evaluate(async (count) => {
          const slider = document.querySelector('.slider');
          for (let i = 0; i < count; i++) {
            const at = { clientX: 200 + 9 * i, clientY: 10, bubbles: true };
            slider?.dispatchEvent(new PointerEvent('pointermove', at));
            await new Promise((resolve) =>
              requestAnimationFrame(() => requestAnimationFrame(resolve)),
            );
          }
        }, nrMoves);
        const { strip = 0, ...others } = await draws(map);
        assert.ok(strip > 0 && strip <= 4 * nrMoves, `${strip} draws`);
        assert.deepEqual(others, {});
        assert.equal(machine.nrQuestions, 0);
      });
    });
});
