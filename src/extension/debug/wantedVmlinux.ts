/** Whether a launch failed for want of the dumped kernel's vmlinux, and of which one. Pure. */
import type { ProtocolMessage } from './sessionMessages.js';

export interface WantedVmlinux {
  /** What is missing, for the user. */
  readonly sentence: string;
  readonly release: string;
  /** Undefined where the dump does not say it. */
  readonly buildId: string | undefined;
}

/** `wantsVmlinux` of the adapter's errors. */
const WANTS_VMLINUX = 2009;

export function wantedVmlinux({ type, command, body }: ProtocolMessage): WantedVmlinux | undefined {
  const error = body?.error;
  if (type !== 'response' || command !== 'launch' || error?.id !== WANTS_VMLINUX) return undefined;
  const { sentence = '', release = '', buildId } = error.variables ?? {};
  return { sentence, release, buildId };
}
