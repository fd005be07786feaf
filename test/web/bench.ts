/**
 * `npm run bench -- window`: how fast each view of the window Memory is in headless Chromium, with the real webview code at 1600 x 900,
 * for a booted machine of 64 GiB (16.7 million frames). What the adapter says is recorded first and then answered at once: what is
 * measured is the window.
 *
 *     first picture   from the news of a session to what is drawn of it
 *     frame           callbacks and layout of a frame of the screen while the view scrolls
 *     update          all scripts, styles and layout that a step costs: the title, the timeline, the view
 *     captures        kpageflags and kpagecount of such a machine, from the files to the picture
 *     scrubbing       callbacks of a frame while the pointer is dragged along a timeline of a million entries
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { CDPSession } from 'playwright-core';
import type { ClockBody } from '../../src/engine/view/map.js';
import { measureCapture, writeCaptures, type CaptureFigures } from './captureBench.js';
import { launch, MapPage, noBrowser, type Machine } from './mapPage.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';

const PROGRAM = `#pragma mmscope machine arch=x86_64 ram=64G slab=slub
struct page *page = alloc_pages(GFP_KERNEL, 3);
char *object = kmalloc(100, GFP_KERNEL);
char *area = vmalloc(8 * PAGE_SIZE);
__free_pages(page, 3);
kfree(object);
`;
/** A loop whose writes are about a million entries of the tape. */
const LONG = `#pragma mmscope machine arch=x86_64 ram=256M slab=slub
struct page *page;
for (int i = 0; i < 12000; i++) {
  page = alloc_pages(GFP_KERNEL, 4);
  __free_pages(page, 4);
}
int done = 1;
`;
const NR_MOVES = 60;
const VIEWS = ['physical', 'virtual', 'walk', 'free', 'caches'] as const;
const ROUNDS = 3;
const AIMS = { first: 150, frame: 16, update: 5 } as const;

const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

/** Answers of the adapter, by stop, request and arguments. */
class Recorded implements Machine {
  private readonly answers = new Map<string, unknown>();
  stop = 0;

  constructor(private readonly machine: AdapterMachine) {}

  async request(name: string, args: unknown): Promise<unknown> {
    const key = `${this.stop} ${name} ${JSON.stringify(args)}`;
    if (!this.answers.has(key)) this.answers.set(key, await this.machine.request(name, args));
    return this.answers.get(key);
  }

  /** All that a page needs to answer by itself. */
  get all(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.answers);
  }
}

interface Figures {
  readonly first: number;
  readonly frame: number;
  readonly update: number;
}

/** Runs in the page: the time from the news of the session to the first picture of the view. */
async function firstPicture(): Promise<number> {
  const start = performance.now();
  const session = { id: 's', name: 't', subject: 't', stopped: true, epoch: 1, stop: 1 };
  window.postMessage({ type: 'session', session }, '*');
  const copy = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const field = document.querySelector<HTMLInputElement>(
      '.panel:not([hidden]) .view-walk vscode-text-field',
    );
    const hasMachine = !document.body.classList.contains('no-machine');
    if (hasMachine && field?.value === '') {
      // A walk is drawn of an address.
      field.value = '&vm_zone_stat';
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    }
    if (document.querySelector('.panel:not([hidden]) .board svg text') !== null) break;
    const canvas = document.querySelector<HTMLCanvasElement>('.panel:not([hidden]) canvas.cells');
    if (canvas === null || copy === null || canvas.width < 400) continue;
    copy.drawImage(canvas, 90, 140, 8, 8, 0, 0, 8, 8);
    if (copy.getImageData(0, 0, 8, 8).data.some((value) => value !== 0)) break;
  }
  return performance.now() - start;
}

/** Runs in the page: callbacks and layout of each frame while every scroller of the view is moved. */
async function scrolling(): Promise<number[]> {
  const all: number[] = [];
  const own = window.requestAnimationFrame.bind(window);
  let spent = 0;
  window.requestAnimationFrame = (callback) =>
    own((now) => {
      const start = performance.now();
      callback(now);
      spent += performance.now() - start;
    });
  const shown = '.panel:not([hidden])';
  const scrollers = document.querySelectorAll(`${shown} .board, ${shown} .viewport`);
  for (let i = 0; i < 40; i++) {
    spent = 0;
    const start = performance.now();
    for (const scroller of scrollers) scroller.scrollTop += i < 20 ? 97 : -97;
    document.body.getBoundingClientRect();
    const layout = performance.now() - start;
    await new Promise((resolve) => own(() => own(resolve)));
    all.push(layout + spent);
  }
  window.requestAnimationFrame = own;
  return all;
}

const WORK: readonly string[] = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'];

async function workMs(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.reduce(
    (sum, { name, value }) => (WORK.includes(name) ? sum + 1000 * value : sum),
    0,
  );
}

/** When nothing more is spent. Waits outside of the page: a page that waits spends, too. */
async function workWhenStill(cdp: CDPSession): Promise<number> {
  let last = await workMs(cdp);
  for (let nrQuiet = 0; nrQuiet < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await workMs(cdp);
    nrQuiet = now === last ? nrQuiet + 1 : 0;
    last = now;
  }
  return last;
}

/** @param step lets the machine go on, where its answers are not known yet */
async function measure(
  view: string,
  recorded: Recorded,
  step: () => Promise<unknown>,
): Promise<Figures> {
  const browser = await launch();
  const kept = { view, views: { physical: { zoom: 9 } } };
  const map = await MapPage.open(browser, recorded, { width: 1600, height: 900, kept });
  const answers = recorded.all;
  await map.page.evaluate((known) => {
    const scope = window as unknown as {
      answerRequest: (name: string, args: unknown) => Promise<unknown>;
      stopNow: number;
    };
    const ask = scope.answerRequest;
    scope.stopNow = 1;
    scope.answerRequest = (name, args) => {
      const body = known[`${scope.stopNow} ${name} ${JSON.stringify(args)}`];
      return body === undefined ? ask(name, args) : Promise.resolve({ body });
    };
  }, answers);
  recorded.stop = 1;
  const first = await map.page.evaluate(firstPicture);
  await map.settle();
  const frame = median(await map.page.evaluate(scrolling));
  await map.settle();
  const cdp = await map.page.context().newCDPSession(map.page);
  // Of the processor, not of the clock: other work on the machine is none of the window's.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await step();
  recorded.stop = 2;
  const before = await workMs(cdp);
  await map.page.evaluate(() => {
    (window as unknown as { stopNow: number }).stopNow = 2;
    const session = { id: 's', name: 't', subject: 't', stopped: true, epoch: 2, stop: 2 };
    window.postMessage({ type: 'session', session }, '*');
  });
  const update = (await workWhenStill(cdp)) - before;
  await map.page.close();
  return { first, frame, update };
}

/** Runs in the page: callbacks of each frame while the pointer is dragged along the timeline. */
async function scrubbing(nrMoves: number): Promise<number[]> {
  const all: number[] = [];
  const own = window.requestAnimationFrame.bind(window);
  let spent = 0;
  window.requestAnimationFrame = (callback) =>
    own((now) => {
      const start = performance.now();
      callback(now);
      spent += performance.now() - start;
    });
  const slider = document.querySelector('.slider');
  for (let i = 0; i < nrMoves; i++) {
    spent = 0;
    const start = performance.now();
    const at = { clientX: 200 + 17 * i, clientY: 860, bubbles: true, buttons: 1 };
    slider?.dispatchEvent(new PointerEvent('pointermove', at));
    const heard = performance.now() - start;
    await new Promise((resolve) => own(() => own(resolve)));
    all.push(heard + spent);
  }
  window.requestAnimationFrame = own;
  return all;
}

/** A scenario of a million entries: what the adapter takes for the strip, at first and again, and what a move of the pointer costs. */
async function timeline(folder: string): Promise<void> {
  const program = path.join(folder, 'long.mms');
  writeFileSync(program, LONG);
  const machine = await scenarioMachine(program);
  const line = LONG.split('\n').indexOf('int done = 1;') + 1;
  await machine.request('setBreakpoints', { source: { path: program }, breakpoints: [{ line }] });
  await machine.run('continue');
  const { now } = (await machine.request('mmscope/clock', undefined)) as ClockBody;
  const asked = async (): Promise<number> => {
    const start = performance.now();
    await machine.request('mmscope/timeline', { buckets: 720 });
    return performance.now() - start;
  };
  const first = await asked();
  const again = await asked();
  const still: Machine = {
    // Dragging travels: here the machine stays where it is.
    request: (name, args) =>
      name === 'mmscope/goToTime' ? Promise.resolve(undefined) : machine.request(name, args),
  };
  const map = await MapPage.open(await launch(), still, { width: 1600, height: 900 });
  await map.stopped();
  const frame = median(await map.page.evaluate(scrubbing, NR_MOVES));
  await map.page.close();
  const told = (ms: number): string => `${ms.toFixed(1)} ms`.padStart(13);
  console.log(
    `\ntimeline, ${now.toLocaleString('en')} entries     asked at first        again      frame`,
  );
  console.log(
    `  ${'scrubbing (aim: 16 ms a frame)'.padEnd(36)}${told(first)}${told(again)}${told(frame)}`,
  );
}

async function views(folder: string): Promise<void> {
  const program = path.join(folder, 'bench.mms');
  writeFileSync(program, PROGRAM);
  console.log('\nwindow Memory, 64 GiB, 1600 x 900     first picture      frame     update');
  const machine = await scenarioMachine(program);
  await machine.run('next');
  for (const view of VIEWS) {
    const recorded = new Recorded(machine);
    const rounds: Figures[] = [];
    // The first round learns what the adapter says.
    await measure(view, recorded, () => machine.run('next'));
    for (let round = 0; round < ROUNDS; round++)
      rounds.push(await measure(view, recorded, () => Promise.resolve()));
    await machine.run('stepBack');
    const of = (name: keyof Figures): string =>
      `${median(rounds.map((figures) => figures[name])).toFixed(1)} ms`;
    console.log(
      `  ${view.padEnd(36)}${of('first').padStart(13)}${of('frame').padStart(11)}${of('update').padStart(11)}`,
    );
  }
  const { first, frame, update } = AIMS;
  console.log(
    `  ${'aim'.padEnd(36)}${`${first} ms`.padStart(13)}${`${frame} ms`.padStart(11)}${`${update} ms`.padStart(11)}`,
  );
}

async function captures(folder: string): Promise<void> {
  writeCaptures(folder);
  const rounds: CaptureFigures[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(await measureCapture(folder, firstPicture));
  const told = (of: (figures: CaptureFigures) => number): string =>
    `${median(rounds.map(of)).toFixed(0)} ms`.padStart(13);
  console.log('\nkpageflags and kpagecount of 64 GiB           read        drawn');
  console.log(
    `  ${'from the files (aim: drawn in 2000 ms)'.padEnd(36)}${told(({ read }) => read)}${told(({ drawn }) => drawn)}`,
  );
}

async function main(): Promise<void> {
  if (noBrowser !== undefined) {
    console.log(`window: not measured (${noBrowser})`);
    return;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mmscope-bench-'));
  const only = process.argv[2];
  if (only === undefined || only === 'views') await views(folder);
  if (only === undefined || only === 'timeline') await timeline(folder);
  if (only === undefined || only === 'captures') await captures(folder);
  await (await launch()).close();
  rmSync(folder, { recursive: true });
}

await main();
