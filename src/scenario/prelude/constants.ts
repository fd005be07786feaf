/** Definitions of a header, from `NAME=VALUE NAME=VALUE ...`. */
export const constants = (header: string, pairs: string): string =>
  pairs
    .trim()
    .split(/\s+/)
    .map((pair) => `#define ${pair.replace('=', ' ')} // ${header}`)
    .join('\n');
