// Layer normalization and batch normalization (docs/arithmetic.md, 5.9).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "dense.hpp"
#include "layer.hpp"

namespace multilayer {

// y = gain h + shift with h = (x - mean) / sqrt(variance + epsilon), over the units of each row.
template <class T, bool ABREAST>
class LayerNormLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;
    using Place = Layout<T, ABREAST>;

    LayerNormLayer(const Slot& gain, const Slot& shift, double epsilon)
        : Base(gain.n_out, gain.n_out), gain_(gain), shift_(shift), epsilon_(T(epsilon)) {}

    // h in columns, then 1 / sqrt(variance + epsilon), a vector for each group of rows.
    std::size_t notes(int rows) const override {
        return Place::size(this->n_out, rows) + std::size_t(Place::groups(rows)) * LANES<T>;
    }

    void forward(const Pass<T>& pass, const T* x, T* y, T* notes) const override {
        const int n = this->n_out, rows = pass.rows;
        T* scales = notes + Place::size(n, rows);
        pass.team.each(Place::groups(rows), n * 4.0, [&](std::size_t begin, std::size_t end) {
            Vec<T>* const unit = room<T, 0>(Place::group_size(n));
            for (std::size_t g = begin; g < end; ++g) {
                Place::load_group(x, rows, int(g), n, unit);
                store(scales + g * LANES<T>, normalize(unit));
                Place::store_group(notes, rows, int(g), n, unit);
                for (int j = 0; j < n; ++j)
                    unit[j] = fma(value(pass, gain_, j), unit[j], value(pass, shift_, j));
                Place::store_group(y, rows, int(g), n, unit);
            }
        });
    }

    void backward(const Pass<T>& pass, const T*, const T*, T* dy, T* dx, T* notes) const override {
        const int n = this->n_out, rows = pass.rows;
        if (!gain_.frozen) {
            sum_over_rows<T, ABREAST>(
                Base::at(pass.gradients, gain_.offset), rows, n, pass.goes_on,
                [&](Vec<T> sum, int c, int i) {
                    return fma(Base::vector(notes, rows, c, i), Base::vector(dy, rows, c, i), sum);
                });
            sum_over_rows<T, ABREAST>(
                Base::at(pass.gradients, shift_.offset), rows, n, pass.goes_on,
                [&](Vec<T> sum, int c, int i) { return sum + Base::vector(dy, rows, c, i); });
        }
        if (!dx) return;
        const T* scales = notes + Place::size(n, rows);
        pass.team.each(Place::groups(rows), n * 4.0, [&](std::size_t begin, std::size_t end) {
            Vec<T>* const h = room<T, 0>(Place::group_size(n));
            Vec<T>* const q = room<T, 1>(Place::group_size(n));
            for (std::size_t g = begin; g < end; ++g) {
                Place::load_group(notes, rows, int(g), n, h);
                Place::load_group(dy, rows, int(g), n, q);
                for (int j = 0; j < n; ++j) q[j] = q[j] * value(pass, gain_, j);
                center(h, q, load<Vec<T>>(scales + g * LANES<T>));
                Place::store_group(dx, rows, int(g), n, q);
            }
        });
    }

private:
    // The units become h; gives 1 / sqrt(variance + epsilon).
    Vec<T> normalize(Vec<T>* unit) const {
        const int n = this->n_out;
        Vec<T> sum(T(0)), squares(T(0));
        for (int j = 0; j < n; ++j) sum = sum + unit[j];
        const Vec<T> mean = sum / Vec<T>(T(n));
        for (int j = 0; j < n; ++j) {
            unit[j] = unit[j] - mean;
            squares = fma(unit[j], unit[j], squares);
        }
        const Vec<T> scale = Vec<T>(T(1)) / square_root(squares / Vec<T>(T(n)) + epsilon_);
        for (int j = 0; j < n; ++j) unit[j] = unit[j] * scale;
        return scale;
    }

    // q = dy gain becomes dx.
    void center(const Vec<T>* h, Vec<T>* q, Vec<T> scale) const {
        const int n = this->n_out;
        Vec<T> a(T(0)), c(T(0));
        for (int j = 0; j < n; ++j) {
            a = a + q[j];
            c = fma(q[j], h[j], c);
        }
        a = a / Vec<T>(T(n));
        c = c / Vec<T>(T(n));
        for (int j = 0; j < n; ++j) q[j] = fma(-c, h[j], q[j] - a) * scale;
    }

    Vec<T> value(const Pass<T>& pass, const Slot& slot, int unit) const {
        const T* values = Base::at(pass.parameters, slot.offset);
        if constexpr (ABREAST)
            return load<Vec<T>>(values + unit * LANES<T>);
        else
            return Vec<T>(values[unit]);
    }

    Slot gain_, shift_;
    T epsilon_;
};

// The same over the rows of a batch, for each unit; running statistics serve prediction and frozen layers.
template <class T, bool ABREAST>
class BatchNormLayer final : public Layer<T, ABREAST> {
public:
    using Base = Layer<T, ABREAST>;
    using Place = Layout<T, ABREAST>;

    BatchNormLayer(const Slot& gain, const Slot& shift, const Slot& mean, const Slot& variance, double momentum,
                   double epsilon)
        : Base(gain.n_out, gain.n_out),
          gain_(gain),
          shift_(shift),
          mean_(mean),
          variance_(variance),
          momentum_(T(momentum)),
          rest_(T(1 - momentum)),
          epsilon_(T(epsilon)) {}

    // h in columns, then 1 / sqrt(variance + epsilon), a vector for each column.
    std::size_t notes(int rows) const override {
        return Place::size(this->n_out, rows) + std::size_t(Place::columns(this->n_out)) * LANES<T>;
    }

    void forward(const Pass<T>& pass, const T* x, T* y, T* notes) const override {
        const int rows = pass.rows;
        T* scales = notes + Place::size(this->n_out, rows);
        Base::each_column(pass, this->n_out, 8, [&](int c) {
            const Moments now = moments(pass, x, c);
            const Vec<T> scale = Vec<T>(T(1)) / square_root(now.variance + epsilon_);
            store(scales + c * LANES<T>, scale);
            const Vec<T> gain = value(pass.parameters, gain_, c), shift = value(pass.parameters, shift_, c);
            for (int i = 0; i < rows; ++i) {
                const Vec<T> h = (Base::vector(x, rows, c, i) - now.mean) * scale;
                Base::put(notes, rows, c, i, h);
                Base::put(y, rows, c, i, fma(gain, h, shift));
            }
        });
    }

    void backward(const Pass<T>& pass, const T*, const T*, T* dy, T* dx, T* notes) const override {
        const int n = this->n_out, rows = pass.rows;
        if (!gain_.frozen) {
            sum_over_rows<T, ABREAST>(
                Base::at(pass.gradients, gain_.offset), rows, n, pass.goes_on,
                [&](Vec<T> sum, int c, int i) {
                    return fma(Base::vector(notes, rows, c, i), Base::vector(dy, rows, c, i), sum);
                });
            sum_over_rows<T, ABREAST>(
                Base::at(pass.gradients, shift_.offset), rows, n, pass.goes_on,
                [&](Vec<T> sum, int c, int i) { return sum + Base::vector(dy, rows, c, i); });
        }
        if (!dx) return;
        const T* scales = notes + Place::size(n, rows);
        Base::each_column(pass, n, 8, [&](int c) {
            const Vec<T> gain = value(pass.parameters, gain_, c), scale = load<Vec<T>>(scales + c * LANES<T>);
            const auto q = [&](int i) { return Base::vector(dy, rows, c, i) * gain; };
            const auto h = [&](int i) { return Base::vector(notes, rows, c, i); };
            if (!from_batch(pass)) {
                for (int i = 0; i < rows; ++i) Base::put(dx, rows, c, i, q(i) * scale);
                return;
            }
            const Vec<T> a = over_rows(rows, [&](Vec<T> sum, int i) { return sum + q(i); }) / Vec<T>(T(rows));
            const Vec<T> b = over_rows(rows, [&](Vec<T> sum, int i) { return fma(q(i), h(i), sum); }) / Vec<T>(T(rows));
            for (int i = 0; i < rows; ++i) Base::put(dx, rows, c, i, fma(-b, h(i), q(i) - a) * scale);
        });
    }

private:
    struct Moments {
        Vec<T> mean, variance;
    };

    bool from_batch(const Pass<T>& pass) const { return pass.training && !gain_.frozen; }

    // A sum over the rows, in row blocks.
    template <class F>
    static Vec<T> over_rows(int rows, const F& f) {
        Vec<T> total(T(0));
        for (int block = 0; block < rows; block += ROW_BLOCK) {
            Vec<T> sum(T(0));
            for (int i = block; i < std::min(rows, block + ROW_BLOCK); ++i) sum = f(sum, i);
            total = block ? total + sum : sum;
        }
        return total;
    }

    Moments moments(const Pass<T>& pass, const T* x, int column) const {
        const int rows = pass.rows;
        if (!from_batch(pass)) return {value(pass.buffers, mean_, column), value(pass.buffers, variance_, column)};
        const auto at = [&](int i) { return Base::vector(x, rows, column, i); };
        const Vec<T> mean = over_rows(rows, [&](Vec<T> sum, int i) { return sum + at(i); }) / Vec<T>(T(rows));
        const Vec<T> squares = over_rows(rows, [&](Vec<T> sum, int i) {
            const Vec<T> d = at(i) - mean;
            return fma(d, d, sum);
        });
        const Vec<T> variance = rows == 1 ? Vec<T>(T(0)) : squares / Vec<T>(T(rows));
        const Vec<T> unbiased = rows == 1 ? Vec<T>(T(0)) : squares / Vec<T>(T(rows - 1));
        move(pass, mean_, column, mean);
        move(pass, variance_, column, unbiased);
        return {mean, variance};
    }

    void move(const Pass<T>& pass, const Slot& slot, int column, Vec<T> batch) const {
        T* running = Base::at(pass.buffers, slot.offset) + column * LANES<T>;
        const int used = Place::used(column, this->n_out);
        T known[LANES<T>] = {};  // behind the last unit stands what another thread may be writing
        std::memcpy(known, running, sizeof(T) * used);
        store(running, fma(Vec<T>(momentum_), batch, rest_ * load<Vec<T>>(known)), used);
    }

    static Vec<T> value(const T* all, const Slot& slot, int column) {
        return load<Vec<T>>(Base::at(all, slot.offset) + column * LANES<T>);
    }

    Slot gain_, shift_, mean_, variance_;
    T momentum_, rest_, epsilon_;
};

}  // namespace multilayer
