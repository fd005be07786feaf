/** Time that a processor spent, whatever else ran beside: what a test holds to a bound. */
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds that this process computed while a body ran. */
export function cpuMs(body: () => void): number {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Milliseconds that another process's threads have computed so far; on systems that do not tell, those that have passed. */
export function cpuMsOf(pid: number): number {
  try {
    const tasks = `/proc/${pid}/task`;
    const spent = readdirSync(tasks).map((tid) =>
      Number(readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ')[0]),
    );
    return spent.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    return performance.now();
  }
}
