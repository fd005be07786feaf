/**
 * Draws cells by WebGL2: a quad for each tile in view. A texture holds, layer by layer, which sprite each cell of a tile is; another
 * one holds the sprites that were needed so far. A scroll uploads nothing but the tiles that come into view.
 *
 *     cells (R16UI, across x down x LAYERS)  --sprite number-->  atlas (RGBA8, sprites side by side)  -->  pixel
 */
import type { Palette } from '../../../draw/palette.js';
import { CELLS_PER_TILE } from '../curve.js';
import type { Tile } from '../tiles.js';
import { cellKeys } from './cellKeys.js';
import type { CellRenderer, Scene } from './mapRenderer.js';
import { placedTiles, type PlacedTile } from './placedTiles.js';
import { FRAGMENT, VERTEX } from './shaders.js';
import { NOTHING, type Sprites } from './sprites.js';
import { SpriteStock } from './spriteStock.js';

const LAYERS = 512;
const ATLAS_PX = 2048;
/** In the texture of cells: nothing is drawn. */
const NO_SPRITE = 0xffff;
const QUAD = new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]);

/** What a layer holds. */
interface Layer {
  readonly tile: Tile;
  readonly values: Tile | undefined;
  readonly version: number;
  readonly valueVersion: number;
  readonly firstCell: number;
}

export class WebglRenderer implements CellRenderer {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly places: WebGLBuffer;
  private readonly stock = new SpriteStock();
  private readonly cells: WebGLTexture;
  private readonly atlas: WebGLTexture;
  private readonly upload = new Uint16Array(CELLS_PER_TILE);
  private readonly instances = new Float32Array(LAYERS * 3);
  private layers: (Layer | undefined)[] = [];
  private across = 0;
  private sprites: Sprites | undefined;
  private readonly numbers = new Map<number, number>();
  private widthPx = 0;
  private heightPx = 0;
  private ratio = 1;

  /** @throws Error where there is no WebGL2 */
  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext('webgl2', { antialias: false, preserveDrawingBuffer: true });
    if (gl === null) throw new Error('no WebGL2');
    this.gl = gl;
    this.program = programOf(gl);
    this.cells = textureOf(gl, gl.TEXTURE_2D_ARRAY);
    this.atlas = textureOf(gl, gl.TEXTURE_2D);
    const corners = gl.createBuffer();
    this.places = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, QUAD, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferData(gl.ARRAY_BUFFER, this.instances.byteLength, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(1, 3, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(1, 1);
  }

  resize(widthPx: number, heightPx: number, devicePixelRatio: number): void {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.ratio = devicePixelRatio;
    this.gl.viewport(0, 0, this.canvas.width, this.canvas.height);
  }

  setPalette(palette: Palette): void {
    this.stock.setPalette(palette);
  }

  drawCells(scene: Scene): void {
    const { gl } = this;
    const sprites = this.stock.forScene(scene, this.ratio);
    if (sprites === undefined) return;
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (sprites !== this.sprites) this.startAtlas(sprites);
    if (scene.layout.shape.across !== this.across) this.startCells(scene);
    const { cellPx } = scene.layout.zoom;
    const cell = Math.round(cellPx * this.ratio);
    gl.useProgram(this.program);
    const uniform = (name: string): WebGLUniformLocation | null =>
      gl.getUniformLocation(this.program, name);
    gl.uniform2f(uniform('view'), this.canvas.width, this.canvas.height);
    gl.uniform2i(uniform('grid'), scene.layout.shape.across, scene.layout.shape.down);
    gl.uniform1i(uniform('cell'), cell);
    gl.uniform1i(uniform('perRow'), Math.floor(ATLAS_PX / cell));
    gl.uniform1i(uniform('cells'), 0);
    gl.uniform1i(uniform('atlas'), 1);
    const tiles = placedTiles(scene, this.widthPx, this.heightPx);
    for (let first = 0; first < tiles.length; first += LAYERS)
      this.drawBatch(scene, tiles.slice(first, first + LAYERS), cell);
  }

  dispose(): void {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  private drawBatch(scene: Scene, tiles: readonly PlacedTile[], cell: number): void {
    const { gl, instances } = this;
    const free = this.assign(tiles);
    let count = 0;
    for (const placed of tiles) {
      const known = this.layers.findIndex((layer) => isOf(layer, placed));
      const layer = known >= 0 ? known : (free.pop() ?? 0);
      if (known < 0) this.uploadCells(scene, placed, layer, cell);
      instances.set(
        [Math.round(placed.x * this.ratio), Math.round(placed.y * this.ratio), layer],
        3 * count++,
      );
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.cells);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.atlas);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, instances, 0, 3 * count);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
  }

  /** Layers that none of the tiles has. */
  private assign(tiles: readonly PlacedTile[]): number[] {
    const free: number[] = [];
    for (let layer = LAYERS - 1; layer >= 0; layer--) {
      const holds = this.layers[layer];
      if (holds === undefined || !tiles.some((placed) => isOf(holds, placed))) free.push(layer);
    }
    return free;
  }

  private uploadCells(scene: Scene, placed: PlacedTile, layer: number, cell: number): void {
    const { gl, upload } = this;
    const { across, down } = scene.layout.shape;
    const keys = cellKeys(scene.layout, placed);
    for (let place = 0; place < CELLS_PER_TILE; place++) {
      const key = keys[place] ?? NOTHING;
      upload[place] = key === NOTHING ? NO_SPRITE : this.numberOf(key, cell);
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.cells);
    gl.texSubImage3D(
      gl.TEXTURE_2D_ARRAY,
      0,
      0,
      0,
      layer,
      across,
      down,
      1,
      gl.RED_INTEGER,
      gl.UNSIGNED_SHORT,
      upload,
    );
    const { tile, values, section } = placed;
    this.layers[layer] = {
      tile,
      values,
      version: tile.version,
      valueVersion: values?.version ?? -1,
      firstCell: section.firstCell,
    };
  }

  /** The place of a sprite in the atlas; uploads it when it is needed first. */
  private numberOf(key: number, cell: number): number {
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const { gl } = this;
    const perRow = Math.floor(ATLAS_PX / cell);
    const number = this.numbers.size;
    if (number >= perRow * perRow) return NO_SPRITE;
    this.numbers.set(key, number);
    const pixels = this.sprites?.get(key);
    if (pixels === undefined) return NO_SPRITE;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.atlas);
    gl.texSubImage2D(
      gl.TEXTURE_2D,
      0,
      (number % perRow) * cell,
      Math.floor(number / perRow) * cell,
      cell,
      cell,
      gl.RGBA,
      gl.UNSIGNED_BYTE,
      new Uint8Array(pixels.buffer),
    );
    return number;
  }

  private startAtlas(sprites: Sprites): void {
    const { gl } = this;
    this.sprites = sprites;
    this.numbers.clear();
    this.layers = [];
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.atlas);
    gl.texImage2D(
      gl.TEXTURE_2D,
      0,
      gl.RGBA8,
      ATLAS_PX,
      ATLAS_PX,
      0,
      gl.RGBA,
      gl.UNSIGNED_BYTE,
      null,
    );
  }

  private startCells({ layout }: Scene): void {
    const { gl } = this;
    const { across, down } = layout.shape;
    this.across = across;
    this.layers = [];
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.cells);
    gl.texImage3D(
      gl.TEXTURE_2D_ARRAY,
      0,
      gl.R16UI,
      across,
      down,
      LAYERS,
      0,
      gl.RED_INTEGER,
      gl.UNSIGNED_SHORT,
      null,
    );
  }
}

const isOf = (layer: Layer | undefined, { tile, values, section }: PlacedTile): boolean =>
  layer?.tile === tile &&
  layer.values === values &&
  layer.version === tile.version &&
  layer.valueVersion === (values?.version ?? -1) &&
  layer.firstCell === section.firstCell;

function textureOf(gl: WebGL2RenderingContext, target: number): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(target, texture);
  for (const parameter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(target, parameter, gl.NEAREST);
  return texture;
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) throw new Error('no shader');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (gl.getShaderParameter(shader, gl.COMPILE_STATUS) !== true)
      throw new Error(gl.getShaderInfoLog(shader) ?? 'a shader does not compile');
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true)
    throw new Error(gl.getProgramInfoLog(program) ?? 'the shaders do not link');
  return program;
}
