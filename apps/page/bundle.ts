// The script of a page as one text, bundled by esbuild from the sources.

import { ConfigError, MachineError, messageOf } from '../../lib/base/errors';
import { displayPath, projectPath } from '../../lib/base/paths';

/**
 * Bundles a page's script.
 *
 * @param parts of the path of its entry point from the repository
 * @throws MachineError if esbuild does not start; ConfigError if a source has an error
 */
export async function bundledScript(parts: readonly string[]): Promise<string> {
  const entry = projectPath(...parts);
  const { build } = await import('esbuild').catch((error: unknown) => {
    throw new MachineError(`esbuild does not start (${messageOf(error)}); npm run setup`, { cause: error });
  });
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    charset: 'utf8',
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  }).catch((error: unknown) => {
    throw new ConfigError(`${displayPath(entry)}: ${messageOf(error).split('\n').join(' ')}; mend it`, {
      cause: error,
    });
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild gave no script');
  return script.text;
}
