/** Arrows at the upper and lower edge of the map: something changed out of sight. Pressing one goes there. */
import type { ChangedPlace, OutOfSight } from '../changes.js';
import { element } from '../dom.js';

export interface Edges {
  readonly root: HTMLElement;
  show(changes: OutOfSight): void;
}

export function createEdges(goTo: (pfn: number) => void): Edges {
  const above = arrow('above', '\u2191', goTo);
  const below = arrow('below', '\u2193', goTo);
  return {
    root: element('div', { class: 'edges' }, above.root, below.root),
    show(changes) {
      above.show(changes.above);
      below.show(changes.below);
    },
  };
}

function arrow(where: 'above' | 'below', sign: string, goTo: (pfn: number) => void) {
  let nearest: number | undefined;
  const root = element('button', { class: `edge ${where}`, hidden: '' });
  root.addEventListener('click', () => {
    if (nearest !== undefined) goTo(nearest);
  });
  return {
    root,
    show(places: readonly ChangedPlace[]): void {
      nearest = places[0]?.pfn;
      root.hidden = nearest === undefined;
      root.textContent = `${sign} ${places.length === 1 ? 'a change' : `${places.length} changes`} ${where}`;
    },
  };
}
