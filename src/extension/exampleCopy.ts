/** Which files an example's copy consists of. Pure. */

/** The file that a pragma takes the machine from: `state "data/x.trace.gz"`, `core "data/x.vmcore.gz"`. */
const MACHINE_FILE = /^#pragma\s+mmscope\s+(?:state|core)\s+"([^"]+)"/m;

/**
 * What is to be copied: the example and the machine that it names, but nothing that is there already, for the user may have
 * changed it.
 *
 * @param exists whether the user has a file of that name
 */
export async function copyPlan(
  name: string,
  text: string,
  exists: (file: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const machine = MACHINE_FILE.exec(text)?.[1];
  const needed = machine === undefined ? [name] : [name, machine];
  const missing: string[] = [];
  for (const file of needed) if (!(await exists(file))) missing.push(file);
  return missing;
}
