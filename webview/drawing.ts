/** Drawing: at most once before the next frame of the screen, in the theme's colours, with the pulse after a stop. */
import { CanvasRenderer } from './draw/canvasRenderer.js';
import { css } from './draw/color.js';
import type { Scene } from './draw/mapRenderer.js';
import { readPalette, stateColor, type Palette } from './draw/palette.js';

const PULSE_MS = 700;
/** What is to be drawn: bits of Drawing.scheduled. */
const OVERLAY = 1;
const CELLS = 2;

/** What is on show, but for how it is drawn. */
export type Subject = Omit<Scene, 'emphasis' | 'pulse'>;

export class Drawing {
  private palette: Palette = readPalette(document.documentElement);
  private emphasis: ReadonlySet<number> | undefined;
  private stoppedAt = 0;
  private scheduled = 0;
  private readonly renderer: CanvasRenderer;

  constructor(
    cells: HTMLCanvasElement,
    overlay: HTMLCanvasElement,
    /** undefined: there is nothing to draw. */
    private readonly subject: () => Subject | undefined,
    private readonly recoloured: (palette: Palette) => void,
  ) {
    this.renderer = new CanvasRenderer(cells, overlay);
    this.themeChanged();
    this.watchTheme();
  }

  resize(widthPx: number, heightPx: number): void {
    this.renderer.resize(widthPx, heightPx, window.devicePixelRatio);
  }

  /** Brings out some kinds; undefined: all are equal. */
  emphasise(kinds: ReadonlySet<number> | undefined): void {
    this.emphasis = kinds;
    this.draw();
  }

  /** The machine has stopped: changes pulse. */
  pulse(): void {
    this.stoppedAt = performance.now();
  }

  /** The colour of a state, as CSS. */
  swatch(state: number | undefined): string {
    return state === undefined ? 'transparent' : css(stateColor(this.palette, state, 1));
  }

  /** Draws before the next frame; the cells only when they may look different. */
  draw(withCells = true): void {
    const isScheduled = this.scheduled !== 0;
    this.scheduled |= withCells ? OVERLAY | CELLS : OVERLAY;
    if (!isScheduled) requestAnimationFrame((now) => this.drawNow(now));
  }

  private drawNow(now: number): void {
    const what = this.scheduled;
    this.scheduled = 0;
    const subject = this.subject();
    if (subject === undefined) return;
    const pulse = reducedMotion() ? 1 : Math.min(1, (now - this.stoppedAt) / PULSE_MS);
    const scene: Scene = { ...subject, emphasis: this.emphasis, pulse };
    if (what & CELLS) this.renderer.drawCells(scene);
    this.renderer.drawOverlay(scene);
    if (pulse < 1) this.draw(false);
  }

  private watchTheme(): void {
    const observer = new MutationObserver(() => this.themeChanged());
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['class', 'data-vscode-theme-id'],
    });
  }

  private themeChanged(): void {
    this.palette = readPalette(document.documentElement);
    this.renderer.setPalette(this.palette);
    this.recoloured(this.palette);
    this.draw();
  }
}

const reducedMotion = (): boolean =>
  document.body.classList.contains('vscode-reduce-motion') ||
  window.matchMedia('(prefers-reduced-motion: reduce)').matches;
