import { testBackend } from './operations';

testBackend('wasm', true);
