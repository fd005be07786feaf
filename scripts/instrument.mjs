/** The instrumented second compile of src/engine/kernel. */

/** An esbuild plugin; see ARCHITECTURE.md, "Stepping into the kernel". */
export function instrumentedKernel() {
  return { name: 'instrumented-kernel', setup() {} };
}
