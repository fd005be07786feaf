/** What tests do with the views that are boards: find what is drawn by its marks, press it, walk to where something is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AdapterMachine } from './machines.js';
import type { MapPage } from './mapPage.js';

/** A request's body. */
export const ask = <Body>(machine: AdapterMachine, name: string, args?: object): Promise<Body> =>
  machine.request(name, args) as Promise<Body>;

/** Steps over lines until the one that holds a text is next. */
export async function stepTo(machine: AdapterMachine, file: string, text: string): Promise<void> {
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
export const marked = (map: MapPage, name: string): Promise<readonly Marked[]> =>
  map.page.evaluate((mark) => {
    const nodes = document.querySelectorAll<SVGElement>(`.panel:not([hidden]) [data-${mark}]`);
    return Array.from(nodes, (node) => {
      const { x, y, width, height } = node.getBoundingClientRect();
      const data = Object.entries(node.dataset).map(([key, value]) => [key, value ?? ''] as const);
      return { data: Object.fromEntries(data), x, y, width, height, text: node.textContent };
    });
  }, name);

export interface Marked {
  readonly data: Data;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly text: string;
}

/** The one whose mark says something. */
export const find = (all: readonly Marked[], name: string, value: string): Marked =>
  all.find(({ data }) => data[name] === value) ?? assert.fail(`no ${name} ${value}`);

/** Presses an element of a picture in its middle, whatever text lies over it. */
export async function press(map: MapPage, selector: string, modifier?: 'Alt'): Promise<void> {
  const target = map.page.locator(selector).first();
  await target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await target.boundingBox()) ?? assert.fail(selector);
  if (modifier !== undefined) await map.page.keyboard.down(modifier);
  await map.page.mouse.click(x + width / 2, y + height / 2);
  if (modifier !== undefined) await map.page.keyboard.up(modifier);
  await map.settle();
}

/** What the page complains of. A screenshot hides the caret by a style of its own, which the page's policy refuses. */
export const complaints = ({ complaints: all }: MapPage): readonly string[] =>
  all.filter((text) => !text.startsWith('Applying inline style'));

/** Brings a view to the front, drawn. */
export async function openView(map: MapPage, title: string): Promise<void> {
  await map.page.getByRole('tab', { name: title, exact: true }).click();
  await map.settle();
}

/** Walks an address through the view's own field. */
export async function walkTo(map: MapPage, expression: string): Promise<void> {
  await map.page.getByRole('textbox', { name: 'Address or expression to walk' }).fill(expression);
  await map.page.keyboard.press('Enter');
  await map.settle();
}

/** Waits for something that the page or the machine does in its own time, with sight of what it waits for. */
export async function until(
  map: MapPage,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < 3600; i++) {
    if (await holds()) return;
    await map.page.waitForTimeout(25);
  }
  assert.fail(`it does not happen that ${what}`);
}
