// Causal attention in blocks that lie in cache: scores exist for a block of queries and keys at a
// time, forward (with a running maximum and sum, Milakov and Gimelshein 2018) and backward
// (computed again from the normalizers, Dao et al. 2022, "FlashAttention"). Keys that no query of a
// few rows sees are not touched.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "kernels.h"
#include "product.h"

namespace BIPE_VARIANT {

using bipe::AttentionGradients;
using bipe::AttentionInputs;
using bipe::AttentionShape;
using bipe::Parallel;

constexpr int64_t kQueryBlock = 64;
constexpr int64_t kKeyBlock = 256;

/** Where the block of a key ends. */
inline int64_t BlockEnd(int64_t key) { return (key / kKeyBlock + 1) * kKeyBlock; }

/** A scratch array of this thread, kept from call to call. */
inline float* Scratch(std::vector<float>& store, int64_t count) {
  if (static_cast<int64_t>(store.size()) < count) store.resize(count);
  return store.data();
}

/**
 * A matrix [time, width] turned, [width, time], in blocks of keys one behind another: a block's
 * rows are near each other, whatever the time, and not at distances that fall on the same places of
 * a cache.
 */
struct Across {
  int64_t time, width;

  int64_t step() const { return Padded(std::min(time, kKeyBlock)) + kLanes; }
  int64_t size() const { return (time + kKeyBlock - 1) / kKeyBlock * width * step(); }
  /**
   * Where a key's column begins; its rows are `step` apart, and up to the end of its block the next
   * keys follow.
   */
  int64_t at(int64_t key) const { return key / kKeyBlock * width * step() + key % kKeyBlock; }

  void Pack(const float* x, float* packed) const {
    std::fill_n(packed, size(), 0.0f);
    // Some tokens at a time, which stay in the nearest cache.
    for (int64_t begin = 0; begin < time; begin += kLanes) {
      float* to = packed + at(begin);
      const int64_t count = std::min<int64_t>(kLanes, time - begin);
      for (int64_t column = 0; column < width; ++column)
        for (int64_t t = 0; t < count; ++t) to[column * step() + t] = x[(begin + t) * width + column];
    }
  }
};

/** [time, width] at `step` floats a row -> [time, padded width]. */
inline void PackRows(const float* x, int64_t time, int64_t step, int64_t width, float* packed) {
  const int64_t padded = Padded(width);
  for (int64_t t = 0; t < time; ++t) {
    EachVector(width, [&](int64_t column, int lanes) {
      Store(packed + t * padded + column, Take(x + t * step + column, lanes));
    });
  }
}

/** The linear bias of one head of one sequence; no positions: there is none. */
struct HeadBias {
  float slope;
  const float* positions;
};
inline HeadBias BiasOf(bipe::LinearBias bias, int64_t position_batch, int64_t keys, int64_t sequence, int64_t head) {
  if (position_batch == 0) return {0, nullptr};
  return {bias.slopes[head], bias.positions + (position_batch == 1 ? 0 : sequence) * keys};
}

/** The keys that a query sees: `first` included, `end` not. */
struct Seen {
  int64_t first, end;
};
inline Seen SeenBy(const AttentionShape& shape, int64_t query) {
  return {shape.window > 0 ? std::max<int64_t>(0, query - shape.window + 1) : 0, query + 1};
}

/**
 * Scores of some queries, first..first + rows, with the keys of a block from `begin` to at most
 * `end`, at scores[row * step + key - begin]. Keys that a query does not see get -infinity.
 *
 * @return how many keys of the block any of them sees, padded to whole vectors; all columns up to
 *   there are set
 */
inline int64_t Scores(const AttentionShape& shape, const float* queries, const float* keys, const Across& across,
                      HeadBias bias, int64_t first, int64_t rows, int64_t begin, int64_t end, float* scores,
                      int64_t step) {
  const int64_t last = std::min(end, first + rows);
  if (last <= begin) return 0;
  const int64_t columns = Padded(last - begin);
  Multiply<false>({queries + first * shape.width, shape.width, 1}, keys + across.at(begin), across.step(), scores, step,
                  rows, shape.width, columns);
  constexpr float kUnseen = -std::numeric_limits<float>::infinity();
  for (int64_t row = 0; row < rows; ++row) {
    float* score = scores + row * step;
    if (bias.positions != nullptr) {
      const float* positions = bias.positions + begin;
      const float own = bias.positions[first + row];
      const int64_t there = last - begin;
      int64_t key = 0;
      for (; key + kLanes <= there; key += kLanes)
        Store(score + key, Load(score + key) + (Load(positions + key) - own) * bias.slope);
      for (; key < there; ++key) score[key] += (positions[key] - own) * bias.slope;
    }
    const Seen seen = SeenBy(shape, first + row);
    const int64_t from = std::clamp<int64_t>(seen.first - begin, 0, columns);
    const int64_t to = std::clamp<int64_t>(seen.end - begin, 0, columns);
    std::fill(score, score + from, kUnseen);
    std::fill(score + std::max(from, to), score + columns, kUnseen);
  }
  return columns;
}

/** Some queries of one head, all the keys they see. */
inline void AttendBlock(const AttentionShape& shape, const float* queries, const float* keys, const Across& across,
                        const float* values, int64_t value_step, HeadBias bias, int64_t first, int64_t rows,
                        float* context, int64_t context_step, float* normalizers) {
  thread_local std::vector<float> score_store, sum_store;
  const int64_t padded_width = Padded(shape.width);
  float* scores = Scratch(score_store, kRows * kKeyBlock);
  float* sums = Scratch(sum_store, kQueryBlock * padded_width);
  float largest[kQueryBlock], total[kQueryBlock];
  std::fill_n(sums, rows * padded_width, 0.0f);
  std::fill_n(largest, rows, -std::numeric_limits<float>::infinity());
  std::fill_n(total, rows, 0.0f);
  const int64_t start = SeenBy(shape, first).first / kLanes * kLanes;
  for (int64_t begin = start; begin < first + rows; begin = BlockEnd(begin)) {
    const int64_t end = std::min(shape.time, BlockEnd(begin));
    for (int64_t row = 0; row < rows; row += kRows) {
      const int64_t count = std::min<int64_t>(kRows, rows - row);
      const int64_t columns = Scores(shape, queries, keys, across, bias, first + row, count, begin, end, scores, kKeyBlock);
      if (columns == 0) continue;
      for (int64_t one = 0; one < count; ++one) {
        float* score = scores + one * kKeyBlock;
        const Seen seen = SeenBy(shape, first + row + one);
        if (seen.end <= begin || seen.first >= begin + columns) {
          std::fill_n(score, columns, 0.0f);
          continue;
        }
        Vec highest = Load(score);
        for (int64_t key = kLanes; key < columns; key += kLanes) highest = Max(highest, Load(score + key));
        const float before = largest[row + one];
        const float now = std::max(before, Largest(highest));
        Vec added{};
        for (int64_t key = 0; key < columns; key += kLanes) {
          const Vec weight = Exp(Load(score + key) - now);
          Store(score + key, weight);
          added += weight;
        }
        if (now != before) {
          const float shrunk = std::exp(before - now);
          total[row + one] *= shrunk;
          float* sum = sums + (row + one) * padded_width;
          for (int64_t column = 0; column < padded_width; column += kLanes) Store(sum + column, Load(sum + column) * shrunk);
          largest[row + one] = now;
        }
        total[row + one] += Sum(added);
      }
      // Columns beyond the last key have weight 0, but there are no values.
      const int64_t depth = std::min(columns, shape.time - begin);
      Multiply<true>({scores, kKeyBlock, 1}, values + begin * value_step, value_step, sums + row * padded_width,
                     padded_width, count, depth, padded_width);
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    const float share = 1 / total[row];
    EachVector(shape.width, [&](int64_t column, int lanes) {
      Give(context + row * context_step + column, Load(sums + row * padded_width + column) * share, lanes);
    });
    normalizers[row] = largest[row] + std::log(total[row]);
  }
}

inline void Attention(const AttentionShape& shape, const AttentionInputs& in, float* context, float* normalizers,
                      const Parallel& parallel) {
  const int64_t heads = shape.heads, time = shape.time, width = shape.width;
  const Across across{time, width};
  const int64_t padded_width = Padded(width);
  const bool packs_values = padded_width != width;
  const int64_t all = shape.batch * heads, of_head = time * width;
  const int64_t blocks = (time + kQueryBlock - 1) / kQueryBlock;
  // With enough heads for all threads, one packs a head and attends at once. Otherwise heads are
  // packed first, and their blocks shared out.
  const bool at_once = all >= 4 * parallel.threads || blocks == 1;
  const int64_t packed = across.size() + (packs_values ? time * padded_width : 0);
  const std::unique_ptr<float[]> shared(at_once ? nullptr : new float[all * packed]);
  const auto pack = [&](int64_t head, float* keys, float* values) {
    across.Pack(in.keys + head * of_head, keys);
    if (packs_values) PackRows(in.values + head * of_head, time, width, width, values);
  };
  const auto attend = [&](int64_t head, int64_t block, const float* keys, const float* packed_values) {
    const int64_t first = block * kQueryBlock, rows = std::min(kQueryBlock, time - first);
    const int64_t sequence = head / heads, own = head % heads;
    AttendBlock(shape, in.queries + head * of_head, keys, across,
                packs_values ? packed_values : in.values + head * of_head, padded_width, BiasOf(in.bias, shape.position_batch, time, sequence, own),
                first, rows, context + ((sequence * time + first) * heads + own) * width, heads * width,
                normalizers + head * time + first);
  };
  if (at_once) {
    parallel(all, 1, [&](int64_t begin, int64_t end) {
      thread_local std::vector<float> key_store, value_store;
      float* keys = Scratch(key_store, across.size());
      float* values = Scratch(value_store, packs_values ? time * padded_width : 0);
      for (int64_t head = begin; head < end; ++head) {
        pack(head, keys, values);
        for (int64_t block = 0; block < blocks; ++block) attend(head, block, keys, values);
      }
    });
    return;
  }
  float* all_keys = shared.get();
  float* all_values = all_keys + all * across.size();
  parallel(all, 1, [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head)
      pack(head, all_keys + head * across.size(), all_values + (packs_values ? head * time * padded_width : 0));
  });
  parallel(all * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      // The longest first, so that the threads end together.
      const int64_t head = task % all, block = blocks - 1 - task / all;
      attend(head, block, all_keys + head * across.size(),
             all_values + (packs_values ? head * time * padded_width : 0));
    }
  });
}

/** All gradients of one head. */
inline void HeadGradient(const AttentionShape& shape, const AttentionInputs& in, const float* context,
                         const float* normalizers, const float* upstream, const AttentionGradients& out, int64_t head) {
  const int64_t time = shape.time, width = shape.width, heads = shape.heads;
  const Across across{time, width};
  const int64_t padded_width = Padded(width);
  const int64_t sequence = head / heads, own = head % heads, token_step = heads * width;
  const float* queries = in.queries + head * time * width;
  const HeadBias bias = BiasOf(in.bias, shape.position_batch, time, sequence, own);
  const int64_t token = (sequence * time * heads + own) * width;
  thread_local std::vector<float> packs, blocks, sums;
  // Packed: keys and values transposed; keys, queries and upstream in padded rows.
  float* keys_across = Scratch(packs, 2 * across.size() + 3 * time * padded_width + time);
  float* values_across = keys_across + across.size();
  float* key_rows = values_across + across.size();
  float* query_rows = key_rows + time * padded_width;
  float* upstream_rows = query_rows + time * padded_width;
  float* along = upstream_rows + time * padded_width;
  across.Pack(in.keys + head * time * width, keys_across);
  across.Pack(in.values + head * time * width, values_across);
  PackRows(in.keys + head * time * width, time, width, width, key_rows);
  PackRows(queries, time, width, width, query_rows);
  PackRows(upstream + token, time, token_step, width, upstream_rows);
  for (int64_t t = 0; t < time; ++t) {
    Vec products{};
    EachVector(width, [&](int64_t column, int lanes) {
      products += Load(upstream_rows + t * padded_width + column) * Take(context + token + t * token_step + column, lanes);
    });
    along[t] = Sum(products);
  }
  float* weights = Scratch(blocks, 2 * kQueryBlock * kKeyBlock);
  float* of_scores = weights + kQueryBlock * kKeyBlock;
  float* of_queries = Scratch(sums, 3 * time * padded_width);
  float* of_keys = of_queries + time * padded_width;
  float* of_values = of_keys + time * padded_width;
  std::fill_n(of_queries, 3 * time * padded_width, 0.0f);
  for (int64_t first = 0; first < time; first += kQueryBlock) {
    const int64_t rows = std::min(kQueryBlock, time - first);
    const int64_t start = SeenBy(shape, first).first / kLanes * kLanes;
    for (int64_t begin = start; begin < first + rows; begin = BlockEnd(begin)) {
      const int64_t end = std::min({time, BlockEnd(begin), first + rows});
      const int64_t block_columns = Padded(end - begin);
      for (int64_t row = 0; row < rows; row += kRows) {
        const int64_t count = std::min<int64_t>(kRows, rows - row);
        float* weight_rows = weights + row * kKeyBlock;
        float* of_score_rows = of_scores + row * kKeyBlock;
        const int64_t columns =
            Scores(shape, queries, keys_across, across, bias, first + row, count, begin, end, weight_rows, kKeyBlock);
        if (columns > 0)
          Multiply<false>({upstream_rows + (first + row) * padded_width, padded_width, 1}, values_across + across.at(begin), across.step(),
                          of_score_rows, kKeyBlock, count, width, columns);
        for (int64_t one = 0; one < count; ++one) {
          float* weight = weight_rows + one * kKeyBlock;
          float* of_score = of_score_rows + one * kKeyBlock;
          const float normalizer = normalizers[head * time + first + row + one], less = along[first + row + one];
          for (int64_t key = 0; key < columns; key += kLanes) {
            const Vec share = Exp(Load(weight + key) - normalizer);
            Store(weight + key, share);
            Store(of_score + key, share * (Load(of_score + key) - less));
          }
          std::fill(weight + columns, weight + block_columns, 0.0f);
          std::fill(of_score + columns, of_score + block_columns, 0.0f);
        }
        if (columns > 0)
          Multiply<true>({of_score_rows, kKeyBlock, 1}, key_rows + begin * padded_width, padded_width,
                         of_queries + (first + row) * padded_width, padded_width, count,
                         std::min(columns, time - begin), padded_width);
      }
      const int64_t there = end - begin;
      Multiply<true>({weights, 1, kKeyBlock}, upstream_rows + first * padded_width, padded_width,
                     of_values + begin * padded_width, padded_width, there, rows, padded_width);
      Multiply<true>({of_scores, 1, kKeyBlock}, query_rows + first * padded_width, padded_width,
                     of_keys + begin * padded_width, padded_width, there, rows, padded_width);
    }
  }
  const auto unpack = [&](const float* from, float* to) {
    for (int64_t t = 0; t < time; ++t) CopyRow(from + t * padded_width, width, to + (head * time + t) * width);
  };
  unpack(of_queries, out.queries);
  unpack(of_keys, out.keys);
  unpack(of_values, out.values);
}

inline void AttentionGradient(const AttentionShape& shape, const AttentionInputs& in, const float* context,
                              const float* normalizers, const float* upstream, const AttentionGradients& out,
                              const Parallel& parallel) {
  parallel(shape.batch * shape.heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head)
      HeadGradient(shape, in, context, normalizers, upstream, out, head);
  });
}

/** One query of one head, over its cache. `scores` has room for whole vectors. */
inline void CachedHead(const bipe::CachedShape& shape, const float* query, const float* keys, const float* values,
                       HeadBias bias, int64_t length, float* scores, float* context) {
  const int64_t width = shape.width, end = length + 1;
  const int64_t first = shape.window > 0 ? std::max<int64_t>(0, end - shape.window) : 0;
  EachVector(width, [&](int64_t column, int lanes) {
    const Vec asked = Take(query + column, lanes);
    const auto key = [&](int64_t slot) { return Take(keys + slot * width + column, lanes); };
    const auto add = [&](int64_t slot, float product) {
      scores[slot] = column == 0 ? product : scores[slot] + product;
    };
    int64_t slot = first;
    for (; slot + 4 <= end; slot += 4) {
      Vec products[4];
      float sums[4];
      for (int one = 0; one < 4; ++one) products[one] = asked * key(slot + one);
      SumFour(products, sums);
      for (int one = 0; one < 4; ++one) add(slot + one, sums[one]);
    }
    for (; slot < end; ++slot) add(slot, Sum(asked * key(slot)));
  });
  if (bias.positions != nullptr) {
    const float own = bias.positions[length];
    for (int64_t slot = first; slot < end; ++slot) scores[slot] += (bias.positions[slot] - own) * bias.slope;
  }
  const float largest = *std::max_element(scores + first, scores + end);
  std::fill_n(scores + end, kLanes, -std::numeric_limits<float>::infinity());
  Vec total{};
  for (int64_t slot = first; slot < end; slot += kLanes) {
    const Vec weight = Exp(Load(scores + slot) - largest);
    Store(scores + slot, weight);
    total += weight;
  }
  const float share = 1 / Sum(total);
  EachVector(width, [&](int64_t column, int lanes) {
    const auto value = [&](int64_t slot) { return Take(values + slot * width + column, lanes); };
    // Several sums, so that none waits for the one before.
    Vec sums[4] = {};
    int64_t slot = first;
    for (; slot + 4 <= end; slot += 4)
      for (int one = 0; one < 4; ++one) sums[one] += scores[slot + one] * value(slot + one);
    for (; slot < end; ++slot) sums[0] += scores[slot] * value(slot);
    Give(context + column, ((sums[0] + sums[1]) + (sums[2] + sums[3])) * share, lanes);
  });
}

inline void CachedAttention(const bipe::CachedShape& shape, const float* queries, const float* new_keys,
                            const float* new_values, const int32_t* lengths, bipe::LinearBias bias, float* keys, float* values,
                            float* context, const Parallel& parallel) {
  const int64_t heads = shape.heads, capacity = shape.capacity, width = shape.width;
  parallel(shape.batch * heads, 8, [&](int64_t begin, int64_t end) {
    thread_local std::vector<float> store;
    float* scores = Scratch(store, capacity + kLanes);
    for (int64_t head = begin; head < end; ++head) {
      const int64_t sequence = head / heads, own = head % heads;
      const int64_t length = std::clamp<int64_t>(lengths[sequence], 0, capacity - 1);
      float* held_keys = keys + head * capacity * width;
      float* held_values = values + head * capacity * width;
      CopyRow(new_keys + head * width, width, held_keys + length * width);
      CopyRow(new_values + head * width, width, held_values + length * width);
      CachedHead(shape, queries + head * width, held_keys, held_values,
                 BiasOf(bias, shape.position_batch, capacity, sequence, own), length, scores, context + head * width);
    }
  });
}

}  // namespace BIPE_VARIANT
