// A member of a population: what is asked of it, the data it shares with others, and how far it has come.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics.hpp"
#include "named.hpp"
#include "network.hpp"
#include "optimizers.hpp"
#include "schedules.hpp"

namespace multilayer {

// The rows that all members share. Inputs are float64 or float32, row after row; memory of the caller's.
struct Data {
    const double* x = nullptr;
    const float* x_single = nullptr;
    std::int64_t rows = 0, features = 0;
    Truth truth;
    std::int64_t classes = 0;  // of one_of kinds
    const double* weight = nullptr;
};

// Rows of the table by number; memory of the caller's.
struct RowNumbers {
    const std::int64_t* number = nullptr;
    std::int64_t count = 0;
};

// A member's resolved recipe, preparation and rows.
struct Member {
    std::vector<Named> layers;
    Named loss, schedule;
    bool mean = true;  // the reduction; else the sum
    OptimizerSettings optimizer;
    bool penalize_biases = false, keep_best = true;
    double lr = 0, noise = 0, min_delta = 0;
    std::int64_t batch_size = 0, epochs = 0;  // a batch size of 0: all training rows
    std::string shuffle = "full", monitor = "loss";
    std::optional<std::int64_t> patience;
    std::uint64_t seed = 0;
    std::vector<double> center, factor, fill, target_center, target_factor;
    RowNumbers train, val;

    int batch_rows() const {
        return int(batch_size == 0 ? train.count : std::min<std::int64_t>(batch_size, train.count));
    }
    std::int64_t steps_per_epoch() const { return (train.count + batch_rows() - 1) / batch_rows(); }
};

enum class Status { TRAINING, COMPLETE, STOPPED, DIVERGED, INTERRUPTED };
enum class Cause { NONE, LOSS_NOT_FINITE, LOSS_GREW, WEIGHT_NOT_FINITE };

// How far a training has come: what ends it, and which weights remain (docs/arithmetic.md, 5.12).
struct Progress {
    static constexpr double NONE = std::numeric_limits<double>::quiet_NaN();
    static constexpr double EXPLODED = 1e6;

    Status status = Status::TRAINING;
    Cause cause = Cause::NONE;
    std::int64_t epoch = 0, position = 0, steps = 0, best_epoch = 0, stale = 0;
    double loss_sum = 0, weight_sum = 0;
    bool started = false;                  // whether first_loss is known
    double first_loss = 0, last_loss = 0;  // of the first step and of the one that diverged
    double lr_used = 0, best = NONE, mark = NONE;

    // Whether the loss of a step means divergence.
    bool exploded(double value) {
        if (!started) {
            started = true;
            first_loss = value;
        }
        if (!std::isfinite(value))
            cause = Cause::LOSS_NOT_FINITE;
        else if (value - first_loss > EXPLODED * (std::fabs(first_loss) + 1))
            cause = Cause::LOSS_GREW;
        else
            return false;
        last_loss = value;
        return true;
    }

    static bool better(double value, double old, bool greater, double by = 0) {
        if (std::isnan(value) || std::isnan(old)) return !std::isnan(value);
        return greater ? value > old + by : value < old - by;
    }

    // Holds the monitored value of an epoch against the earlier ones; whether it is the best.
    bool judge(double value, bool greater, double min_delta, const std::optional<std::int64_t>& patience) {
        const bool is_best = better(value, best, greater);
        if (is_best) {
            best = value;
            best_epoch = epoch;
        }
        if (better(value, mark, greater, min_delta)) {
            mark = value;
            stale = 0;
        } else {
            ++stale;
            if (patience && stale >= *patience) status = Status::STOPPED;
        }
        return is_best;
    }
};

// Parameters and buffers, in the order of their slots.
template <class T>
struct Weights {
    std::vector<T> parameters, buffers;
};

// Everything of a member that changes.
template <class T>
struct MemberState {
    Numbers<T> parameters, buffers;
    std::vector<Numbers<T>> moments;  // of the optimizer
    MemberSteps optimizer_steps;
    Schedule schedule;
    Progress progress;
    Weights<T> finite, best;      // of the last whole epoch, and of the best one (empty: none is kept)
    std::vector<double> history;  // rows of loss, lr and, with validation rows, val_loss and the metrics

    explicit MemberState(const Member& member) : optimizer_steps(member.optimizer), schedule(member.schedule) {}

    void allocate(std::size_t parameter_count, std::size_t buffer_count, int moment_arrays) {
        parameters = Numbers<T>(parameter_count);
        buffers = Numbers<T>(buffer_count);
        for (int a = 0; a < moment_arrays; ++a) moments.emplace_back(parameter_count);
    }

    std::vector<Numbers<T>*> arrays() {
        std::vector<Numbers<T>*> all = {&parameters, &buffers};
        for (auto& array : moments) all.push_back(&array);
        return all;
    }

    Weights<T> weights() const {
        return {{parameters.data(), parameters.data() + parameters.size()},
                {buffers.data(), buffers.data() + buffers.size()}};
    }
    void set_weights(const Weights<T>& weights) {
        std::copy(weights.parameters.begin(), weights.parameters.end(), parameters.data());
        std::copy(weights.buffers.begin(), weights.buffers.end(), buffers.data());
    }
    const Weights<T>& remaining() const { return best.parameters.empty() ? finite : best; }
};

// What is watched on validation rows: the headline and, where it is another, the monitored metric.
inline std::vector<const Metric*> watched_metrics(const Member& member, TargetKind kind) {
    std::vector<const Metric*> metrics = {&headline(kind)};
    if (member.monitor != "loss" && member.monitor != metrics[0]->name)
        metrics.push_back(&metric_named(member.monitor));
    return metrics;
}

}  // namespace multilayer
