// Layers that treat every unit for itself: activations, PReLU, scale and dropout; and softmax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "activations.hpp"
#include "dense.hpp"
#include "layer.hpp"
#include "streams.hpp"

namespace multilayer {

template <class T, bool ABREAST>
class ActivationLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;

    ActivationLayer(int n, const Named& named) : Base(n, n), activation_(named) {}

    bool in_place() const override { return !activation_.reads_input(); }
    bool reads_output() const override { return !activation_.reads_input(); }

    void forward(const Pass<T>& pass, const T* x, T* y, T*) const override {
        split(pass, [&](std::size_t begin, std::size_t count) {
            activate(activation_, vectors(x) + begin, vectors(y) + begin, count);
        });
    }

    void backward(const Pass<T>& pass, const T* x, const T* y, T* dy, T* dx, T*) const override {
        if (!dx) return;
        split(pass, [&](std::size_t begin, std::size_t count) {
            activate_backward(activation_, vectors(x) + begin, vectors(y) + begin, vectors(dy) + begin,
                              vectors(dx) + begin, count);
        });
    }

private:
    static const Vec<T>* vectors(const T* x) { return reinterpret_cast<const Vec<T>*>(x); }
    static Vec<T>* vectors(T* x) { return reinterpret_cast<Vec<T>*>(x); }

    template <class F>
    void split(const Pass<T>& pass, const F& f) const {
        pass.team.each(std::size_t(Base::Place::columns(this->n_out)) * pass.rows, 4,
                       [&](std::size_t begin, std::size_t end) { f(begin, end - begin); });
    }

    Activation activation_;
};

// y = x where x > 0, else slopes x.
template <class T, bool ABREAST>
class PreluLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;

    explicit PreluLayer(const Slot& slopes) : Base(slopes.n_out, slopes.n_out), slopes_(slopes) {}

    void forward(const Pass<T>& pass, const T* x, T* y, T*) const override {
        Base::each_column(pass, this->n_out, 2, [&](int c) {
            for (int i = 0; i < pass.rows; ++i) {
                const Vec<T> v = Base::vector(x, pass.rows, c, i);
                Base::put(y, pass.rows, c, i, select(v > T(0), v, slopes(pass, c) * v));
            }
        });
    }

    void backward(const Pass<T>& pass, const T* x, const T*, T* dy, T* dx, T*) const override {
        const int rows = pass.rows;
        sum_over_rows<T, ABREAST>(Base::at(pass.gradients, slopes_.offset), rows, this->n_out, pass.goes_on,
                                  [&](Vec<T> sum, int c, int i) {
                                      const Vec<T> v = Base::vector(x, rows, c, i);
                                      return fma(select(v > T(0), T(0), v), Base::vector(dy, rows, c, i), sum);
                                  });
        if (!dx) return;
        Base::each_column(pass, this->n_out, 2, [&](int c) {
            for (int i = 0; i < rows; ++i) {
                const Vec<T> slope = Base::vector(dy, rows, c, i);
                Base::put(dx, rows, c, i,
                          select(Base::vector(x, rows, c, i) > T(0), slope, slopes(pass, c) * slope));
            }
        });
    }

private:
    Vec<T> slopes(const Pass<T>& pass, int column) const {
        return load<Vec<T>>(Base::at(pass.parameters, slopes_.offset) + column * LANES<T>);
    }

    Slot slopes_;
};

// y = x s
template <class T, bool ABREAST>
class ScaleLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;

    explicit ScaleLayer(const Slot& scale) : Base(scale.n_out, scale.n_out), scale_(scale) {}

    void forward(const Pass<T>& pass, const T* x, T* y, T*) const override { scaled(pass, x, y); }

    void backward(const Pass<T>& pass, const T* x, const T*, T* dy, T* dx, T*) const override {
        const int rows = pass.rows;
        if (!scale_.frozen)
            sum_over_rows<T, ABREAST>(Base::at(pass.gradients, scale_.offset), rows, this->n_out, pass.goes_on,
                                      [&](Vec<T> sum, int c, int i) {
                                          return fma(Base::vector(x, rows, c, i), Base::vector(dy, rows, c, i), sum);
                                      });
        if (dx) scaled(pass, dy, dx);
    }

private:
    void scaled(const Pass<T>& pass, const T* from, T* to) const {
        Base::each_column(pass, this->n_out, 2, [&](int c) {
            const Vec<T> s = load<Vec<T>>(Base::at(pass.parameters, scale_.offset) + c * LANES<T>);
            for (int i = 0; i < pass.rows; ++i)
                Base::put(to, pass.rows, c, i, Base::vector(from, pass.rows, c, i) * s);
        });
    }

    Slot scale_;
};

// While training, y = x / (1 - p_drop) where an element is kept, else +0. For one member only: each has its own words.
template <class T>
class DropoutLayer final : public Layer<T, false> {
public:
    using Base = Layer<T, false>;

    DropoutLayer(int n, int place, double p_drop) : Base(n, n), place_(place), keep_(p_drop), share_(T(1 - p_drop)) {}

    // The words, row after row, with room for a vector behind.
    std::size_t notes(int rows) const override {
        return (std::size_t(rows) * this->n_out * sizeof(std::uint32_t)) / sizeof(T) + 2 * LANES<T>;
    }

    void forward(const Pass<T>& pass, const T* x, T* y, T* notes) const override {
        if (!pass.training) {
            std::copy(x, x + Base::Place::size(this->n_out, pass.rows), y);
            return;
        }
        pass.team.each(pass.rows, this->n_out * 2.0, [&](std::size_t begin, std::size_t end) {
            const std::size_t first = begin * this->n_out, count = (end - begin) * this->n_out;
            Stream(pass.seed, Use::DROPOUT, pass.step, std::uint32_t(place_), first).words(count, words(notes) + first);
        });
        dropped(pass, x, y, words(notes));
    }

    void backward(const Pass<T>& pass, const T*, const T*, T* dy, T* dx, T* notes) const override {
        if (!dx) return;
        if (pass.training)
            dropped(pass, dy, dx, words(notes));
        else
            std::copy(dy, dy + Base::Place::size(this->n_out, pass.rows), dx);
    }

private:
    static std::uint32_t* words(T* notes) { return reinterpret_cast<std::uint32_t*>(notes); }

    void dropped(const Pass<T>& pass, const T* from, T* to, const std::uint32_t* words) const {
        Base::each_column(pass, this->n_out, 4, [&](int c) {
            for (int i = 0; i < pass.rows; ++i) {
                const auto kept = keep_.template mask<Vec<T>>(words + std::size_t(i) * this->n_out + c * LANES<T>);
                const Vec<T> value = Base::vector(from, pass.rows, c, i) / Vec<T>(share_);
                Base::put(to, pass.rows, c, i, select(kept, value, T(0)));
            }
        });
    }

    int place_;
    Keep keep_;
    T share_;
};

// The exponentials of a row over their sum.
template <class T, bool ABREAST>
class SoftmaxLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;

    explicit SoftmaxLayer(int n) : Base(n, n) {}

    bool reads_output() const override { return true; }

    void forward(const Pass<T>& pass, const T* x, T* y, T*) const override {
        Vec<T>* const group = room<T, 0>(Base::Place::group_size(this->n_out));
        for (int g = 0; g < Base::Place::groups(pass.rows); ++g) {
            Base::Place::load_group(x, pass.rows, g, this->n_out, group);
            softmax_forward(group, 1, this->n_out);
            Base::Place::store_group(y, pass.rows, g, this->n_out, group);
        }
    }

    void backward(const Pass<T>& pass, const T*, const T* y, T* dy, T* dx, T*) const override {
        if (!dx) return;
        Vec<T>* const group = room<T, 0>(Base::Place::group_size(this->n_out));
        Vec<T>* const slopes = room<T, 1>(Base::Place::group_size(this->n_out));
        for (int g = 0; g < Base::Place::groups(pass.rows); ++g) {
            Base::Place::load_group(y, pass.rows, g, this->n_out, group);
            Base::Place::load_group(dy, pass.rows, g, this->n_out, slopes);
            softmax_backward(group, slopes, 1, this->n_out);
            Base::Place::store_group(dx, pass.rows, g, this->n_out, slopes);
        }
    }
};

}  // namespace multilayer
