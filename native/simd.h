// Vectors of floats as wide as the processor's registers, by the compiler's own vector types: one
// source for AVX-512, AVX2, SSE and NEON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE__)
#include <immintrin.h>
#endif

namespace BIPE_VARIANT {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kRows = 8;  // of a tile of a product: what fills the registers
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kRows = 6;
#else
constexpr int kLanes = 4;
constexpr int kRows = 6;
#endif

typedef float Vec __attribute__((vector_size(kLanes * 4)));
typedef int32_t IntVec __attribute__((vector_size(kLanes * 4)));
typedef float UnalignedVec __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

inline Vec Load(const float* from) { return *reinterpret_cast<const UnalignedVec*>(from); }
inline void Store(float* to, Vec value) { *reinterpret_cast<UnalignedVec*>(to) = value; }
// Not 0 + value, which is not the same for -0, and so costs an addition.
inline Vec Broadcast(float value) { return value - Vec{}; }

/** 0, 1, 2, ... */
inline IntVec Iota() {
  IntVec lanes{};
  for (int lane = 0; lane < kLanes; ++lane) lanes[lane] = lane;
  return lanes;
}

/** The first `count` < kLanes floats, zeros behind them; nothing behind is read. */
inline Vec LoadPart(const float* from, int count) {
#if defined(__AVX512F__)
  return (Vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#elif defined(__AVX__)
  return (Vec)_mm256_maskload_ps(from, (__m256i)(Iota() < count));
#else
  Vec value{};
  std::memcpy(&value, from, count * sizeof(float));
  return value;
#endif
}
inline void StorePart(float* to, Vec value, int count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)value);
#elif defined(__AVX__)
  _mm256_maskstore_ps(to, (__m256i)(Iota() < count), (__m256)value);
#else
  std::memcpy(to, &value, count * sizeof(float));
#endif
}

/** Calls f(column, lanes) for the vectors of a row; the last may have fewer lanes. */
template <typename F>
inline void EachVector(int64_t width, const F& f) {
  int64_t column = 0;
  for (; column + kLanes <= width; column += kLanes) f(column, kLanes);
  if (column < width) f(column, static_cast<int>(width - column));
}
inline Vec Take(const float* from, int lanes) { return lanes == kLanes ? Load(from) : LoadPart(from, lanes); }
inline void Give(float* to, Vec value, int lanes) {
  if (lanes == kLanes)
    Store(to, value);
  else
    StorePart(to, value, lanes);
}

/** Copies few numbers: a call of memcpy would take longer. */
inline void CopyRow(const float* from, int64_t width, float* to) {
  EachVector(width, [&](int64_t column, int lanes) { Give(to + column, Take(from + column, lanes), lanes); });
}

/** Lane i gets lane (i + distance) modulo kLanes. */
template <int kDistance>
inline Vec Turned(Vec value) {
  const IntVec from = (Iota() + kDistance) & (kLanes - 1);
#if defined(__clang__)
  Vec turned{};
  for (int lane = 0; lane < kLanes; ++lane) turned[lane] = value[from[lane]];
  return turned;
#else
  return __builtin_shuffle(value, from);
#endif
}

/** Of squares of 2 kSize rows and lanes, the blocks off the diagonal change places. */
template <int kSize>
inline void TransposeBlocks(Vec* rows) {
  const IntVec lane = Iota();
  // Lanes of the first row below kLanes, of the second from there on.
  const IntVec upper = (lane & kSize) == 0 ? lane : lane - kSize + kLanes;
  const IntVec lower = (lane & kSize) == 0 ? lane + kSize : lane + kLanes;
  for (int row = 0; row < kLanes; ++row) {
    if ((row & kSize) != 0) continue;
    const Vec a = rows[row], b = rows[row + kSize];
#if defined(__clang__)
    for (int at = 0; at < kLanes; ++at) {
      rows[row][at] = upper[at] < kLanes ? a[upper[at]] : b[upper[at] - kLanes];
      rows[row + kSize][at] = lower[at] < kLanes ? a[lower[at]] : b[lower[at] - kLanes];
    }
#else
    rows[row] = __builtin_shuffle(a, b, upper);
    rows[row + kSize] = __builtin_shuffle(a, b, lower);
#endif
  }
}

/** A square of kLanes rows, turned: row i becomes column i. */
inline void Transpose(Vec* rows) {
  TransposeBlocks<1>(rows);
  TransposeBlocks<2>(rows);
  if constexpr (kLanes > 4) TransposeBlocks<4 % kLanes>(rows);
  if constexpr (kLanes > 8) TransposeBlocks<8 % kLanes>(rows);
}

/** Whether a lane of a comparison holds. */
inline bool AnyOf(IntVec truth) {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask((__m512i)truth) != 0;
#elif defined(__AVX__)
  return _mm256_movemask_ps((__m256)truth) != 0;
#elif defined(__SSE__)
  return _mm_movemask_ps((__m128)truth) != 0;
#else
  int32_t any = 0;
  for (int lane = 0; lane < kLanes; ++lane) any |= truth[lane];
  return any != 0;
#endif
}

inline Vec Max(Vec a, Vec b) { return a > b ? a : b; }
inline Vec Min(Vec a, Vec b) { return a < b ? a : b; }

inline float Sum(Vec value) {
  if constexpr (kLanes > 8) value += Turned<8 % kLanes>(value);
  if constexpr (kLanes > 4) value += Turned<4 % kLanes>(value);
  value += Turned<2>(value);
  value += Turned<1>(value);
  return value[0];
}
/**
 * Halves of two vectors side by side: the first of each plus the second of each, in blocks of
 * kBlock lanes.
 */
template <int kBlock>
inline Vec Folded(Vec a, Vec b) {
  // Which lanes of a (below kLanes) and b (from there on) come first, and which are added to them.
  const IntVec lane = Iota();
  const IntVec from = ((lane / kBlock) % (kLanes / kBlock / 2)) * (2 * kBlock) + lane % kBlock + (lane / (kLanes / 2)) * kLanes;
#if defined(__clang__)
  Vec sum{};
  for (int at = 0; at < kLanes; ++at) {
    const int one = from[at];
    sum[at] = one < kLanes ? a[one] + a[one + kBlock] : b[one - kLanes] + b[one - kLanes + kBlock];
  }
  return sum;
#else
  return __builtin_shuffle(a, b, from) + __builtin_shuffle(a, b, from + kBlock);
#endif
}

/** The sums of four vectors. */
inline void SumFour(const Vec* values, float* sums) {
  Vec all = Folded<kLanes / 4>(Folded<kLanes / 2>(values[0], values[1]), Folded<kLanes / 2>(values[2], values[3]));
  if constexpr (kLanes > 8) all += Turned<2>(all);
  if constexpr (kLanes > 4) all += Turned<1>(all);
  for (int one = 0; one < 4; ++one) sums[one] = all[one * (kLanes / 4)];
}

inline float Largest(Vec value) {
  if constexpr (kLanes > 8) value = Max(value, Turned<8 % kLanes>(value));
  if constexpr (kLanes > 4) value = Max(value, Turned<4 % kLanes>(value));
  value = Max(value, Turned<2>(value));
  value = Max(value, Turned<1>(value));
  return value[0];
}

/**
 * e^x within two units in the last place: 2^n e^r with |r| <= ln(2)/2, e^r by its series to degree
 * 7 (economized). Below -87, 0; above 88, that of 88; of NaN, NaN.
 */
inline Vec Exp(Vec x) {
  // In this order of arguments, what is no number remains none.
  const Vec bounded = Max(Broadcast(-87.0f), Min(Broadcast(88.0f), x));
  // Adding 1.5 x 2^23 rounds to an integer.
  const Vec magic = Broadcast(12582912.0f);
  const Vec shifted = bounded * 1.44269504088896341f + magic;
  const Vec whole = shifted - magic;
  const Vec rest = (bounded - whole * 0.693359375f) + whole * 2.12194440e-4f;
  Vec series = rest * 1.9875691500e-4f + 1.3981999507e-3f;
  series = series * rest + 8.3334519073e-3f;
  series = series * rest + 4.1665795894e-2f;
  series = series * rest + 1.6666665459e-1f;
  series = series * rest + 5.0000001201e-1f;
  const Vec value = series * rest * rest + rest + 1.0f;
  const IntVec exponent = (__builtin_convertvector(whole, IntVec) + 127) << 23;
  Vec power;
  std::memcpy(&power, &exponent, sizeof power);
  return x < -87.0f ? Vec{} : value * power;
}

/** How many floats rows of `count` take when they are padded to whole vectors. */
inline int64_t Padded(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

}  // namespace BIPE_VARIANT
