// What a network's outputs say about a target, in float64 (docs/arithmetic.md, section 5.13).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "functions.hpp"
#include "vector.hpp"

namespace multilayer {

enum class TargetKind { BINARY, CLASSES, MULTILABEL, REGRESSION };

enum class AnswerForm { NUMBERS, EXP, SIGMOID, CLIP, SOFTMAX, SHARED_SIGMOID, SHARED };

// With DECISIONS, only what the answers decide, and whether they are finite, is that of their values; for less work.
enum class Purpose { VALUES, DECISIONS };

// n rounded up to whole vectors.
constexpr std::int64_t whole_vectors(std::int64_t n) {
    constexpr std::int64_t LANES = Vec<double>::LANES;
    return (n + LANES - 1) / LANES * LANES;
}

// How outputs become answers; center and factor are those of the target's preparation, for numbers only.
struct AnswerRule {
    AnswerForm form;
    std::int64_t units;  // outputs of a row that say something: of gaussian_nll the means
    bool complement;     // one output for two classes, answered by (1 - p, p)
    const double* center = nullptr;
    const double* factor = nullptr;
};

// The outputs in float64: unit j of row i is data[i * row_step + j * unit_step].
struct Outputs {
    const double* data;
    std::int64_t rows, row_step, unit_step;
};

// One column for each class, label or number. A column ends in a whole vector, whose lanes past the end repeat the last
// row.
struct Answers {
    const double* values;
    std::int64_t rows, columns, stride;
    bool finite;

    const double* column(std::int64_t j) const { return values + j * stride; }
};

inline AnswerForm answer_form(TargetKind kind, const std::string& loss) {
    const bool several = kind == TargetKind::CLASSES;
    if (kind == TargetKind::REGRESSION) return loss == "poisson" ? AnswerForm::EXP : AnswerForm::NUMBERS;
    if (loss == "cross_entropy" || loss == "max_margin") return AnswerForm::SOFTMAX;
    if (loss == "hinge" || loss == "squared_hinge") return several ? AnswerForm::SOFTMAX : AnswerForm::SIGMOID;
    if (loss == "log" || loss == "sigmoid_cross_entropy")
        return several ? AnswerForm::SHARED_SIGMOID : AnswerForm::SIGMOID;
    return several ? AnswerForm::SHARED : AnswerForm::CLIP;
}

inline AnswerRule answer_rule(TargetKind kind, const std::string& loss, std::int64_t outputs,
                              const double* center = nullptr, const double* factor = nullptr) {
    const bool complement = kind == TargetKind::BINARY && outputs == 1;
    const bool with_variances = kind == TargetKind::REGRESSION && loss == "gaussian_nll";
    return {answer_form(kind, loss), with_variances ? outputs / 2 : outputs, complement, center, factor};
}

// The columns of LANES rows.
struct RowGroup {
    using V = Vec<double>;
    double* first;
    std::int64_t stride, columns;

    V get(std::int64_t j) const { return load<V>(first + j * stride); }
    void set(std::int64_t j, V value) const { store(first + j * stride, value); }
};

// sigmoid(y) >= 1/2 just where y >= -2^-54: exp(-|y|) is 1 there, by ties to even, and at most 1 - 2^-53 below, where
// the quotient is below 1/2.
constexpr double HALF_BY_SIGMOID = -0x1p-54;

INLINE Vec<double> label_of_logit(Vec<double> y) {
    using V = Vec<double>;
    return select(y != y, y, select(y >= HALF_BY_SIGMOID, V(1.0), V(0.0)));
}

inline Vec<double> largest(const RowGroup& y) {
    Vec<double> m = y.get(0);
    for (std::int64_t j = 1; j < y.columns; ++j) m = maximum(m, y.get(j));
    return m;
}

inline Vec<double> row_sum(const RowGroup& y) {
    Vec<double> sum(0.0);
    for (std::int64_t j = 0; j < y.columns; ++j) sum = sum + y.get(j);
    return sum;
}

inline void softmax(const RowGroup& y) {
    const auto m = largest(y);
    for (std::int64_t j = 0; j < y.columns; ++j) y.set(j, exp(y.get(j) - m));
    const auto sum = row_sum(y);
    for (std::int64_t j = 0; j < y.columns; ++j) y.set(j, y.get(j) / sum);
}

// The rows whose logits do not say all that their softmax decides: where two logits are so close that they might get
// one probability, or so far apart that the softmax is finite and they are not. A difference of -2^-50 is enough: exp
// of it is at most 1 - 2^-51, and the quotients differ by two units in the last place before they are rounded.
inline Mask<Vec<double>> softmax_needed(const RowGroup& y) {
    constexpr double FAR = -0x1p1023;
    const auto m = largest(y);
    Mask<Vec<double>> needed(0);
    for (std::int64_t j = 0; j < y.columns; ++j) {
        const auto below = y.get(j) - m;
        needed = needed | ((below > -0x1p-50) ^ (below == 0.0)) | (below < FAR);
    }
    return needed;
}

// Each divided by the row's sum; equal shares where that is 0.
inline void share(const RowGroup& y) {
    const auto sum = row_sum(y);
    const auto none = sum == 0.0;
    for (std::int64_t j = 0; j < y.columns; ++j) y.set(j, select(none, 1.0 / y.columns, y.get(j) / sum));
}

inline void raise_to_zero(const RowGroup& y) {
    Vec<double> least = y.get(0);
    for (std::int64_t j = 1; j < y.columns; ++j) least = minimum(least, y.get(j));
    least = minimum(least, 0.0);
    for (std::int64_t j = 0; j < y.columns; ++j) y.set(j, y.get(j) - least);
}

template <class F>
INLINE void for_each_column(const RowGroup& y, F f) {
    for (std::int64_t j = 0; j < y.columns; ++j) y.set(j, f(y.get(j), j));
}

// The answers in place of the outputs.
inline void answer_group(const AnswerRule& rule, Purpose purpose, const RowGroup& y) {
    using V = Vec<double>;
    const bool decisions = purpose == Purpose::DECISIONS;
    switch (rule.form) {
        case AnswerForm::NUMBERS:
            return for_each_column(y, [&](V v, std::int64_t j) { return v / rule.factor[j] + rule.center[j]; });
        case AnswerForm::EXP:
            return for_each_column(y, [&](V v, std::int64_t j) { return exp(v) / rule.factor[j] + rule.center[j]; });
        case AnswerForm::SIGMOID:
            if (decisions) return for_each_column(y, [](V v, std::int64_t) { return label_of_logit(v); });
            return for_each_column(y, [](V v, std::int64_t) { return sigmoid(v); });
        case AnswerForm::CLIP:
            return for_each_column(y, [](V v, std::int64_t) { return minimum(maximum(v, 0.0), 1.0); });
        case AnswerForm::SOFTMAX:
            return softmax(y);
        case AnswerForm::SHARED_SIGMOID:
            for_each_column(y, [](V v, std::int64_t) { return sigmoid(v); });
            return share(y);
        case AnswerForm::SHARED:
            raise_to_zero(y);
            return share(y);
    }
}

// LANES rows of a unit from row i on; those past the end are the last row again.
INLINE Vec<double> load_rows(const Outputs& outputs, std::int64_t i, std::int64_t unit) {
    using V = Vec<double>;
    const double* from = outputs.data + unit * outputs.unit_step;
    if (outputs.row_step == 1 && i + V::LANES <= outputs.rows) return load<V>(from + i);
    double lanes[V::LANES];
    for (int lane = 0; lane < V::LANES; ++lane)
        lanes[lane] = from[std::min(i + lane, outputs.rows - 1) * outputs.row_step];
    return load<V>(lanes);
}

// Whether the outputs, in place of the answers, decide the same.
inline bool outputs_decide(const AnswerRule& rule, const Answers& outputs, double* values) {
    using V = Vec<double>;
    if (rule.form != AnswerForm::SOFTMAX) return false;
    Mask<V> needed(0);
    for (std::int64_t i = 0; i < outputs.rows; i += V::LANES)
        needed = needed | softmax_needed({values + i, outputs.stride, outputs.columns});
    return !any(needed);
}

// The answers lie in the scratch.
inline Answers answers(const AnswerRule& rule, const Outputs& outputs, Purpose purpose, std::vector<double>& scratch) {
    using V = Vec<double>;
    const std::int64_t stride = whole_vectors(outputs.rows), columns = rule.units + rule.complement;
    if (static_cast<std::int64_t>(scratch.size()) < columns * stride) scratch.resize(columns * stride);
    Answers answers{scratch.data(), outputs.rows, columns, stride, false};
    double* first = scratch.data() + rule.complement * stride;
    for (std::int64_t j = 0; j < rule.units; ++j)
        for (std::int64_t i = 0; i < outputs.rows; i += V::LANES)
            store(first + j * stride + i, load_rows(outputs, i, j));
    const bool as_they_are = purpose == Purpose::DECISIONS && outputs_decide(rule, answers, first);
    V unbounded(0.0);  // NaN where a value is not finite
    for (std::int64_t i = 0; i < outputs.rows; i += V::LANES) {
        const RowGroup group{first + i, stride, rule.units};
        if (!as_they_are) answer_group(rule, purpose, group);
        for (std::int64_t j = 0; j < rule.units; ++j) unbounded = unbounded + (group.get(j) - group.get(j));
        if (rule.complement) group.set(-1, 1.0 - group.get(0));
    }
    answers.finite = !any(unbounded != unbounded);
    return answers;
}

}  // namespace multilayer
