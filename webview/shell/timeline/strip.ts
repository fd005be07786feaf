/**
 * The timeline under all views: what happened when, and where the machine stands. Dragging travels; a second time can be compared
 * with. It is a slider to keys and screen readers, whose value is the statement.
 */
import { counted } from '../../../src/engine/view/counted.js';
import { TIMELINE_EVENTS, type TimelineBody } from '../../../src/engine/view/timeline.js';
import type { Difference } from '../../../src/engine/view/history.js';
import { textButton } from '../../controls.js';
import { element } from '../../dom.js';
import type { Palette } from '../../draw/palette.js';
import { countText } from '../../text.js';
import { createCaptions } from './captions.js';
import { drawCursor, drawStrip, heightOf, type Cursor } from './drawStrip.js';

export interface StripActions {
  /** Asks for columns of a range of moments; rejects while the machine runs. */
  ask(range: Range | undefined, columns: number): Promise<TimelineBody>;
  /** Travels; resolves when the request was accepted. */
  goTo(time: number): Promise<unknown>;
  /** Compares with a time, or with the previous stop again. */
  compare(time: number | undefined): void;
  /** What differs from then. */
  differences(
    from: number,
  ): Promise<{ readonly total: number; readonly list: readonly Difference[] }>;
  readonly palette: Palette;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

const COMPARE_HINT = 'From now on, show what differs from the machine as it stands here (A)';
const MOST_COLUMNS = 2000;
/** CSS pixels of a column. */
const COLUMN_PX = 2;
/** Travelling makes stops, each of which everybody asks about: not more often than this. */
const TRAVEL_MS = 80;
const ZOOM = 1.25;

export class Strip {
  readonly root: HTMLElement;
  private readonly picture = document.createElement('canvas');
  private readonly cursors = document.createElement('canvas');
  private readonly slider: HTMLElement;
  private readonly standing = element('div', { class: 'standing' });
  private readonly tip = element('div', { class: 'tip', 'aria-hidden': 'true', hidden: '' });
  private readonly captions = createCaptions();
  private readonly compareButton: HTMLElement;
  private readonly differ;
  private body: TimelineBody | undefined;
  private range: Range | undefined;
  private comparedWith: number | undefined;
  private pointed: number | undefined;
  private asked = 0;
  private travelling = false;
  private wanted: number | undefined;
  private nrUnderWay = 0;
  /** Where the keys lead, until the machine is there: the next key goes on from it. */
  private aimedAt: number | undefined;
  private drawing = false;

  constructor(private readonly actions: StripActions) {
    this.slider = element(
      'div',
      {
        class: 'slider',
        role: 'slider',
        tabindex: '0',
        'aria-label': 'Time',
        'aria-orientation': 'horizontal',
      },
      this.picture,
      this.cursors,
      this.tip,
    );
    this.compareButton = textButton('Compare', () => this.toggleCompare());
    this.compareButton.title = COMPARE_HINT;
    this.differ = createDifferences();
    this.root = element(
      'section',
      { class: 'timeline', 'aria-label': 'Timeline' },
      element('div', { class: 'side' }, this.standing, this.compareButton),
      this.captions.root,
      this.slider,
      this.differ.root,
    );
    this.listen();
    new ResizeObserver(() => void this.refresh()).observe(this.slider);
  }

  /** Another session: nothing of the old one holds. */
  clear(): void {
    this.body = undefined;
    this.range = undefined;
    this.aimedAt = undefined;
    this.setCompared(undefined);
  }

  /** The machine stands elsewhere, or has been edited. */
  async refresh(): Promise<void> {
    const width = this.slider.clientWidth;
    if (width === 0) return;
    const asked = ++this.asked;
    const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.floor(width / COLUMN_PX)));
    try {
      const body = await this.actions.ask(this.range, columns);
      if (asked !== this.asked) return;
      this.body = body;
      if (this.nrUnderWay === 0 && this.wanted === undefined) this.aimedAt = undefined;
    } catch {
      return; // Running: the next stop asks again.
    }
    this.draw();
    this.tellValue();
    if (this.comparedWith !== undefined) void this.showDifferences(this.comparedWith);
  }

  draw(): void {
    const { body } = this;
    if (body === undefined) return;
    const { clientWidth } = this.slider;
    const heightPx = heightOf(body);
    this.root.style.height = `${heightPx}px`;
    const context = sized(this.picture, clientWidth, heightPx);
    drawStrip(context, body, clientWidth, this.actions.palette);
    this.captions.show(body);
    this.drawCursors();
  }

  private setCompared(time: number | undefined): void {
    this.comparedWith = time;
    this.compareButton.textContent = time === undefined ? 'Compare' : 'Stop comparing';
    if (time === undefined) this.differ.hide();
  }

  private toggleCompare(): void {
    const now = this.body && timeAt(this.body, this.body.now);
    this.setCompared(this.comparedWith === undefined ? now : undefined);
    this.actions.compare(this.comparedWith);
    this.drawCursors();
  }

  private async showDifferences(from: number): Promise<void> {
    try {
      const { total, list } = await this.actions.differences(from);
      if (from === this.comparedWith) this.differ.show(total, list);
    } catch {
      this.differ.hide();
    }
  }

  /** Only what moves: the strip below stays as it is. */
  private drawCursors(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      const { body } = this;
      if (body === undefined) return;
      const { clientWidth } = this.slider;
      const cursors: Cursor[] = [{ kind: 'now', x: xOf(body, body.now, clientWidth) }];
      if (this.comparedWith !== undefined)
        cursors.push({ kind: 'compared', x: xOfTime(body, this.comparedWith, clientWidth) });
      if (this.pointed !== undefined) cursors.push({ kind: 'pointed', x: this.pointed });
      const size = { widthPx: clientWidth, heightPx: heightOf(body) };
      const context = sized(this.cursors, size.widthPx, size.heightPx);
      drawCursor(context, cursors, size, this.actions.palette);
    });
  }

  private tellValue(): void {
    const { body, slider } = this;
    if (body === undefined) return;
    const now = Math.floor(body.now);
    const column = columnOf(body, body.now);
    const line = body.lines[column] ?? 0;
    const task = body.taskNames[body.tasks[column] ?? 0];
    const where = `statement ${countText(now)} of ${countText(Math.ceil(body.last))}`;
    const text = [where, ...(line > 0 ? [`line ${line}`] : []), ...(task ? [task] : [])].join(', ');
    this.standing.textContent = `${countText(now)} / ${countText(Math.ceil(body.last))}`;
    this.standing.title = text;
    slider.setAttribute('aria-valuemin', String(Math.floor(body.first)));
    slider.setAttribute('aria-valuemax', String(Math.ceil(body.last)));
    slider.setAttribute('aria-valuenow', String(now));
    slider.setAttribute('aria-valuetext', text);
  }

  private listen(): void {
    const { slider } = this;
    slider.addEventListener('pointerdown', (event) => {
      slider.setPointerCapture(event.pointerId);
      this.travelTo(event.offsetX);
    });
    slider.addEventListener('pointermove', (event) => {
      this.pointed = event.offsetX;
      if (event.buttons !== 0) this.travelTo(event.offsetX);
      this.showTip(event.offsetX);
      this.drawCursors();
    });
    slider.addEventListener('pointerleave', () => {
      this.pointed = undefined;
      this.tip.hidden = true;
      this.drawCursors();
    });
    slider.addEventListener('keydown', (event) => {
      if (this.key(event.key)) event.preventDefault();
    });
    slider.addEventListener('dblclick', () => this.show(undefined));
    slider.addEventListener('wheel', (event) => this.zoom(event), { passive: false });
  }

  private zoom(event: WheelEvent): void {
    const { body } = this;
    if (body === undefined) return;
    event.preventDefault();
    const factor = event.deltaY < 0 ? 1 / ZOOM : ZOOM;
    const at = body.from + ((body.to - body.from) * event.offsetX) / this.slider.clientWidth;
    const from = Math.max(body.first, at - (at - body.from) * factor);
    const to = Math.min(body.last, at + (body.to - at) * factor);
    this.show(to - from >= body.last - body.first ? undefined : { from, to });
  }

  private show(range: Range | undefined): void {
    this.range = range;
    void this.refresh();
  }

  /** One statement, ten, or all the way. */
  private key(key: string): boolean {
    const { body } = this;
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[key];
    if (body === undefined) return false;
    if (key === 'Home') this.travel(timeAt(body, body.from));
    else if (key === 'End') this.travel(timeAt(body, body.to));
    else if (steps === undefined) return false;
    else {
      const at = this.aimedAt ?? body.now;
      const now = steps < 0 ? Math.ceil(at) : Math.floor(at);
      this.aimedAt = Math.max(body.from, Math.min(body.to, now + steps));
      this.travel(timeAt(body, this.aimedAt));
    }
    return true;
  }

  private travelTo(x: number): void {
    const { body } = this;
    if (body === undefined) return;
    const share = Math.max(0, Math.min(1, x / this.slider.clientWidth));
    this.travel(timeAt(body, body.from + (body.to - body.from) * share));
  }

  /** The newest wish counts; one is under way at a time. */
  private travel(time: number): void {
    this.wanted = time;
    if (this.travelling) return;
    this.travelling = true;
    const next = (): void => {
      const { wanted } = this;
      this.wanted = undefined;
      if (wanted === undefined) {
        this.travelling = false;
        return;
      }
      this.nrUnderWay++;
      void this.actions
        .goTo(wanted)
        .catch(() => undefined)
        .finally(() => this.nrUnderWay--);
      window.setTimeout(next, TRAVEL_MS);
    };
    next();
  }

  private showTip(x: number): void {
    const { body, tip } = this;
    if (body === undefined) return;
    const column = Math.max(
      0,
      Math.min(
        body.lines.length - 1,
        Math.floor((x / this.slider.clientWidth) * body.lines.length),
      ),
    );
    const rows = tipRows(body, column);
    tip.replaceChildren(...rows.map((row) => element('div', {}, row)));
    tip.hidden = false;
    const left = Math.min(x + 12, this.slider.clientWidth - tip.offsetWidth - 4);
    tip.style.left = `${Math.max(0, left)}px`;
  }
}

/** What a column holds, in words. Events of its neighbours count, too: a tick is wider than a column. */
function tipRows(body: TimelineBody, column: number): string[] {
  const line = body.lines[column] ?? 0;
  const task = body.taskNames[body.tasks[column] ?? 0] ?? '';
  const moment = Math.floor(body.from + ((body.to - body.from) * column) / body.lines.length);
  const rows = [
    `statement ${countText(moment)}${line > 0 ? `, line ${line}` : ''}${task === '' ? '' : `, ${task}`}`,
  ];
  const counts = new Map<number, number>();
  for (const [at, kind, count] of body.events)
    if (Math.abs(at - column) <= 1) counts.set(kind, (counts.get(kind) ?? 0) + count);
  for (const [kind, count] of counts)
    rows.push(
      `${TIMELINE_EVENTS[kind]?.label ?? ''}${count > 1 ? ` \u00d7 ${countText(count)}` : ''}`,
    );
  for (const [at, held, failed] of body.expects)
    if (Math.abs(at - column) <= 1) {
      if (failed > 0) rows.push(`${counted(failed, 'expect')} failed`);
      else rows.push(`${counted(held, 'expect')} held`);
    }
  for (const { name, free } of body.zones)
    rows.push(`${name}: ${countText(free[column] ?? 0)} free`);
  return rows;
}

const columnOf = ({ from, to, lines }: TimelineBody, moment: number): number =>
  Math.max(
    0,
    Math.min(lines.length - 1, Math.floor(((moment - from) / (to - from)) * lines.length)),
  );

/** Between the edges of its column. */
function timeAt(body: TimelineBody, moment: number): number {
  const { from, to, times } = body;
  const last = times.length - 1;
  const at = Math.max(0, Math.min(last, ((moment - from) / (to - from)) * last));
  const left = times[Math.floor(at)] ?? 0;
  const right = times[Math.ceil(at)] ?? left;
  return Math.round(left + (right - left) * (at - Math.floor(at)));
}

const xOf = ({ from, to }: TimelineBody, moment: number, widthPx: number): number =>
  ((moment - from) / (to - from)) * widthPx;

function xOfTime({ times }: TimelineBody, time: number, widthPx: number): number {
  const column = times.findIndex((edge) => edge >= time);
  return (Math.max(0, column) / (times.length - 1)) * widthPx;
}

function sized(
  canvas: HTMLCanvasElement,
  widthPx: number,
  heightPx: number,
): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio;
  const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no 2D canvas');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** What differs between the two times, folded until it is wanted. */
function createDifferences() {
  const head = element('summary');
  const body = element('tbody');
  const table = element(
    'table',
    {},
    element(
      'thead',
      {},
      element('tr', {}, ...['What', 'Then', 'Now'].map((t) => element('th', { scope: 'col' }, t))),
    ),
    body,
  );
  const root = element(
    'details',
    { class: 'differences', hidden: '' },
    head,
    element(
      'div',
      { class: 'list', tabindex: '0', role: 'region', 'aria-label': 'Differences' },
      table,
    ),
  );
  return {
    root,
    hide(): void {
      root.hidden = true;
    },
    show(total: number, list: readonly Difference[]): void {
      root.hidden = false;
      head.textContent = counted(countText(total), 'location differs', 'locations differ');
      body.replaceChildren(
        ...list.map((each) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, each.name),
            element('td', {}, each.old),
            element('td', {}, each.new),
          ),
        ),
      );
    },
  };
}
