/**
 * What draws: a canvas, or a document of SVG that comes out the same (svgPen.ts). Of the canvas's interface it has what the pictures of
 * this window need, under the same names.
 */
export interface Pen extends Pick<
  CanvasRenderingContext2D,
  | 'fillStyle'
  | 'strokeStyle'
  | 'lineWidth'
  | 'lineJoin'
  | 'lineCap'
  | 'globalAlpha'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
> {
  save(): void;
  restore(): void;
  translate(x: number, y: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  roundRect(x: number, y: number, width: number, height: number, radius: number): void;
  clip(): void;
  fill(): void;
  stroke(path?: EdgePath): void;
  /** Of the layer that is drawn on; what lies under it stays. */
  clearRect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  setLineDash(dash: number[]): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
}

/** A path of single lines that is made once and stroked often; it can be read back. */
export class EdgePath extends Path2D {
  /** x and y of both ends, one line behind the other. */
  readonly edges: number[] = [];

  edge(x1: number, y1: number, x2: number, y2: number): void {
    this.moveTo(x1, y1);
    this.lineTo(x2, y2);
    this.edges.push(x1, y1, x2, y2);
  }
}
