/** Editing services, as VS Code asks for them. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extension, writeScenario } from './extension.js';

const SCENARIO = `#pragma mmscope machine arch=i386 ram=64M
struct page *page = alloc_pages(GFP_KERNEL, 0);
page->flags;
task writer {
}
`;

export function servicesSuite(): void {
  describe('editing services', () => {
    let uri: vscode.Uri;
    before(async () => {
      await extension();
      uri = await writeScenario('services.mms', SCENARIO);
      await vscode.workspace.openTextDocument(uri);
    });

    it('complete the kernel’s functions, and members', async () => {
      const found = await completions(uri, new vscode.Position(1, 22));
      assert.ok(found.includes('alloc_pages'), String(found.length));
      assert.ok((await completions(uri, new vscode.Position(2, 6))).includes('lru'));
    });

    it('show the signature of a call', async () => {
      const help = await vscode.commands.executeCommand<vscode.SignatureHelp>(
        'vscode.executeSignatureHelpProvider',
        uri,
        new vscode.Position(1, 44),
        ',',
      );
      assert.match(help.signatures[0]?.label ?? '', /alloc_pages\(gfp_t/);
      assert.equal(help.activeParameter, 1);
    });

    it('say on hover what a function does', async () => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        uri,
        new vscode.Position(1, 24),
      );
      const text = hovers
        .flatMap(({ contents }) => contents)
        .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
        .join('\n');
      assert.match(text, /struct page \*alloc_pages/);
    });

    it('outline the file', async () => {
      const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
        'vscode.executeDocumentSymbolProvider',
        uri,
      );
      assert.deepEqual(
        symbols.map(({ name }) => name),
        ['machine', 'page', 'writer'],
      );
    });

    it('offer to debug and to run it', async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        uri,
      );
      assert.deepEqual(
        lenses.map(({ command }) => command?.command),
        ['mmscope.debug', 'mmscope.run'],
      );
    });
  });
}

async function completions(uri: vscode.Uri, position: vscode.Position): Promise<string[]> {
  const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    uri,
    position,
  );
  return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}
