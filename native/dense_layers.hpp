// Linear and maxout layers.
#pragma once

#include <cstddef>
#include <optional>

#include "dense.hpp"
#include "layer.hpp"

namespace multilayer {

template <class T, bool ABREAST>
class LinearLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;

    explicit LinearLayer(const LinearSlots& slots)
        : Base(slots.weight.n_in, slots.weight.n_out),
          weight_(slots.weight),
          bias_(slots.bias),
          dense_{weight_.n_in, weight_.n_out} {}

    std::size_t notes(int) const override { return weight_.size() * Base::Place::MEMBERS; }  // for W transposed

    void forward(const Pass<T>& pass, const T* x, T* y, T*) const override {
        const T* bias = bias_ ? Base::at(pass.parameters, bias_->offset) : nullptr;
        dense_.forward(pass.team, x, Base::at(pass.parameters, weight_.offset), bias, y, pass.rows,
                       {pass.rectify, nullptr});
    }

    void backward(const Pass<T>& pass, const T* x, const T*, T* dy, T* dx, T* notes) const override {
        if (!weight_.frozen) {
            dense_.weight_gradient(pass.team, x, dy, Base::at(pass.gradients, weight_.offset), pass.rows,
                                   pass.goes_on);
            if (bias_)
                sum_over_rows<T, ABREAST>(
                    Base::at(pass.gradients, bias_->offset), pass.rows, this->n_out, pass.goes_on,
                    [&](Vec<T> sum, int c, int i) { return sum + Base::vector(dy, pass.rows, c, i); });
        }
        if (dx)
            dense_.input_gradient(pass.team, dy, Base::at(pass.parameters, weight_.offset), dx, pass.rows, notes,
                                  false, {false, pass.gate ? x : nullptr});
    }

private:
    Slot weight_;
    std::optional<Slot> bias_;
    Dense<T, ABREAST> dense_;
};

// The largest of several linear maps: z_p = x W_p + b_p, y the first z_p that is NaN, else the first of the largest.
template <class T, bool ABREAST>
class MaxoutLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;

    MaxoutLayer(const Slot& weight, const Slot& bias)
        : Base(weight.n_in, weight.n_out), weight_(weight), bias_(bias), dense_{weight.n_in, weight.n_out} {}

    // z of one piece or dz of it, the winners' numbers, W transposed.
    std::size_t notes(int rows) const override { return 2 * size(rows) + piece_size(); }

    void forward(const Pass<T>& pass, const T* x, T* y, T* notes) const override {
        T *z = notes, *winner = notes + size(pass.rows);
        for (int piece = 0; piece < weight_.pieces; ++piece) {
            dense_.forward(pass.team, x, weight(pass, piece), bias(pass.parameters, piece), piece ? z : y, pass.rows);
            Base::each_column(pass, this->n_out, 4, [&](int c) {
                for (int i = 0; i < pass.rows; ++i) {
                    const Vec<T> best = Base::vector(y, pass.rows, c, i);
                    if (piece == 0) {
                        Base::put(winner, pass.rows, c, i, Vec<T>(T(0)));
                        continue;
                    }
                    const Vec<T> other = Base::vector(z, pass.rows, c, i);
                    // A NaN wins over any number, and the first one stays.
                    const auto wins = ((other > best) | (other != other)) & (best == best);
                    Base::put(y, pass.rows, c, i, select(wins, other, best));
                    Base::put(winner, pass.rows, c, i,
                              select(wins, T(piece), Base::vector(winner, pass.rows, c, i)));
                }
            });
        }
    }

    void backward(const Pass<T>& pass, const T* x, const T*, T* dy, T* dx, T* notes) const override {
        T *dz = notes, *winner = notes + size(pass.rows), *turned = winner + size(pass.rows);
        for (int piece = 0; piece < weight_.pieces; ++piece) {
            Base::each_column(pass, this->n_out, 2, [&](int c) {
                for (int i = 0; i < pass.rows; ++i) {
                    const auto won = Base::vector(winner, pass.rows, c, i) == Vec<T>(T(piece));
                    Base::put(dz, pass.rows, c, i, select(won, Base::vector(dy, pass.rows, c, i), T(0)));
                }
            });
            if (!weight_.frozen) {
                dense_.weight_gradient(pass.team, x, dz,
                                       Base::at(pass.gradients, weight_.offset) + piece * piece_size(), pass.rows,
                                       pass.goes_on);
                sum_over_rows<T, ABREAST>(
                    bias(pass.gradients, piece), pass.rows, this->n_out, pass.goes_on,
                    [&](Vec<T> sum, int c, int i) { return sum + Base::vector(dz, pass.rows, c, i); });
            }
            if (dx) dense_.input_gradient(pass.team, dz, weight(pass, piece), dx, pass.rows, turned, piece > 0);
        }
    }

private:
    std::size_t size(int rows) const { return Base::Place::size(this->n_out, rows); }
    std::size_t piece_size() const { return std::size_t(this->n_in) * this->n_out * Base::Place::MEMBERS; }
    const T* weight(const Pass<T>& pass, int piece) const {
        return Base::at(pass.parameters, weight_.offset) + piece * piece_size();
    }
    template <class Array>
    Array* bias(Array* all, int piece) const {
        return Base::at(all, bias_.offset + std::size_t(piece) * this->n_out);
    }

    Slot weight_, bias_;
    Dense<T, ABREAST> dense_;
};

}  // namespace multilayer
