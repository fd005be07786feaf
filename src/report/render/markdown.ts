/** Findings as Markdown, for a document in an editor. */
import type { Finding, Item } from '../finding.js';
import { columns, placeText } from './text.js';

interface MarkdownOptions {
  /** A link under a finding: the scenario that steps its machine. */
  readonly linkOf?: (finding: Finding, index: number) => string | undefined;
}

export function markdown(findings: readonly Finding[], options: MarkdownOptions = {}): string {
  const lines = findings.flatMap((finding, at) => {
    const link = options.linkOf?.(finding, at);
    return [
      `${findings.length > 1 ? `## ${at + 1}. ` : '# '}${escaped(finding.headline)}`,
      '',
      `_${escaped(placeText(finding))}_`,
      ...(link === undefined ? [] : ['', link]),
      ...finding.sections.flatMap(({ title, items }) => [
        '',
        `### ${title}`,
        '',
        ...items.flatMap(itemLines),
      ]),
      ...(finding.assumed.length > 0
        ? ['', '### Assumed', '', ...finding.assumed.flatMap(itemLines)]
        : []),
      '',
    ];
  });
  return `${lines.join('\n').trimEnd()}\n`;
}

function itemLines(item: Item): string[] {
  if (typeof item === 'string') return [`- ${escaped(item)}`];
  return ['', '```text', ...columns(item), '```', ''];
}

/** Names of flags and hexadecimal numbers are set as code; little else of what sentences have means something to Markdown. */
function escaped(text: string): string {
  return text
    .replace(/`/g, '\\`')
    .replace(/<(?=[a-z/!])/gi, '\\<')
    .replace(/\b(?:__)?GFP_[A-Z0-9_]+(?:\|(?:__)?GFP_[A-Z0-9_]+)*|\b0x[0-9a-f]+\b/g, '`$&`');
}
