// A configuration that trains in seconds, and uses all that is random: dropout, drawn positions,
// streamed data.

/** As it would stand in a file. */
export const smallConfig = {
  model: {
    style: 'llama',
    vocabSize: 17,
    hiddenSize: 16,
    intermediateSize: 32,
    numLayers: 2,
    numHeads: 2,
    trainLength: 14,
    normEps: 1e-5,
    initializerRange: 0.02,
    tieEmbeddings: false,
    logScale: false,
    dropout: 0.1,
    separators: [] as readonly (readonly number[])[],
    encoding: 'randomized_rope' as unknown,
  },
  task: { kind: 'arithmetic', operators: 2, modulus: 7, testInstances: 20 } as Record<string, unknown>,
  batchSize: 8,
  seed: 3,
  steps: 150,
  schedule: { kind: 'linear', learningRate: 3e-3, warmupSteps: 10 },
  clipNorm: 1,
  logEvery: 1,
  checkpointEvery: 7,
  evaluateEvery: 75,
};
