/** An address report as Markdown: the kind first, then the verdict, the way through the tables, and where the page is. */
import { hexText } from '../memory/address.js';
import type { AddressReport, WalkReport } from './address.js';

export function addressMarkdown(report: AddressReport): string {
  return [
    `**${report.address}** is **${report.title}**${report.symbol ? ` \`${report.symbol}\`` : ''}  `,
    report.meaning,
    '',
    ...verdictLines(report),
    ...frameLines(report),
    ...(report.where ? ['', `**Now** ${escaped(report.where.sentence)}`] : []),
    ...(report.walk ? walkLines(report.walk) : []),
    ...whereLines(report),
    ...report.otherwise.map((text) => `- ${text}`),
    ...(report.note === undefined ? [] : ['', `*${report.note}*`]),
  ].join('\n');
}

function verdictLines({ verdicts }: AddressReport): string[] {
  return verdicts.map(({ right, expression, value, sentence }) =>
    right
      ? `✓ \`${expression}\` = \`${value}\`  `
      : `✗ \`${expression}\` = \`${value}\`: ${escaped(sentence)}  `,
  );
}

/** By its other names; its own is in the title. */
function frameLines(report: AddressReport): string[] {
  const { kind, address, phys, pfn, page, logical, area } = report;
  const names: readonly (readonly [string, string | undefined])[] = [
    ['physical', phys],
    ['pfn', pfn === undefined ? undefined : hexText(pfn)],
    ['struct page', page],
    ['logical', kind === 'logical' ? undefined : logical],
  ];
  const cells = names.flatMap(([name, text]) => {
    if (text === undefined || text === address) return [];
    return [`${name} ${text.startsWith('0x') ? `\`${text}\`` : text}`];
  });
  const lines = area === undefined ? [] : ['', `vmalloc area: ${escaped(area)}`];
  return cells.length === 0 ? lines : [...lines, '', cells.join(' · ')];
}

function walkLines({ space, steps, end }: WalkReport): string[] {
  return [
    '',
    `Through the page tables (${escaped(space)}):`,
    '',
    '| level | entry at | value | flags | leads to |',
    '| :-- | :-- | :-- | :-- | :-- |',
    ...steps.map(
      ({ level, index, at, value, flags, leadsTo }) =>
        `| ${level}[${index}] | \`${at}\` | \`${value}\` | ${flags} | ${leadsTo} |`,
    ),
    '',
    escaped(end),
  ];
}

function whereLines({ where, place = [] }: AddressReport): string[] {
  const facts = [...place, ...(where?.facts ?? [])];
  if (facts.length === 0) return [];
  return ['', ...facts.map(({ name, value }) => `- ${name}: ${escaped(value)}`)];
}

/** Text that is not Markdown: characters in the kernel's names would be read as markup. */
const escaped = (text: string): string => text.replaceAll(/[\\*_<>[\]|`]/g, '\\$&');
