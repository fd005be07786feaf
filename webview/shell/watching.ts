/**
 * What stops the machine when it changes, of the window's own: a line above the timeline, each thing with a button that takes it
 * away. VS Code's list of breakpoints does not have them, for no extension may add to it.
 */
import type { ChangeBreakpoint } from '../../src/engine/view/changeBreakpoints.js';
import { iconButton } from '../controls.js';
import { element } from '../dom.js';

export interface Watching {
  readonly root: HTMLElement;
  show(breakpoints: readonly ChangeBreakpoint[]): void;
}

export function createWatching(remove: (id: number) => void): Watching {
  const list = element('ul');
  const root = element(
    'section',
    { class: 'watching', 'aria-label': 'Breakpoints of this window', hidden: '' },
    element('span', { class: 'label' }, 'Stops on change'),
    list,
  );
  return {
    root,
    show(breakpoints) {
      root.hidden = breakpoints.length === 0;
      list.replaceChildren(
        ...breakpoints.map(({ id, label, value, problem }) => {
          const text = problem ?? (value === undefined ? label : `${label}: ${value}`);
          return element(
            'li',
            { title: text, ...(problem !== undefined && { class: 'problem' }) },
            element('span', {}, text),
            iconButton('close', `Do not stop when ${label} changes`, () => remove(id)),
          );
        }),
      );
    },
  };
}
