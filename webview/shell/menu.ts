/** A button with a menu below it (ARIA Authoring Practices: menu button). */
import { iconButton } from '../controls.js';
import { element, type IconName } from '../dom.js';

export interface MenuItem {
  readonly label: string;
  /** One of several that is in force; absent of what is only done. */
  readonly checked?: boolean;
  readonly press: () => void;
}

/** @param items asked for each time it opens */
export function createMenu(
  icon: IconName,
  label: string,
  items: () => readonly MenuItem[],
): HTMLElement {
  const menu = element('div', { class: 'menu', role: 'menu', 'aria-label': label, hidden: '' });
  const button = iconButton(icon, label, () => show(menu.hidden === true));
  button.setAttribute('aria-haspopup', 'menu');
  button.setAttribute('aria-expanded', 'false');
  const entries = (): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>('.item')];
  const show = (isShown: boolean): void => {
    if (isShown) menu.replaceChildren(...items().map(entry));
    menu.hidden = !isShown;
    button.setAttribute('aria-expanded', String(isShown));
    if (isShown) entries()[0]?.focus();
  };
  const entry = ({ label: text, checked, press }: MenuItem): HTMLElement => {
    const role = checked === undefined ? 'menuitem' : 'menuitemradio';
    const state = checked === undefined ? {} : { 'aria-checked': String(checked) };
    const made = element('button', { class: 'item', role, tabindex: '-1', ...state }, text);
    made.addEventListener('click', () => {
      show(false);
      press();
    });
    return made;
  };
  const root = element('div', { class: 'menu-button' }, button, menu);
  root.addEventListener('keydown', (event) => {
    const all = entries();
    const at = all.findIndex((each) => each === document.activeElement);
    if (event.key === 'Escape') {
      show(false);
      button.focus();
    } else if (at >= 0 && event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
    else if (at >= 0 && event.key === 'ArrowUp') all.at(at - 1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener('focusout', (event) => {
    if (!root.contains(event.relatedTarget as Node | null)) show(false);
  });
  return root;
}
