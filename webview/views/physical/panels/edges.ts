/** Arrows at the edges of the map: something changed out of sight. Pressing one goes to the nearest. */
import type { ChangedPlace, Edge, OutOfSight } from '../sight.js';
import { element } from '../../../dom.js';

export interface Edges {
  readonly root: HTMLElement;
  show(changes: OutOfSight): void;
}

const SIGNS: Readonly<Record<Edge, { readonly sign: string; readonly where: string }>> = {
  above: { sign: '\u2191', where: 'above' },
  below: { sign: '\u2193', where: 'below' },
  left: { sign: '\u2190', where: 'to the left' },
  right: { sign: '\u2192', where: 'to the right' },
};

export function createEdges(goTo: (place: ChangedPlace) => void): Edges {
  const arrows = (Object.keys(SIGNS) as Edge[]).map((edge) => ({ edge, ...arrow(edge, goTo) }));
  return {
    root: element('div', { class: 'edges' }, ...arrows.map(({ root }) => root)),
    show(changes) {
      for (const each of arrows) each.show(changes[each.edge]);
    },
  };
}

function arrow(edge: Edge, goTo: (place: ChangedPlace) => void) {
  let nearest: ChangedPlace | undefined;
  const { sign, where } = SIGNS[edge];
  const root = element('button', { class: `edge ${edge}`, hidden: '' });
  root.addEventListener('click', () => {
    if (nearest !== undefined) goTo(nearest);
  });
  return {
    root,
    show(places: readonly ChangedPlace[]): void {
      [nearest] = places;
      root.hidden = nearest === undefined;
      const howMany = places.length === 1 ? 'a change' : `${places.length} changes`;
      root.textContent = `${sign} ${howMany} ${where}`;
    },
  };
}
