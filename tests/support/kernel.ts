// Cells that are stopped in the middle, and what they printed.

import type { CellRun, KernelClient } from '../../kernel/client.mjs';

/** Runs a cell; resolves once it has printed, or ended. */
export async function begin(kernel: KernelClient, code: string): Promise<{ readonly run: Promise<CellRun> }> {
  let begins: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begins = resolve;
  });
  const run = kernel.execute(code, {
    onPublished: ({ type }) => {
      if (type === 'stream') begins();
    },
  });
  // A cell that fails before it prints would be waited for in vain.
  await Promise.race([begun, run]);
  return { run };
}

/** Runs a cell and stops it once it has printed. */
export async function stopped(
  kernel: KernelClient,
  code: string,
  stop: () => unknown = () => kernel.interrupt(),
): Promise<CellRun> {
  const { run } = await begin(kernel, code);
  await stop();
  return run;
}

/** The text of a stream, as far as it was published before the cell ended. */
export function printed({ published }: CellRun, stream = 'stdout'): string {
  const texts = published.filter(({ type, content }) => type === 'stream' && content['name'] === stream);
  return texts.map(({ content }) => content['text']).join('');
}
