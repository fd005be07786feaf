/** The tools that language models get. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extension } from './extension.js';

export function toolsSuite(): void {
  describe('the tools for language models', () => {
    before(extension);

    it('are both there', () => {
      const names = vscode.lm.tools.map(({ name }) => name);
      for (const name of ['mmscope_run', 'mmscope_evaluate'])
        assert.ok(names.includes(name), names.join());
    });

    it('run a scenario and give back what it prints', async () => {
      const text = await invoke('mmscope_run', {
        scenario: '#pragma mmscope machine arch=i386 ram=64M\npr_info("%d\\n", 6 * 7);\n',
      });
      assert.match(text, /^42$/m);
      assert.match(text, /exit code 0/);
    });

    it('say what is wrong with a scenario', async () => {
      const text = await invoke('mmscope_run', { scenario: 'int a = ;\n' });
      assert.match(text, /cannot run/);
    });
  });
}

async function invoke(name: string, input: object): Promise<string> {
  const result = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
  return result.content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
    .join('');
}
