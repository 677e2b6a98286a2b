'use strict';
// The request package is retired and has open security advisories. danfojs-node needs it to read a table
// from a web address only; the workbench downloads through lib/data, with checksums.
module.exports = function request() {
  throw new Error('danfo cannot read from the web here: download with lib/data and read the local file');
};
