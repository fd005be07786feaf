/** The panel of the selected frame: its struct page in short, and what can be done with it. */
import type { FrameBody } from '../../src/engine/view/map.js';
import { PAGE_KINDS, kindOfState } from '../../src/engine/view/pageState.js';
import { badge, divider, iconButton, textButton } from '../controls.js';
import { element } from '../dom.js';
import type { FrameAction } from '../messages.js';
import { hexPfn } from '../text.js';
import { cellRows, frameRows, kindLabel, type CellFacts } from './facts.js';

export interface Details {
  readonly root: HTMLElement;
  show(cell: CellFacts, swatch: string, frame: FrameBody | undefined): void;
  hide(): void;
}

export interface DetailsActions {
  act(action: FrameAction, frame: FrameBody): void;
  close(): void;
}

export function createDetails(actions: DetailsActions): Details {
  const root = element('aside', { class: 'details', 'aria-label': 'Selected frame', hidden: '' });
  return {
    root,
    show(cell, swatch, frame) {
      root.hidden = false;
      root.replaceChildren(
        heading(cell, swatch, actions),
        summary(cell, frame),
        table([...cellRows(cell), ...(frame === undefined ? [] : frameRows(frame))]),
        ...(frame === undefined ? [] : body(frame, actions)),
      );
    },
    hide() {
      root.hidden = true;
    },
  };
}

function heading(cell: CellFacts, swatch: string, actions: DetailsActions): HTMLElement {
  const mark = element('span', { class: 'swatch' });
  mark.style.background = swatch;
  return element(
    'div',
    { class: 'head' },
    mark,
    element('h2', {}, `pfn ${hexPfn(cell.pfn)}`),
    badge(kindLabel(cell.state)),
    element('span', { class: 'spacer' }),
    iconButton('close', 'Close details (Escape)', () => actions.close()),
  );
}

function summary(cell: CellFacts, frame: FrameBody | undefined): HTMLElement {
  const kind = cell.state === undefined ? undefined : PAGE_KINDS[kindOfState(cell.state)];
  return element('p', { class: 'summary' }, frame?.summary ?? kind?.meaning ?? '');
}

function table(rows: readonly (readonly [string, string])[]): HTMLElement {
  const list = element('dl');
  for (const [name, value] of rows) list.append(element('dt', {}, name), element('dd', {}, value));
  return list;
}

function body(frame: FrameBody, actions: DetailsActions): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (frame.flags.length > 0) {
    const flags = frame.flags.map((flag) => element('span', { class: 'flag' }, flag));
    parts.push(element('div', { class: 'flags' }, ...flags));
  }
  const buttons = element('div', { class: 'buttons' });
  const offer = (label: string, action: FrameAction): void =>
    buttons.append(textButton(label, () => actions.act(action, frame)));
  if (frame.expression !== undefined) offer('Watch', 'watch');
  if (frame.memoryReference !== undefined) offer('View bytes', 'bytes');
  offer('Copy', 'copy');
  parts.push(buttons);
  if (frame.fields.length > 0) {
    const rows = frame.fields.map(({ name, value, type }) => {
      const cell = element('td', {}, value);
      if (type !== undefined) cell.title = type;
      return element('tr', {}, element('th', { scope: 'row' }, name), cell);
    });
    const caption = element('caption', {}, 'struct page');
    parts.push(divider(), element('table', {}, caption, element('tbody', {}, ...rows)));
  }
  return parts;
}
