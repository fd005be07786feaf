/** docs/checklist.md: fifty rows, at least forty hold, each says by what; and the numbers that it gives are the manifest's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { listItems } from './listItems.js';

interface Manifest {
  readonly engines: { readonly vscode: string };
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: boolean };
    readonly virtualWorkspaces: { readonly supported: boolean };
  };
  readonly contributes: {
    readonly debuggers: readonly [
      {
        readonly configurationAttributes: { readonly launch: { readonly properties: object } };
        readonly initialConfigurations: readonly object[];
        readonly configurationSnippets: readonly object[];
        readonly variables: object;
      },
    ];
    readonly breakpoints: readonly { readonly language: string }[];
    readonly colors: readonly object[];
    readonly walkthroughs: readonly { readonly steps: readonly object[] }[];
    readonly keybindings: readonly { readonly when?: string }[];
    readonly languageModelTools: readonly { readonly name: string }[];
  };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const rows = listItems(readFileSync('docs/checklist.md', 'utf8')).map((item, i) => {
  const [, what = item, stands = '', said = ''] = /^\*\*(.*?)\*\* _(\w+)_: (.*)$/.exec(item) ?? [];
  return { number: i + 1, what, stands, evidence: said };
});
const evidence = (number: number): string => rows[number - 1]?.evidence ?? '';

describe('the checklist', () => {
  it('has fifty rows, of which forty hold, and says why each other one does not', () => {
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    for (const { number, stands, evidence: said } of rows) {
      assert.match(stands, /^(?:holds|partly|no)$/, `${number}`);
      assert.notEqual(said, '', `${number}`);
    }
    assert.ok(rows.filter(({ stands }) => stands === 'holds').length >= 40);
  });

  it('names stories that are told', () => {
    const told = ['addresses', 'debug', 'firstMinutes', 'views', 'walkthrough']
      .map((name) => readFileSync(`test/vscode/ui/${name}.test.ts`, 'utf8'))
      .join('\n');
    for (const { number, evidence: said } of rows)
      for (const [, story = ''] of said.matchAll(/story _([^_]+)_/g))
        assert.match(told, new RegExp(`${story}|${camelCased(story)}`, 'i'), `${number}: ${story}`);
  });

  it('counts as the manifest does', () => {
    const { contributes, capabilities, activationEvents, engines } = manifest;
    const [debug] = contributes.debuggers;
    const nrAttributes = Object.keys(debug.configurationAttributes.launch.properties).length;
    const nrSnippets = debug.configurationSnippets.length;
    const nrInitial = debug.initialConfigurations.length;
    assert.ok(evidence(3).startsWith(`${nrInitial} initial, ${nrSnippets} snippets`), evidence(3));
    for (const variable of Object.keys(debug.variables))
      assert.ok(evidence(3).includes(`\`${variable}\``), variable);
    assert.ok(evidence(4).startsWith(`${nrAttributes} attributes`), `${nrAttributes}`);
    assert.equal(evidence(5), contributes.breakpoints.map(({ language }) => language).join(', '));
    assert.deepEqual(
      contributes.walkthroughs.map(({ steps }) => steps.length),
      [6],
    );
    assert.ok(evidence(34).startsWith(`${contributes.colors.length} in four kinds of theme`));
    // None is taken from a session that is not ours, or from no session.
    for (const { when = '' } of contributes.keybindings)
      assert.match(when, /debugType == '?mmscope|mmscope\./);
    for (const { name } of contributes.languageModelTools)
      assert.ok(evidence(45).includes(`\`${name}\``), name);
    assert.equal(capabilities.untrustedWorkspaces.supported, true);
    assert.equal(capabilities.virtualWorkspaces.supported, rows[38]?.stands === 'holds');
    assert.ok(evidence(48).startsWith(engines.vscode.replace(/\.0$/, '')), engines.vscode);
    assert.ok(!activationEvents.some((event) => /^(?:\*|onStartupFinished)$/.test(event)));
  });
});

const camelCased = (words: string): string =>
  words.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
