// A hidden layer of ReLUs between two linear ones, of members abreast, taken as one layer.
//
// It goes from a few units to the next: what they give is used while it is in registers, or in the nearest cache. Every
// sum has the terms and the order that the three layers by themselves give it.
#pragma once

#include <cstddef>

#include "dense.hpp"
#include "layer.hpp"

namespace multilayer {

template <class T>
class HiddenLayer final : public Layer<T, true> {
public:
    using Base = Layer<T, true>;

    HiddenLayer(const LinearSlots& before, const LinearSlots& behind)
        : Base(before.weight.n_in, behind.weight.n_out), before_(before), behind_(behind), units_(before.weight.n_out) {}

    // With no more outputs the weights of a unit behind stand together, in one panel.
    static constexpr int MOST_OUTPUTS = LANES<T>;

    std::size_t notes(int rows) const override { return std::size_t(units_ + TILE) * rows * L; }  // h, and dz of a tile

    void forward(const Pass<T>& pass, const T* x, T* y, T* h) const override {
        const int rows = pass.rows;
        const T* const bias = before_.bias ? Base::at(pass.parameters, before_.bias->offset) : nullptr;
        in_tiles<TILE>(0, units_, [&]<int Q>(int o) {
            in_tiles<TILE>(0, rows, [&]<int R>(int i) {
                Vec<T> sum[R][Q];
                unrolled<Q>(UNROLLED(q) {
                    const Vec<T> start = bias ? load<Vec<T>>(bias + (o + q) * L) : Vec<T>(T(0));
                    unrolled<R>(UNROLLED(r) { sum[r][q] = start; });
                });
                chains(sum, x + i * L, L, rows * L, before(pass.parameters, 0, o), L, width(o) * L, this->n_in);
                unrolled<Q>(UNROLLED(q) {
                    unrolled<R>(UNROLLED(r) {
                        sum[r][q] = activations::Relu<Vec<T>>{}.forward(sum[r][q]);
                        store(h + at(o + q, i + r, rows), sum[r][q]);
                    });
                });
                pass_on(pass, sum, o, i, y);
            });
        });
    }

    void backward(const Pass<T>& pass, const T* x, const T*, T* dy, T* dx, T* h) const override {
        const int rows = pass.rows;
        T* const dz = h + std::ptrdiff_t(units_) * rows * L;
        if (behind_.bias) add_biases(pass, *behind_.bias, dy, 0, this->n_out);
        in_tiles<TILE>(0, units_, [&]<int Q>(int o) {
            slopes<Q>(pass, dy, h + at(o, 0, rows), o, dz);
            in_tiles<TILE>(0, this->n_out, [&]<int J>(int j) {
                T* const to = behind(pass.gradients, o, j);
                over_rows<Q, J>(pass, h + at(o, 0, rows), dy + at(j, 0, rows), to, this->n_out * L);
            });
            in_tiles<TILE>(0, this->n_in, [&]<int K>(int k) {
                over_rows<K, Q>(pass, x + at(k, 0, rows), dz, before(pass.gradients, k, o), width(o) * L);
            });
            if (before_.bias) add_biases(pass, *before_.bias, dz, o, Q);
            if (dx) pass_back(pass, x, dz, o, Q, dx);
        });
    }

private:
    static constexpr int TILE = 4;
    static constexpr std::ptrdiff_t L = LANES<T>;

    static INLINE std::ptrdiff_t at(int unit, int row, int rows) { return (std::ptrdiff_t(unit) * rows + row) * L; }
    INLINE std::ptrdiff_t width(int o) const { return width_of<T>(o / L, units_); }

    // The weight (or its gradient) from input k to unit o, and from unit o to output j.
    template <class Array>
    Array* before(Array* all, int k, int o) const {
        const std::ptrdiff_t panel = o / L * L * this->n_in;
        return Base::at(all, before_.weight.offset) + (panel + k * width(o) + o % L) * L;
    }
    template <class Array>
    Array* behind(Array* all, int o, int j) const {
        return Base::at(all, behind_.weight.offset) + (std::ptrdiff_t(o) * this->n_out + j) * L;
    }

    // y += what the units o .. o+Q-1 give it; the first ones begin with the bias.
    template <int R, int Q>
    INLINE void pass_on(const Pass<T>& pass, const Vec<T> (&h)[R][Q], int o, int i, T* y) const {
        const T* const bias = behind_.bias ? Base::at(pass.parameters, behind_.bias->offset) : nullptr;
        for (int j = 0; j < this->n_out; ++j) {
            const Vec<T> start = bias ? load<Vec<T>>(bias + j * L) : Vec<T>(T(0));
            T* const to = y + at(j, i, pass.rows);
            Vec<T> sum[R];
            unrolled<R>(UNROLLED(r) { sum[r] = o ? load<Vec<T>>(to + r * L) : start; });
            unrolled<Q>(UNROLLED(q) {
                const Vec<T> weight = load<Vec<T>>(behind(pass.parameters, o + q, j));
                unrolled<R>(UNROLLED(r) { sum[r] = fma(h[r][q], weight, sum[r]); });
            });
            unrolled<R>(UNROLLED(r) { store(to + r * L, sum[r]); });
        }
    }

    // dz of the units o .. o+Q-1, whose outputs are h.
    template <int Q>
    INLINE void slopes(const Pass<T>& pass, const T* dy, const T* h, int o, T* dz) const {
        in_tiles<TILE>(0, pass.rows, [&]<int R>(int i) {
            Vec<T> sum[R][Q] = {};
            chains(sum, dy + i * L, L, pass.rows * L, behind(pass.parameters, o, 0), this->n_out * L, L, this->n_out);
            const Finish<T> gate{false, h};
            unrolled<Q>(UNROLLED(q) {
                unrolled<R>(UNROLLED(r) {
                    const std::ptrdiff_t place = at(q, i + r, pass.rows);
                    store(dz + place, gate(sum[r][q], place));
                });
            });
        });
    }

    // gradient[a][b] = the sum over the rows of a times b.
    template <int A, int B>
    INLINE void over_rows(const Pass<T>& pass, const T* a, const T* b, T* gradient, std::ptrdiff_t step) const {
        sum_products<A, B>(a, pass.rows * L, b, pass.rows * L, gradient, step, pass.rows, pass.goes_on);
    }

    void add_biases(const Pass<T>& pass, const Slot& bias, const T* dy, int first, int count) const {
        sum_over_rows<T, true>(Base::at(pass.gradients, bias.offset + first), pass.rows, count, pass.goes_on,
                               [&](Vec<T> sum, int c, int i) { return sum + Base::vector(dy, pass.rows, c, i); });
    }

    // dx += dz W^T of the units o .. o+count-1.
    void pass_back(const Pass<T>& pass, const T* x, const T* dz, int o, int count, T* dx) const {
        const Finish<T> finish{false, pass.gate && o + count == units_ ? x : nullptr};
        in_tiles<TILE>(0, this->n_in, [&]<int K>(int k) {
            in_tiles<TILE>(0, pass.rows, [&]<int R>(int i) {
                Vec<T> sum[R][K];
                unrolled<K>(UNROLLED(q) {
                    unrolled<R>(UNROLLED(r) {
                        sum[r][q] = o ? load<Vec<T>>(dx + at(k + q, i + r, pass.rows)) : Vec<T>(T(0));
                    });
                });
                chains(sum, dz + i * L, L, pass.rows * L, before(pass.parameters, k, o), width(o) * L, L, count);
                unrolled<K>(UNROLLED(q) {
                    unrolled<R>(UNROLLED(r) {
                        const std::ptrdiff_t place = at(k + q, i + r, pass.rows);
                        store(dx + place, finish(sum[r][q], place));
                    });
                });
            });
        });
    }

    LinearSlots before_, behind_;
    int units_;
};

}  // namespace multilayer
