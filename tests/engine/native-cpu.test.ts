import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';
import { thisMachine } from '../../lib/engine/backends/native';
import { testBackend } from './operations';

// A machine on which the set-up could not build the library runs the workbench on WASM: nothing to
// test here.
if (existsSync(thisMachine().bindingFile)) testBackend('native-cpu', false);
else
  describe('the native-cpu backend', () => {
    it.skip('is not built on this machine');
  });
