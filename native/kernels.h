// The kernels as TensorFlow's operations call them (operations.cc): plain functions on arrays of
// floats. They are compiled once for each instruction set, each time in a namespace of its own;
// `ChooseKernels` gives the best that this processor runs.
#pragma once

#include <cstdint>
#include <functional>

namespace bipe {

/** The threads there are. */
struct Parallel {
  int threads;
  /** Calls work(begin, end) for parts of 0..count, about `grain` at a time. */
  std::function<void(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& work)> run;

  void operator()(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& work) const {
    run(count, grain, work);
  }
};

/** Heads that attend, [batch, heads, time, width] each. */
struct AttentionShape {
  int64_t batch, heads, time, width;
  /** Each query sees this many keys, its own included; 0: all up to its own. */
  int64_t window;
  /**
   * How many sequences have positions of their own: `batch`, 1 for all the same, 0 where nothing is
   * added to scores.
   */
  int64_t position_batch;
};

/** A score grows by slope x (position of the key - position of the query). */
struct LinearBias {
  /** [heads] */
  const float* slopes;
  /** [position_batch, keys], whole numbers. */
  const float* positions;
};

struct AttentionInputs {
  const float *queries, *keys, *values;
  LinearBias bias;
};

struct AttentionGradients {
  float *queries, *keys, *values;
};

/** One query for each head, and the slots of its cache. */
struct CachedShape {
  int64_t batch, heads, capacity, width;
  int64_t window;
  int64_t position_batch;
};

/** A feed-forward layer as lists: unit h has the connections start[h] to start[h + 1]. */
struct SparseMlp {
  int64_t hidden;
  /** Otherwise GELU, the exact one. */
  bool relu;
  /** [hidden] */
  const float* bias;
  /** [hidden + 1]; [connections] */
  const int32_t *input_start, *input_index;
  const float* input_weight;
  const int32_t *output_start, *output_index;
  const float* output_weight;
};

struct Kernels {
  /** For people: `AVX-512`. */
  const char* name;

  /**
   * context [batch, time, heads, width]; normalizers [batch, heads, time], log of the sum of a
   * query's exponentials.
   */
  void (*attention)(const AttentionShape&, const AttentionInputs&, float* context, float* normalizers, const Parallel&);
  /** upstream and context [batch, time, heads, width]. */
  void (*attention_gradient)(const AttentionShape&, const AttentionInputs&, const float* context,
                             const float* normalizers, const float* upstream, const AttentionGradients&,
                             const Parallel&);
  /**
   * One more token: its keys and values [batch, heads, width] go into slot lengths[sequence] of the
   * caches [batch, heads, capacity, width], and its queries see them and what is before; context
   * [batch, heads, width].
   */
  void (*cached_attention)(const CachedShape&, const float* queries, const float* new_keys, const float* new_values,
                           const int32_t* lengths, LinearBias bias, float* keys, float* values, float* context,
                           const Parallel&);

  /** x [rows, width]; inverse [rows], 1 / sqrt(mean(x^2) + eps). */
  void (*rms_norm)(int64_t rows, int64_t width, const float* x, const float* weight, float eps, float* y, float* inverse,
                   const Parallel&);
  void (*rms_norm_gradient)(int64_t rows, int64_t width, const float* upstream, const float* x, const float* weight,
                            const float* inverse, float* of_x, float* of_weight, const Parallel&);

  void (*swiglu)(int64_t count, const float* gate, const float* up, float* y, const Parallel&);
  void (*swiglu_gradient)(int64_t count, const float* upstream, const float* gate, const float* up, float* of_gate,
                          float* of_up, const Parallel&);

  /**
   * x, y [batch, heads, time, 2 pairs]; cos, sin [turn_batch, time, pairs]; with `back`, turned the
   * other way.
   */
  void (*rotate)(int64_t batch, int64_t heads, int64_t time, int64_t pairs, int64_t turn_batch, bool back, const float* x,
                 const float* cos, const float* sin, float* y, const Parallel&);

  /**
   * x [batch, time, parts, heads, width] -> parts of [batch, heads, time, width]; `joins` is the
   * way back.
   */
  void (*split_heads)(int64_t batch, int64_t time, int64_t parts, int64_t heads, int64_t width, const float* x,
                      float* const* split, const Parallel&);
  void (*join_heads)(int64_t batch, int64_t time, int64_t parts, int64_t heads, int64_t width, const float* const* split,
                     float* x, const Parallel&);

  /**
   * Positions of tokens in nested segments, `levels` tensors [batch, time], innermost first.
   * `closes` says of each id below `ids_known` how many levels it closes; others close none.
   */
  void (*positions)(int64_t batch, int64_t time, int64_t levels, const int32_t* ids, const int32_t* closes,
                    int64_t ids_known, int32_t* const* positions, const Parallel&);

  /**
   * scores [rows, classes] -> losses [rows], and softmax(scores) - onehot(targets), which may be
   * `scores` itself.
   */
  void (*cross_entropy)(int64_t rows, int64_t classes, const float* scores, const int32_t* targets, float* losses,
                        float* of_scores, const Parallel&);

  /**
   * residual [tokens, width] -> sum, the residual plus what the layer gives; it may be `residual`
   * itself.
   */
  void (*add_sparse_mlp)(int64_t tokens, int64_t width, const SparseMlp&, const float* residual, float* sum,
                         const Parallel&);
};

/**
 * The best that this processor runs, or those that the environment variable BIPE_INSTRUCTIONS
 * names.
 *
 * @throws std::invalid_argument if it names none that this processor runs
 */
const Kernels& ChooseKernels();

}  // namespace bipe
