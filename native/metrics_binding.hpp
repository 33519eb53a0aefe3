// Sums, answers and metrics as Python's tests see them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "metrics.hpp"
#include "total.hpp"

namespace multilayer {

using Doubles = nanobind::ndarray<const double, nanobind::c_contig, nanobind::device::cpu>;
using Rows = nanobind::ndarray<const std::int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

inline TargetKind target_kind(const std::string& name) {
    if (name == "binary") return TargetKind::BINARY;
    if (name == "classes") return TargetKind::CLASSES;
    if (name == "multilabel") return TargetKind::MULTILABEL;
    if (name == "regression") return TargetKind::REGRESSION;
    throw std::invalid_argument("There is no target kind '" + name + "'.");
}

// Answers to outputs (n, units) of the layout that NumPy has.
struct AnsweredOutputs {
    std::vector<double> memory;
    Answers answers;

    AnsweredOutputs(const std::string& loss, const std::string& kind, const Doubles& outputs, const Doubles& center,
                    const Doubles& factor, Purpose purpose) {
        const auto units = static_cast<std::int64_t>(outputs.shape(1));
        const AnswerRule rule = answer_rule(target_kind(kind), loss, units, center.data(), factor.data());
        const Outputs strided{outputs.data(), static_cast<std::int64_t>(outputs.shape(0)), units, 1};
        answers = multilayer::answers(rule, strided, purpose, memory);
    }
};

inline auto answers_in_python(const std::string& loss, const std::string& kind, const Doubles& outputs,
                              const Doubles& center, const Doubles& factor) {
    const AnsweredOutputs answered(loss, kind, outputs, center, factor, Purpose::VALUES);
    const Answers& answers = answered.answers;
    auto* values = new double[answers.rows * answers.columns];
    for (std::int64_t i = 0; i < answers.rows; ++i)
        for (std::int64_t j = 0; j < answers.columns; ++j) values[i * answers.columns + j] = answers.column(j)[i];
    nanobind::capsule owner(values, [](void* memory) noexcept { delete[] static_cast<double*>(memory); });
    const std::size_t shape[] = {static_cast<std::size_t>(answers.rows), static_cast<std::size_t>(answers.columns)};
    return nanobind::ndarray<nanobind::numpy, double>(values, 2, shape, owner);
}

// `codes` or `values` is the target of all the data, `rows` are those that the outputs belong to.
inline double score_in_python(const std::string& name, const std::string& loss, const std::string& kind,
                              const Doubles& outputs, const Rows& codes, const Doubles& values, const Rows& rows,
                              const std::optional<Doubles>& weights, const Doubles& center, const Doubles& factor) {
    const Metric& metric = metric_named(name);
    const AnsweredOutputs answered(loss, kind, outputs, center, factor, metric.needs);
    const Truth truth{target_kind(kind), answered.answers.columns, codes.data(), values.data()};
    const Sample sample(truth, weights ? weights->data() : nullptr, rows.data(), answered.answers.rows);
    ScoreScratch scratch;
    return score(metric, sample, answered.answers, scratch);
}

inline void bind_metrics(nanobind::module_& module) {
    using namespace nanobind::literals;
    module.def("total", [](const Doubles& x) { return total(x.data(), static_cast<std::int64_t>(x.size())); }, "x"_a);
    module.def("answers", &answers_in_python, "loss"_a, "kind"_a, "outputs"_a, "center"_a, "factor"_a);
    module.def("score", &score_in_python, "name"_a, "loss"_a, "kind"_a, "outputs"_a, "codes"_a, "values"_a, "rows"_a,
               "weights"_a.none(), "center"_a, "factor"_a);
}

}  // namespace multilayer
