// A batch's rows, brought from the table into the engine's layout (docs/arithmetic.md, 5.8).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layout.hpp"
#include "losses.hpp"
#include "member.hpp"
#include "streams.hpp"
#include "wide.hpp"

namespace multilayer {

// The whole table as one preparation makes it, row after row: its rows then need only be fetched.
template <class T>
struct Ready {
    Numbers<T> inputs, targets;
};

// What of a member's description its batches are made with.
template <class T>
class Gatherer {
public:
    Gatherer(const Data& data, const Member& member, const Loss& loss, int n_out, const Ready<T>* ready = nullptr)
        : data_(data), member_(member), ready_(ready), terms_(loss.takes_classes() ? 1 : loss.terms(n_out)) {
        const bool signs = member.loss.name == "log" || member.loss.name.find("hinge") != std::string::npos;
        as_code_ = loss.takes_classes();
        if (signs) bits_[0] = -1.0;
    }

    int terms() const { return terms_; }  // target numbers of a row

    // Everything that the table's rows become depends on this.
    std::string preparation() const {
        std::string key = member_.loss.name + "," + std::to_string(terms_);
        for (const std::vector<double>* numbers :
             {&member_.center, &member_.factor, &member_.fill, &member_.target_center, &member_.target_factor})
            key.append(reinterpret_cast<const char*>(numbers->data()), numbers->size() * sizeof(double));
        return key;
    }

    Ready<T> prepare_table() const {
        Ready<T> all{Numbers<T>(std::size_t(data_.rows) * data_.features), Numbers<T>(std::size_t(data_.rows) * terms_)};
        for (std::int64_t row = 0; row < data_.rows; ++row)
            for (std::int64_t f = 0; f < data_.features; ++f)
                all.inputs[row * data_.features + f] = data_.x ? input(data_.x, row, f) : input(data_.x_single, row, f);
        each_target([&](const auto& value) {
            for (std::int64_t row = 0; row < data_.rows; ++row)
                for (int j = 0; j < terms_; ++j) all.targets[row * terms_ + j] = T(value(row, j));
        });
        return all;
    }

    // Rows begin .. end-1 of a batch of `rows`, from the table's rows of these numbers; lane: the member's abreast.
    template <bool ABREAST>
    void inputs(const std::int64_t* numbers, int begin, int end, T* x, int rows, int lane) const {
        if (ready_)
            fetch<ABREAST>(numbers, begin, end, x, rows, lane);
        else if (data_.x)
            prepare<ABREAST>(data_.x, numbers, begin, end, x, rows, lane);
        else
            prepare<ABREAST>(data_.x_single, numbers, begin, end, x, rows, lane);
    }

    // The targets of all rows: number j of group g is vector g * terms + j.
    template <bool ABREAST>
    void targets(const std::int64_t* numbers, int rows, T* to, int lane) const {
        const auto fill = [&](const auto& value) {
            for (int i = 0; i < rows; ++i) {
                const std::ptrdiff_t group = ABREAST ? i : i / LANES<T>, place = ABREAST ? lane : i % LANES<T>;
                for (int j = 0; j < terms_; ++j) to[(group * terms_ + j) * LANES<T> + place] = T(value(numbers[i], j));
            }
        };
        if (ready_)
            fill([&](std::int64_t row, int j) { return ready_->targets[row * terms_ + j]; });
        else
            each_target(fill);
    }

    double weight(std::int64_t row) const { return data_.weight ? data_.weight[row] : 1.0; }
    bool weighted() const { return data_.weight != nullptr; }

    // x + T(noise n), the draws in C order of (row, feature).
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
    // f(value) with value(row, j): target number j of a row of the table, in float64.
    template <class F>
    void each_target(const F& f) const {
        const Truth& truth = data_.truth;
        if (truth.kind == TargetKind::REGRESSION) {
            const double *center = member_.target_center.data(), *factor = member_.target_factor.data();
            f([&](std::int64_t row, int j) { return (truth.values[row * truth.outputs + j] - center[j]) * factor[j]; });
        } else if (as_code_) {
            f([&](std::int64_t row, int) { return double(truth.codes[row]); });
        } else if (truth.kind == TargetKind::MULTILABEL) {
            f([&](std::int64_t row, int j) { return bits_[truth.values[row * truth.outputs + j] != 0]; });
        } else {
            const int shift = truth.kind == TargetKind::BINARY && terms_ == 1 ? 1 : 0;
            f([&](std::int64_t row, int j) { return bits_[truth.codes[row] == j + shift]; });
        }
    }

    // Place of feature f of row i, for a vector's lane.
    template <bool ABREAST>
    static std::ptrdiff_t place(std::int64_t f, int i, int rows, int lane) {
        return ABREAST ? (f * rows + i) * LANES<T> + lane : ((f / LANES<T>)*rows + i) * LANES<T> + f % LANES<T>;
    }

    template <class Source>
    T input(const Source* table, std::int64_t row, std::int64_t f) const {
        const double value = table[row * data_.features + f];
        return T(((value != value ? member_.fill[f] : value) - member_.center[f]) * member_.factor[f]);
    }

    template <bool ABREAST>
    void fetch(const std::int64_t* numbers, int begin, int end, T* x, int rows, int lane) const {
        constexpr int STEP = ABREAST ? 1 : LANES<T>;
        for (int i = begin; i < end; ++i) {
            const T* from = ready_->inputs.data() + numbers[i] * data_.features;
            for (std::int64_t f = 0; f < data_.features; f += STEP) {
                if constexpr (ABREAST)
                    x[place<true>(f, i, rows, lane)] = from[f];
                else
                    store(x + place<false>(f, i, rows, lane), load<Vec<T>>(from + f));
            }
        }
    }

    template <bool ABREAST, class Source>
    void prepare(const Source* table, const std::int64_t* numbers, int begin, int end, T* x, int rows, int lane) const {
        const std::int64_t n = data_.features, whole = ABREAST ? 0 : n / LANES<T> * LANES<T>;
        for (std::int64_t f = 0; f < whole; f += LANES<T>)
            for (int i = begin; i < end; ++i)
                store(x + place<ABREAST>(f, i, rows, lane), prepared(table + numbers[i] * n + f, f));
        for (std::int64_t f = whole; f < n; ++f) {
            for (int i = begin; i < end; ++i) x[place<ABREAST>(f, i, rows, lane)] = input(table, numbers[i], f);
        }
    }

    // LANES features from f on.
    template <class Source>
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
    const Ready<T>* ready_;
    int terms_;
    bool as_code_ = false;
    double bits_[2] = {0.0, 1.0};  // no and yes, looked up: which it is cannot be predicted
};

}  // namespace multilayer
