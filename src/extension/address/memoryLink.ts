/**
 * Links that show an address in the window Memory.
 *
 * Where VS Code takes commands (hovers, links of text documents, answers about reports), a link is the command *Reveal in Memory Map*.
 * Where it takes addresses of the web alone (the debug console), it is an address of VS Code's own scheme, which comes back to this
 * extension. Its API has no provider of links for the debug console.
 */
import { commands, env, Uri, window, type Disposable } from 'vscode';

const REVEAL = 'mmscope.revealInMap';
const AUTHORITY = 'mmscope.mmscope';
const PATH = '/memory';

/** What a text of a link may ask for; it comes from outside. */
const PLACE = /^(?:pfn )?0x[0-9a-f]{1,16}$/;

export const REVEAL_COMMANDS: readonly string[] = [REVEAL];

/** @param place `0xf0801000`, `pfn 0x1f40` */
export const commandLink = (place: string): Uri =>
  Uri.parse(`command:${REVEAL}?${encodeURIComponent(JSON.stringify({ place }))}`);

export const webLink = (place: string): string =>
  `${env.uriScheme}://${AUTHORITY}${PATH}?${encodeURIComponent(place)}`;

/** Inline code of a Markdown text that is an address becomes a link. */
export const withCommandLinks = (markdown: string): string =>
  markdown.replaceAll(
    /(?<!\[)`(0x[0-9a-f]{6,16})`(?!\])/g,
    (code, place: string) => `[${code}](${commandLink(place).toString()})`,
  );

export function registerMemoryLinks(): Disposable {
  return window.registerUriHandler({
    async handleUri({ path, query }) {
      const place = decodeURIComponent(query);
      if (path === PATH && PLACE.test(place)) await commands.executeCommand(REVEAL, { place });
    },
  });
}
