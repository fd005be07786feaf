/** What package.json promises and the installed extension keeps. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { PAGE_KINDS } from '../../../src/engine/view/pageState.js';
import { extension, manifestOf } from './extension.js';

export function manifestSuite(): void {
  describe('the installed extension', () => {
    it('is there, and comes from the VSIX', async () => {
      const { extensionPath } = await extension();
      assert.match(extensionPath, /extensions[\\/]mmscope\.mmscope-/);
    });

    it('registers every command that it contributes', async () => {
      const manifest = await manifestOf();
      const registered = await vscode.commands.getCommands(true);
      for (const { command } of manifest.contributes.commands)
        assert.ok(registered.includes(command), command);
    });

    it('contributes a colour for every kind of page, in all four kinds of theme', async () => {
      const colors = new Map(
        (await manifestOf()).contributes.colors.map((color) => [color.id, color.defaults]),
      );
      for (const { colorId } of PAGE_KINDS)
        assert.deepEqual(
          Object.keys(colors.get(colorId) ?? {}),
          ['dark', 'light', 'highContrast', 'highContrastLight'],
          colorId,
        );
    });
  });
}
