/**
 * What the documentation names exists: links, files and folders in backquotes, the code map, and the pages that sources and
 * error messages send their readers to.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { anchorsOf, entries, exists, isNamed, linesOf, type Line } from './repository.js';

const PAGES = entries.filter((name) =>
  /^(README|ARCHITECTURE|CHANGELOG)\.md$|^docs\/.*\.md$|^examples\/.*\.md$/.test(name),
);
const SOURCES = entries.filter((name) =>
  /^(src|webview|scripts|test|eslint).*\.(ts|mjs|cjs)$|^examples\/.*\.mms$/.test(name),
);
/** Our own pages by the addresses that clients open. */
const PUBLISHED = 'https://github.com/mmscope/mmscope/blob/main/';

/** Prose without what stands in fences. */
function prose(page: string): Line[] {
  let fenced = false;
  return linesOf(page).filter(({ text }) => {
    if (text.startsWith('```')) fenced = !fenced;
    return !fenced;
  });
}

const said = ({ file, number }: Line, what: string): string => `${file}:${number}: ${what}`;

/** What a reader finds at a page, or at one of its headings. */
function leadsNowhere(page: string, anchor: string | undefined): boolean {
  if (!exists(page)) return true;
  return anchor !== undefined && anchor !== '' && !anchorsOf(page).includes(anchor);
}

describe('documentation', () => {
  it('is there', () => {
    for (const page of ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'docs/fidelity.md'])
      assert.ok(PAGES.includes(page), page);
    assert.ok(SOURCES.length > 500);
  });

  it('has relative links that lead somewhere', () => {
    const broken = PAGES.flatMap(prose).flatMap((line) =>
      [...line.text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
        if (/^[a-z]+:/.test(target)) return [];
        const [page = '', anchor] = target.split('#');
        const file = page === '' ? line.file : path.join(path.dirname(line.file), page);
        return leadsNowhere(file, anchor) ? [said(line, target)] : [];
      }),
    );
    assert.deepEqual(broken, []);
  });

  it('names files and folders that exist', () => {
    const FILE = /^[\w*][\w.*-]*(?:\/[\w.*-]+)*(?:\/|\.(?:ts|mjs|cjs|md|mms|json|gz))$/;
    /** What a build or a user makes, and words that stand for a file. */
    const ELSEWHERE =
      /^(?:dist|build|node_modules)\/|^(?:extension|engine|mmscope)\.cjs$|^launch\.json$|^[A-Z]+\.\w+$/;
    const missing = PAGES.flatMap(prose).flatMap((line) =>
      [...line.text.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) =>
        FILE.test(name) && !ELSEWHERE.test(name) && !isNamed(name) ? [said(line, name)] : [],
      ),
    );
    assert.deepEqual(missing, []);
  });

  it('has a code map of what there is', () => {
    const lines = linesOf('ARCHITECTURE.md');
    const start = lines.findIndex(({ text }) => text === '## Code map');
    const end = lines.findIndex(({ text }, i) => i > start && text.startsWith('## '));
    const map = lines.slice(start + 1, end).filter(({ text }) => text.startsWith('    '));
    assert.ok(start > 0 && map.length > 10);
    let top = '';
    const missing = map.flatMap((line) => {
      top = /^ {4}([\w-]+(?:\/[\w-]+)*\/)/.exec(line.text)?.[1] ?? top;
      const names = line.text.match(/(?<![\w/*.])[\w*-]+(?:\/[\w*-]+)*(?:\/(?!\w)|\.ts\b)/g) ?? [];
      return names
        .filter((name) => name !== top && !isNamed(name, top))
        .map((name) => said(line, `${name} below ${top}`))
        .concat(exists(top) ? [] : [said(line, top)]);
    });
    assert.deepEqual(missing, []);
  });
});

describe('sources', () => {
  it('send their readers to pages that exist', () => {
    const broken = SOURCES.flatMap(linesOf).flatMap((line) =>
      [...line.text.matchAll(/(?<![\w/])(docs\/[\w-]+)(\.md)?(?:#([\w-]+))?/g)].flatMap(
        ([all, page = '', , anchor]) =>
          leadsNowhere(`${page}.md`, anchor) ? [said(line, all)] : [],
      ),
    );
    assert.deepEqual(broken, []);
  });

  it('publish links to pages that exist', () => {
    const broken = SOURCES.flatMap(linesOf).flatMap((line) =>
      line.text
        .split(PUBLISHED)
        .slice(1)
        .flatMap((rest) => {
          const target = /^[\w./#-]*/.exec(rest)?.[0] ?? '';
          const [page = '', anchor] = target.split('#');
          return leadsNowhere(page, anchor) ? [said(line, target)] : [];
        }),
    );
    assert.deepEqual(broken, []);
  });

  it('name sections that exist', () => {
    const broken = SOURCES.flatMap(linesOf).flatMap((line) => {
      const quoted = /\b((?:docs\/)?[\w-]+\.md), "([^"]+)"/.exec(line.text);
      const named = /\bsee ([\w ]+) in ((?:docs\/)?[\w-]+\.md)/.exec(line.text);
      const [page, section] = quoted ? [quoted[1], quoted[2]] : [named?.[2], named?.[1]];
      if (page === undefined || section === undefined || !/^[A-Z]/.test(page.replace('docs/', 'D')))
        return [];
      const there =
        exists(page) &&
        linesOf(page).some(({ text }) => /^#|\*\*/.test(text) && text.includes(section));
      return there ? [] : [said(line, `${section} in ${page}`)];
    });
    assert.deepEqual(broken, []);
  });
});
