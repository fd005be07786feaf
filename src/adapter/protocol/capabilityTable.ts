/**
 * Every capability of the protocol: what it means here, and which test shows it; or why it has no meaning. docs/debugging.md has the
 * same table, and a test holds the two against each other.
 *
 * Source: DAP Capabilities, 1.68 with `supportsANSIStyling` of 1.69.
 */
import { BREAKPOINT_MODES } from '../breakpoints/breakpointModes.js';
import { EXCEPTION_FILTERS } from '../breakpoints/exceptionFilters.js';
import { CHECKSUM_ALGORITHMS } from '../topics/checksums.js';
import { MODULE_COLUMNS } from '../topics/modules.js';
import type { Dap } from './dap.js';

export interface CapabilityRow<Name extends keyof Dap.Capabilities = keyof Dap.Capabilities> {
  /** What `initialize` is answered with; undefined: it has no meaning here. */
  readonly value: Dap.Capabilities[Name] | undefined;
  /** In a sentence of Markdown. */
  readonly meaning: string;
  /** `stepping.test.ts: its name`, in test/dap. */
  readonly test?: string;
}

const filters = EXCEPTION_FILTERS.map((filter) => ({
  filter: filter.id,
  label: filter.label,
  description: filter.description,
  default: filter.byDefault,
  supportsCondition: true,
  conditionDescription: filter.conditionHint,
}));

export const CAPABILITY_TABLE: {
  readonly [Name in keyof Required<Dap.Capabilities>]: CapabilityRow<Name>;
} = {
  supportsConfigurationDoneRequest: {
    value: true,
    meaning: 'The scenario runs when it is loaded and the client configured, whichever comes last.',
    test: 'protocol.test.ts: runs when it is launched and configured, whichever comes last',
  },
  supportsFunctionBreakpoints: {
    value: true,
    meaning:
      'By name: functions of the scenario and of the kernel, and what happens inside the allocator (`block-split`).',
    test: 'breakpoints.test.ts: functions of the scenario and of the kernel',
  },
  supportsConditionalBreakpoints: {
    value: true,
    meaning: 'Conditions are C, and see what is in view at the stop.',
    test: 'breakpoints.test.ts: conditions are C, hit conditions count',
  },
  supportsHitConditionalBreakpoints: {
    value: true,
    meaning: '`5`, `>= 3`, `% 10`: a hit has the same number each time it is passed.',
    test: 'breakpoints.test.ts: conditions are C, hit conditions count',
  },
  supportsEvaluateForHovers: {
    value: true,
    meaning: 'A hover evaluates like a watch and changes nothing.',
    test: 'variables.test.ts: expressions: watch, hover with translation, nothing changed',
  },
  exceptionBreakpointFilters: {
    value: filters,
    meaning:
      'What the kernel and the scenario report: [breakpoints.md](breakpoints.md#kernel-reports).',
    test: 'exceptions.test.ts: bad pages, warnings and bugs',
  },
  supportsStepBack: {
    value: true,
    meaning: 'Time goes both ways, over everything that is recorded.',
    test: 'stepping.test.ts: n steps forward, n back: the same states',
  },
  supportsSetVariable: {
    value: true,
    meaning: 'An edit of memory, a step on the tape like any other.',
    test: 'editing.test.ts: setVariable changes memory, tells views, and is undone by a step back',
  },
  supportsRestartFrame: {
    value: true,
    meaning: 'Back to where the call of a frame began, in the scenario and in the kernel: a seek.',
    test: 'moving.test.ts: goes back to the first line of a kernel function, at any depth',
  },
  supportsGotoTargetsRequest: {
    value: true,
    meaning:
      'Places in time: hits of the line, the last change of what it names, the start of its task; and the next statement to run.',
    test: 'moving.test.ts: offers the hits of a line in time, and goes there and back',
  },
  supportsStepInTargetsRequest: {
    value: true,
    meaning: 'The calls that this line or statement makes from here on.',
    test: 'moving.test.ts: offers the calls that a statement makes of the kernel, and goes into the one chosen',
  },
  supportsCompletionsRequest: {
    value: true,
    meaning: "In the console, conditions and watches: names in view, members, the kernel's.",
    test: 'variables.test.ts: completions: names in view, members, the kernel',
  },
  completionTriggerCharacters: {
    value: ['.', '>'],
    meaning: 'Behind `.` and `->` come members.',
    test: 'variables.test.ts: completions: names in view, members, the kernel',
  },
  supportsModulesRequest: {
    value: true,
    meaning: 'The kernel build and the scenario.',
    test: 'small.test.ts: are the kernel build and the scenario, with columns of their own',
  },
  additionalModuleColumns: {
    value: [...MODULE_COLUMNS],
    meaning: 'Profile, fidelity, and where the machine came from.',
    test: 'small.test.ts: are the kernel build and the scenario, with columns of their own',
  },
  supportedChecksumAlgorithms: {
    value: [...CHECKSUM_ALGORITHMS],
    meaning: 'SHA-256 of every source; breakpoints in a file that has changed since say so.',
    test: 'small.test.ts: tell a file that has changed since it was loaded',
  },
  supportsRestartRequest: {
    value: true,
    meaning: 'Loads the scenario anew, as it is now. Same seed, same run.',
    test: 'stepping.test.ts: restart runs the scenario anew, with the breakpoints as they are',
  },
  supportsExceptionOptions: {
    value: true,
    meaning: 'Chooses the filters above by a path of their ids.',
    test: 'small.test.ts: choose filters by a path, and switch them off',
  },
  supportsValueFormattingOptions: {
    value: true,
    meaning: 'Hexadecimal numbers on request.',
    test: 'variables.test.ts: hex on request',
  },
  supportsExceptionInfoRequest: {
    value: true,
    meaning: 'What was reported; of a failed allocation everything that the allocator considered.',
    test: 'exceptions.test.ts: an allocation that fails stops where __alloc_pages() gives up',
  },
  supportTerminateDebuggee: {
    value: true,
    meaning: 'The machine ends with its session in any case.',
    test: 'protocol.test.ts: answers disconnect and ends by itself',
  },
  supportSuspendDebuggee: {
    value: undefined,
    meaning: 'The machine lives in the adapter: nothing is left to suspend when that goes.',
  },
  supportsDelayedStackTraceLoading: {
    value: true,
    meaning: 'A stack comes in parts when a client asks for a part.',
    test: 'variables.test.ts: the stack comes in parts when asked for',
  },
  supportsLoadedSourcesRequest: {
    value: true,
    meaning: "The scenario, and the kernel's files as C.",
    test: 'small.test.ts: come with every source that is loaded',
  },
  supportsLogPoints: {
    value: true,
    meaning: 'Expressions in braces; they print going back, too.',
    test: 'breakpoints.test.ts: log points print and do not stop',
  },
  supportsTerminateThreadsRequest: {
    value: true,
    meaning: 'Ends tasks where they stand, as an edit.',
    test: 'tasks.test.ts: ends a task, as a step that can be taken back',
  },
  supportsSetExpression: {
    value: true,
    meaning: 'Assigns to anything in memory that an expression denotes.',
    test: 'editing.test.ts: setExpression and writeMemory',
  },
  supportsTerminateRequest: {
    value: true,
    meaning: 'Ends the scenario, not the adapter.',
    test: 'stepping.test.ts: terminate ends the scenario, not the adapter',
  },
  supportsDataBreakpoints: {
    value: true,
    meaning:
      'On writes, found on the tape; on reads, found by running each statement again with somebody listening.',
    test: 'dataModes.test.ts: a test of a page flag is a read, a write of it is none',
  },
  supportsReadMemoryRequest: {
    value: true,
    meaning: 'By virtual address, or by physical one where no kernel address leads.',
    test: 'variables.test.ts: memory by reference: what is there, and how much is not',
  },
  supportsWriteMemoryRequest: {
    value: true,
    meaning: 'An edit like any other.',
    test: 'editing.test.ts: setExpression and writeMemory',
  },
  supportsDisassembleRequest: {
    value: true,
    meaning:
      "The scenario's code with its lines; machine code in any memory that can be read, as a dump's kernel text.",
    test: "code.test.ts: shows the scenario's code where a frame stands, each instruction with its line",
  },
  supportsCancelRequest: {
    value: true,
    meaning: 'A request that waits or works ends at once.',
    test: 'protocol.test.ts: cancels a request that still waits, and answers it at once',
  },
  supportsBreakpointLocationsRequest: {
    value: true,
    meaning: 'Every statement of a range of lines.',
    test: 'breakpoints.test.ts: says where breakpoints can be',
  },
  supportsClipboardContext: {
    value: true,
    meaning: 'A copied value is that of a watch.',
    test: 'small.test.ts: a copied value is that of a watch',
  },
  supportsSteppingGranularity: {
    value: true,
    meaning: 'Line, statement, instruction: [Steps](#steps).',
    test: 'steps.test.ts: line: next goes over everything on the line, loops too',
  },
  supportsInstructionBreakpoints: {
    value: true,
    meaning:
      "On the scenario's code: where the statement begins; at a kernel function's symbol: where it is entered.",
    test: 'code.test.ts: stop at a statement by the address of its first instruction, also backward',
  },
  supportsExceptionFilterOptions: {
    value: true,
    meaning: 'A condition for each filter, on the facts that it knows.',
    test: 'exceptions.test.ts: conditions see order and gfp',
  },
  supportsSingleThreadExecutionRequests: {
    value: true,
    meaning: 'No other task runs meanwhile.',
    test: 'tasks.test.ts: goes on where another one would have run',
  },
  supportsDataBreakpointBytes: {
    value: true,
    meaning: 'Any bytes by address.',
    test: 'dataBreakpoints.test.ts: bytes by address',
  },
  breakpointModes: {
    value: [...BREAKPOINT_MODES],
    meaning: 'Data breakpoints stop behind the line that touches the data, or before it.',
    test: 'dataModes.test.ts: before the write: the old value is there, and the line is about to run',
  },
  supportsANSIStyling: {
    value: true,
    meaning: "The kernel's log coloured by severity, for clients that say so.",
    test: 'small.test.ts: by severity, for clients that show them',
  },
};
