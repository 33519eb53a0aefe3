// The products of a dense layer for one member, shared by the threads of a team, or for members abreast.
#pragma once

#include <cstddef>

#include "layout.hpp"
#include "products.hpp"
#include "team.hpp"

namespace multilayer {

template <class T, bool ABREAST>
struct Dense;

template <class T>
struct Dense<T, false> {
    int n_in, n_out;

    double cost(int rows) const { return double(rows) * n_in * n_out / LANES<T>; }

    // y = x W + b.
    void forward(Team& team, const T* x, const T* weight, const T* bias, T* y, int rows, Finish<T> finish = {}) const {
        product(team, Product<T>{x, weight, bias, y, rows, n_in, n_out, false, finish});
    }

    // dx = dy W^T, or dx += dy W^T; `turned` has room for the weights.
    void input_gradient(Team& team, const T* dy, const T* weight, T* dx, int rows, T* turned, bool goes_on,
                        Finish<T> finish = {}) const {
        if (n_out == 1) {
            turned = const_cast<T*>(weight);  // a single column is its own transpose
        } else {
            const int panels = columns_of<T>(n_in);
            team.each(panels, double(n_in) * n_out / panels / 2, [&](std::size_t begin, std::size_t end) {
                transpose(weight, turned, n_in, n_out, int(begin), int(end));
            });
        }
        product(team, Product<T>{dy, turned, nullptr, dx, rows, n_out, n_in, goes_on, finish});
    }

    void weight_gradient(Team& team, const T* x, const T* dy, T* gradient, int rows, bool = false) const {
        const WeightGradient<T> sum{x, dy, gradient, rows, n_in, n_out};
        if (n_out <= LANES<T> / 4) {
            const int columns = columns_of<T>(n_in);
            team.each(columns, cost(rows) / columns,
                      [&](std::size_t begin, std::size_t end) { sum.few_outputs(int(begin), int(end)); });
            return;
        }
        const int panels = columns_of<T>(n_out);
        if (panels >= 4 * team.size())
            team.each(panels, cost(rows) / panels,
                      [&](std::size_t begin, std::size_t end) { sum.panels(int(begin), int(end), 0, n_in); });
        else
            team.each(n_in, cost(rows) / n_in,
                      [&](std::size_t begin, std::size_t end) { sum.panels(0, panels, int(begin), int(end)); });
    }

private:
    static void product(Team& team, const Product<T>& product) {
        const int panels = columns_of<T>(product.n_out);
        const double cost = double(product.rows) * product.n_in * product.n_out / LANES<T>;
        if (panels >= 4 * team.size())
            team.each(panels, cost / panels, [&](std::size_t begin, std::size_t end) {
                product.panels(int(begin), int(end), 0, product.rows);
            });
        else
            team.each(product.rows, cost / product.rows, [&](std::size_t begin, std::size_t end) {
                product.panels(0, panels, int(begin), int(end));
            });
    }
};

// sum[r][q] = fma(a[r], b[q], sum[r][q]), `count` times, the operands moving on by their steps: whole vectors of members.
template <class T, int R, int Q>
INLINE void chains(Vec<T> (&sum)[R][Q], const T* a, std::ptrdiff_t a_row, std::ptrdiff_t a_step, const T* b,
                   std::ptrdiff_t b_column, std::ptrdiff_t b_step, int count) {
    for (int s = 0; s < count; ++s, a += a_step, b += b_step) {
        Vec<T> right[Q];
        unrolled<Q>(UNROLLED(q) { right[q] = load<Vec<T>>(b + q * b_column); });
        unrolled<R>(UNROLLED(r) {
            const Vec<T> left = load<Vec<T>>(a + r * a_row);
            unrolled<Q>(UNROLLED(q) { sum[r][q] = fma(left, right[q], sum[r][q]); });
        });
    }
}

// gradient[r][q], rows of it `step` apart, = the row blocks' sums of a[r] b[q]; of both, a row is a vector of members.
// `goes_on`: these rows follow others of the same row block, whose sum is there.
template <int R, int Q, class T>
INLINE void sum_products(const T* a, std::ptrdiff_t a_row, const T* b, std::ptrdiff_t b_column, T* gradient,
                         std::ptrdiff_t step, int rows, bool goes_on) {
    constexpr std::ptrdiff_t L = LANES<T>;
    Vec<T> total[R][Q];
    for (int block = 0; block < rows; block += ROW_BLOCK) {
        Vec<T> sum[R][Q];
        unrolled<R>(UNROLLED(r) {
            unrolled<Q>(UNROLLED(q) {
                sum[r][q] = goes_on ? load<Vec<T>>(gradient + r * step + q * L) : Vec<T>(T(0));
            });
        });
        chains(sum, a + block * L, a_row, L, b + block * L, b_column, L, std::min(ROW_BLOCK, rows - block));
        unrolled<R>(UNROLLED(r) {
            unrolled<Q>(UNROLLED(q) { total[r][q] = block ? total[r][q] + sum[r][q] : sum[r][q]; });
        });
    }
    unrolled<R>(UNROLLED(r) {
        unrolled<Q>(UNROLLED(q) { store(gradient + r * step + q * L, total[r][q] + T(0)); });
    });
}

// Members abreast: every number is a vector of members, the weights stand in the order of one member's.
template <class T>
struct Dense<T, true> {
    int n_in, n_out;

    void forward(Team&, const T* x, const T* weight, const T* bias, T* y, int rows, Finish<T> finish = {}) const {
        tiles(n_out, rows, [&]<int Q, int R>(int o, int i) {
            Vec<T> sum[R][Q];
            unrolled<Q>(UNROLLED(q) {
                const Vec<T> start = bias ? load<Vec<T>>(bias + (o + q) * L) : Vec<T>(T(0));
                unrolled<R>(UNROLLED(r) { sum[r][q] = start; });
            });
            const int width = width_of<T>(o / L, n_out);
            chains(sum, x + i * L, L, rows * L, weight + panel(o / L) + o % L * L, L, width * L, n_in);
            put(sum, y, o, i, rows, finish);
        });
    }

    void input_gradient(Team&, const T* dy, const T* weight, T* dx, int rows, T*, bool goes_on,
                        Finish<T> finish = {}) const {
        tiles(n_in, rows, [&]<int Q, int R>(int k, int i) {
            Vec<T> sum[R][Q];
            unrolled<Q>(UNROLLED(q) {
                unrolled<R>(UNROLLED(r) {
                    sum[r][q] = goes_on ? load<Vec<T>>(dx + at(k + q, i + r, rows)) : Vec<T>(T(0));
                });
            });
            for (int p = 0; p < columns_of<T>(n_out); ++p) {
                const int width = width_of<T>(p, n_out);
                chains(sum, dy + at(p * L, i, rows), L, rows * L, weight + panel(p) + k * width * L, width * L, L,
                       width);
            }
            put(sum, dx, k, i, rows, finish);
        });
    }

    void weight_gradient(Team&, const T* x, const T* dy, T* gradient, int rows, bool goes_on = false) const {
        tiles(n_out, n_in, [&]<int Q, int R>(int o, int k) {
            const int width = width_of<T>(o / L, n_out) * L;
            T* to = gradient + panel(o / L) + k * width + o % L * L;
            sum_products<R, Q>(x + at(k, 0, rows), rows * L, dy + at(o, 0, rows), rows * L, to, width, rows, goes_on);
        });
    }

private:
    static constexpr std::ptrdiff_t L = LANES<T>;

    static INLINE std::ptrdiff_t at(int unit, int row, int rows) { return (std::ptrdiff_t(unit) * rows + row) * L; }
    INLINE std::ptrdiff_t panel(int p) const { return std::ptrdiff_t(p) * L * n_in * L; }

    // f<Q, R>(first, second) for tiles of at most 4 x 4; a tile lies within a panel of outputs.
    template <class F>
    static INLINE void tiles(int first_count, int second_count, const F& f) {
        in_tiles<4>(0, first_count, [&]<int Q>(int first) {
            in_tiles<4>(0, second_count, [&]<int R>(int second) { f.template operator()<Q, R>(first, second); });
        });
    }

    template <int R, int Q>
    static INLINE void put(const Vec<T> (&sum)[R][Q], T* to, int unit, int row, int rows, Finish<T> finish) {
        unrolled<Q>(UNROLLED(q) {
            unrolled<R>(UNROLLED(r) {
                const std::ptrdiff_t place = at(unit + q, row + r, rows);
                store(to + place, finish(sum[r][q], place));
            });
        });
    }
};

// A parameter with one value a unit: gradient[o] = the row blocks' sums, a term being f(sum so far, column, row).
// `goes_on`: these rows follow others of the same row block, whose sum is there.
template <class T, bool ABREAST, class F>
void sum_over_rows(T* gradient, int rows, int units, bool goes_on, const F& f) {
    in_tiles<4>(0, Layout<T, ABREAST>::columns(units), [&]<int C>(int c) {  // several chains at a time
        Vec<T> total[C];
        for (int block = 0; block < rows; block += ROW_BLOCK) {
            Vec<T> sum[C];
            unrolled<C>(UNROLLED(j) {
                sum[j] = goes_on ? load<Vec<T>>(gradient + (c + j) * LANES<T>) : Vec<T>(T(0));
            });
            for (int i = block; i < std::min(rows, block + ROW_BLOCK); ++i)
                unrolled<C>(UNROLLED(j) { sum[j] = f(sum[j], c + j, i); });
            unrolled<C>(UNROLLED(j) { total[j] = block ? total[j] + sum[j] : sum[j]; });
        }
        unrolled<C>(UNROLLED(j) {
            store(gradient + (c + j) * LANES<T>, total[j] + T(0), Layout<T, ABREAST>::used(c + j, units));
        });
    });
}

}  // namespace multilayer
