/**
 * No sentence says "1 pages": a noun that is counted anywhere with counted() or plural() is counted so everywhere. Texts of Linux (the
 * kernel's files, /proc, recorded dumps, pahole's) are as Linux has them; damaged BTF and DWARF have numbers that are not 1.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { counted } from '../../src/engine/view/counted.js';
import { plural } from '../../src/report/render/amount.js';

const LINUX =
  /^src\/(engine\/(kernel|proc|types|inspect\/proc|image\/state)\/|cli\/(replay|bench)\/)/;
const HELPERS = ['counted', 'plural'];
/** What is no count in front of a noun: sizes of pages, adjectives; and numbers of which none is 1. */
const NO_COUNT =
  /^(sizeText|bytesText|size|hex|listed|formatAddress)\(|\.join\(|^[A-Z_]+\b|^(label|dump\.paging|framesPerCell|REPRS.*|order|shift|KMALLOC.*|profile\.name|2 \*\*.*|k\.hex.*)$/;

const FILES = ['src', 'webview'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name))
    .filter((file) => !LINUX.test(file)),
);

const sources = FILES.map((file) =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true),
);

function forEach(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => {
    forEach(child, look);
  });
}

/** The plurals of what is counted: `pages`, `entries`. */
function countedNouns(): Set<string> {
  const nouns = new Set<string>();
  const last = (text: string): string => text.split(' ').at(-1) ?? '';
  for (const source of sources)
    forEach(source, (node) => {
      if (!ts.isCallExpression(node) || !HELPERS.includes(node.expression.getText())) return;
      const [, noun, several] = node.arguments;
      if (several !== undefined && ts.isStringLiteral(several)) nouns.add(last(several.text));
      else if (noun !== undefined && ts.isStringLiteral(noun)) nouns.add(`${last(noun.text)}s`);
    });
  return nouns;
}

/** Whether a text is said of other numbers than 1 alone: `n === 1 ? 'a page' : ...`. */
function isChosen(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isConditionalExpression(parent) && / (===|!==|>) 1$/.test(parent.condition.getText());
}

describe('counts', () => {
  it('of one thing are singular', () => {
    assert.equal(counted(1, 'page'), '1 page');
    assert.equal(counted('1,024', 'page'), '1,024 pages');
    assert.equal(counted(0n, 'entry', 'entries'), '0 entries');
    assert.equal(counted(undefined, 'page'), '? pages');
    assert.equal(plural('1', 'object'), '1 object');
  });

  it('are made by counted() and plural() in every sentence', () => {
    const nouns = countedNouns();
    assert.ok(nouns.size > 20, [...nouns].join(' '));
    const found: string[] = [];
    for (const source of sources)
      forEach(source, (node) => {
        if (!ts.isTemplateExpression(node) || isChosen(node)) return;
        for (const { expression, literal } of node.templateSpans) {
          const words = /^ ((?:[a-z]+ ){0,2}?)([a-z]+)\b/.exec(literal.text);
          if (words === null || !nouns.has(words[2] ?? '')) continue;
          const count = expression.getText();
          if (NO_COUNT.test(count)) continue;
          const { line } = source.getLineAndCharacterOfPosition(expression.end);
          found.push(`${source.fileName}:${line + 1}: \${${count}}${words[0]}`);
        }
      });
    assert.deepEqual(found, []);
  });
});
