/**
 * Log points: text with expressions in braces, `page {page} order {order}`. `{{` and `}}` stand for the braces themselves.
 */
import { formatPlace, formatScalar } from '../../engine/types/format.js';
import { asVirt } from '../../engine/memory/address.js';
import type { Evaluated } from './evaluate.js';
import type { Frame } from './frames.js';
import type { ScenarioVm } from './vm.js';

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly text: string };

/** The parts of a template. A brace that is never closed is text. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = '';
  let at = 0;
  while (at < template.length) {
    const two = template.slice(at, at + 2);
    const close = template[at] === '{' && two !== '{{' ? closingBrace(template, at) : -1;
    if (two === '{{' || two === '}}') {
      text += two.charAt(0);
      at += 2;
    } else if (close > 0) {
      if (text !== '') parts.push({ kind: 'text', text });
      text = '';
      parts.push({ kind: 'expression', text: template.slice(at + 1, close).trim() });
      at = close + 1;
    } else text += template.charAt(at++);
  }
  if (text !== '') parts.push({ kind: 'text', text });
  return parts;
}

/** Index of the brace that closes the one at `open`; braces in quotes do not count. */
function closingBrace(template: string, open: number): number {
  let depth = 0;
  let quote = '';
  for (let i = open; i < template.length; i++) {
    const character = template[i] ?? '';
    if (quote !== '') {
      if (character === '\\') i++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return i;
  }
  return -1;
}

/** The template with its expressions' values; what cannot be evaluated shows why. */
export function formatTemplate(vm: ScenarioVm, template: string, frame: Frame | undefined): string {
  return parseTemplate(template)
    .map((part) => {
      if (part.kind === 'text') return part.text;
      const result = vm.evaluate(part.text, frame);
      return result.ok ? valueText(vm, result) : `<${result.message}>`;
    })
    .join('');
}

/** A value as one line. */
export function valueText(vm: ScenarioVm, { type, value, address, bits }: Evaluated): string {
  const { profile } = vm.program;
  if (address !== undefined && bits === undefined) {
    const place = { type, address: asVirt(address), bitOffset: 0, widthBits: 0 };
    return formatPlace(profile, vm.typedMemory, place);
  }
  return value === undefined ? 'void' : formatScalar(profile, type, value);
}
