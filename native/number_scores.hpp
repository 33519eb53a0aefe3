// Scores of predicted numbers, each the mean over the outputs (docs/arithmetic.md, section 5.13).
#pragma once

#include "sample.hpp"

namespace multilayer {

// mean(f(t, y)) of one output.
template <class F>
double mean_over_rows(const Sample& sample, const Answers& answers, std::int64_t j, ScoreScratch& scratch, F f) {
    using V = Vec<double>;
    double* terms = at_least(scratch.terms, sample.n);
    const double *t = sample.column(j), *y = answers.column(j);
    for (std::int64_t i = 0; i < sample.n; i += V::LANES) store(terms + i, f(load<V>(t + i), load<V>(y + i)));
    return sample.mean(terms);
}

template <class F>
double over_outputs(const Answers& answers, F score_of_output) {
    Total sum;
    for (std::int64_t j = 0; j < answers.columns; ++j) sum.add(score_of_output(j));
    return sum.value() / static_cast<double>(answers.columns);
}

INLINE Vec<double> squared(Vec<double> a) { return a * a; }

inline double mean_square(const Sample& sample, const Answers& answers, std::int64_t j, ScoreScratch& scratch) {
    return mean_over_rows(sample, answers, j, scratch, [](const auto& t, const auto& y) { return squared(t - y); });
}

inline double mse(const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    return over_outputs(answers, [&](std::int64_t j) { return mean_square(sample, answers, j, scratch); });
}

inline double rmse(const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    return over_outputs(answers,
                        [&](std::int64_t j) { return square_root(mean_square(sample, answers, j, scratch)); });
}

inline double mae(const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    return over_outputs(answers, [&](std::int64_t j) {
        return mean_over_rows(sample, answers, j, scratch,
                              [](const auto& t, const auto& y) { return absolute(y - t); });
    });
}

inline double pinball(const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    return over_outputs(answers, [&](std::int64_t j) {
        return mean_over_rows(sample, answers, j, scratch, [](const auto& t, const auto& y) {
            const auto d = t - y;
            return maximum(0.5 * d, -0.5 * d);
        });
    });
}

// 1 - left / V; an output of constant target counts 1 if nothing is left unexplained, else 0.
inline double explained(double left, double variance) {
    if (variance > 0) return 1 - left / variance;
    return left == 0 ? 1 : 0;
}

inline double r2(const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    return over_outputs(answers, [&](std::int64_t j) {
        return explained(mean_square(sample, answers, j, scratch), sample.variances[j]);
    });
}

inline double explained_variance(const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    return over_outputs(answers, [&](std::int64_t j) {
        const double middle = mean_over_rows(sample, answers, j, scratch,
                                             [](const auto& t, const auto& y) { return t - y; });
        const double left = mean_over_rows(sample, answers, j, scratch, [=](const auto& t, const auto& y) {
            return squared((t - y) - middle);
        });
        return explained(left, sample.variances[j]);
    });
}

}  // namespace multilayer
