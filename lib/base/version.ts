// Version of this library: part of every run's identity and of every figure's provenance.

import { readFileSync } from 'node:fs';
import { projectPath } from './paths';

interface Manifest {
  readonly version: string;
}

/**
 * Major versions of Node.js that the tests cover, whichever of them runs the tests
 * (tests/setup/node-versions.test.ts).
 */
export const testedNodeVersions: readonly number[] = [22, 24, 26];

/** The version in package.json. */
export const libraryVersion = (JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as Manifest)
  .version;
