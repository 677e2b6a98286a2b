'use strict';
// danfojs-node asks for @tensorflow/tfjs-node. It gets the TensorFlow.js that lib/engine has configured,
// whichever backend that is; a second copy would have its own tensors and its own memory.
module.exports = require('@tensorflow/tfjs');
