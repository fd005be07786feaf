/**
 * Log points: text with expressions in braces, `page {page} order {order}`. `{{` and `}}` stand for the braces themselves.
 */
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
