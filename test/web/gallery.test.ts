/**
 * Pictures for the eye: four machines in four themes, every view, and moments in two of them. Made where MMSCOPE_GALLERY is set, in
 * build/screenshots/map-gallery-*.png; nothing of it may break the page's policy,
 * throw, be too pale to read, or be found by axe-core.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { complaints, openView } from './boards.js';
import { axeFindings, contrastsOf, noAxe } from './care.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { dumpMachine, scenarioMachine, type AdapterMachine } from './machines.js';
import { MOMENTS, machineOf } from './moments.js';
import { THEMES } from './themes.js';

const VIEWS = ['Physical', 'Virtual', 'Page Walk', 'Free Areas', 'Caches'] as const;

/** As a scenario of its own. */
const written = (text: string): string => {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'mmscope-gallery-')), 'shown.mms');
  writeFileSync(file, text);
  return file;
};

const FRAGMENTED = `#pragma mmscope machine arch=x86_64 ram=128M slab=slub
struct page *all[3000];
int n = 0;
for (int i = 0; i < 3000; i++) all[i] = alloc_page(GFP_HIGHUSER_MOVABLE);
for (int i = 0; i < 3000; i += 3) __free_page(all[i]);
struct page *one = alloc_pages(GFP_KERNEL, 3);
struct page *two = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 9);
n++;
`;
const HUGE = `#pragma mmscope machine arch=x86_64 ram=64G slab=slub
struct page *page = alloc_pages(GFP_KERNEL, 3);
char *area = vmalloc(8 * PAGE_SIZE);
area[0] = 1;
__free_pages(page, 3);
`;

/** At the line behind the loops. */
async function fragmented(): Promise<AdapterMachine> {
  const file = written(FRAGMENTED);
  const machine = await scenarioMachine(file);
  const line = FRAGMENTED.split('\n').findIndex((text) => text.includes('*one')) + 1;
  await machine.request('setBreakpoints', { source: { path: file }, breakpoints: [{ line }] });
  await machine.run('continue');
  return machine;
}

interface Sitter {
  readonly name: string;
  readonly open: () => Promise<AdapterMachine>;
  /** Stops that the window sees. */
  readonly steps: number;
  readonly select: string;
  readonly width?: number;
}

const SITTERS: readonly Sitter[] = [
  {
    name: 'highmem',
    open: () => scenarioMachine(path.join('examples', 'highmem-2-windows.mms')),
    steps: 6,
    select: 'page',
  },
  { name: '64g', open: () => scenarioMachine(written(HUGE)), steps: 3, select: 'area' },
  { name: 'fragmented', open: fragmented, steps: 3, select: 'one' },
  {
    name: 'dump',
    open: () => dumpMachine(path.join('test', 'dumps', 'data', 'debian12-amd64-256M.kdump')),
    steps: 0,
    select: '0xffffffff82a10000',
  },
];

if (process.env['MMSCOPE_GALLERY'] !== undefined)
  describeInBrowser('the gallery', () => {
    for (const { name, open, steps, select, width = 1280 } of SITTERS)
      for (const theme of THEMES)
        it(`${name}, ${theme}`, async () => {
          const machine = await open();
          const map = await openMap(machine, { theme, width, height: 900 });
          await map.stopped();
          for (let i = 0; i < steps; i++) {
            await machine.run('next');
            await map.stopped();
          }
          await map.screenshot(`gallery-${name}-Physical-${theme}`);
          await map.page.locator('.goto vscode-text-field input').fill(select);
          await map.page.keyboard.press('Enter');
          await map.settle();
          for (const view of VIEWS) {
            await openView(map, view);
            await map.screenshot(`gallery-${name}-${view.replace(' ', '')}-${theme}-lit`);
            assert.deepEqual((await contrastsOf(map)).pale, [], view);
            if (noAxe === undefined) assert.deepEqual(await axeFindings(map), [], view);
          }
          assert.deepEqual(complaints(map), []);
          await map.page.close();
        });
    for (const moment of MOMENTS)
      for (const theme of ['dark', 'highContrastLight'] as const)
        it(`${moment.name}, ${theme}`, async () => {
          const machine = await machineOf(moment);
          const map = await openMap(machine, {
            theme,
            width: 1280,
            height: 900,
            ...moment.options,
          });
          await map.stopped();
          for (let i = 0; i < moment.steps; i++) {
            await machine.run('next');
            await map.stopped();
          }
          await moment.then(map, machine);
          await map.screenshot(`gallery-moment-${moment.name}-${theme}`);
          assert.deepEqual((await contrastsOf(map)).pale, []);
          assert.deepEqual(complaints(map), []);
          await map.page.close();
        });
  });
