/** The legend: each kind with its picture and how many frames it has. Pressing one brings it out; again, all are equal. */
import { PAGE_KINDS, pageState } from '../../src/engine/view/pageState.js';
import { element } from '../dom.js';
import type { Palette } from '../draw/palette.js';
import { Sprites } from '../draw/sprites.js';
import { countText } from '../text.js';

const SWATCH_PX = 14;
const SAMPLE_ORDER = 8;

export interface Legend {
  readonly root: HTMLElement;
  setPalette(palette: Palette): void;
  /** Frames of each kind. */
  setCounts(counts: ArrayLike<number>): void;
}

interface Entry {
  readonly root: HTMLElement;
  readonly swatch: HTMLCanvasElement;
  readonly count: HTMLElement;
}

export function createLegend(emphasise: (kinds: ReadonlySet<number> | undefined) => void): Legend {
  const chosen = new Set<number>();
  const entries = PAGE_KINDS.map((kind, code): Entry => {
    const swatch = document.createElement('canvas');
    const count = element('span', { class: 'count' });
    const root = element(
      'button',
      { class: 'entry', title: kind.meaning, 'aria-pressed': 'false', hidden: '' },
      swatch,
      element('span', {}, kind.label),
      count,
    );
    root.addEventListener('click', () => {
      if (!chosen.delete(code)) chosen.add(code);
      root.setAttribute('aria-pressed', String(chosen.has(code)));
      emphasise(chosen.size === 0 ? undefined : new Set(chosen));
    });
    return { root, swatch, count };
  });
  return {
    root: element(
      'footer',
      { class: 'legend', 'aria-label': 'Legend' },
      ...entries.map((e) => e.root),
    ),
    setPalette(palette) {
      entries.forEach(({ swatch }, code) => paint(swatch, palette, code));
    },
    setCounts(counts) {
      entries.forEach(({ root, count }, code) => {
        const number = counts[code] ?? 0;
        root.hidden = number === 0 && !chosen.has(code);
        count.textContent = countText(number);
      });
    },
  };
}

function paint(swatch: HTMLCanvasElement, palette: Palette, code: number): void {
  const cell = Math.round(SWATCH_PX * window.devicePixelRatio);
  swatch.width = swatch.height = cell;
  const sprites = new Sprites(palette, { cell, gap: 0, framesPerCell: 1, emphasis: undefined });
  const image = new ImageData(cell, cell);
  new Uint32Array(image.data.buffer).set(sprites.get(pageState(code, SAMPLE_ORDER), 0));
  swatch.getContext('2d')?.putImageData(image, 0, 0);
}
