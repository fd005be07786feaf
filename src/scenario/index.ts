/**
 * The scenario language: from text to diagnostics, to a program, to a running machine.
 *
 *     text --readScenario--> which machine --compile--> Program --ScenarioVm--> statement by statement
 */
export { handsOut, isAllocator } from './builtins/handsOut.js';
export { allBuiltins } from './builtins/table.js';
export {
  compileScenario,
  readScenario,
  type CompiledScript,
  type ReadScenario,
  type ScenarioFile,
} from './compile/script.js';
export {
  boundaryOfCode,
  codeOfBoundary,
  decode,
  firstBoundary,
  instructionText,
  pcOfAddress,
} from './compile/disassembly.js';
export type { Program } from './compile/program.js';
export { endSummary } from './endSummary.js';
export { onOtherMachine } from './otherMachine.js';
export { notGivenBackTexts } from './ledger/notGivenBack.js';
export type { BlockReason } from './builtins/call.js';
export { preludeDocs } from './prelude.js';
export { forms } from './semantics/forms.js';
export type { Diagnostic } from './syntax/diagnostic.js';
export { codeAddress } from './semantics/window.js';
export type { Expr, Initializer, Statement } from './syntax/ast.js';
export { parseExpression, parseScript } from './syntax/parse.js';
export { defaultMachine, machineKeys, describedMachine } from './syntax/machine.js';
export { gatherIncludes, isHeader, type IncludedText, type Sources } from './syntax/sources.js';
export { LineMap, type Span } from './syntax/span.js';
export type { Evaluated, EvaluateOptions, Pieces } from './vm/evaluate.js';
export type { StackUse } from './vm/control.js';
export { failedExpectText, type MachineEvent } from './vm/events.js';
export type { Local } from './vm/frames.js';
export { parseTemplate, type TemplatePart } from './vm/template.js';
export type { Death, StatementResult } from './vm/statementResult.js';
export { ScenarioVm } from './vm/vm.js';
