/**
 * A scene on the screen: drawn, scrolled, pointed at, walked through with the keyboard, and said to screen readers.
 *
 * The board is one stop of the Tab key. Its mirror is an ARIA grid beside the picture: all rows of a small scene, the row of the
 * active item of a large one, with the numbers that its row and column have.
 */
import { element } from '../dom.js';
import { css } from '../draw/color.js';
import type { Palette } from '../draw/palette.js';
import type { LitPlace } from '../shell/view.js';
import { ChangesOutside } from './changesOutside.js';
import { ContextMenu } from './contextMenu.js';
import { reconcile } from './reconcile.js';
import { contains, labelOf, NO_SCENE, type Item, type Scene, type Watchable } from './scene.js';

export interface BoardNews {
  /** What the Escape key means; nothing when absent. */
  escape?: () => void;
  /** The address that the key of the active or hovered item ends in is another. */
  pointed?: (address: string | undefined) => void;
  /** Stops the machine when it changes; undefined where nothing runs. */
  watch?: () => ((what: Watchable) => void) | undefined;
}

const WATCH = 'Stop when this changes';
const WATCH_HINT = 'W or Alt+click stops when it changes';
/** Items that a mirror holds all at once. */
const MOST_MIRRORED = 240;
const SVG = 'http://www.w3.org/2000/svg';
let nrBoards = 0;

const addressIn = (key: string | undefined): string | undefined =>
  /\/(0x[0-9a-f]+)$/.exec(key ?? '')?.[1];

export class Board {
  readonly root: HTMLElement;
  private readonly svg = document.createElementNS(SVG, 'svg');
  private readonly mirror = element('div', { class: 'board-mirror' });
  private readonly tooltip = element('div', { class: 'board-tip', hidden: '' });
  private readonly menu = new ContextMenu();
  private readonly picture = document.createElementNS(SVG, 'g');
  private readonly ring = document.createElementNS(SVG, 'rect');
  private readonly id = `board${nrBoards++}`;
  private readonly changes: ChangesOutside;
  private scene: Scene = NO_SCENE;
  private activeKey: string | undefined;

  constructor(
    name: string,
    private readonly palette: () => Palette,
    private readonly news: BoardNews = {},
  ) {
    this.svg.setAttribute('aria-hidden', 'true');
    this.ring.setAttribute('class', 'board-ring');
    this.ring.setAttribute('fill', 'none');
    this.svg.append(this.picture, this.ring);
    this.root = element(
      'div',
      { class: 'board', role: 'grid', tabindex: '0', 'aria-label': name },
      this.svg,
      this.mirror,
      this.tooltip,
      this.menu.root,
    );
    this.changes = new ChangesOutside(this.root);
    this.svg.before(this.changes.above);
    this.svg.after(this.changes.below);
    this.root.addEventListener('keydown', (event) => {
      if (event.target === this.root && this.key(event)) event.preventDefault();
    });
    this.root.addEventListener('click', (event) => this.click(event));
    this.root.addEventListener('contextmenu', (event) => this.openMenu(event));
    this.root.addEventListener('mousemove', (event) => this.hover(event));
    this.root.addEventListener('mouseleave', () => this.point(undefined));
    this.root.addEventListener('focus', () => this.reflect(false));
    this.root.addEventListener('blur', () => this.reflect(false));
  }

  show(scene: Scene): void {
    this.scene = scene;
    const { svg } = this;
    svg.setAttribute('width', `${scene.width}`);
    svg.setAttribute('height', `${scene.height}`);
    svg.setAttribute('viewBox', `0 0 ${scene.width} ${scene.height}`);
    reconcile(this.picture, scene.nodes);
    this.tooltip.hidden = true;
    this.reflect(false);
    this.changes.show(svg);
  }

  /** Brings what has changed into view, at a stop. */
  follow(): void {
    this.changes.follow();
  }

  get shown(): Scene {
    return this.scene;
  }

  /** Makes an item the active one, and brings it into view. */
  activate(key: string): void {
    this.activeKey = key;
    this.reflect(true);
  }

  /** Brings a stretch of the picture into view: in the middle, if it is not there already. */
  reveal(y: number, height: number): void {
    const { scrollTop, clientHeight } = this.root;
    if (y >= scrollTop && y + height <= scrollTop + clientHeight) return;
    this.root.scrollTop = y + height / 2 - clientHeight / 2;
  }

  /** Where the marked elements of the picture are on the page, named by what their mark says. */
  places(selector: string, mark: string): LitPlace[] {
    const within = this.root.getBoundingClientRect();
    if (within.width === 0) return [];
    return [...this.svg.querySelectorAll<SVGElement>(selector)].map((node) => {
      const { x, y, width, height } = node.getBoundingClientRect();
      return { name: node.dataset[mark] ?? '', x, y, width, height, within };
    });
  }

  /** The labels, a line a row. */
  text(): string {
    return this.scene.rows.map((row) => row.map(labelOf).join('\t')).join('\n');
  }

  private get items(): readonly Item[] {
    return this.scene.rows.flat();
  }

  private get active(): { readonly row: number; readonly column: number } | undefined {
    const { rows } = this.scene;
    for (const [row, items] of rows.entries()) {
      const column = items.findIndex(({ key }) => key === this.activeKey);
      if (column >= 0) return { row, column };
    }
    const first = rows.findIndex((row) => row.length > 0);
    return first < 0 ? undefined : { row: first, column: 0 };
  }

  private get activeItem(): Item | undefined {
    const { active } = this;
    return active && this.scene.rows[active.row]?.[active.column];
  }

  private key(event: KeyboardEvent): boolean {
    const item = this.activeItem;
    if (event.key === 'Escape') {
      this.news.escape?.();
      return this.news.escape !== undefined;
    }
    if (item === undefined || event.altKey || event.metaKey) return false;
    if (event.key === 'Enter' || event.key === ' ') item.press?.();
    else if (event.key === 'w' || event.key === 'W') this.watchOf(item)?.();
    else {
      const to = this.neighbour(event.key, event.ctrlKey);
      if (to === undefined) return false;
      this.activate(to.key);
      this.news.pointed?.(addressIn(to.key));
    }
    return true;
  }

  private neighbour(key: string, ctrl: boolean): Item | undefined {
    const { rows } = this.scene;
    const { active, activeItem } = this;
    if (active === undefined || activeItem === undefined) return undefined;
    const row = rows[active.row] ?? [];
    switch (key) {
      case 'ArrowLeft':
        return row[active.column - 1] ?? rows[active.row - 1]?.at(-1) ?? activeItem;
      case 'ArrowRight':
        return row[active.column + 1] ?? rows[active.row + 1]?.[0] ?? activeItem;
      case 'ArrowUp':
        return this.inRow(active.row - 1, -1, activeItem) ?? activeItem;
      case 'ArrowDown':
        return this.inRow(active.row + 1, 1, activeItem) ?? activeItem;
      case 'Home':
        return ctrl ? rows.find((each) => each.length > 0)?.[0] : row[0];
      case 'End':
        return ctrl ? rows.findLast((each) => each.length > 0)?.at(-1) : row.at(-1);
      case 'PageUp':
        return this.pageAway(-1, activeItem);
      case 'PageDown':
        return this.pageAway(1, activeItem);
      default:
        return undefined;
    }
  }

  /** The item of a row, or of the next one that has any, that lies nearest below or above another. */
  private inRow(from: number, step: 1 | -1, { box }: Item): Item | undefined {
    const { rows } = this.scene;
    let at = from;
    while (rows[at]?.length === 0) at += step;
    const middle = box.x + box.width / 2;
    const distance = (item: Item): number => Math.abs(item.box.x + item.box.width / 2 - middle);
    return rows[at]?.reduce((best, item) => (distance(item) < distance(best) ? item : best));
  }

  private pageAway(step: 1 | -1, item: Item): Item | undefined {
    const wanted = item.box.y + step * Math.max(60, this.root.clientHeight * 0.85);
    const away = ({ box }: Item): number => Math.abs(box.y - wanted);
    const ahead = this.items.filter(({ box }) => Math.sign(box.y - item.box.y) === step);
    if (ahead.length === 0) return item;
    return ahead.reduce((best, each) => (away(each) < away(best) ? each : best));
  }

  private itemAt(event: MouseEvent): Item | undefined {
    const { left, top } = this.svg.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    return this.items.findLast(({ box }) => contains(box, x, y));
  }

  private click(event: MouseEvent): void {
    const item = this.itemAt(event);
    if (item === undefined) return;
    this.activeKey = item.key;
    this.reflect(false);
    const watch = event.altKey ? this.watchOf(item) : undefined;
    if (watch !== undefined) watch();
    else item.press?.();
  }

  /** Has the machine stop when an item changes; undefined where that cannot be. */
  private watchOf({ watch: what }: Item): (() => void) | undefined {
    const stop = this.news.watch?.();
    return stop === undefined || what === undefined ? undefined : () => stop(what);
  }

  /** An item's label, and what else can be done with it. */
  private said(item: Item): string {
    const label = labelOf(item);
    return this.watchOf(item) === undefined ? label : `${label}\n${WATCH_HINT}`;
  }

  private openMenu(event: MouseEvent): void {
    const item = event.button < 0 ? this.activeItem : this.itemAt(event);
    const watch = item && this.watchOf(item);
    if (item === undefined || watch === undefined) return;
    event.preventDefault();
    this.activeKey = item.key;
    this.reflect(false);
    this.tooltip.hidden = true;
    this.menu.open(event.clientX, event.clientY, [{ label: WATCH, press: watch }], this.root);
  }

  private hover(event: MouseEvent): void {
    const item = this.itemAt(event);
    this.root.classList.toggle('over', item?.press !== undefined);
    this.point(item?.key);
    this.tooltip.hidden = item === undefined;
    if (item === undefined) return;
    this.tooltip.textContent = this.said(item);
    const { clientWidth, clientHeight } = document.documentElement;
    const { offsetWidth, offsetHeight } = this.tooltip;
    const right = event.clientX + 14 + offsetWidth < clientWidth;
    const below = event.clientY + 18 + offsetHeight < clientHeight;
    this.tooltip.style.left = `${Math.max(4, right ? event.clientX + 14 : event.clientX - offsetWidth - 10)}px`;
    this.tooltip.style.top = `${Math.max(4, below ? event.clientY + 18 : event.clientY - offsetHeight - 10)}px`;
  }

  private pointedKey: string | undefined;

  private point(key: string | undefined): void {
    if (key === undefined) this.tooltip.hidden = true;
    if (key === this.pointedKey) return;
    this.pointedKey = key;
    this.news.pointed?.(addressIn(key));
  }

  /** The ring and the mirror follow the active item. */
  private reflect(scrolls: boolean): void {
    const { active, activeItem, ring, root } = this;
    const isFocused = document.activeElement === root;
    ring.setAttribute('visibility', isFocused && activeItem !== undefined ? 'visible' : 'hidden');
    if (activeItem !== undefined) {
      const { x, y, width, height } = activeItem.box;
      const attrs = { x: x - 1.5, y: y - 1.5, width: width + 3, height: height + 3, rx: 3 };
      for (const [name, value] of Object.entries(attrs)) ring.setAttribute(name, `${value}`);
      ring.setAttribute('stroke', css(this.palette().focus));
      ring.setAttribute('stroke-width', '2');
      if (scrolls) this.reveal(y, height);
    }
    this.mirrorRows(active);
  }

  private mirrorRows(active: Board['active']): void {
    const { rows } = this.scene;
    const { root, mirror } = this;
    const isSmall = rows.reduce((sum, row) => sum + row.length, 0) <= MOST_MIRRORED;
    root.setAttribute('aria-rowcount', `${rows.length}`);
    const told = isSmall
      ? rows.map((_, i) => i).filter((i) => (rows[i]?.length ?? 0) > 0)
      : active === undefined
        ? []
        : [active.row];
    const said = told.map((i) => {
      const cells = (rows[i] ?? []).map((item, column) => this.cell(item, i, column));
      return element('div', { role: 'row', 'aria-rowindex': `${i + 1}` }, ...cells);
    });
    reconcile(mirror, said);
    if (active === undefined) root.removeAttribute('aria-activedescendant');
    else root.setAttribute('aria-activedescendant', this.cellId(active.row, active.column));
    // A grid has at least one row.
    root.setAttribute('role', told.length === 0 ? 'img' : 'grid');
  }

  private readonly cellId = (row: number, column: number): string => `${this.id}-${row}-${column}`;

  private cell(item: Item, row: number, column: number): HTMLElement {
    return element(
      'div',
      {
        role: 'gridcell',
        id: this.cellId(row, column),
        'aria-colindex': `${column + 1}`,
        ...(item.selected !== undefined && { 'aria-selected': `${item.selected}` }),
      },
      this.said(item),
    );
  }
}
