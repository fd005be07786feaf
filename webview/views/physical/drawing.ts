/** Drawing: at most once before the next frame of the screen, in the theme's colours, with one short animation after a stop. */
import { css } from '../../draw/color.js';
import { stateColor, type Palette } from '../../draw/palette.js';
import type { ViewHost } from '../../shell/view.js';
import { CanvasRenderer } from './draw/canvasRenderer.js';
import type { CellRenderer, Scene } from './draw/mapRenderer.js';
import { drawOverlay } from './draw/overlay.js';
import { Pulse } from './draw/pulse.js';
import { WebglRenderer } from './draw/webglRenderer.js';
import { drawWords } from './draw/words.js';
import type { Options } from './options.js';
import type { Picture } from './picture.js';
import type { Viewport } from './viewport.js';

/** Device pixels beyond which a canvas takes longer than a frame of the screen. */
const MANY_PIXELS = 3_000_000;
/** What is to be drawn: bits of Drawing.scheduled. */
const OVERLAY = 1;
const CELLS = 2;

/** What is on show, but for how it is drawn. */
export type Subject = Omit<Scene, 'emphasis'>;

export class Drawing {
  private palette: Palette;
  private emphasis: ReadonlySet<number> | undefined;
  /** The changes on show are those of a stop that has not been drawn yet. */
  private isNews = false;
  private scheduled = 0;
  private renderer: CellRenderer | undefined;
  private kind: 'canvas' | 'webgl' | undefined;
  private readonly words: CanvasRenderingContext2D;
  private readonly overlay: CanvasRenderingContext2D;
  private readonly pulse: Pulse;
  private widthPx = 0;
  private heightPx = 0;

  constructor(
    private readonly viewport: Viewport,
    private readonly host: ViewHost,
    /** undefined: there is nothing to draw. */
    private readonly subject: () => Subject | undefined,
  ) {
    this.palette = host.palette;
    this.words = contextOf(viewport.words);
    this.overlay = contextOf(viewport.overlay);
    this.pulse = new Pulse(viewport.pulse, contextOf(viewport.pulse));
  }

  resize(widthPx: number, heightPx: number, wanted: Options['renderer']): void {
    const ratio = window.devicePixelRatio;
    const isLarge = widthPx * heightPx * ratio * ratio > MANY_PIXELS;
    const kind = wanted === 'auto' ? (isLarge ? 'webgl' : 'canvas') : wanted;
    if (widthPx === this.widthPx && heightPx === this.heightPx && kind === this.kind) return;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    if (kind !== this.kind) this.start(kind);
    const { cells, words, overlay, pulse } = this.viewport;
    for (const canvas of [cells, words, overlay, pulse]) {
      canvas.width = Math.max(1, Math.round(widthPx * ratio));
      canvas.height = Math.max(1, Math.round(heightPx * ratio));
      canvas.style.width = `${widthPx}px`;
      canvas.style.height = `${heightPx}px`;
    }
    this.renderer?.resize(widthPx, heightPx, ratio);
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.renderer?.setPalette(palette);
    this.draw();
  }

  /** Brings out some kinds; undefined: all are equal. */
  emphasise(kinds: ReadonlySet<number> | undefined): void {
    this.emphasis = kinds;
    this.draw();
  }

  /** The machine has stopped: its changes draw attention, once. */
  animate(): void {
    this.isNews = true;
  }

  /** The map has moved: what was about to fade lies elsewhere now. */
  moved(): void {
    this.pulse.stop();
    this.draw();
  }

  /** The colour of a state, as CSS. */
  swatch(state: number | undefined): string {
    return state === undefined ? 'transparent' : css(stateColor(this.palette, state, 1));
  }

  /** Draws before the next frame; the cells only when they may look different. */
  draw(withCells = true): void {
    const isScheduled = this.scheduled !== 0;
    this.scheduled |= withCells ? OVERLAY | CELLS : OVERLAY;
    if (!isScheduled) requestAnimationFrame(() => this.drawNow());
  }

  /** What is on show now. */
  picture(): Picture | undefined {
    const subject = this.subject();
    if (subject === undefined) return undefined;
    const scene: Scene = { ...subject, emphasis: this.emphasis };
    return { scene, widthPx: this.widthPx, heightPx: this.heightPx };
  }

  private start(kind: 'canvas' | 'webgl'): void {
    this.renderer?.dispose();
    this.kind = kind;
    const canvas = this.viewport.freshCells();
    try {
      this.renderer = kind === 'webgl' ? new WebglRenderer(canvas) : new CanvasRenderer(canvas);
    } catch {
      // No WebGL2 here: a canvas does it, too.
      this.renderer = new CanvasRenderer(this.viewport.freshCells());
    }
    canvas.addEventListener('webglcontextlost', () => {
      if (canvas !== this.viewport.cells) return;
      this.start('canvas');
      this.kind = undefined;
      this.resize(this.widthPx, this.heightPx, 'canvas');
      this.draw();
    });
    this.renderer.setPalette(this.palette);
  }

  private drawNow(): void {
    const what = this.scheduled;
    this.scheduled = 0;
    const subject = this.subject();
    if (subject === undefined || this.renderer === undefined) return;
    const { palette, widthPx, heightPx } = this;
    const scene: Scene = { ...subject, emphasis: this.emphasis };
    const ratio = window.devicePixelRatio;
    if (what & CELLS) {
      this.renderer.drawCells(scene);
      this.words.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawWords(this.words, scene, widthPx, heightPx, palette);
    }
    this.overlay.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawOverlay(this.overlay, scene, widthPx, heightPx, palette);
    if (this.isNews && !this.host.reducedMotion) this.animateNow(scene, ratio);
    this.isNews = false;
  }

  private animateNow(scene: Scene, ratio: number): void {
    const { pulse, widthPx, heightPx, palette } = this;
    pulse.run(scene, { widthPx, heightPx, ratio }, palette);
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no 2D canvas');
  return context;
}
