/** Versions of kernels: read and compared. */

/** `[2, 6, 32]`, `[4, 9, 70]`, `[6, 16, 0]`. */
export type KernelVersion = readonly [number, number, number];

export function parseVersion(text: string): KernelVersion | undefined {
  const found = /^v?(\d{1,2})\.(\d{1,3})(?:\.(\d{1,4}))?/.exec(text.trim());
  if (!found) return undefined;
  const [major, minor, patch] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  return major >= 2 && major <= 20 ? [major, minor, patch] : undefined;
}

export const compareVersions = (a: KernelVersion, b: KernelVersion): number =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

export const isAtLeast = (version: KernelVersion, bound: KernelVersion): boolean =>
  compareVersions(version, bound) >= 0;

/** The release that facts are told of: 2.6.32, 4.9, 6.16. */
export const seriesOf = ([major, minor, patch]: KernelVersion): string =>
  major === 2 ? `${major}.${minor}.${patch}` : `${major}.${minor}`;

/** A span of releases: `since` has it, `until` does not; either may be open. */
export interface Span {
  readonly since?: KernelVersion;
  readonly until?: KernelVersion;
}

export const isIn = (version: KernelVersion, { since, until }: Span): boolean =>
  (!since || isAtLeast(version, since)) && !(until && isAtLeast(version, until));
