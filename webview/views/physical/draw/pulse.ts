/**
 * The one animation of a stop: what changed its use is outlined broadly, and the outline fades, in 200 ms. It is drawn once; that it
 * fades is the compositor's work, so a frame of the screen costs no script.
 */
import { css } from '../../../draw/color.js';
import type { Palette } from '../../../draw/palette.js';
import type { Scene } from './mapRenderer.js';
import { isCrowded, outlinesOf } from './outlines.js';
import { clipToCells } from './overlay.js';
import { placedTiles } from './placedTiles.js';

const DURATION_MS = 200;
const WIDTH_PX = 6;

/** Of the view, in CSS pixels. */
interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Device pixels in a CSS pixel. */
  readonly ratio: number;
}

export class Pulse {
  private animation: Animation | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
  ) {}

  /** Of a scene that is on show now; nothing moves where nothing in view changed its use. */
  run(scene: Scene, { widthPx, heightPx, ratio }: Size, palette: Palette): void {
    this.stop();
    const { changes, layout } = scene;
    if (changes === undefined || changes.runs.length === 0) return;
    const { context, canvas } = this;
    const outlines = placedTiles(scene, widthPx, heightPx).flatMap(({ number, x, y }) => {
      const levels = changes.ofTile(layout.zoom.framesPerCell, number);
      const known = levels && outlinesOf(layout, levels);
      const isSeen = known !== undefined && known.nrChanged > 0 && !isCrowded(known);
      return isSeen ? [{ path: known.changed, x, y }] : [];
    });
    if (outlines.length === 0) return;
    context.save();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    clipToCells(context, widthPx, heightPx);
    context.strokeStyle = css(palette.changed, 0.95);
    context.lineWidth = WIDTH_PX;
    context.lineJoin = 'round';
    for (const { path, x, y } of outlines) {
      context.translate(x, y);
      context.stroke(path);
      context.translate(-x, -y);
    }
    context.restore();
    this.animation = canvas.animate([{ opacity: 1 }, { opacity: 0 }], {
      duration: DURATION_MS,
      easing: 'ease-out',
    });
    this.animation.onfinish = () => this.stop();
  }

  /** The map has moved under it. */
  stop(): void {
    if (this.animation === undefined) return;
    this.animation.cancel();
    this.animation = undefined;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }
}
