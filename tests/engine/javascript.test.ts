import { testBackend } from './operations';

testBackend('javascript', true);
