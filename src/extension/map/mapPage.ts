/** The page of the map: no inline script or style, nothing from anywhere but this extension and the page itself (a picture to be saved). */

export interface PageSource {
  /** Fresh for each page. */
  readonly nonce: string;
  /** Where the extension's own files come from. */
  readonly cspSource: string;
  /** The address of a file of dist/. */
  readonly resource: (name: string) => string;
}

export function mapPage({ nonce, cspSource, resource }: PageSource): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `img-src ${cspSource} data:`,
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
<title>Memory</title>
</head>
<body>
<div id="map"></div>
<script nonce="${nonce}" src="${resource('webview.js')}"></script>
</body>
</html>`;
}
