// Scores of predicted probabilities by what they decide, and log_loss and brier (docs/arithmetic.md, section 5.13).
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "sample.hpp"

namespace multilayer {

// The codes of the decided classes: of two the second where p_1 >= p_0, of more the first of the largest.
inline std::int64_t* decided_classes(const Answers& p, ScoreScratch& scratch) {
    using V = Vec<double>;
    std::int64_t* codes = at_least(scratch.decided, p.rows);
    for (std::int64_t i = 0; i < p.rows; i += V::LANES) {
        V best = load<V>(p.column(0) + i);
        Integers<V> code(0);
        for (std::int64_t j = 1; j < p.columns; ++j) {
            const V other = load<V>(p.column(j) + i);
            const Mask<V> better = p.columns == 2 ? other >= best : other > best;
            best = select(better, other, best);
            code = select(better, Integers<V>(j), code);
        }
        store(codes + i, code);
    }
    return codes;
}

// -1 where a label is decided, 0 elsewhere; and where it is actual.
INLINE Mask<Vec<double>> decided_label(Vec<double> p) { return p >= 0.5; }
INLINE Mask<Vec<double>> actual_label(Vec<double> t) { return t == 1.0; }

// -1 where a row is decided as it is, in every label; 0 elsewhere.
inline const std::int64_t* right_rows(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    using V = Vec<double>;
    using I = Integers<V>;
    std::int64_t* right = sample.one_of() ? decided_classes(p, scratch) : at_least(scratch.decided, p.rows);
    for (std::int64_t i = 0; i < p.rows; i += V::LANES) {
        Mask<V> all(-1);
        if (sample.one_of())
            all = load<I>(right + i) == load<I>(sample.codes() + i);
        else
            for (std::int64_t j = 0; j < p.columns; ++j)
                all = all & (decided_label(load<V>(p.column(j) + i)) == actual_label(load<V>(sample.column(j) + i)));
        store(right + i, all);
    }
    return right;
}

inline double accuracy(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    const std::int64_t* right = right_rows(sample, p, scratch);
    if (!sample.weighted())
        return static_cast<double>(-std::accumulate(right, right + p.rows, std::int64_t{0})) / sample.whole;
    double* terms = at_least(scratch.terms, p.rows);
    for (std::int64_t i = 0; i < p.rows; ++i) terms[i] = right[i] != 0 ? sample.weights()[i] : 0;
    return total(terms, p.rows) / sample.whole;
}

// For each of k codes the total of w over the rows of that code, which is -1 where a row is none of them.
template <class Code>
void totals_by_code(const Sample& sample, std::int64_t k, Code code, std::vector<double>& totals,
                    ScoreScratch& scratch) {
    auto& starts = scratch.starts;  // of each code among the weights sorted by code
    starts.assign(k + 1, 0);
    for (std::int64_t i = 0; i < sample.n; ++i)
        if (code(i) >= 0) ++starts[code(i) + 1];
    if (!sample.weighted()) {
        totals.assign(starts.begin() + 1, starts.end());
        return;
    }
    for (std::int64_t c = 0; c < k; ++c) starts[c + 1] += starts[c];
    double* sorted = at_least(scratch.terms, sample.n);
    for (std::int64_t i = 0; i < sample.n; ++i)
        if (code(i) >= 0) sorted[starts[code(i)]++] = sample.weights()[i];
    totals.resize(k);
    for (std::int64_t c = 0; c < k; ++c) {  // each start has moved to its end
        const std::int64_t from = c == 0 ? 0 : starts[c - 1];
        totals[c] = total(sorted + from, starts[c] - from);
    }
}

// hit, said and real of every class; and which classes are decided or actual in some row, whatever its weight.
inline void count_classes(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    const std::int64_t *decided = decided_classes(p, scratch), *actual = sample.codes();
    const auto hit = [=](std::int64_t i) { return decided[i] == actual[i] ? decided[i] : -1; };
    totals_by_code(sample, p.columns, hit, scratch.hit, scratch);
    totals_by_code(sample, p.columns, [=](std::int64_t i) { return decided[i]; }, scratch.said, scratch);
    totals_by_code(sample, p.columns, [=](std::int64_t i) { return actual[i]; }, scratch.real, scratch);
    scratch.occurs.assign(p.columns, false);
    for (std::int64_t i = 0; i < sample.n; ++i) scratch.occurs[decided[i]] = scratch.occurs[actual[i]] = true;
}

// The total of w where `chosen` of the answer and the target is true.
template <class Chosen>
double total_where(const Sample& sample, const double* p, const double* t, ScoreScratch& scratch, Chosen chosen) {
    using V = Vec<double>;
    double* terms = at_least(scratch.terms, sample.n);
    for (std::int64_t i = 0; i < sample.n; i += V::LANES)
        store(terms + i, select(chosen(load<V>(p + i), load<V>(t + i)), V(1.0), V(0.0)));
    sample.weigh(terms);
    return total(terms, sample.n);
}

// The same of every label.
inline void count_labels(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    for (auto* totals : {&scratch.hit, &scratch.said, &scratch.real}) totals->resize(p.columns);
    scratch.occurs.assign(p.columns, true);
    for (std::int64_t j = 0; j < p.columns; ++j) {
        const double *answer = p.column(j), *actual = sample.column(j);
        scratch.hit[j] = total_where(sample, answer, actual, scratch, [](const auto& a, const auto& t) {
            return decided_label(a) & actual_label(t);
        });
        scratch.said[j] = total_where(sample, answer, actual, scratch,
                                      [](const auto& a, const auto&) { return decided_label(a); });
        scratch.real[j] = total_where(sample, answer, actual, scratch,
                                      [](const auto&, const auto& t) { return actual_label(t); });
    }
}

inline double ratio(double part, double all) { return all > 0 ? part / all : 0; }

// The score of class 1 of two classes; else the mean over all labels, or all classes that occur.
template <class F>
double averaged(const Sample& sample, const Answers& p, ScoreScratch& scratch, F score) {
    const auto &hit = scratch.hit, &said = scratch.said, &real = scratch.real;
    if (sample.one_of())
        count_classes(sample, p, scratch);
    else
        count_labels(sample, p, scratch);
    if (sample.one_of() && p.columns == 2) return score(hit[1], said[1], real[1]);
    Total sum;
    double count = 0;
    for (std::int64_t j = 0; j < p.columns; ++j) {
        if (!scratch.occurs[j]) continue;
        sum.add(score(hit[j], said[j], real[j]));
        count += 1;
    }
    return sum.value() / count;
}

inline double precision(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    return averaged(sample, p, scratch, [](double hit, double said, double) { return ratio(hit, said); });
}

inline double recall(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    return averaged(sample, p, scratch, [](double hit, double, double real) { return ratio(hit, real); });
}

inline double f1(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    return averaged(sample, p, scratch,
                    [](double hit, double said, double real) { return ratio(2 * hit, said + real); });
}

inline double balanced_accuracy(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    count_classes(sample, p, scratch);
    Total sum;
    double count = 0;
    for (std::int64_t j = 0; j < p.columns; ++j) {
        if (!(scratch.real[j] > 0)) continue;
        sum.add(scratch.hit[j] / scratch.real[j]);
        count += 1;
    }
    return sum.value() / count;
}

inline double matthews_corrcoef(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    count_classes(sample, p, scratch);
    Total hits, said_real, said_said, real_real;
    for (std::int64_t j = 0; j < p.columns; ++j) {
        const double said = scratch.said[j], real = scratch.real[j];
        hits.add(scratch.hit[j]);
        said_real.add(said * real);
        said_said.add(said * said);
        real_real.add(real * real);
    }
    const double all = sample.whole;
    const double a = all * all - said_said.value(), b = all * all - real_real.value();
    if (a <= 0 || b <= 0) return 0;
    return (hits.value() * all - said_real.value()) / (square_root(a) * square_root(b));
}

// -log of n probabilities, kept within 2^-52 and 1 - 2^-52.
inline void negative_logs(double* p, std::int64_t n) {
    using V = Vec<double>;
    for (std::int64_t i = 0; i < n; i += V::LANES)
        store(p + i, -log(minimum(maximum(load<V>(p + i), 0x1p-52), 1 - 0x1p-52)));
}

// The total of every row's weight, once for each label.
inline double whole_of_labels(const Sample& sample, std::int64_t labels) {
    if (!sample.weighted()) return sample.whole * static_cast<double>(labels);
    Total whole;
    for (std::int64_t j = 0; j < labels; ++j) whole.add(sample.weights(), sample.n);
    return whole.value();
}

inline double log_loss(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    using V = Vec<double>;
    double* terms = at_least(scratch.terms, sample.n);
    if (sample.one_of()) {
        for (std::int64_t i = 0; i < sample.n; ++i) terms[i] = p.column(sample.codes()[i])[i];
        negative_logs(terms, sample.n);
        return sample.mean(terms);
    }
    Total sum;
    for (std::int64_t j = 0; j < p.columns; ++j) {
        for (std::int64_t i = 0; i < sample.n; i += V::LANES) {
            const V yes = load<V>(p.column(j) + i);
            store(terms + i, select(actual_label(load<V>(sample.column(j) + i)), yes, 1.0 - yes));
        }
        negative_logs(terms, sample.n);
        sample.weigh(terms);
        sum.add(terms, sample.n);
    }
    return sum.value() / whole_of_labels(sample, p.columns);
}

inline double brier(const Sample& sample, const Answers& p, ScoreScratch& scratch) {
    using V = Vec<double>;
    double* terms = at_least(scratch.terms, sample.n);
    Total sum;
    for (std::int64_t j = p.columns == 2 ? 1 : 0; j < p.columns; ++j) {
        for (std::int64_t i = 0; i < sample.n; i += V::LANES) {
            const auto actual = load<Integers<V>>(sample.codes() + i) == j;
            const V away = load<V>(p.column(j) + i) - select(actual, V(1.0), V(0.0));
            store(terms + i, away * away);
        }
        sample.weigh(terms);
        sum.add(terms, sample.n);
    }
    return sum.value() / sample.whole;
}

}  // namespace multilayer
