// The display function that the workbench's kernel offers.

/** One output as several media types; the reader's program takes the richest it knows. */
export type DisplayBundle = Record<string, unknown>;

/**
 * What the kernel offers under `globalThis[Symbol.for('bipe.display')]`. What `later`
 * makes takes the place of the bundle, unless it is undefined; the cell waits for it. It is not
 * called for what a widget shows.
 */
export type DisplayFunction = (
  bundle: DisplayBundle,
  metadata?: Record<string, unknown>,
  options?: { displayId?: string; update?: boolean; later?: () => Promise<DisplayBundle | undefined> },
) => void;

/** The kernel's display function; undefined outside a notebook. */
export function displayFunction(): DisplayFunction | undefined {
  const hook = (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.display')];
  return typeof hook === 'function' ? (hook as DisplayFunction) : undefined;
}
