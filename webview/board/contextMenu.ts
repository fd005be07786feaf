/** A menu where something was pressed with the right button (ARIA Authoring Practices: menu). */
import { element } from '../dom.js';

interface Entry {
  readonly label: string;
  readonly press: () => void;
}

export class ContextMenu {
  readonly root = element('div', {
    class: 'menu',
    role: 'menu',
    'aria-label': 'Actions',
    hidden: '',
  });
  private opener: HTMLElement | undefined;

  constructor() {
    this.root.style.position = 'fixed';
    this.root.style.right = 'auto';
    this.root.addEventListener('keydown', (event) => {
      if (this.key(event.key)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    this.root.addEventListener('click', (event) => event.stopPropagation());
    this.root.addEventListener('focusout', (event) => {
      if (!this.root.contains(event.relatedTarget as Node | null)) this.root.hidden = true;
    });
  }

  /** @param opener gets the focus back */
  open(x: number, y: number, entries: readonly Entry[], opener: HTMLElement): void {
    const { root } = this;
    this.opener = opener;
    root.replaceChildren(
      ...entries.map(({ label, press }) => {
        const item = element('button', { class: 'item', role: 'menuitem', tabindex: '-1' }, label);
        item.addEventListener('click', () => {
          this.close();
          press();
        });
        return item;
      }),
    );
    root.hidden = false;
    const { clientWidth, clientHeight } = document.documentElement;
    root.style.left = `${Math.max(0, Math.min(x, clientWidth - root.offsetWidth - 4))}px`;
    root.style.top = `${Math.max(0, Math.min(y, clientHeight - root.offsetHeight - 4))}px`;
    root.querySelector<HTMLElement>('.item')?.focus();
  }

  private key(key: string): boolean {
    const all = [...this.root.querySelectorAll<HTMLElement>('.item')];
    const at = all.findIndex((each) => each === document.activeElement);
    if (key === 'Escape') this.close();
    else if (key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
    else if (key === 'ArrowUp') all.at(at - 1)?.focus();
    else return false;
    return true;
  }

  private close(): void {
    this.root.hidden = true;
    this.opener?.focus();
  }
}
