/**
 * A stand-in for the marketplace's hex editor, which VS Code's View Binary Data opens by its id and cannot be had from npm: the
 * bytes at a memory reference as `hexdump -C` prints them, read again at each stop. Read-only.
 */
const { commands, debug, window, workspace } = require('vscode');

const PER_LINE = 16;
const BYTES = 4096;

exports.activate = ({ subscriptions }) => {
  const options = { webviewOptions: { enableFindWidget: true } };
  subscriptions.push(
    window.registerCustomEditorProvider(
      'hexEditor.hexedit',
      { openCustomDocument, resolveCustomEditor },
      options,
    ),
    commands.registerCommand('hexEditor.openFile', (uri) =>
      commands.executeCommand('vscode.openWith', uri, 'hexEditor.hexedit'),
    ),
  );
};

const openCustomDocument = (uri) => ({ uri, dispose() {} });

function resolveCustomEditor({ uri }, { webview, onDidDispose }) {
  const show = async () => {
    try {
      // Memory has no size: VS Code's file system for it wants the range in the query.
      const ranged =
        uri.scheme === 'vscode-debug-memory' ? uri.with({ query: `range=0:${BYTES}` }) : uri;
      webview.html = page(dump(await workspace.fs.readFile(ranged), addressOf(uri)));
    } catch (error) {
      webview.html = page(`These bytes cannot be read: ${error.message}`);
    }
  };
  const stops = debug.onDidChangeActiveStackItem(show);
  onDidDispose(() => stops.dispose());
  return show();
}

/** The memory reference is the address, where it is one. */
function addressOf(uri) {
  const [, reference = ''] = decodeURIComponent(uri.path).split('/');
  const digits = /0x[0-9a-f]+/i.exec(reference)?.[0];
  return digits === undefined ? 0n : BigInt(digits);
}

function dump(bytes, address) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const line = [...bytes.subarray(at, at + PER_LINE)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0'));
    const text = line.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    const row = `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.padEnd(49);
    lines.push(
      `${(address + BigInt(at)).toString(16).padStart(8, '0')}  ${row} |${text.join('')}|`,
    );
  }
  return lines.join('\n');
}

function page(text) {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const policy = `default-src 'none'; style-src 'unsafe-inline'`;
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<style>pre { font: var(--vscode-editor-font-size) / 1.45 var(--vscode-editor-font-family, monospace) }</style>
</head><body><pre id="hex">${escaped}</pre></body></html>`;
}
