// dist/: the compiled library, for the command line and the notebook kernel.
import { buildLibrary, isLibraryBuilt } from '../lib/build.mjs';
import { SetupError } from '../lib/run.mjs';

export const library = {
  id: 'library',
  title: 'library',
  required: true,
  status() {
    return isLibraryBuilt()
      ? { done: true, detail: 'compiled' }
      : { done: false, detail: 'not compiled since lib changed', mend: 'npm run build' };
  },
  async perform() {
    const result = buildLibrary();
    if (!result.ok) throw new SetupError(`lib does not compile; mend the first error:\n${result.message}`);
    return 'compiled';
  },
};
