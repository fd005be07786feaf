/** What every kind of report is read with: the lines of one input, and what is known beside them. */
import type { ReportKernel } from './finding.js';
import type { DecodedRequest } from './allocation/requestText.js';
import type { Verdict } from './allocation/judge.js';
import type { MemInfo } from './allocation/memInfo.js';
import type { LogLine } from './input/lines.js';
import type { GivenKernel } from './input/reportKernel.js';
import type { KernelVersion } from './input/version.js';

export interface ScenarioInput {
  readonly decoded: DecodedRequest;
  readonly verdict: Verdict;
  readonly memInfo: MemInfo;
  readonly kernel: ReportKernel;
}

export interface Context {
  /** Name of the input, as it was given. */
  readonly input: string;
  readonly lines: readonly LogLine[];
  readonly given: GivenKernel | undefined;
  /** To decode by where neither the text nor the user names a kernel. */
  readonly fallback: KernelVersion;
}
