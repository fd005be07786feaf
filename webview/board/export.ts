/** Boards side by side as one SVG document, for papers and slides. */
import { css } from '../draw/color.js';
import type { Palette } from '../draw/palette.js';
import { portable } from '../draw/svg.js';
import type { Board } from './board.js';

const GAP_PX = 16;

export function svgOf(boards: readonly Board[], palette: Palette): string {
  const scenes = boards.map(({ shown }) => shown).filter(({ width }) => width > 0);
  const height = Math.max(1, ...scenes.map((scene) => scene.height)) + 2 * GAP_PX;
  let x = GAP_PX;
  const serializer = new XMLSerializer();
  const parts = scenes.map((scene) => {
    const inner = scene.nodes.map((node) => serializer.serializeToString(node)).join('');
    const at = x;
    x += scene.width + GAP_PX;
    return `<svg x="${at}" y="${GAP_PX}" width="${scene.width}" height="${scene.height}">${inner}</svg>`;
  });
  const width = Math.max(1, x);
  return portable(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
      `<rect width="${width}" height="${height}" fill="${css(palette.background)}"/>${parts.join('')}</svg>`,
  );
}
