/**
 * What the adapter says it can do, and what the client says it can. Only what holds is listed.
 *
 * Source: DAP Capabilities and InitializeRequestArguments, 1.68.
 */
import { EXCEPTION_FILTERS } from '../breakpoints/exceptionFilters.js';
import type { Dap } from './dap.js';

export const CAPABILITIES: Dap.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsClipboardContext: true,
  exceptionBreakpointFilters: EXCEPTION_FILTERS.map((filter) => ({
    filter: filter.id,
    label: filter.label,
    description: filter.description,
    default: filter.byDefault,
    supportsCondition: true,
    conditionDescription: filter.conditionHint,
  })),
  supportsExceptionFilterOptions: true,
  supportsExceptionInfoRequest: true,
  supportsStepBack: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsRestartRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['.', '>'],
  supportsDelayedStackTraceLoading: true,
  supportsLoadedSourcesRequest: true,
  supportsDataBreakpoints: true,
  supportsDataBreakpointBytes: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsCancelRequest: true,
  supportsBreakpointLocationsRequest: true,
  supportsValueFormattingOptions: true,
};

/** What the client told about itself. */
export interface ClientTraits {
  readonly supportsVariableType: boolean;
  readonly supportsMemoryReferences: boolean;
  readonly supportsMemoryEvent: boolean;
  readonly supportsInvalidatedEvent: boolean;
  readonly supportsVariablePaging: boolean;
  /** It takes members that the protocol does not have, for its menus. */
  readonly isVsCode: boolean;
}

export const clientTraits = (args: Dap.InitializeRequestArguments): ClientTraits => ({
  supportsVariableType: args.supportsVariableType ?? false,
  supportsMemoryReferences: args.supportsMemoryReferences ?? false,
  supportsMemoryEvent: args.supportsMemoryEvent ?? false,
  supportsInvalidatedEvent: args.supportsInvalidatedEvent ?? false,
  supportsVariablePaging: args.supportsVariablePaging ?? false,
  isVsCode: args.clientID === 'vscode',
});
