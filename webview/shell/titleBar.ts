/** The bar at the top: whose machine it is, the views, where to go, and what can be taken out. */
import { iconButton, textField } from '../controls.js';
import { element } from '../dom.js';

export interface TitleBar {
  readonly root: HTMLElement;
  /** `i386, 1 GiB, recorded; split-a-block.mms`, and more in small. */
  setTitle(title: string, detail: string): void;
}

export interface TitleBarActions {
  /** Rejects with the reason when the text names nothing. */
  goTo(text: string): Promise<void>;
  export(format: 'text' | 'svg' | 'png'): void;
}

const FORMATS = [
  { format: 'text', label: 'Copy as text' },
  { format: 'svg', label: 'Save as SVG\u2026' },
  { format: 'png', label: 'Save as PNG\u2026' },
] as const;

export function createTitleBar(tabs: HTMLElement, actions: TitleBarActions): TitleBar {
  const title = element('h1', { class: 'title' });
  const detail = element('span', { class: 'detail' });
  const complaint = element('div', { class: 'complaint', role: 'alert', hidden: '' });
  const field = textField(
    'Go to frame, address, symbol or expression',
    'Go to pfn, address, expression',
    (text, input) => {
      const told = (why: string): void => {
        input.classList.toggle('invalid', why !== '');
        input.setAttribute('aria-invalid', String(why !== ''));
        complaint.textContent = why;
        complaint.hidden = why === '';
      };
      actions.goTo(text).then(
        () => told(''),
        (error: unknown) => told(error instanceof Error ? error.message : String(error)),
      );
    },
  );
  const root = element(
    'header',
    { class: 'titlebar' },
    element('div', { class: 'heading' }, title, detail),
    tabs,
    element('div', { class: 'spacer' }),
    element('div', { class: 'goto' }, field, complaint),
    createMenu(actions),
  );
  return {
    root,
    setTitle(text, more) {
      title.textContent = text;
      title.title = `${text}; ${more}`;
      detail.textContent = more;
    },
  };
}

function createMenu(actions: TitleBarActions): HTMLElement {
  const items = FORMATS.map(({ format, label }) => {
    const item = element('button', { class: 'item', role: 'menuitem', tabindex: '-1' }, label);
    item.addEventListener('click', () => {
      show(false);
      actions.export(format);
    });
    return item;
  });
  const menu = element(
    'div',
    { class: 'menu', role: 'menu', 'aria-label': 'Take out this view', hidden: '' },
    ...items,
  );
  const button = iconButton('export', 'Copy or save this view', () => show(menu.hidden === true));
  button.setAttribute('aria-haspopup', 'menu');
  const show = (isShown: boolean): void => {
    menu.hidden = !isShown;
    button.setAttribute('aria-expanded', String(isShown));
    if (isShown) items[0]?.focus();
  };
  const root = element('div', { class: 'takeout' }, button, menu);
  root.addEventListener('keydown', (event) => {
    const at = items.findIndex((item) => item === document.activeElement);
    if (event.key === 'Escape') {
      show(false);
      button.focus();
    } else if (at >= 0 && event.key === 'ArrowDown') items[(at + 1) % items.length]?.focus();
    else if (at >= 0 && event.key === 'ArrowUp') items.at(at - 1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener('focusout', (event) => {
    if (!root.contains(event.relatedTarget as Node | null)) show(false);
  });
  return root;
}
