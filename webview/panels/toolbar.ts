/** The bar above the map: arrangement, zoom, changes, go to a frame. */
import type { Arrangement } from '../curve.js';
import { checkbox, dropdown, iconButton, textField } from '../controls.js';
import { element } from '../dom.js';
import type { Options } from '../options.js';

export interface ToolbarActions {
  arrange(arrangement: Arrangement): void;
  zoom(step: 1 | -1 | 'fit'): void;
  showChanges(on: boolean): void;
  /** Returns whether the text named a frame of the machine. */
  goTo(text: string): boolean;
}

export interface Toolbar {
  readonly root: HTMLElement;
  /** `64 MiB`, and where the session stands. */
  setTitle(title: string, detail: string): void;
  setScale(text: string): void;
}

const ARRANGEMENTS = [
  { value: 'buddy', label: 'Buddy squares' },
  { value: 'rows', label: 'Rows' },
] as const;

export function createToolbar(options: Options, actions: ToolbarActions): Toolbar {
  const title = element('span', { class: 'title' });
  const detail = element('span', { class: 'detail' });
  const scale = element('span', { class: 'scale' });
  const complaint = element('span', { class: 'complaint', role: 'alert' });
  const field = textField('Go to frame or address', 'Go to pfn or address', (text, input) => {
    const found = actions.goTo(text);
    input.classList.toggle('invalid', !found);
    input.setAttribute('aria-invalid', String(!found));
    complaint.textContent = found ? '' : `${text.trim()}: not in this machine`;
  });
  const root = element(
    'header',
    { class: 'toolbar' },
    element('div', { class: 'heading' }, title, detail),
    element('div', { class: 'spacer' }),
    complaint,
    field,
    dropdown('Arrangement', ARRANGEMENTS, options.arrangement, (value) => actions.arrange(value)),
    checkbox('Changes', options.showChanges, (on) => actions.showChanges(on)),
    element(
      'div',
      { class: 'zoom' },
      iconButton('zoomOut', 'Zoom out (-)', () => actions.zoom(-1)),
      scale,
      iconButton('zoomIn', 'Zoom in (+)', () => actions.zoom(1)),
      iconButton('fit', 'Fit the whole machine (0)', () => actions.zoom('fit')),
    ),
  );
  return {
    root,
    setTitle(text, more) {
      title.textContent = text;
      detail.textContent = more;
    },
    setScale(text) {
      scale.textContent = text;
    },
  };
}
