/** The legend: each kind with its picture and how many frames it has. Pressing one brings it out; again, all are equal. */
import { PAGE_KINDS, pageState } from '../../../../src/engine/view/pageState.js';
import { element } from '../../../dom.js';
import type { Palette } from '../../../draw/palette.js';
import { colouringOf, type Colouring } from '../colouring.js';
import { Sprites, stateKey, valueKey } from '../draw/sprites.js';
import { countText } from '../../../text.js';

const SWATCH_PX = 14;
const SAMPLE_ORDER = 8;

export interface Legend {
  readonly root: HTMLElement;
  setPalette(palette: Palette): void;
  /** Frames of each kind. */
  setCounts(counts: ArrayLike<number>): void;
  setColouring(colouring: Colouring): void;
  /** What the values of the colouring are called. */
  setNames(names: readonly string[]): void;
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
  const kinds = element('div', { class: 'entries' }, ...entries.map((e) => e.root));
  const values = element('div', { class: 'entries', hidden: '' });
  let palette: Palette | undefined;
  let colouring: Colouring = 'use';
  let names: readonly string[] = [];
  const showValues = (): void => {
    kinds.hidden = colouring !== 'use';
    values.hidden = colouring === 'use';
    if (palette !== undefined) values.replaceChildren(...valueEntries(palette, colouring, names));
  };
  const root = element(
    'footer',
    { class: 'legend', role: 'group', 'aria-label': 'Legend' },
    kinds,
    values,
  );
  /** Which entries there are: only with others the line has to be fitted again. */
  let fitted = '';
  const fit = (): void => {
    root.classList.remove('tight');
    root.classList.toggle('tight', root.scrollWidth > root.clientWidth);
    cut();
  };
  const cut = (): void => {
    const hidden = root.scrollWidth - root.clientWidth - root.scrollLeft;
    root.classList.toggle('cut', hidden > 1);
  };
  new ResizeObserver(fit).observe(root);
  root.addEventListener('scroll', cut, { passive: true });
  root.addEventListener(
    'wheel',
    (event) => {
      root.scrollLeft += event.deltaX === 0 ? event.deltaY : event.deltaX;
    },
    { passive: true },
  );
  return {
    root,
    setPalette(given) {
      palette = given;
      entries.forEach(({ swatch }, code) => paint(swatch, given, code));
      showValues();
    },
    setCounts(counts) {
      entries.forEach(({ root, count }, code) => {
        const number = counts[code] ?? 0;
        root.hidden = number === 0 && !chosen.has(code);
        count.textContent = countText(number);
        root.title = `${countText(number)}: ${PAGE_KINDS[code]?.meaning ?? ''}`;
      });
      const shown = entries.map(({ root: entry }) => (entry.hidden ? '' : '1')).join(',');
      if (shown === fitted) return;
      fitted = shown;
      requestAnimationFrame(fit);
    },
    setColouring(given) {
      if (given !== colouring) names = [];
      colouring = given;
      showValues();
    },
    setNames(given) {
      if (given.join() === names.join()) return;
      names = given;
      showValues();
      requestAnimationFrame(fit);
    },
  };
}

/** Of names each with its colour; of an amount a few steps from none to full. */
function valueEntries(
  palette: Palette,
  colouring: Colouring,
  names: readonly string[],
): HTMLElement[] {
  const row = colouringOf(colouring);
  const hint = element('span', { class: 'hint' }, row.hint);
  const steps =
    row.scale === 'names'
      ? names.map((name, value) => ({ name, value }))
      : (row.words ?? amounts(row.full)).map(([value, name]) => ({ name, value }));
  const entries = steps.map(({ name, value }) => {
    const swatch = document.createElement('canvas');
    paintKey(swatch, palette, valueKey(0, value, 0), colouring);
    return element('span', { class: 'entry' }, swatch, element('span', {}, name));
  });
  return [...entries, hint];
}

const amounts = (full: number): (readonly [value: number, name: string])[] =>
  [...new Set([0, 1, Math.ceil(full / 2), full])].map((value) => [
    value,
    value === full ? `${value} and more` : String(value),
  ]);

const paint = (swatch: HTMLCanvasElement, palette: Palette, code: number): void =>
  paintKey(swatch, palette, stateKey(pageState(code, SAMPLE_ORDER), 0), 'use');

function paintKey(
  swatch: HTMLCanvasElement,
  palette: Palette,
  key: number,
  colouring: Colouring,
): void {
  const cell = Math.round(SWATCH_PX * window.devicePixelRatio);
  swatch.width = swatch.height = cell;
  const options = { cell, gap: 0, framesPerCell: 1, emphasis: undefined, colouring };
  const image = new ImageData(cell, cell);
  new Uint32Array(image.data.buffer).set(new Sprites(palette, options).get(key));
  swatch.getContext('2d')?.putImageData(image, 0, 0);
}
