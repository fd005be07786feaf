/** The kernel of the session that the user looks at: masks and words without a version are decoded as its. */
import { debug } from 'vscode';
import type { KernelVersion } from '../../report/input/version.js';
import { focusedFrameId } from '../debug/customRequest.js';
import { MMSCOPE } from '../identity.js';

/** The kernel whose functions run. */
const OWN: KernelVersion = [6, 1, 0];

/** Of a dump its own; a scenario runs on 6.1. */
export async function sessionKernel(): Promise<KernelVersion> {
  const session = debug.activeDebugSession;
  if (session?.type !== MMSCOPE) return OWN;
  try {
    const { result } = (await session.customRequest('evaluate', {
      expression: 'init_uts_ns.name.release',
      context: 'watch',
      frameId: focusedFrameId(),
    })) as { readonly result: string };
    const [, major, minor, patch] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(result) ?? [];
    return major === undefined || minor === undefined
      ? OWN
      : [Number(major), Number(minor), Number(patch ?? 0)];
  } catch {
    return OWN; // It has no such variable, or it runs.
  }
}
