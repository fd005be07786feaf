/**
 * Moments that show what the machines at rest do not: a split and a merge seen near, a refused request, a walk that breaks, the memory of
 * processes, two times compared, two views beside each other, a narrow window, other colours. For the gallery.
 */
import path from 'node:path';
import { openView, stepTo, walkTo } from './boards.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import type { MapPage, PageOptions } from './mapPage.js';

export interface Moment {
  readonly name: string;
  readonly file: string;
  /** A text of the line that is next when the window opens. */
  readonly line: string;
  /** Stops that the window sees. */
  readonly steps: number;
  readonly options?: PageOptions;
  readonly then: (map: MapPage, machine: AdapterMachine) => Promise<void>;
}

const example = (name: string): string => path.join('examples', `${name}.mms`);
const nothing = (): Promise<void> => Promise.resolve();
const SPLIT = example('split-a-block');
const NEAR = { view: 'physical', views: { physical: { zoom: 0 } } };

const goTo = async (map: MapPage, text: string): Promise<void> => {
  await map.page.locator('.goto vscode-text-field input').fill(text);
  await map.page.keyboard.press('Enter');
  await map.settle();
};
const kept = (physical: object, more: object = {}): PageOptions['kept'] => ({
  view: 'physical',
  views: { physical },
  ...more,
});

export const MOMENTS: readonly Moment[] = [
  {
    name: 'split',
    file: SPLIT,
    line: 'alloc_pages(GFP_KERNEL',
    steps: 1,
    options: { kept: NEAR },
    then: nothing,
  },
  {
    name: 'merge',
    file: SPLIT,
    line: '__free_pages(block',
    steps: 1,
    options: { kept: kept({ zoom: 2 }) },
    then: nothing,
  },
  {
    name: 'refused',
    file: path.join('test', 'web', 'scenarios', 'views.mms'),
    line: 'int done',
    steps: 0,
    then: (map) => openView(map, 'Free Areas'),
  },
  {
    name: 'fault',
    file: example('fork-and-cow'),
    line: "buf[0] = 'p'",
    steps: 0,
    then: async (map) => {
      await openView(map, 'Page Walk');
      await walkTo(map, 'address');
    },
  },
  {
    name: 'process',
    file: example('fork-and-cow'),
    line: 'pid_t child',
    steps: 1,
    then: async (map) => {
      await openView(map, 'Virtual');
      await goTo(map, 'shared');
    },
  },
  {
    name: 'beside',
    file: example('highmem-2-windows'),
    line: 'kunmap(',
    steps: 0,
    options: { kept: kept({}, { beside: 'virtual' }) },
    then: (map) => goTo(map, 'page'),
  },
  {
    name: 'compared',
    file: SPLIT,
    line: 'alloc_pages(GFP_KERNEL',
    steps: 0,
    then: async (map, machine) => {
      await map.page.getByRole('button', { name: 'Compare' }).click();
      for (let i = 0; i < 3; i++) await machine.run('next');
      await map.stopped();
      await map.page.locator('.differences summary').click();
    },
  },
  {
    name: 'narrow',
    file: SPLIT,
    line: 'alloc_pages(GFP_KERNEL',
    steps: 1,
    options: { width: 700, height: 700 },
    then: (map) => goTo(map, 'block'),
  },
  ...['order', 'migratetype', 'zone', 'references', 'owner', 'age', 'PG_head'].map(
    (colouring): Moment => ({
      name: `by-${colouring}`,
      file: example('compound-2-head-and-tail'),
      line: '__free_pages',
      steps: 1,
      options: { kept: kept({ colouring, showPageblocks: colouring === 'migratetype' }) },
      then: nothing,
    }),
  ),
  {
    name: 'tasks',
    file: path.join('test', 'web', 'scenarios', 'migration.mms'),
    line: 'int done',
    steps: 1,
    then: async (map) => {
      await map.page.mouse.move(900, 830);
      await map.settle();
    },
  },
];

/** At its line, the machine. */
export async function machineOf({ file, line }: Moment): Promise<AdapterMachine> {
  const machine = await scenarioMachine(file);
  await stepTo(machine, file, line);
  return machine;
}
