/** The language of scenarios in the editor. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extension, writeScenario } from './extension.js';

const DIAGNOSTICS_MS = 90_000;

export function languageSuite(): void {
  describe('scenarios in the editor', () => {
    before(extension);

    it('are of language mmscope', async () => {
      const document = await open('good.mms', 'struct page *page = alloc_pages(GFP_KERNEL, 0);\n');
      assert.equal(document.languageId, 'mmscope');
    });

    it('are underlined where they are wrong, with the findings of the parser', async () => {
      const document = await open('bad.mms', 'int a = (1 + ;\n');
      const found = await diagnosticsOf(document);
      const [first] = found;
      assert.ok(first !== undefined);
      assert.equal(first.source, 'mmscope');
      assert.equal(first.range.start.line, 0);
    });
  });
}

const open = async (name: string, text: string): Promise<vscode.TextDocument> =>
  vscode.workspace.openTextDocument(await writeScenario(name, text));

async function diagnosticsOf(document: vscode.TextDocument): Promise<vscode.Diagnostic[]> {
  for (const end = Date.now() + DIAGNOSTICS_MS; Date.now() < end;) {
    const found = vscode.languages.getDiagnostics(document.uri);
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(
    `no diagnostics of ${document.uri.fsPath}, language ${document.languageId}:\n${document.getText()}`,
  );
}
