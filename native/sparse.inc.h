// A feed-forward layer whose hidden units have few connections each, as lib/theory/network/mlp.ts
// has it. A lane is a token, so that a unit reads and writes whole vectors, whatever its
// connections are.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels.h"
#include "simd.h"

namespace BIPE_VARIANT {

using bipe::Parallel;
using bipe::SparseMlp;

/** Vectors that a unit computes at once: they share its weights, and do not wait for each other. */
constexpr int kTogether = 4;
constexpr int kGroup = kTogether * kLanes;

/** One coordinate of a group of tokens. */
struct alignas(kLanes * sizeof(float)) GroupColumn {
  float tokens[kGroup];
};

/**
 * erf(x / sqrt 2), within two units in the last place and exactly odd: up to kSeriesEnd by odd
 * powers of x, beyond it as 1 - e^p(|x|), which is exactly 1 from 5.6 on. Both polynomials are
 * fitted to the least largest relative error of erf.
 */
constexpr float kSeriesEnd = 1.3f;
inline Vec ErfSeries(Vec x) {
  const Vec square = x * x;
  Vec series = square * 9.266832e-7f - 1.8001985e-5f;
  series = series * square + 2.2987106e-4f;
  series = series * square - 2.3740705e-3f;
  series = series * square + 1.9946948e-2f;
  series = series * square - 1.3298075e-1f;
  series = series * square + 7.978846e-1f;
  return series * x;
}
inline Vec ErfBeyond(Vec x) {
  const Vec size = Min(Broadcast(5.7f), x < 0.0f ? -x : x);
  Vec series = size * 2.450313e-5f - 5.381221e-4f;
  series = series * size + 5.5575874e-3f;
  series = series * size - 3.674788e-2f;
  series = series * size - 3.1858706e-1f;
  series = series * size - 7.9739046e-1f;
  series = series * size - 1.9451356e-4f;
  const Vec value = 1.0f - Exp(series);
  return x < 0.0f ? -value : value;
}

/** x (1 + erf(x / sqrt 2)) / 2 of each; a lane's result does not depend on the others. */
inline void Gelu(Vec* sums) {
  Vec erf[kTogether];
  IntVec beyond[kTogether], any{};
  for (int v = 0; v < kTogether; ++v) {
    erf[v] = ErfSeries(sums[v]);
    beyond[v] = (sums[v] > kSeriesEnd) | (sums[v] < -kSeriesEnd);
    any |= beyond[v];
  }
  if (AnyOf(any))
    for (int v = 0; v < kTogether; ++v) erf[v] = beyond[v] ? ErfBeyond(sums[v]) : erf[v];
  for (int v = 0; v < kTogether; ++v) {
    const Vec half = sums[v] * 0.5f;
    sums[v] = half * erf[v] + half;
  }
}

/** NaN stays NaN. */
inline void Relu(Vec* sums) {
  for (int v = 0; v < kTogether; ++v) sums[v] = Max(Vec{}, sums[v]);
}

/** added += what the layer gives; both [width]. */
template <bool kRelu>
inline void AddUnits(const SparseMlp& mlp, const GroupColumn* in, GroupColumn* added) {
  for (int64_t unit = 0; unit < mlp.hidden; ++unit) {
    Vec sums[kTogether];
    for (int v = 0; v < kTogether; ++v) sums[v] = Broadcast(mlp.bias[unit]);
    for (int32_t input = mlp.input_start[unit]; input < mlp.input_start[unit + 1]; ++input) {
      const float* x = in[mlp.input_index[input]].tokens;
      for (int v = 0; v < kTogether; ++v) sums[v] += mlp.input_weight[input] * Load(x + v * kLanes);
    }
    if constexpr (kRelu)
      Relu(sums);
    else
      Gelu(sums);
    for (int32_t output = mlp.output_start[unit]; output < mlp.output_start[unit + 1]; ++output) {
      float* y = added[mlp.output_index[output]].tokens;
      for (int v = 0; v < kTogether; ++v)
        Store(y + v * kLanes, Load(y + v * kLanes) + mlp.output_weight[output] * sums[v]);
    }
  }
}

/**
 * Calls f(first token, how many, first column, how many, lanes) for the squares of kLanes tokens
 * and columns of a group.
 */
template <typename F>
inline void EachSquare(int64_t tokens, int64_t width, const F& f) {
  for (int64_t token = 0; token < tokens; token += kLanes)
    EachVector(width, [&](int64_t column, int columns) {
      f(token, static_cast<int>(std::min<int64_t>(kLanes, tokens - token)), column, columns);
    });
}

/**
 * x [tokens, width], at most kGroup tokens -> columns [width]; zeros for tokens that are not there.
 */
inline void ToColumns(const float* x, int64_t tokens, int64_t width, GroupColumn* columns) {
  EachSquare(kGroup, width, [&](int64_t token, int, int64_t column, int count) {
    Vec square[kLanes];
    for (int i = 0; i < kLanes; ++i)
      square[i] = token + i < tokens ? Take(x + (token + i) * width + column, count) : Vec{};
    Transpose(square);
    for (int i = 0; i < count; ++i) Store(columns[column + i].tokens + token, square[i]);
  });
}

/** y = x + columns, both [tokens, width]. */
inline void AddColumns(const float* x, const GroupColumn* columns, int64_t tokens, int64_t width, float* y) {
  EachSquare(tokens, width, [&](int64_t token, int rows, int64_t column, int count) {
    Vec square[kLanes]{};
    for (int i = 0; i < count; ++i) square[i] = Load(columns[column + i].tokens + token);
    Transpose(square);
    for (int i = 0; i < rows; ++i) {
      const int64_t at = (token + i) * width + column;
      Give(y + at, Take(x + at, count) + square[i], count);
    }
  });
}

inline void AddSparseMlp(int64_t tokens, int64_t width, const SparseMlp& mlp, const float* residual, float* sum,
                         const Parallel& parallel) {
  parallel((tokens + kGroup - 1) / kGroup, 1, [&](int64_t begin, int64_t end) {
    thread_local std::vector<GroupColumn> in, added;
    in.resize(width);
    for (int64_t first = begin * kGroup; first < std::min(tokens, end * kGroup); first += kGroup) {
      const int64_t count = std::min<int64_t>(kGroup, tokens - first);
      ToColumns(residual + first * width, count, width, in.data());
      added.assign(width, {});
      if (mlp.relu)
        AddUnits<true>(mlp, in.data(), added.data());
      else
        AddUnits<false>(mlp, in.data(), added.data());
      AddColumns(residual + first * width, added.data(), count, width, sum + first * width);
    }
  });
}

}  // namespace BIPE_VARIANT
