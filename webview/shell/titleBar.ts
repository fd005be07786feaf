/** The bar at the top: whose machine it is, the views, where to go, and what can be taken out. */
import { textField } from '../controls.js';
import { element } from '../dom.js';
import { createMenu, type MenuItem } from './menu.js';

export interface TitleBar {
  readonly root: HTMLElement;
  /** `i386, 1 GiB, recorded; split-a-block.mms`, and more in small. */
  setTitle(title: string, detail: string): void;
  /** Says why something could not be done; '' takes it away. */
  complain(why: string): void;
}

export interface TitleBarActions {
  /** Rejects with the reason when the text names nothing. */
  goTo(text: string): Promise<void>;
  export(format: 'text' | 'svg' | 'png'): void;
  /** What can be shown beside the view in front. */
  besides(): readonly MenuItem[];
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
  const complain = (why: string): void => {
    complaint.textContent = why;
    complaint.hidden = why === '';
  };
  complaint.addEventListener('click', () => complain(''));
  const field = textField(
    'Go to frame, address, symbol or expression',
    'Go to pfn or address',
    (text, input) => {
      const told = (why: string): void => {
        input.classList.toggle('invalid', why !== '');
        input.setAttribute('aria-invalid', String(why !== ''));
        complain(why);
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
    createMenu('beside', 'Show another view beside this one', () => actions.besides()),
    createMenu('export', 'Copy or save this view', () =>
      FORMATS.map(({ format, label }) => ({ label, press: () => actions.export(format) })),
    ),
  );
  return {
    root,
    complain,
    setTitle(text, more) {
      if (text === title.textContent && more === detail.textContent) return;
      title.textContent = text;
      title.title = `${text}; ${more}`;
      detail.textContent = more;
    },
  };
}
