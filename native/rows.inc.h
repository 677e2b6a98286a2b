// What is computed row by row, in one pass over memory each: normalization, SwiGLU, rotation, the
// layout of heads, and cross-entropy.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels.h"
#include "simd.h"

namespace BIPE_VARIANT {

using bipe::Parallel;

/** Numbers for a thread to take at once: 64 kB. */
constexpr int64_t kGrain = 16384;
/** Them in rows. */
inline int64_t RowGrain(int64_t width) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width)); }

inline void RmsNorm(int64_t rows, int64_t width, const float* x, const float* weight, float eps, float* y, float* inverse,
                    const Parallel& parallel) {
  parallel(rows, RowGrain(width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* in = x + row * width;
      Vec squares{};
      EachVector(width, [&](int64_t column, int lanes) {
        const Vec value = Take(in + column, lanes);
        squares += value * value;
      });
      const float factor = 1 / std::sqrt(Sum(squares) / width + eps);
      inverse[row] = factor;
      EachVector(width, [&](int64_t column, int lanes) {
        Give(y + row * width + column, Take(in + column, lanes) * factor * Take(weight + column, lanes), lanes);
      });
    }
  });
}

inline void RmsNormGradient(int64_t rows, int64_t width, const float* upstream, const float* x, const float* weight,
                            const float* inverse, float* of_x, float* of_weight, const Parallel& parallel) {
  // Blocks are added in their order, so that the sum does not depend on which thread was first.
  const int64_t grain = std::max<int64_t>(RowGrain(width), (rows + 63) / 64);
  const int64_t blocks = (rows + grain - 1) / grain;
  std::vector<float> parts(blocks * width, 0.0f);
  parallel(blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      float* part = parts.data() + block * width;
      for (int64_t row = block * grain; row < std::min(rows, (block + 1) * grain); ++row) {
        const float* in = x + row * width;
        const float* above = upstream + row * width;
        const float factor = inverse[row];
        Vec along{};
        EachVector(width, [&](int64_t column, int lanes) {
          const Vec product = Take(above + column, lanes) * Take(in + column, lanes);
          Give(part + column, Take(part + column, lanes) + product * factor, lanes);
          along += product * Take(weight + column, lanes);
        });
        const float less = Sum(along) / width * factor * factor * factor;
        EachVector(width, [&](int64_t column, int lanes) {
          Give(of_x + row * width + column,
               Take(above + column, lanes) * Take(weight + column, lanes) * factor - Take(in + column, lanes) * less, lanes);
        });
      }
    }
  });
  std::fill_n(of_weight, width, 0.0f);
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t column = 0; column < width; ++column) of_weight[column] += parts[block * width + column];
}

inline Vec Sigmoid(Vec x) { return 1.0f / (1.0f + Exp(-x)); }

inline void Swiglu(int64_t count, const float* gate, const float* up, float* y, const Parallel& parallel) {
  parallel(count, kGrain, [&](int64_t begin, int64_t end) {
    EachVector(end - begin, [&](int64_t offset, int lanes) {
      const int64_t at = begin + offset;
      const Vec a = Take(gate + at, lanes);
      Give(y + at, a * Sigmoid(a) * Take(up + at, lanes), lanes);
    });
  });
}

inline void SwigluGradient(int64_t count, const float* upstream, const float* gate, const float* up, float* of_gate,
                           float* of_up, const Parallel& parallel) {
  parallel(count, kGrain, [&](int64_t begin, int64_t end) {
    EachVector(end - begin, [&](int64_t offset, int lanes) {
      const int64_t at = begin + offset;
      const Vec a = Take(gate + at, lanes), b = Take(up + at, lanes), above = Take(upstream + at, lanes);
      const Vec opening = Sigmoid(a), silu = a * opening;
      // silu'(x) = sigmoid(x) + silu(x) (1 - sigmoid(x))
      Give(of_gate + at, above * b * (opening + silu * (1.0f - opening)), lanes);
      Give(of_up + at, above * silu, lanes);
    });
  });
}

inline void Rotate(int64_t batch, int64_t heads, int64_t time, int64_t pairs, int64_t turn_batch, bool back, const float* x,
                   const float* cos, const float* sin, float* y, const Parallel& parallel) {
  const float sign = back ? -1.0f : 1.0f;
  parallel(batch * heads * time, RowGrain(2 * pairs), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t sequence = turn_batch == 1 ? 0 : row / (heads * time);
      const int64_t turn = (sequence * time + row % time) * pairs;
      const float* in = x + 2 * row * pairs;
      float* out = y + 2 * row * pairs;
      EachVector(pairs, [&](int64_t column, int lanes) {
        const Vec first = Take(in + column, lanes), second = Take(in + pairs + column, lanes);
        const Vec c = Take(cos + turn + column, lanes), s = Take(sin + turn + column, lanes) * sign;
        Give(out + column, first * c - second * s, lanes);
        Give(out + pairs + column, second * c + first * s, lanes);
      });
    }
  });
}

inline void SplitHeads(int64_t batch, int64_t time, int64_t parts, int64_t heads, int64_t width, const float* x,
                       float* const* split, const Parallel& parallel) {
  parallel(batch * time, RowGrain(parts * heads * width), [&](int64_t begin, int64_t end) {
    for (int64_t token = begin; token < end; ++token)
      for (int64_t part = 0; part < parts; ++part)
        for (int64_t head = 0; head < heads; ++head)
          CopyRow(x + ((token * parts + part) * heads + head) * width, width,
                  split[part] + (((token / time) * heads + head) * time + token % time) * width);
  });
}

inline void JoinHeads(int64_t batch, int64_t time, int64_t parts, int64_t heads, int64_t width, const float* const* split,
                      float* x, const Parallel& parallel) {
  parallel(batch * time, RowGrain(parts * heads * width), [&](int64_t begin, int64_t end) {
    for (int64_t token = begin; token < end; ++token)
      for (int64_t part = 0; part < parts; ++part)
        for (int64_t head = 0; head < heads; ++head)
          CopyRow(split[part] + (((token / time) * heads + head) * time + token % time) * width, width,
                  x + ((token * parts + part) * heads + head) * width);
  });
}

inline void NestedPositions(int64_t batch, int64_t time, int64_t levels, const int32_t* ids, const int32_t* closes,
                            int64_t ids_known, int32_t* const* positions, const Parallel& parallel) {
  parallel(batch, RowGrain(time), [&](int64_t begin, int64_t end) {
    std::vector<int32_t> next(levels);
    for (int64_t row = begin; row < end; ++row) {
      std::fill(next.begin(), next.end(), 0);
      for (int64_t at = row * time; at < (row + 1) * time; ++at) {
        for (int64_t level = 0; level < levels; ++level) positions[level][at] = next[level];
        const int32_t id = ids[at];
        const int64_t closed = id >= 0 && id < ids_known ? closes[id] : 0;
        std::fill_n(next.begin(), closed, 0);
        ++next[closed];
      }
    }
  });
}

inline void CrossEntropy(int64_t rows, int64_t classes, const float* scores, const int32_t* targets, float* losses,
                         float* of_scores, const Parallel& parallel) {
  parallel(rows, RowGrain(classes), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* score = scores + row * classes;
      float* out = of_scores + row * classes;
      float largest = score[0];
      Vec highest = Broadcast(largest);
      EachVector(classes, [&](int64_t column, int lanes) {
        if (lanes == kLanes)
          highest = Max(highest, Load(score + column));
        else
          for (int lane = 0; lane < lanes; ++lane) largest = std::max(largest, score[column + lane]);
      });
      largest = std::max(largest, Largest(highest));
      const float own = score[targets[row]];
      Vec added{};
      float rest = 0;
      EachVector(classes, [&](int64_t column, int lanes) {
        const Vec share = Exp(Take(score + column, lanes) - largest);
        Give(out + column, share, lanes);
        if (lanes == kLanes)
          added += share;
        else
          for (int lane = 0; lane < lanes; ++lane) rest += share[lane];
      });
      const float total = Sum(added) + rest;
      losses[row] = largest - own + std::log(total);
      const float factor = 1 / total;
      EachVector(classes, [&](int64_t column, int lanes) { Give(out + column, Take(out + column, lanes) * factor, lanes); });
      out[targets[row]] -= 1;
    }
  });
}

}  // namespace BIPE_VARIANT
