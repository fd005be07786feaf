/** The bar above the map: arrangement, colours, what is drawn over it, zoom. */
import { checkbox, dropdown, iconButton, liveDropdown } from '../../../controls.js';
import { element } from '../../../dom.js';
import type { MapMachine } from '../../../../src/engine/view/map.js';
import { colouringsOf, type Colouring } from '../colouring.js';
import type { Options } from '../options.js';

export interface ToolbarActions {
  set(options: Partial<Options>): void;
  zoom(step: 1 | -1 | 'fit'): void;
}

export interface Toolbar {
  readonly root: HTMLElement;
  setScale(framesPerCell: string, cellSize: string): void;
  /** What the machine's frames can be coloured by: what it tells of them, and page flags. */
  setMachine(kind: MapMachine | undefined): void;
  setColouring(colouring: Colouring): void;
}

const ARRANGEMENTS = [
  { value: 'buddy', label: 'Squares' },
  { value: 'rows', label: 'Rows' },
] as const;

export function createToolbar(options: Options, actions: ToolbarActions): Toolbar {
  const scale = element('span', { class: 'frames' });
  const size = element('span', { class: 'size' });
  const colouring = liveDropdown<Colouring>(
    'Colour by',
    choices(undefined),
    options.colouring,
    (value) => actions.set({ colouring: value }),
  );
  const arrangement = dropdown('Arrangement', ARRANGEMENTS, options.arrangement, (value) =>
    actions.set({ arrangement: value }),
  );
  arrangement.classList.add('arrangement');
  const changes = checkbox('Changes', options.showChanges, (on) =>
    actions.set({ showChanges: on }),
  );
  changes.classList.add('of-changes');
  let known = '';
  const root = element(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'How the map is drawn' },
    colouring.root,
    arrangement,
    changes,
    checkbox('Pageblocks', options.showPageblocks, (on) => actions.set({ showPageblocks: on })),
    element('div', { class: 'spacer' }),
    element(
      'div',
      { class: 'zoom' },
      iconButton('zoomOut', 'Zoom out (-)', () => actions.zoom(-1)),
      element('span', { class: 'scale' }, scale, size),
      iconButton('zoomIn', 'Zoom in (+)', () => actions.zoom(1)),
      iconButton('fit', 'Fit the whole machine (0)', () => actions.zoom('fit')),
    ),
  );
  return {
    root,
    setScale(framesPerCell, cellSize) {
      scale.textContent = framesPerCell;
      size.textContent = `, ${cellSize}`;
    },
    setMachine(kind) {
      const offered = choices(kind);
      const text = offered.map(({ value }) => value).join();
      if (text === known) return;
      known = text;
      colouring.setOptions(offered);
    },
    setColouring: (value) => colouring.choose(value),
  };
}

const choices = (kind: MapMachine | undefined) =>
  [
    ...colouringsOf(kind).map(({ id, label }) => ({ value: id, label })),
    ...(kind?.flags ?? []).map((flag) => ({ value: flag as Colouring, label: flag })),
  ].map(({ value, label }) => ({ value, label: `Colour: ${label}` }));
