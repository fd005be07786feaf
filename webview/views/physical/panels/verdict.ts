/** The newest attempt to allocate: its sentence as one line, and on request everything that led to it. */
import type { VerdictBody } from '../../../../src/engine/view/map.js';
import { textButton } from '../../../controls.js';
import { element } from '../../../dom.js';
import { hexPfn } from '../../../text.js';

export interface Verdict {
  readonly root: HTMLElement;
  /** undefined: nothing is known, or nothing has been attempted. */
  show(verdict: VerdictBody | undefined): void;
}

export function createVerdict(select: (pfn: number) => void): Verdict {
  const sentence = element('span', { class: 'sentence' });
  const lines = element('pre');
  const head = element(
    'summary',
    {},
    element('span', { class: 'label' }, 'Last allocation'),
    sentence,
  );
  const root = element('details', { class: 'verdict none' }, head, lines);
  return {
    root,
    show(verdict) {
      // Its line is kept free: a map never jumps because something was allocated.
      root.classList.toggle('none', verdict?.sentence === undefined);
      if (verdict?.sentence === undefined) return;
      const { pfn } = verdict;
      root.classList.toggle('failed', verdict.failed);
      sentence.textContent = verdict.sentence;
      sentence.title = verdict.sentence;
      lines.replaceChildren(verdict.lines.join('\n'));
      if (pfn === undefined) return;
      const button = textButton(`Select ${hexPfn(pfn)}`, () => select(pfn));
      lines.append(element('div', { class: 'buttons' }, button));
    },
  };
}
