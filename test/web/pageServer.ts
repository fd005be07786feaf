/**
 * What the pages of the window are loaded from: files of dist/, the page as the extension makes it, and the colours of a theme. Pages of
 * one browser have one origin, so that it loads and compiles the window's script once.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { mapPage } from '../../src/extension/map/mapPage.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.map': 'application/json',
};

/** A page that stands for nothing: while it is open, the browser keeps the process that all pages share. */
export const BLANK = 'blank.html';

export const pageName = (theme: string): string => `${theme}.html`;

/** What VS Code tells a page of a theme. */
export interface Look {
  readonly styleOf: (theme: string) => string;
  readonly bodyClasses: (theme: string) => string;
}

/** Its origin, `http://127.0.0.1:PORT`. It does not keep the process alive. */
export async function servePages(look: Look): Promise<string> {
  let origin = '';
  const contentOf = async (name: string): Promise<string | Buffer> => {
    const { name: theme, ext } = path.parse(name);
    if (name === BLANK) return '<!DOCTYPE html><title>blank</title>';
    if (ext === '.html') return page(origin, theme, look.bodyClasses(theme));
    return name.startsWith('theme-')
      ? look.styleOf(theme.slice('theme-'.length))
      : readFile(path.join('dist', name));
  };
  const server: Server = createServer((request, response) => {
    const name = path.basename(new URL(request.url ?? '/', origin).pathname);
    contentOf(name).then(
      (content) => {
        const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
        response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'max-age=3600' });
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return origin;
}

function page(origin: string, theme: string, classes: string): string {
  const html = mapPage({
    nonce: 'bm9uY2U=',
    cspSource: origin,
    resource: (file) => `${origin}/${file}`,
  });
  return html
    .replace('<body>', `<body class="${classes}">`)
    .replace('</head>', `<link rel="stylesheet" href="${origin}/theme-${theme}.css"></head>`);
}
