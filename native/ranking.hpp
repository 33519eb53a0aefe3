// Scores of the order that probabilities put the rows in: roc_auc and average_precision (docs/arithmetic.md, 5.13).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "sample.hpp"

namespace multilayer {

// The rows from the highest p on, those of equal p in their order: a radix sort, digit by digit from the lowest.
inline const std::vector<ScoreScratch::Ranked>& ranking(const double* p, std::int64_t n, ScoreScratch& scratch) {
    constexpr int DIGITS = 8;
    std::array<std::array<std::int64_t, 256>, DIGITS> ends{};
    scratch.ranked.resize(n);
    scratch.sorted.resize(n);
    for (std::int64_t i = 0; i < n; ++i) {
        const auto bits = std::bit_cast<std::int64_t>(p[i] + 0.0);  // both zeros are one
        const std::uint64_t rising = bits ^ ((bits >> 63) | std::numeric_limits<std::int64_t>::min());
        scratch.ranked[i] = {~rising, i};
        for (int digit = 0; digit < DIGITS; ++digit) ++ends[digit][~rising >> 8 * digit & 255];
    }
    for (int digit = 0; digit < DIGITS; ++digit) {
        auto& place = ends[digit];
        if (place[scratch.ranked[0].key >> 8 * digit & 255] == n) continue;  // the same in all rows
        std::int64_t before = 0;
        for (auto& count : place) before += std::exchange(count, before);
        for (const auto& row : scratch.ranked) scratch.sorted[place[row.key >> 8 * digit & 255]++] = row;
        scratch.ranked.swap(scratch.sorted);
    }
    return scratch.ranked;
}

// Calls step(I, O) at the last row of each distinct p, with the weights so far inside the class and outside.
template <class Actual, class Step>
void walk_down(const Sample& sample, const double* p, Actual actual, ScoreScratch& scratch, Step step) {
    const auto& ranked = ranking(p, sample.n, scratch);
    double inside = 0, outside = 0;
    for (std::int64_t i = 0; i < sample.n; ++i) {
        (actual(ranked[i].row) ? inside : outside) += sample.weight(ranked[i].row);
        if (i + 1 == sample.n || ranked[i + 1].key != ranked[i].key) step(inside, outside);
    }
}

template <class Actual>
double area(const Sample& sample, const double* p, Actual actual, ScoreScratch& scratch) {
    double* terms = at_least(scratch.terms, sample.n);
    double inside_before = 0, outside_before = 0;
    std::int64_t n = 0;
    walk_down(sample, p, actual, scratch, [&](double inside, double outside) {
        terms[n++] = ((outside - outside_before) * (inside + inside_before)) * 0.5;
        inside_before = inside;
        outside_before = outside;
    });
    const double all = inside_before * outside_before;
    return all == 0 ? std::numeric_limits<double>::quiet_NaN() : total(terms, n) / all;
}

template <class Actual>
double precision_over_recall(const Sample& sample, const double* p, Actual actual, ScoreScratch& scratch) {
    double* terms = at_least(scratch.terms, sample.n);
    double before = 0;
    std::int64_t n = 0;
    walk_down(sample, p, actual, scratch, [&](double inside, double outside) {
        const double said = inside + outside;
        terms[n++] = (inside - before) * (said > 0 ? inside / said : 0);
        before = inside;
    });
    return before == 0 ? std::numeric_limits<double>::quiet_NaN() : total(terms, n) / before;
}

// The score of class 1 of two classes; else the mean over all classes or labels.
template <class F>
double over_columns(const Sample& sample, const Answers& p, F score) {
    const auto of_column = [&](std::int64_t j) {
        if (sample.one_of()) return score(p.column(j), [&, j](std::int64_t i) { return sample.codes()[i] == j; });
        return score(p.column(j), [&, j](std::int64_t i) { return sample.column(j)[i] == 1; });
    };
    if (sample.one_of() && p.columns == 2) return of_column(1);
    Total sum;
    for (std::int64_t j = 0; j < p.columns; ++j) sum.add(of_column(j));
    return sum.value() / static_cast<double>(p.columns);
}

inline double roc_auc(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    return over_columns(sample, p, [&](const double* column, auto actual) {
        return area(sample, column, actual, scratch);
    });
}

inline double average_precision(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    return over_columns(sample, p, [&](const double* column, auto actual) {
        return precision_over_recall(sample, column, actual, scratch);
    });
}

}  // namespace multilayer
