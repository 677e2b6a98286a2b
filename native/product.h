// Products of small matrices that lie in cache, in tiles that fill the registers.
#pragma once

#include "simd.h"

namespace BIPE_VARIANT {

/** A matrix of which element (row, column) is at data[row * row_step + column * column_step]. */
struct Strided {
  const float* data;
  int64_t row_step;
  int64_t column_step;
};

/**
 * C[rows, vectors * kLanes] (+)= A[rows, depth] B[depth, vectors * kLanes], all of C in registers.
 */
template <int kTileRows, int kVectors, bool kAdd>
inline void Tile(Strided a, const float* b, int64_t b_step, float* c, int64_t c_step, int64_t depth) {
  Vec sums[kTileRows][kVectors];
  for (int row = 0; row < kTileRows; ++row)
    for (int vector = 0; vector < kVectors; ++vector)
      sums[row][vector] = kAdd ? Load(c + row * c_step + vector * kLanes) : Vec{};
  for (int64_t k = 0; k < depth; ++k) {
    Vec right[kVectors];
    for (int vector = 0; vector < kVectors; ++vector) right[vector] = Load(b + k * b_step + vector * kLanes);
    for (int row = 0; row < kTileRows; ++row) {
      const Vec left = Broadcast(a.data[row * a.row_step + k * a.column_step]);
      for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] += left * right[vector];
    }
  }
  for (int row = 0; row < kTileRows; ++row)
    for (int vector = 0; vector < kVectors; ++vector) Store(c + row * c_step + vector * kLanes, sums[row][vector]);
}

template <int kTileRows, bool kAdd>
inline void RowTiles(Strided a, const float* b, int64_t b_step, float* c, int64_t c_step, int64_t depth, int64_t width) {
  int64_t column = 0;
  for (; column + 2 * kLanes <= width; column += 2 * kLanes)
    Tile<kTileRows, 2, kAdd>(a, b + column, b_step, c + column, c_step, depth);
  if (column < width) Tile<kTileRows, 1, kAdd>(a, b + column, b_step, c + column, c_step, depth);
}

template <bool kAdd, int kTileRows>
inline void LastRows(Strided a, const float* b, int64_t b_step, float* c, int64_t c_step, int64_t rows, int64_t depth,
                     int64_t width) {
  if constexpr (kTileRows > 0) {
    if (rows == kTileRows)
      RowTiles<kTileRows, kAdd>(a, b, b_step, c, c_step, depth, width);
    else
      LastRows<kAdd, kTileRows - 1>(a, b, b_step, c, c_step, rows, depth, width);
  }
}

/** C[rows, width] (+)= A[rows, depth] B[depth, width]; width is a multiple of kLanes. */
template <bool kAdd>
inline void Multiply(Strided a, const float* b, int64_t b_step, float* c, int64_t c_step, int64_t rows, int64_t depth,
                     int64_t width) {
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows)
    RowTiles<kRows, kAdd>({a.data + row * a.row_step, a.row_step, a.column_step}, b, b_step, c + row * c_step, c_step,
                          depth, width);
  LastRows<kAdd, kRows - 1>({a.data + row * a.row_step, a.row_step, a.column_step}, b, b_step, c + row * c_step, c_step,
                            rows - row, depth, width);
}

}  // namespace BIPE_VARIANT
