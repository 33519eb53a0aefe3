// A batch's rows, brought from the table into the engine's layout (docs/arithmetic.md, 5.8).
#pragma once

#include <cstdint>
#include <vector>

#include "layout.hpp"
#include "losses.hpp"
#include "member.hpp"
#include "streams.hpp"
#include "wide.hpp"

namespace multilayer {

// What of a member's description its batches are made with.
class Gatherer {
public:
    Gatherer(const Data& data, const Member& member, const Loss& loss, int n_out)
        : data_(data), member_(member), terms_(loss.takes_classes() ? 1 : loss.terms(n_out)) {
        const bool signs = member.loss.name == "log" || member.loss.name.find("hinge") != std::string::npos;
        as_code_ = loss.takes_classes();
        if (signs) bits_[0] = -1.0;
    }

    int terms() const { return terms_; }  // target numbers of a row

    // Rows begin .. end-1 of a batch of `rows`, from the table's rows of these numbers; lane: the member's abreast.
    template <bool ABREAST, class T>
    void inputs(const std::int64_t* numbers, int begin, int end, T* x, int rows, int lane) const {
        if (data_.x)
            prepare<ABREAST>(data_.x, numbers, begin, end, x, rows, lane);
        else
            prepare<ABREAST>(data_.x_single, numbers, begin, end, x, rows, lane);
    }

    // The targets of all rows: number j of group g is vector g * terms + j.
    template <bool ABREAST, class T>
    void targets(const std::int64_t* numbers, int rows, T* to, int lane) const {
        const Truth& truth = data_.truth;
        const auto fill = [&](const auto& value) {
            for (int i = 0; i < rows; ++i) {
                const std::ptrdiff_t group = ABREAST ? i : i / LANES<T>, place = ABREAST ? lane : i % LANES<T>;
                for (int j = 0; j < terms_; ++j) to[(group * terms_ + j) * LANES<T> + place] = T(value(numbers[i], j));
            }
        };
        if (truth.kind == TargetKind::REGRESSION) {
            const double *center = member_.target_center.data(), *factor = member_.target_factor.data();
            fill([&](std::int64_t row, int j) { return (truth.values[row * truth.outputs + j] - center[j]) * factor[j]; });
        } else if (as_code_) {
            fill([&](std::int64_t row, int) { return double(truth.codes[row]); });
        } else if (truth.kind == TargetKind::MULTILABEL) {
            fill([&](std::int64_t row, int j) { return bits_[truth.values[row * truth.outputs + j] != 0]; });
        } else {
            const int shift = truth.kind == TargetKind::BINARY && terms_ == 1 ? 1 : 0;
            fill([&](std::int64_t row, int j) { return bits_[truth.codes[row] == j + shift]; });
        }
    }

    double weight(std::int64_t row) const { return data_.weight ? data_.weight[row] : 1.0; }
    bool weighted() const { return data_.weight != nullptr; }

    // x + T(noise n), the draws in C order of (row, feature).
    template <class T>
    void add_noise(T* x, int rows, std::uint32_t step, std::vector<double>& draws) const {
        const std::int64_t n = data_.features;
        draws.resize(std::size_t(rows) * n);
        Stream(member_.seed, Use::NOISE, step).normal(draws.size(), draws.data());
        for (int i = 0; i < rows; ++i)
            for (std::int64_t f = 0; f < n; ++f) {
                T& value = x[((f / LANES<T>)*rows + i) * LANES<T> + f % LANES<T>];
                value = value + T(member_.noise * draws[std::size_t(i) * n + f]);
            }
    }

private:
    // Place of feature f of row i, for a vector's lane.
    template <bool ABREAST, class T>
    static std::ptrdiff_t place(std::int64_t f, int i, int rows, int lane) {
        return ABREAST ? (f * rows + i) * LANES<T> + lane : ((f / LANES<T>)*rows + i) * LANES<T> + f % LANES<T>;
    }

    template <bool ABREAST, class T, class Source>
    void prepare(const Source* table, const std::int64_t* numbers, int begin, int end, T* x, int rows, int lane) const {
        const std::int64_t n = data_.features, whole = ABREAST ? 0 : n / LANES<T> * LANES<T>;
        for (std::int64_t f = 0; f < whole; f += LANES<T>)
            for (int i = begin; i < end; ++i)
                store(x + place<ABREAST, T>(f, i, rows, lane), prepared<T>(table + numbers[i] * n + f, f));
        for (std::int64_t f = whole; f < n; ++f) {
            const double center = member_.center[f], factor = member_.factor[f], fill = member_.fill[f];
            for (int i = begin; i < end; ++i) {
                const double value = table[numbers[i] * n + f];
                x[place<ABREAST, T>(f, i, rows, lane)] = T(((value != value ? fill : value) - center) * factor);
            }
        }
    }

    // LANES features from f on.
    template <class T, class Source>
    INLINE Vec<T> prepared(const Source* from, std::int64_t f) const {
        using D = Vec<double>;
        Wide<T> wide;
        for (int h = 0; h < Wide<T>::COUNT; ++h) {
            const std::int64_t first = f + h * D::LANES;
            const D value = doubles(from + h * D::LANES), fill = load<D>(member_.fill.data() + first);
            wide.half[h] = (select(value != value, fill, value) - load<D>(member_.center.data() + first)) *
                           load<D>(member_.factor.data() + first);
        }
        return narrow(wide);
    }
    static INLINE Vec<double> doubles(const double* from) { return load<Vec<double>>(from); }
    static INLINE Vec<double> doubles(const float* from) {
        Vec<double> r;
        for (int i = 0; i < Vec<double>::LANES; ++i) r.set_lane(i, double(from[i]));
        return r;
    }

    const Data& data_;
    const Member& member_;
    int terms_;
    bool as_code_ = false;
    double bits_[2] = {0.0, 1.0};  // no and yes, looked up: which it is cannot be predicted
};

}  // namespace multilayer
