// The rows that a score is taken over, with what stays the same from one score to the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "answers.hpp"
#include "total.hpp"
#include "vector.hpp"

namespace multilayer {

// The target as it is in the data: codes of classes, or values (rows, outputs), of labels 0 and 1.
struct Truth {
    TargetKind kind;
    std::int64_t outputs;  // numbers or labels of a row
    const std::int64_t* codes = nullptr;
    const double* values = nullptr;
};

// Memory for scoring, used again from score to score.
struct ScoreScratch {
    std::vector<double> terms, hit, said, real;
    std::vector<std::int64_t> decided, starts;
    std::vector<bool> occurs;

    struct Ranked {
        std::uint64_t key;
        std::int64_t row;
    };
    std::vector<Ranked> ranked, sorted;
};

// Room for n rows and the rest of a vector.
template <class T>
T* at_least(std::vector<T>& scratch, std::int64_t n) {
    const std::int64_t size = whole_vectors(n);
    if (static_cast<std::int64_t>(scratch.size()) < size) scratch.resize(size);
    return scratch.data();
}

class Sample {
public:
    // Rows number rows[0] ... rows[n - 1] of the data, whose weights may be null.
    Sample(const Truth& truth, const double* weights, const std::int64_t* rows, std::int64_t n)
        : kind(truth.kind), n(n), whole(static_cast<double>(n)), stride_(whole_vectors(n)) {
        if (one_of()) {
            codes_.resize(stride_);
            for (std::int64_t i = 0; i < n; ++i) codes_[i] = truth.codes[rows[i]];
        } else {
            columns_.resize(truth.outputs * stride_);
            for (std::int64_t i = 0; i < n; ++i)
                for (std::int64_t j = 0; j < truth.outputs; ++j)
                    columns_[j * stride_ + i] = truth.values[rows[i] * truth.outputs + j];
        }
        if (weights != nullptr) {
            weights_.resize(stride_);
            for (std::int64_t i = 0; i < n; ++i) weights_[i] = weights[rows[i]];
            whole = total(weights_.data(), n);
        }
        if (kind == TargetKind::REGRESSION)
            for (std::int64_t j = 0; j < truth.outputs; ++j) variances.push_back(variance(j));
    }

    bool one_of() const { return kind == TargetKind::BINARY || kind == TargetKind::CLASSES; }
    bool weighted() const { return !weights_.empty(); }
    double weight(std::int64_t i) const { return weighted() ? weights_[i] : 1; }
    const double* weights() const { return weights_.data(); }
    const std::int64_t* codes() const { return codes_.data(); }
    const double* column(std::int64_t j) const { return columns_.data() + j * stride_; }  // of a number or a label

    // Turns n terms v into v w.
    void weigh(double* terms) const {
        using V = Vec<double>;
        if (!weighted()) return;
        for (std::int64_t i = 0; i < n; i += V::LANES)
            store(terms + i, load<V>(terms + i) * load<V>(weights_.data() + i));
    }

    // mean(v) of the page; the terms become v w.
    double mean(double* terms) const {
        weigh(terms);
        return total(terms, n) / whole;
    }

    TargetKind kind;
    std::int64_t n;
    double whole;                   // N, the total weight
    std::vector<double> variances;  // V of each number, 0 where the target is constant

private:
    double variance(std::int64_t j) const {
        const double *first = column(j), *last = first + n;
        if (std::all_of(first, last, [&](double t) { return t == *first; })) return 0;
        std::vector<double> terms(first, first + stride_);
        const double middle = mean(terms.data());
        std::transform(first, last, terms.begin(), [&](double t) { return (t - middle) * (t - middle); });
        return mean(terms.data());
    }

    std::int64_t stride_;
    std::vector<std::int64_t> codes_;
    std::vector<double> columns_, weights_;  // those of the rows in whole vectors, filled up with 0
};

}  // namespace multilayer
