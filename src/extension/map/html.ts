/** The map's page for a webview of VS Code. */
import { randomBytes } from 'node:crypto';
import { Uri, type Webview } from 'vscode';
import { mapPage } from './mapPage.js';

const NONCE_BYTES = 16;

export function mapHtml(webview: Webview, extensionUri: Uri): string {
  return mapPage({
    nonce: randomBytes(NONCE_BYTES).toString('base64'),
    cspSource: webview.cspSource,
    resource: (name) => webview.asWebviewUri(Uri.joinPath(extensionUri, 'dist', name)).toString(),
  });
}
