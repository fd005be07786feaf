/** Beads that run from the order that a block left to the orders that it became, once, in 200 ms. */
import { css, type Rgb } from '../../draw/color.js';
import type { Bead } from './zoneScene.js';

const DURATION_MS = 200;
const SVG = 'http://www.w3.org/2000/svg';

export function runBeads(root: HTMLElement, beads: readonly Bead[], color: Rgb): void {
  const svg = root.querySelector('svg');
  if (svg === null) return;
  for (const { from, to } of beads) {
    const stations = [from, ...to].map(({ x, y, width }) => ({ x: x + width / 2, y: y + 1 }));
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('r', '5');
    dot.setAttribute('fill', css(color));
    svg.append(dot);
    const frames = stations.map(({ x, y }) => ({ transform: `translate(${x}px, ${y}px)` }));
    const run = dot.animate(frames, { duration: DURATION_MS, easing: 'ease-in-out' });
    run.addEventListener('finish', () => dot.remove());
    run.addEventListener('cancel', () => dot.remove());
  }
}
