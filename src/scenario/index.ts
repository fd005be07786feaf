/**
 * The scenario language: from text to diagnostics, to a program, to a running machine.
 *
 *     text --readScenario--> which machine --compile--> Program --ScenarioVm--> statement by statement
 */
export { allBuiltins, findBuiltin } from './builtins/table.js';
export type { Builtin, Category } from './builtins/builtin.js';
export type { BlockReason } from './builtins/call.js';
export type { KernelCalls } from './builtins/kernelCalls.js';
export {
  compileScenario,
  readScenario,
  type CompiledScript,
  type ReadScenario,
} from './compile/script.js';
export type { Boundary, CompiledFunction, CompiledTask, Program } from './compile/program.js';
export { preludeDocs, type MacroDoc } from './prelude.js';
export { forms, type Form } from './semantics/forms.js';
export { windowLayout, type WindowLayout } from './semantics/window.js';
export { diagnosticCodes } from './syntax/diagnostic.js';
export type { Diagnostic, DiagnosticCode, Fix, Severity } from './syntax/diagnostic.js';
export { bundledKernels, defaultMachine, machineKeys, describedMachine } from './syntax/machine.js';
export { parseExpression, parseScript, parseTypeName } from './syntax/parse.js';
export { LineMap, type Position, type Span } from './syntax/span.js';
export type { TaskStatus } from './vm/control.js';
export type { Evaluated, EvaluateOptions, Evaluation, EvaluationError } from './vm/evaluate.js';
export type { MachineEvent, ScenarioEvent } from './vm/events.js';
export type { Frame, Local, Location } from './vm/frames.js';
export type { Wait } from './vm/scheduler.js';
export { parseTemplate, type TemplatePart } from './vm/template.js';
export { ScenarioVm, type StatementResult, type TaskState, type VmOptions } from './vm/vm.js';
