/** The tabs of the views (ARIA Authoring Practices: tabs that are activated by hand, arrow keys move between them). */
import { element } from '../dom.js';
import type { ViewName } from './view.js';

export interface Tabs {
  readonly root: HTMLElement;
  show(name: ViewName): void;
  /** The others are hidden. */
  offer(names: readonly ViewName[]): void;
}

export const panelId = (name: ViewName): string => `panel-${name}`;

export function createTabs(
  views: readonly { readonly name: ViewName; readonly title: string }[],
  choose: (name: ViewName) => void,
): Tabs {
  const buttons = views.map(({ name, title }) => {
    const attributes = {
      class: 'tab',
      role: 'tab',
      id: `tab-${name}`,
      'aria-controls': panelId(name),
    };
    const button = element('button', attributes, title);
    button.addEventListener('click', () => choose(name));
    return { name, button };
  });
  const root = element(
    'div',
    { class: 'tabs', role: 'tablist', 'aria-label': 'Views of memory' },
    ...buttons.map(({ button }) => button),
  );
  root.addEventListener('keydown', (event) => {
    const seen = buttons.filter(({ button }) => !button.hidden);
    const at = seen.findIndex(({ button }) => button === document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: seen.length - 1 }[event.key];
    const next = to === undefined ? undefined : seen[(to + seen.length) % seen.length];
    if (next === undefined) return;
    event.preventDefault();
    next.button.focus();
  });
  return {
    root,
    offer(names) {
      for (const { name, button } of buttons) button.hidden = !names.includes(name);
    },
    show(shown) {
      for (const { name, button } of buttons) {
        button.setAttribute('aria-selected', String(name === shown));
        button.tabIndex = name === shown ? 0 : -1;
      }
    },
  };
}
