/** /proc/meminfo: names and kB. Source: Linux fs/proc/meminfo.c: meminfo_proc_show(). */

const ROW = /^\s*([A-Z][A-Za-z0-9_]*(?:\([a-z]+\))?):\s+(\d+)(?: kB)?\s*$/;
/** Names that only /proc/meminfo has; one of them makes a text a capture of it. */
const OWN =
  /^(?:MemTotal|MemFree|MemAvailable|CmaTotal|CmaFree|HugePages_\w+|Hugepagesize|VmallocTotal|VmallocUsed|VmallocChunk|SUnreclaim|DirectMap\w+|LowTotal|LowFree|HighTotal|HighFree|CommitLimit|Committed_AS)$/;

export type MemoryNumbers = ReadonlyMap<string, number>;

export function meminfoOf(texts: readonly string[]): MemoryNumbers | undefined {
  const numbers = new Map<string, number>();
  let isMeminfo = false;
  for (const text of texts) {
    const row = ROW.exec(text);
    if (!row) continue;
    const name = row[1] ?? '';
    isMeminfo ||= OWN.test(name);
    if (!numbers.has(name)) numbers.set(name, Number(row[2]));
  }
  return isMeminfo ? numbers : undefined;
}

export const memoryNumber = (texts: readonly string[], name: string): number | undefined =>
  meminfoOf(texts)?.get(name);
