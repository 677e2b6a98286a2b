// What the set-up scripts say, before any dependency is there.

/** Ends the program with one line. */
export function fail(message, exitCode = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
