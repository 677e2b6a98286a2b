// Checks that kernel and notebook belong to the same checkout. A `.venv` that was copied from
// another checkout starts that one's kernel, whose lib is not the one beside the notebook.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest folder above that holds this project; undefined if there is none. */
function checkoutOf(folder) {
  const description = join(folder, 'package.json');
  if (existsSync(description) && nameIn(description) === 'bipe-workbench') return folder;
  return folder === dirname(folder) ? undefined : checkoutOf(dirname(folder));
}

function nameIn(description) {
  try {
    return JSON.parse(readFileSync(description, 'utf8')).name;
  } catch {
    return undefined;
  }
}

/**
 * Explains why a kernel cannot run a notebook's cells.
 *
 * @param {string} root the kernel's checkout
 * @param {string} folder the notebook's folder
 * @returns {import('./errors.mjs').Failure | undefined} undefined if both belong together
 */
export function foreignFailure(root, folder) {
  const checkout = checkoutOf(realpathSync(folder));
  if (checkout === undefined || checkout === realpathSync(root)) return undefined;
  const evalue =
    `this kernel belongs to ${root}, the notebook to ${checkout}: ` +
    `run "npm run setup" in ${checkout}, then restart the kernel`;
  return { ename: 'KernelError', evalue, traceback: [`KernelError: ${evalue}`] };
}
