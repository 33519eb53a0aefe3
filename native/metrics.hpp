// The metrics by name (docs/arithmetic.md, section 5.13).
//
//     const Sample sample(truth, weights, rows, n);               once for the rows of a member
//     const auto a = answers(rule, outputs, metric.needs, memory);  after every epoch
//     score(metric, sample, a, scratch);
#pragma once

#include <limits>
#include <stdexcept>
#include <string>

#include "class_scores.hpp"
#include "number_scores.hpp"
#include "ranking.hpp"
#include "sample.hpp"

namespace multilayer {

struct Metric {
    const char* name;
    double (*score)(const Sample&, const Answers&, ScoreScratch&);
    bool greater_is_better;
    Purpose needs;
};

constexpr Metric METRICS[] = {
    {"accuracy", accuracy, true, Purpose::DECISIONS},
    {"balanced_accuracy", balanced_accuracy, true, Purpose::DECISIONS},
    {"f1", f1, true, Purpose::DECISIONS},
    {"precision", precision, true, Purpose::DECISIONS},
    {"recall", recall, true, Purpose::DECISIONS},
    {"matthews_corrcoef", matthews_corrcoef, true, Purpose::DECISIONS},
    {"roc_auc", roc_auc, true, Purpose::VALUES},
    {"average_precision", average_precision, true, Purpose::VALUES},
    {"log_loss", log_loss, false, Purpose::VALUES},
    {"brier", brier, false, Purpose::VALUES},
    {"r2", r2, true, Purpose::VALUES},
    {"explained_variance", explained_variance, true, Purpose::VALUES},
    {"rmse", rmse, false, Purpose::VALUES},
    {"mse", mse, false, Purpose::VALUES},
    {"mae", mae, false, Purpose::VALUES},
    {"pinball", pinball, false, Purpose::VALUES},
};

inline const Metric& metric_named(const std::string& name) {
    for (const Metric& metric : METRICS)
        if (metric.name == name) return metric;
    throw std::invalid_argument("There is no metric '" + name + "'.");
}

// The metric of a target that every training reports.
inline const Metric& headline(TargetKind kind) {
    return metric_named(kind == TargetKind::REGRESSION ? "r2" : "accuracy");
}

// NaN where an answer is not finite or no weight is above 0.
inline double score(const Metric& metric, const Sample& sample, const Answers& answers, ScoreScratch& scratch) {
    if (!answers.finite || !(sample.whole > 0)) return std::numeric_limits<double>::quiet_NaN();
    return metric.score(sample, answers, scratch);
}

}  // namespace multilayer
