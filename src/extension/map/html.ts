/** The page of the map: no inline script or style, nothing from anywhere but this extension. */
import { randomBytes } from 'node:crypto';
import { Uri, type Webview } from 'vscode';

const NONCE_BYTES = 16;

export function mapHtml(webview: Webview, extensionUri: Uri): string {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  const resource = (name: string): string =>
    webview.asWebviewUri(Uri.joinPath(extensionUri, 'dist', name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `img-src ${webview.cspSource}`,
  ].join('; ');
  // The meta `csp-nonce` is read by the toolkit for the one style element that it makes.
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${resource('webview.css')}">
<title>Physical Memory</title>
</head>
<body>
<div id="map"></div>
<script nonce="${nonce}" src="${resource('webview.js')}"></script>
</body>
</html>`;
}
