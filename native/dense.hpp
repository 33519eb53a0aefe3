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

    // y = x W + b; `goes_on`: y += x W.
    void forward(Team& team, const T* x, const T* weight, const T* bias, T* y, int rows, bool goes_on = false) const {
        product(team, Product<T>{x, weight, bias, y, rows, n_in, n_out, goes_on});
    }

    // dx = dy W^T; `turned` has room for the weights.
    void input_gradient(Team& team, const T* dy, const T* weight, T* dx, int rows, T* turned, bool goes_on) const {
        if (n_out == 1) {
            turned = const_cast<T*>(weight);  // a single column is its own transpose
        } else {
            const int panels = columns_of<T>(n_in);
            team.each(panels, double(n_in) * n_out / panels / 2, [&](std::size_t begin, std::size_t end) {
                transpose(weight, turned, n_in, n_out, int(begin), int(end));
            });
        }
        product(team, Product<T>{dy, turned, nullptr, dx, rows, n_out, n_in, goes_on});
    }

    void weight_gradient(Team& team, const T* x, const T* dy, T* gradient, int rows) const {
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

// Members abreast: every number is a vector of members, the weights stand in the order of one member's.
template <class T>
struct Dense<T, true> {
    int n_in, n_out;

    void forward(Team&, const T* x, const T* weight, const T* bias, T* y, int rows, bool goes_on = false) const {
        in_tiles<4>(0, n_out, [&]<int Q>(int o) {
            in_tiles<4>(0, rows, [&]<int R>(int i) {
                Vec<T> sum[R][Q];
                unrolled<Q>(UNROLLED(q) {
                    const Vec<T> start = bias ? load<Vec<T>>(bias + (o + q) * LANES<T>) : Vec<T>(T(0));
                    unrolled<R>(UNROLLED(r) { sum[r][q] = goes_on ? at(y, o + q, i + r, rows) : start; });
                });
                for (int k = 0; k < n_in; ++k) {
                    Vec<T> right[Q];
                    unrolled<Q>(UNROLLED(q) { right[q] = load<Vec<T>>(weight + place(k, o + q)); });
                    unrolled<R>(UNROLLED(r) {
                        const Vec<T> left = at(x, k, i + r, rows);
                        unrolled<Q>(UNROLLED(q) { sum[r][q] = fma(left, right[q], sum[r][q]); });
                    });
                }
                unrolled<Q>(UNROLLED(q) {
                    unrolled<R>(UNROLLED(r) { put(y, o + q, i + r, rows, sum[r][q]); });
                });
            });
        });
    }

    void input_gradient(Team&, const T* dy, const T* weight, T* dx, int rows, T*, bool goes_on) const {
        in_tiles<4>(0, n_in, [&]<int Q>(int k) {
            in_tiles<4>(0, rows, [&]<int R>(int i) {
                Vec<T> sum[R][Q];
                unrolled<Q>(UNROLLED(q) {
                    unrolled<R>(UNROLLED(r) { sum[r][q] = goes_on ? at(dx, k + q, i + r, rows) : Vec<T>(T(0)); });
                });
                for (int o = 0; o < n_out; ++o) {
                    Vec<T> right[Q];
                    unrolled<Q>(UNROLLED(q) { right[q] = load<Vec<T>>(weight + place(k + q, o)); });
                    unrolled<R>(UNROLLED(r) {
                        const Vec<T> left = at(dy, o, i + r, rows);
                        unrolled<Q>(UNROLLED(q) { sum[r][q] = fma(left, right[q], sum[r][q]); });
                    });
                }
                unrolled<Q>(UNROLLED(q) {
                    unrolled<R>(UNROLLED(r) { put(dx, k + q, i + r, rows, sum[r][q]); });
                });
            });
        });
    }

    void weight_gradient(Team&, const T* x, const T* dy, T* gradient, int rows) const {
        in_tiles<4>(0, n_in, [&]<int R>(int k) {
            in_tiles<4>(0, n_out, [&]<int Q>(int o) {
                Vec<T> total[R][Q];
                for (int block = 0; block < rows; block += ROW_BLOCK) {
                    Vec<T> sum[R][Q];
                    unrolled<R>(UNROLLED(r) { unrolled<Q>(UNROLLED(q) { sum[r][q] = Vec<T>(T(0)); }); });
                    for (int i = block; i < std::min(rows, block + ROW_BLOCK); ++i) {
                        Vec<T> right[Q];
                        unrolled<Q>(UNROLLED(q) { right[q] = at(dy, o + q, i, rows); });
                        unrolled<R>(UNROLLED(r) {
                            const Vec<T> left = at(x, k + r, i, rows);
                            unrolled<Q>(UNROLLED(q) { sum[r][q] = fma(left, right[q], sum[r][q]); });
                        });
                    }
                    unrolled<R>(UNROLLED(r) {
                        unrolled<Q>(UNROLLED(q) { total[r][q] = block ? total[r][q] + sum[r][q] : sum[r][q]; });
                    });
                }
                unrolled<R>(UNROLLED(r) {
                    unrolled<Q>(UNROLLED(q) {
                        store(gradient + place(k + r, o + q), total[r][q] + T(0));
                    });
                });
            });
        });
    }

private:
    static INLINE Vec<T> at(const T* x, int unit, int row, int rows) {
        return load<Vec<T>>(x + (std::ptrdiff_t(unit) * rows + row) * LANES<T>);
    }
    static INLINE void put(T* x, int unit, int row, int rows, Vec<T> value) {
        store(x + (std::ptrdiff_t(unit) * rows + row) * LANES<T>, value);
    }
    // Where W[k, o] stands: in the panel of its output.
    INLINE std::ptrdiff_t place(int k, int o) const {
        const int panel = o / LANES<T>;
        return (std::ptrdiff_t(panel) * LANES<T> * n_in + k * width_of<T>(panel, n_out) + o % LANES<T>) * LANES<T>;
    }
};

// A parameter with one value a unit: gradient[o] = the row blocks' sums, a term being f(sum so far, column, row).
template <class T, bool ABREAST, class F>
void sum_over_rows(T* gradient, int rows, int units, const F& f) {
    in_tiles<4>(0, Layout<T, ABREAST>::columns(units), [&]<int C>(int c) {  // several chains at a time
        Vec<T> total[C];
        for (int block = 0; block < rows; block += ROW_BLOCK) {
            Vec<T> sum[C];
            unrolled<C>(UNROLLED(j) { sum[j] = Vec<T>(T(0)); });
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
