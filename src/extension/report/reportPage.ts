/** The page of an answer about reports: rendered Markdown in the colours and letters of VS Code. No script, nothing from elsewhere. */
import { randomBytes } from 'node:crypto';

const NONCE_BYTES = 16;
const STYLE = `
body { padding: 4px 26px 40px; line-height: 1.55; }
main { max-width: 100ch; }
h1 { font-size: 1.6em; font-weight: 600; line-height: 1.25; }
h2 { margin-top: 2em; font-size: 1.35em; font-weight: 600; }
h3 { margin-top: 1.6em; font-size: 1.05em; font-weight: 600; }
h2, h3 { padding-bottom: 3px; border-bottom: 1px solid var(--vscode-textSeparator-foreground); }
li { margin: 3px 0; }
code { font-family: var(--vscode-editor-font-family, monospace); font-size: 0.94em; }
pre { padding: 10px 14px; overflow-x: auto; background: var(--vscode-textCodeBlock-background); }
pre code { color: var(--vscode-editor-foreground); background: none; }
`;

export function reportPage(body: string): string {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'" />
    <style nonce="${nonce}">${STYLE}</style>
  </head>
  <body><main>${body}</main></body>
</html>`;
}
