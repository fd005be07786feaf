/** What is measured of the care for readers: the contrast of every text that is seen, and what axe-core finds. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { contrast, parseColor, type Rgb } from '../../webview/draw/color.js';
import type { Frame } from 'playwright-core';

const AXE = process.env['AXE_CORE'] ?? path.join('node_modules', 'axe-core', 'axe.min.js');
/** Why axe-core cannot be asked here. */
export const noAxe = existsSync(AXE) ? undefined : 'axe-core is not installed: npm install';

/** WCAG 2.2, 1.4.3. */
const LARGE_PX = 24;
const LARGE_BOLD_PX = 18.66;
const BLACK: Rgb = { r: 0, g: 0, b: 0 };

/** A text, and what it stands on; colours as CSS. */
interface SeenText {
  readonly text: string;
  readonly color: string;
  readonly ground: string;
  readonly isLarge: boolean;
}

/** Runs in the page: texts of elements, with the colour behind each as its ancestors make it. */
function elementTexts([large, largeBold]: readonly number[]): SeenText[] {
  const groundOf = (start: Element | null): string => {
    for (let at = start; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      const alpha = (backgroundColor.match(/[\d.]+/g) ?? []).map(Number)[3] ?? 1;
      if (alpha > 0.9) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const found: SeenText[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent?.trim() ?? '';
    const { parentElement } = node;
    if (text === '' || parentElement === null || !parentElement.checkVisibility()) continue;
    if (parentElement.closest('.mirror, .board-mirror, script, style, svg') !== null) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    if (range.getBoundingClientRect().width < 2) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(parentElement);
    const px = parseFloat(fontSize);
    const isLarge = px >= (large ?? 0) || (px >= (largeBold ?? 0) && Number(fontWeight) >= 600);
    found.push({ text, color, ground: groundOf(parentElement), isLarge });
  }
  return found;
}

/** Runs in the page: texts of pictures; what lies under the middle of each, as it was painted before it. */
function drawnTexts(): SeenText[] {
  const variable = (name: string): string =>
    getComputedStyle(document.body).getPropertyValue(`--vscode-${name}`);
  const [background, side] = [variable('editor-background'), variable('sideBar-background')];
  const texts = document.querySelectorAll<SVGTextElement>('.panel:not([hidden]) .board svg text');
  return [...texts].flatMap((node) => {
    const text = node.textContent;
    if (text.trim() === '') return [];
    const { x, y, width, height } = node.getBoundingClientRect();
    const [cx, cy] = [x + width / 2, y + height / 2];
    let ground = node.closest('.side, .aliases') === null ? background : side;
    for (const other of node.closest('svg')?.querySelectorAll('text, rect') ?? []) {
      if (other === node) break;
      const fill = other.getAttribute('fill') ?? 'none';
      const box = other.getBoundingClientRect();
      const isUnder = cx >= box.left && cx <= box.right && cy >= box.top && cy <= box.bottom;
      if (other.tagName === 'rect' && isUnder && fill.startsWith('rgb')) ground = fill;
    }
    return [{ text, color: node.getAttribute('fill') ?? '', ground, isLarge: false }];
  });
}

export interface Contrasts {
  readonly nrTexts: number;
  /** Those that are too pale, each once, with the ratio. */
  readonly pale: readonly string[];
}

/** What shows the window: a page of its own, or a frame of VS Code. */
interface Seen {
  readonly page: Pick<Frame, 'evaluate'>;
}

/** Of all that is seen now. */
export async function contrastsOf({ page }: Seen): Promise<Contrasts> {
  const texts = [
    ...(await page.evaluate(elementTexts, [LARGE_PX, LARGE_BOLD_PX])),
    ...(await page.evaluate(drawnTexts)),
  ];
  const pale = texts.flatMap(({ text, color, ground, isLarge }) => {
    const on = parseColor(ground, BLACK);
    const ratio = contrast(over(color, on), on);
    return ratio < (isLarge ? 3 : 4.5)
      ? [`${text}: ${ratio.toFixed(2)} (${color} on ${ground})`]
      : [];
  });
  return { nrTexts: texts.length, pale: [...new Set(pale)] };
}

/** A colour that lets some of its ground through. */
function over(color: string, ground: Rgb): Rgb {
  const { r, g, b } = parseColor(color, BLACK);
  const alpha = (color.startsWith('rgba') ? (color.match(/[\d.]+/g) ?? []).map(Number)[3] : 1) ?? 1;
  const through = (own: number, under: number): number => own * alpha + under * (1 - alpha);
  return { r: through(r, ground.r), g: through(g, ground.g), b: through(b, ground.b) };
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core finds in what is seen now: each with the elements. */
export async function axeFindings({ page }: Seen): Promise<readonly string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(readFileSync(AXE, 'utf8'));
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
