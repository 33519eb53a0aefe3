// The three products of a dense layer, by one micro-kernel (docs/arithmetic.md, 5.1).
//
// Activations stand in columns of LANES units: unit k of row i is x[(k / LANES) * rows * LANES + i * LANES + k % LANES].
// A weight matrix (n_in, n_out) stands in panels of LANES outputs, panel p being [k][w] with its own width
// w = min(LANES, n_out - p * LANES), from p * LANES * n_in on: nothing is padded. A vector read from the last panel runs
// over into what follows; those lanes are never used.
//
// Every element of a result is one chain of fused multiply-adds in the order of the summed index. A tile keeps some
// chains in registers; how chains are dealt out to tiles and threads changes no bit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "activations.hpp"
#include "team.hpp"
#include "vector.hpp"

namespace multilayer {

#if defined(__AVX512F__)
constexpr int TILE_ROWS = 8, TILE_PANELS = 3;
#else
constexpr int TILE_ROWS = 6, TILE_PANELS = 1;  // a vector fills two registers of AVX2's sixteen
#endif
constexpr int ROW_BLOCK = 256;  // sums over rows: 5.1

template <class T>
constexpr int LANES = Vec<T>::LANES;

// The columns or panels that n units fill.
template <class T>
constexpr int columns_of(int n) {
    return (n + LANES<T> - 1) / LANES<T>;
}
template <class T>
constexpr int width_of(int panel, int n_out) {
    return std::min(LANES<T>, n_out - panel * LANES<T>);
}

// f(0), f(1) ... f(N - 1), each with a constant, so that what they index stays in registers.
template <int N, class F>
INLINE void unrolled(F&& f) {
    [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
        (f(std::integral_constant<int, i>{}), ...);
    }(std::make_integer_sequence<int, N>{});
}
#define UNROLLED(i) [&](auto i) __attribute__((always_inline))

// sum[r][q] = fma(a[r * a_row + s * a_step], b[q][s * b_step[q]], sum[r][q]) for s = 0, 1 ... count - 1.
template <class T, int R, int Q>
INLINE void tile(Vec<T> (&sum)[R][Q], const T* a, std::ptrdiff_t a_row, std::ptrdiff_t a_step, const T* const (&b)[Q],
                 const std::ptrdiff_t (&b_step)[Q], int count) {
    for (int s = 0; s < count; ++s) {
        Vec<T> right[Q];
        unrolled<Q>(UNROLLED(q) { right[q] = load<Vec<T>>(b[q] + s * b_step[q]); });
        unrolled<R>(UNROLLED(r) {
            const Vec<T> left(a[r * a_row + s * a_step]);
            unrolled<Q>(UNROLLED(q) { sum[r][q] = fma(left, right[q], sum[r][q]); });
        });
    }
}

// f.template operator()<R>(i) for tiles of R = LARGEST, 4, 2 and 1 that cover begin .. end-1.
template <int LARGEST, class F>
INLINE void in_tiles(int begin, int end, const F& f) {
    int i = begin;
    for (; i + LARGEST <= end; i += LARGEST) f.template operator()<LARGEST>(i);
    if constexpr (LARGEST > 8)
        for (; i + 8 <= end; i += 8) f.template operator()<8>(i);
    if constexpr (LARGEST > 4)
        for (; i + 4 <= end; i += 4) f.template operator()<4>(i);
    for (; i + 2 <= end; i += 2) f.template operator()<2>(i);
    for (; i < end; ++i) f.template operator()<1>(i);
}

// f.template operator()<Q>(p) for groups of Q panels that cover begin .. end-1.
template <class F>
INLINE void in_groups(int begin, int end, const F& f) {
    int p = begin;
    if constexpr (TILE_PANELS >= 3) {
        for (; end - p == 3 || end - p > 4; p += 3) f.template operator()<3>(p);
        for (; end - p >= 2; p += 2) f.template operator()<2>(p);
    }
    for (; p < end; ++p) f.template operator()<1>(p);
}

// The P x P numbers of P registers, P being a register's lanes, with rows and columns exchanged (Eklundh 1972).
template <class Part, int P, int S = 1>
INLINE void exchange(Part (&row)[P]) {
    if constexpr (S < P) {
        unrolled<P>(UNROLLED(i) {
            if constexpr ((i & S) == 0) {
                const Part a = row[i], b = row[i + S];
                [&]<int... j>(std::integer_sequence<int, j...>) __attribute__((always_inline)) {
                    row[i] = __builtin_shufflevector(a, b, ((j & S) ? P + j - S : j)...);
                    row[i + S] = __builtin_shufflevector(a, b, ((j & S) ? P + j : j + S)...);
                }(std::make_integer_sequence<int, P>{});
            }
        });
        exchange<Part, P, 2 * S>(row);
    }
}

// to[j * to_step + i] = from[i * from_step + j] for a block of LANES x LANES.
template <class T>
INLINE void transpose_block(const T* from, std::ptrdiff_t from_step, T* to, std::ptrdiff_t to_step) {
    using Part = typename Vec<T>::Part;
    constexpr int P = LANES<T> / PARTS;
    for (int i = 0; i < LANES<T>; i += P)
        for (int j = 0; j < LANES<T>; j += P) {
            Part row[P];
            unrolled<P>(UNROLLED(r) { std::memcpy(&row[r], from + (i + r) * from_step + j, sizeof(Part)); });
            exchange<Part, P>(row);
            unrolled<P>(UNROLLED(r) { std::memcpy(to + (j + r) * to_step + i, &row[r], sizeof(Part)); });
        }
}

// What a product does to a sum before it stores it: y of a ReLU, or dx of one whose y (in the place of the sum) is `gate`.
template <class T>
struct Finish {
    bool rectify = false;
    const T* gate = nullptr;

    INLINE Vec<T> operator()(Vec<T> sum, std::ptrdiff_t place) const {
        const activations::Relu<Vec<T>> relu;
        if (rectify) return relu.forward(sum);
        return gate ? relu.backward(sum, load<Vec<T>>(gate + place)) : sum;
    }
};

// y = x W + b over a batch of rows; without a bias the chains start from 0, or go on from y.
template <class T>
struct Product {
    const T *x, *weight, *bias;
    T* y;
    int rows, n_in, n_out;
    bool goes_on = false;
    Finish<T> finish{};

    void panels(int first_panel, int last_panel, int first_row, int last_row) const {
        if (n_out == 1 && !goes_on) return one_output(first_row, last_row);
        // The inputs are cut where a group's weights fill half of the first-level cache; a chain goes on from y.
        constexpr int CUT = 256 / (sizeof(T) / 4);
        for (int k = 0; k < n_in; k += CUT)
            in_groups(first_panel, last_panel, [&]<int Q>(int p) {
                constexpr int LARGEST = Q == 1 ? 2 * TILE_ROWS : TILE_ROWS;
                in_tiles<TILE_PANELS == 1 ? TILE_ROWS : LARGEST>(first_row, last_row, [&]<int R>(int i) {
                    one_tile<R, Q>(i, p, k, std::min(n_in, k + CUT));
                });
            });
    }

private:
    // Lanes are rows: the inputs of LANES rows change places with their units. Rows are taken in whole groups.
    void one_output(int first_row, int last_row) const {
        constexpr int L = LANES<T>;
        for (int i = first_row; i < last_row; i += L) {
            Vec<T> sum = bias ? Vec<T>(bias[0]) : Vec<T>(T(0)), turned[L];
            for (int k = 0; k < n_in; k += L) {
                transpose_block(x + (std::ptrdiff_t(k / L) * rows + i) * L, L, reinterpret_cast<T*>(turned), L);
                for (int j = 0; j < std::min(L, n_in - k); ++j) sum = fma(turned[j], weight[k + j], sum);
            }
            for (int r = 0; r < std::min(L, last_row - i); ++r) y[(i + r) * L] = sum.lane(r);
        }
    }

    template <int R, int Q>
    INLINE void one_tile(int i, int p, int k_begin, int k_end) const {
        constexpr int L = LANES<T>;
        Vec<T> sum[R][Q];
        const T* b[Q];
        std::ptrdiff_t step[Q];
        unrolled<Q>(UNROLLED(q) {
            step[q] = width_of<T>(p + q, n_out);
            b[q] = weight + std::ptrdiff_t(p + q) * L * n_in + k_begin * step[q];
            const Vec<T> start = bias ? load<Vec<T>>(bias + (p + q) * L) : Vec<T>(T(0));
            const T* from = y + (std::ptrdiff_t(p + q) * rows + i) * L;
            unrolled<R>(UNROLLED(r) { sum[r][q] = k_begin || goes_on ? load<Vec<T>>(from + r * L) : start; });
        });
        for (int k = k_begin; k < k_end; k += L) {
            const int count = std::min(L, k_end - k);
            tile<T, R, Q>(sum, x + (std::ptrdiff_t(k / L) * rows + i) * L, L, 1, b, step, count);
            unrolled<Q>(UNROLLED(q) { b[q] += count * step[q]; });
        }
        const bool whole = k_end == n_in;
        unrolled<Q>(UNROLLED(q) {
            const std::ptrdiff_t to = (std::ptrdiff_t(p + q) * rows + i) * L;
            unrolled<R>(UNROLLED(r) { store(y + to + r * L, whole ? finish(sum[r][q], to + r * L) : sum[r][q]); });
        });
    }
};

// W's gradient: g[k, o] = the blocks' sums of x[i, k] dy[i, o] over the rows, added to 0 as a gradient is.
template <class T>
struct WeightGradient {
    const T *x, *dy;
    T* gradient;
    int rows, n_in, n_out;

    // Lanes are outputs; the tile's rows are inputs.
    void panels(int first_panel, int last_panel, int first_in, int last_in) const {
        in_groups(first_panel, last_panel, [&]<int Q>(int p) {
            for (int k = first_in; k < last_in; k = (k / LANES<T> + 1) * LANES<T>)
                in_tiles<TILE_ROWS>(k, std::min(last_in, (k / LANES<T> + 1) * LANES<T>),
                                    [&]<int R>(int i) { by_outputs<R, Q>(i, p); });
        });
    }

    // Lanes are inputs; the tile's rows are outputs, of which there are fewer than lanes.
    void few_outputs(int first_column, int last_column) const {
        in_groups(first_column, last_column, [&]<int Q>(int c) {
            in_tiles<4>(0, n_out, [&]<int R>(int o) { by_inputs<R, Q>(o, c); });
        });
    }

private:
    template <int R, int Q>
    INLINE void sum_blocks(Vec<T> (&total)[R][Q], const T* a, const T* b_first) const {
        constexpr int L = LANES<T>;
        for (int block = 0; block < rows; block += ROW_BLOCK) {
            Vec<T> sum[R][Q];
            const T* b[Q];
            std::ptrdiff_t step[Q];
            unrolled<Q>(UNROLLED(q) {
                b[q] = b_first + (std::ptrdiff_t(q) * rows + block) * L;
                step[q] = L;
                unrolled<R>(UNROLLED(r) { sum[r][q] = Vec<T>(T(0)); });
            });
            tile<T, R, Q>(sum, a + std::ptrdiff_t(block) * L, 1, L, b, step, std::min(ROW_BLOCK, rows - block));
            unrolled<R>(UNROLLED(r) {
                unrolled<Q>(UNROLLED(q) { total[r][q] = block ? total[r][q] + sum[r][q] : sum[r][q]; });
            });
        }
    }

    template <int R, int Q>
    INLINE void by_outputs(int k, int p) const {
        constexpr int L = LANES<T>;
        Vec<T> total[R][Q];
        sum_blocks<R, Q>(total, x + std::ptrdiff_t(k / L) * rows * L + k % L, dy + std::ptrdiff_t(p) * rows * L);
        unrolled<Q>(UNROLLED(q) {
            const int w = width_of<T>(p + q, n_out);
            T* to = gradient + std::ptrdiff_t(p + q) * L * n_in + std::ptrdiff_t(k) * w;
            unrolled<R>(UNROLLED(r) { store(to + r * w, total[r][q] + T(0), w); });
        });
    }

    template <int R, int Q>
    INLINE void by_inputs(int o, int c) const {
        constexpr int L = LANES<T>;
        Vec<T> total[R][Q];
        sum_blocks<R, Q>(total, dy + o, x + std::ptrdiff_t(c) * rows * L);
        unrolled<Q>(UNROLLED(q) {
            const int first = (c + q) * L, count = std::min(L, n_in - first);
            unrolled<R>(UNROLLED(r) {
                T* to = gradient + std::ptrdiff_t(first) * n_out + o + r;
                if (n_out == 1)
                    store(to, total[r][q] + T(0), count);
                else
                    for (int k = 0; k < count; ++k) to[k * n_out] = total[r][q].lane(k) + T(0);
            });
        });
    }
};

// W transposed, (n_out, n_in) in panels of LANES inputs: the weights of the input gradient's product.
template <class T>
void transpose(const T* weight, T* transposed, int n_in, int n_out, int first_panel, int last_panel) {
    constexpr int L = LANES<T>;
    for (int to = first_panel; to < last_panel; ++to) {
        const int to_width = width_of<T>(to, n_in);
        T* panel = transposed + std::ptrdiff_t(to) * L * n_out;
        for (int from = 0; from < columns_of<T>(n_out); ++from) {
            const int from_width = width_of<T>(from, n_out);
            const T* block = weight + std::ptrdiff_t(from) * L * n_in + std::ptrdiff_t(to) * L * from_width;
            T* there = panel + std::ptrdiff_t(from) * L * to_width;
            if (from_width == L && to_width == L)
                transpose_block(block, L, there, L);
            else
                for (int o = 0; o < from_width; ++o)
                    for (int k = 0; k < to_width; ++k) there[o * to_width + k] = block[k * from_width + o];
        }
    }
}

}  // namespace multilayer
