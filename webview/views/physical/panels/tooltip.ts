/** The card beside the pointer: at once what the map knows, and a moment later what the adapter says. */
import type { FrameBody } from '../../../../src/engine/view/map.js';
import { element } from '../../../dom.js';
import { hexPfn } from '../../../text.js';
import { cellRows, frameRows, kindLabel, type CellFacts } from './facts.js';

const OFFSET_PX = 14;
const MOST_FLAGS = 8;

export interface Tooltip {
  readonly root: HTMLElement;
  show(cell: CellFacts, swatch: string, frame: FrameBody | undefined, x: number, y: number): void;
  hide(): void;
}

export function createTooltip(): Tooltip {
  const root = element('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: '' });
  return {
    root,
    show(cell, swatch, frame, x, y) {
      const mark = element('span', { class: 'swatch' });
      mark.style.background = swatch;
      const list = element('dl');
      const rows = [...cellRows(cell), ...(frame === undefined ? [] : frameRows(frame))];
      for (const [name, value] of rows)
        list.append(element('dt', {}, name), element('dd', {}, value));
      const title = element(
        'div',
        { class: 'head' },
        mark,
        element('strong', {}, kindLabel(cell.state)),
        element('span', { class: 'pfn' }, `pfn ${hexPfn(cell.pfn)}`),
      );
      root.replaceChildren(title, list);
      if (frame !== undefined && frame.flags.length > 0) root.append(flagsLine(frame.flags));
      root.hidden = false;
      place(root, x, y);
    },
    hide() {
      root.hidden = true;
    },
  };
}

function flagsLine(flags: readonly string[]): HTMLElement {
  const shown = flags.slice(0, MOST_FLAGS).join(' | ');
  return element('div', { class: 'flags' }, flags.length > MOST_FLAGS ? `${shown} | …` : shown);
}

/** Right of and below the pointer, or on the other side where there is no room. */
function place(root: HTMLElement, x: number, y: number): void {
  const { offsetWidth, offsetHeight } = root;
  const fitsRight = x + OFFSET_PX + offsetWidth < window.innerWidth;
  const fitsBelow = y + OFFSET_PX + offsetHeight < window.innerHeight;
  root.style.left = `${Math.max(4, fitsRight ? x + OFFSET_PX : x - OFFSET_PX - offsetWidth)}px`;
  root.style.top = `${Math.max(4, fitsBelow ? y + OFFSET_PX : y - OFFSET_PX - offsetHeight)}px`;
}
