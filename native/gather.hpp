// A batch's rows, brought from the table into the engine's layout (docs/arithmetic.md, 5.8).
#pragma once

#include <cstdint>
#include <vector>

#include "layout.hpp"
#include "losses.hpp"
#include "member.hpp"
#include "streams.hpp"

namespace multilayer {

// What of a member's description its batches are made with.
class Gatherer {
public:
    Gatherer(const Data& table, const Member& member, const Loss& loss, int n_out)
        : table_(table), member_(member), terms_(loss.takes_classes() ? 1 : loss.terms(n_out)) {
        const bool signs = member.loss.name == "log" || member.loss.name.find("hinge") != std::string::npos;
        as_code_ = loss.takes_classes();
        low_ = signs ? -1.0 : 0.0;
    }

    int terms() const { return terms_; }  // target numbers of a row

    // Row `row` of the table as row i of a batch of `rows`; lane: the member's among those abreast.
    template <class T>
    void inputs(std::int64_t row, T* x, int rows, int i) const {
        if (table_.x)
            prepared(table_.x + row * table_.features, x, rows, i);
        else
            prepared(table_.x_single + row * table_.features, x, rows, i);
    }

    template <class T>
    void inputs_abreast(std::int64_t row, T* x, int rows, int i, int lane) const {
        for (std::int64_t f = 0; f < table_.features; ++f)
            x[(f * rows + i) * LANES<T> + lane] = T(prepared(table_.at(row, f), f));
    }

    // Number j of the row's target.
    double target(std::int64_t row, int j) const {
        const Truth& truth = table_.truth;
        if (truth.kind == TargetKind::REGRESSION)
            return (truth.values[row * truth.outputs + j] - member_.target_center[j]) * member_.target_factor[j];
        if (as_code_) return double(truth.codes[row]);
        if (truth.kind == TargetKind::MULTILABEL) return bit(truth.values[row * truth.outputs + j] != 0);
        const std::int64_t code = truth.kind == TargetKind::BINARY && terms_ == 1 ? 1 : j;
        return bit(truth.codes[row] == code);
    }

    double weight(std::int64_t row) const { return table_.weight ? table_.weight[row] : 1.0; }
    bool weighted() const { return table_.weight != nullptr; }

    // x + T(noise n), the draws in C order of (row, feature).
    template <class T>
    void add_noise(T* x, int rows, std::uint32_t step, std::vector<double>& draws) const {
        const std::int64_t n = table_.features;
        draws.resize(std::size_t(rows) * n);
        Stream(member_.seed, Use::NOISE, step).normal(draws.size(), draws.data());
        for (int i = 0; i < rows; ++i)
            for (std::int64_t f = 0; f < n; ++f) {
                T& value = x[((f / LANES<T>)*rows + i) * LANES<T> + f % LANES<T>];
                value = value + T(member_.noise * draws[std::size_t(i) * n + f]);
            }
    }

private:
    double bit(bool yes) const { return yes ? 1.0 : low_; }

    double prepared(double x, std::int64_t f) const {
        return ((x != x ? member_.fill[f] : x) - member_.center[f]) * member_.factor[f];
    }

    template <class T, class Source>
    void prepared(const Source* from, T* x, int rows, int i) const {
        using D = Vec<double>;
        constexpr int L = LANES<T>;
        const std::int64_t n = table_.features;
        for (std::int64_t f = 0; f < n; f += L) {
            T* to = x + ((f / L) * rows + i) * L;
            if (f + L > n) {
                for (int j = 0; f + j < n; ++j) to[j] = T(prepared(double(from[f + j]), f + j));
                break;
            }
            Wide<T> wide;
            for (int h = 0; h < Wide<T>::COUNT; ++h) {
                const std::int64_t first = f + h * D::LANES;
                const D value = doubles(from + first), fill = load<D>(member_.fill.data() + first);
                wide.half[h] = (select(value != value, fill, value) - load<D>(member_.center.data() + first)) *
                               load<D>(member_.factor.data() + first);
            }
            store(to, narrow(wide));
        }
    }
    static INLINE Vec<double> doubles(const double* from) { return load<Vec<double>>(from); }
    static INLINE Vec<double> doubles(const float* from) {
        Vec<double> r;
        for (int i = 0; i < Vec<double>::LANES; ++i) r.set_lane(i, double(from[i]));
        return r;
    }

    const Data& table_;
    const Member& member_;
    int terms_;
    bool as_code_ = false;
    double low_ = 0;
};

}  // namespace multilayer
