/** The panel of the selected frame: its struct page in short, and what can be done with it. */
import type { LocatedAlias } from '../../../../src/engine/view/locate.js';
import type { FrameBody } from '../../../../src/engine/view/map.js';
import { PAGE_KINDS, kindOfState } from '../../../../src/engine/view/pageState.js';
import { badge, divider, iconButton, textButton } from '../../../controls.js';
import { element } from '../../../dom.js';
import type { Act } from '../../../messages.js';
import type { ViewHost } from '../../../shell/view.js';
import { hexPfn } from '../../../text.js';
import { cellRows, frameRows, kindLabel, type CellFacts } from './facts.js';

export interface Details {
  readonly root: HTMLElement;
  show(cell: CellFacts, swatch: string, frame: FrameBody | undefined): void;
  showAliases(aliases: readonly LocatedAlias[]): void;
  hide(): void;
}

const MOST_ALIASES = 12;

export function createDetails(host: ViewHost): Details {
  const aliasList = element('ul', { class: 'aliases', 'aria-label': 'Virtual addresses' });
  const aliasRow = element(
    'dl',
    { hidden: '' },
    element('dt', {}, 'reached by'),
    element('dd', {}, aliasList),
  );
  const root = element('aside', { class: 'details', 'aria-label': 'Selected frame', hidden: '' });
  return {
    root,
    show(cell, swatch, frame) {
      root.hidden = false;
      root.replaceChildren(
        heading(cell, swatch, host),
        summary(cell, frame),
        table([...cellRows(cell), ...(frame === undefined ? [] : frameRows(frame))]),
        aliasRow,
        ...(frame === undefined ? [] : body(frame, host)),
      );
    },
    showAliases(aliases) {
      const shown = aliases.slice(0, MOST_ALIASES).map(({ address, space }) => {
        const link = element('button', { class: 'link', title: `Walk to ${address}` }, address);
        link.addEventListener('click', () => {
          host.select({ kind: 'address', address, ...(space !== 'kernel' && { task: space }) });
          host.open('walk');
        });
        return element('li', {}, link, space === 'kernel' ? '' : ` ${space}`);
      });
      const more = aliases.length - shown.length;
      if (more > 0) shown.push(element('li', {}, `${more} more`));
      aliasList.replaceChildren(...shown);
      aliasRow.hidden = shown.length === 0;
    },
    hide() {
      root.hidden = true;
    },
  };
}

const HOLDER_LABELS: Readonly<Record<string, string>> = {
  allocated: 'allocated',
  freed: 'freed',
  account: 'references',
  'held by': 'held by',
  rmap: 'mapped by',
};

/** Names that follow one another are written once. */
function holdersList(holders: NonNullable<FrameBody['holders']>): HTMLElement {
  const list = element('dl', { class: 'holders', 'aria-label': 'Who has it' });
  holders.forEach(({ name, value }, i) => {
    const label = holders[i - 1]?.name === name ? '' : (HOLDER_LABELS[name] ?? name);
    list.append(element('dt', {}, label), element('dd', {}, value));
  });
  return list;
}

function heading(cell: CellFacts, swatch: string, host: ViewHost): HTMLElement {
  const mark = element('span', { class: 'swatch' });
  mark.style.background = swatch;
  return element(
    'div',
    { class: 'head' },
    mark,
    element('h2', {}, `pfn ${hexPfn(cell.pfn)}`),
    badge(kindLabel(cell.state)),
    element('span', { class: 'spacer' }),
    iconButton('close', 'Close details (Escape)', () => host.select(undefined)),
  );
}

function summary(cell: CellFacts, frame: FrameBody | undefined): HTMLElement {
  const kind = cell.state === undefined ? undefined : PAGE_KINDS[kindOfState(cell.state)];
  return element('p', { class: 'summary' }, frame?.summary ?? kind?.meaning ?? '');
}

function table(rows: readonly (readonly [string, string])[]): HTMLElement {
  const list = element('dl');
  for (const [name, value] of rows) list.append(element('dt', {}, name), element('dd', {}, value));
  return list;
}

function body(frame: FrameBody, host: ViewHost): HTMLElement[] {
  const parts: HTMLElement[] = [];
  const { holders = [] } = frame;
  if (holders.length > 0) parts.push(holdersList(holders));
  if (frame.flags.length > 0) {
    const flags = frame.flags.map((flag) => element('span', { class: 'flag' }, flag));
    parts.push(element('div', { class: 'flags' }, ...flags));
  }
  const buttons = element('div', { class: 'buttons' });
  const offer = (label: string, act: Act): void =>
    buttons.append(textButton(label, () => host.act(act)));
  const { expression, pfn } = frame;
  if (expression !== undefined) {
    offer('Watch', { action: 'watch', expression });
    const { stopOnChange } = host;
    if (stopOnChange !== undefined)
      buttons.append(textButton('Stop on change', () => stopOnChange({ add: expression })));
    offer('Where is it?', { action: 'evaluate', expression: `where(${hexPfn(pfn)})` });
  }
  if (frame.memoryReference !== undefined) offer('View bytes', { action: 'bytes', frame });
  offer('Copy', { action: 'copy', text: expression ?? hexPfn(pfn) });
  parts.push(buttons);
  if (frame.fields.length > 0) {
    const rows = frame.fields.map(({ name, value, type }) => {
      const cell = element('td', {}, value);
      if (type !== undefined) cell.title = type;
      return element('tr', {}, element('th', { scope: 'row' }, name), cell);
    });
    const caption = element('caption', {}, 'struct page');
    parts.push(divider(), element('table', {}, caption, element('tbody', {}, ...rows)));
  }
  return parts;
}
