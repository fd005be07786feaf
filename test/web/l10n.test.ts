/** Every text that the extension shows can be translated, and every translation is whole. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SOURCES = 'src/extension';
const read = (file: string): Record<string, string> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
const placeholders = (text: string): string[] => (text.match(/\{\d\}/g) ?? []).sort();
const links = (text: string): string[] => (text.match(/\(command:[^)]*\)|`[^`]*`/g) ?? []).sort();

/** The first arguments of `l10n.t()`. */
function textsOfCode(): string[] {
  const files = readdirSync(SOURCES, { recursive: true }).map(String);
  const code = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(SOURCES, file), 'utf8'))
    .join('\n');
  const found = [...code.matchAll(/l10n\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)];
  return found.map(([, single, double]) => (single ?? double ?? '').replaceAll('\\', ''));
}

describe('texts for people', () => {
  it('that code shows are all in l10n/bundle.l10n.json, and nothing else is', () => {
    const bundle = read('l10n/bundle.l10n.json');
    assert.deepEqual(Object.keys(bundle).sort(), [...new Set(textsOfCode())].sort());
  });

  for (const [english, german] of [
    ['l10n/bundle.l10n.json', 'l10n/bundle.l10n.de.json'],
    ['package.nls.json', 'package.nls.de.json'],
  ] as const)
    it(`of ${german} are those of ${english}, with the same placeholders and links`, () => {
      const [source, translated] = [read(english), read(german)];
      assert.deepEqual(Object.keys(translated).sort(), Object.keys(source).sort());
      for (const [key, text] of Object.entries(source)) {
        assert.deepEqual(placeholders(translated[key] ?? ''), placeholders(text), key);
        assert.deepEqual(links(translated[key] ?? ''), links(text), key);
      }
    });

  it('that package.json names are all in package.nls.json, and nothing else is', () => {
    const named = readFileSync('package.json', 'utf8').matchAll(/"%([\w.]+)%"/g);
    const names = [...named].map(([, name = '']) => name);
    assert.deepEqual([...new Set(names)].sort(), Object.keys(read('package.nls.json')).sort());
  });
});
