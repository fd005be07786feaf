/** `Slabs 65 to 128 of 400`, with a button for the page before and one for the page behind. */
import { countText } from '../text.js';
import type { Painter } from './painter.js';
import type { Item, Row } from './scene.js';

export interface Page {
  /** `Slabs` */
  readonly what: string;
  /** Number of the first one that is shown. */
  readonly start: number;
  readonly shown: number;
  readonly total: number;
}

const HEIGHT = 32;
const BUTTON = { width: 28, height: 22 };
const GAP = 6;

export function paintPager(
  painter: Painter,
  { what, start, shown, total }: Page,
  room: { readonly x: number; readonly y: number; readonly width: number },
  turn: (step: 1 | -1) => void,
): { readonly rows: readonly Row[]; readonly bottom: number } {
  const { palette } = painter;
  const { x, y, width } = room;
  const end = start + shown;
  const text = `${what} ${countText(start + 1)} to ${countText(end)} of ${countText(total)}`;
  const right = x + width;
  painter.text(x, y + 15, text, {
    bold: true,
    maxWidth: width - 2 * BUTTON.width - 3 * GAP,
    data: { start, total },
  });
  const button = (step: 1 | -1, left: number): Item => {
    const isThere = step < 0 ? start > 0 : end < total;
    const box = { x: left, y, ...BUTTON };
    painter.rect(box, {
      stroke: painter.tint(palette.foreground, isThere ? 0.5 : 0.18),
      radius: 3,
      data: { turn: `${what}/${step}` },
    });
    painter.text(left + BUTTON.width / 2, y + 15, step < 0 ? '\u2039' : '\u203a', {
      anchor: 'middle',
      color: isThere ? palette.foreground : palette.muted,
    });
    const label = `${what} ${step < 0 ? 'before' : 'after'}`;
    return {
      key: `turn/${what}/${step}`,
      label: isThere ? label : `${label}: there are none`,
      box,
      ...(isThere && { press: () => turn(step) }),
    };
  };
  const row = [button(-1, right - 2 * BUTTON.width - GAP), button(1, right - BUTTON.width)];
  return { rows: [row], bottom: y + HEIGHT };
}
