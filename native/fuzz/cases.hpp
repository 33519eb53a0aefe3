// A random case: a table, and members with their recipes, rows and starting weights, from one number.
#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "recipes.hpp"

namespace multilayer::fuzz {

struct Case {
    bool single = true, trains = true;
    Data table;
    std::vector<Member> members;
    std::vector<std::vector<Array>> weights;
    // What the table and the members point into.
    std::vector<double> x, values, weight;
    std::vector<float> x_single;
    std::vector<std::int64_t> codes;
    std::deque<std::vector<std::int64_t>> rows;
};

// What a case may be at most, so that it is done in milliseconds.
struct Bounds {
    int features, least_train, most_train, most_val, width, hidden, least_members, most_members, epochs, least_batch;
};

inline Bounds random_bounds(Random& random) {
    const std::int64_t kind = random.below(100);
    if (kind < 4) return {600, 1, 12, 5, 70, 1, 1, 2, 2, 1};           // more inputs than a product takes at a time
    if (kind < 8) return {6, 250, 1300, 1300, 17, 2, 1, 2, 2, 250};    // more rows than a block of a sum
    if (kind < 10) return {6, 250, 520, 300, 9, 1, 6, 18, 2, 250};     // the same of members abreast
    if (kind < 30) return {9, 1, 20, 20, 17, 2, 6, 40, 3, 1};          // members abreast
    return {20, 1, 36, 36, 50, 3, 1, 3, 4, 1};
}

class Maker {
public:
    explicit Maker(std::uint64_t seed) : random_(seed), bounds_(random_bounds(random_)) {}

    Case make() {
        Case c;
        c.single = random_.chance(60);
        c.trains = random_.chance(97);
        make_inputs(c);
        make_target(c);
        const int count = int(random_.between(bounds_.least_members, bounds_.most_members));
        for (int i = 0; i < count; ++i) {
            c.members.push_back(i == 0 || random_.chance(8) ? new_member(c) : relative(c, c.members[0]));
            const auto make_weights = c.single ? random_weights<float> : random_weights<double>;
            c.weights.push_back(make_weights(random_, c.members.back().layers, int(c.table.features)));
        }
        return c;
    }

private:
    void make_inputs(Case& c) {
        Data& table = c.table;
        table.rows = random_.between(bounds_.least_train, bounds_.most_train);
        table.features = random_.chance(15) ? 1 : bounds_.features > 100 ? random_.between(100, bounds_.features)
                                                                         : random_.between(1, bounds_.features);
        const int missing = random_.chance(30) ? 15 : 0;
        const double size = random_.chance(92) ? 2.0 : random_.pick({0x1p-140, 0x1p-30, 0x1p30, 0x1p120});
        c.x.resize(std::size_t(table.rows * table.features));
        for (double& value : c.x) {
            value = random_.real() * size;
            if (random_.chance(missing)) value = std::numeric_limits<double>::quiet_NaN();
        }
        if (random_.chance(25)) {
            c.x_single.assign(c.x.begin(), c.x.end());
            table.x_single = c.x_single.data();
        } else {
            table.x = c.x.data();
        }
        if (!random_.chance(20)) return;
        const int none = random_.pick({0, 20, 60, 100});
        for (std::int64_t i = 0; i < table.rows; ++i) {
            const double weight = random_.share();
            c.weight.push_back(random_.chance(none) ? 0.0 : random_.chance(50) ? 1.0 : weight);
        }
        table.weight = c.weight.data();
    }

    void make_target(Case& c) {
        Truth& truth = c.table.truth;
        truth.kind = random_.pick({TargetKind::BINARY, TargetKind::CLASSES, TargetKind::MULTILABEL,
                                   TargetKind::REGRESSION});
        truth.outputs = 1;
        classes_ = truth.kind == TargetKind::BINARY ? 2 : random_.between(2, std::max(2, bounds_.width / 2));
        if (truth.kind == TargetKind::BINARY || truth.kind == TargetKind::CLASSES) {
            for (std::int64_t i = 0; i < c.table.rows; ++i) c.codes.push_back(random_.below(classes_));
            truth.codes = c.codes.data();
            return;
        }
        truth.outputs = random_.chance(50) ? 1 : random_.between(1, std::max(1, bounds_.width / 2));
        const bool constant = random_.chance(5);
        for (std::int64_t i = 0; i < c.table.rows * truth.outputs; ++i) {
            const double number = random_.real() * 4, label = double(random_.below(2));
            c.values.push_back(truth.kind == TargetKind::MULTILABEL ? label : constant ? 1.5 : number);
        }
        truth.values = c.values.data();
    }

    int outputs(const Case& c, const Named& loss) const {
        const Truth& truth = c.table.truth;
        const bool of_classes = loss.name == "cross_entropy" || loss.name == "max_margin";
        if (truth.kind == TargetKind::REGRESSION) return int(truth.outputs) * (loss.name == "gaussian_nll" ? 2 : 1);
        if (truth.kind == TargetKind::MULTILABEL) return int(truth.outputs);
        return truth.kind == TargetKind::BINARY && !of_classes ? 1 : int(classes_);
    }

    Member new_member(Case& c) {
        Member m;
        m.loss = random_loss(random_, c.table.truth.kind, random_.chance(60));
        m.layers = random_layers(random_, int(random_.below(bounds_.hidden + 1)), bounds_.width, outputs(c, m.loss),
                                 c.trains);
        m.optimizer.rule = random_optimizer(random_);
        m.mean = random_.chance(85);
        m.penalize_biases = random_.chance(25);
        m.noise = random_.chance(12) ? random_fraction(random_) : 0.0;
        const std::int64_t train = random_.chance(8) ? 1 : random_.between(bounds_.least_train, c.table.rows);
        const std::int64_t val = random_.chance(25) ? 0 : random_.between(1, bounds_.most_val);
        m.batch_size = random_.chance(25) ? 0 : random_.between(bounds_.least_batch, train + 3 + bounds_.least_batch);
        if (random_.chance(10) && bounds_.least_batch == 1) m.batch_size = 1;
        m.epochs = c.trains ? random_.between(1, bounds_.epochs) : 0;
        give_rows(c, m, train, val);
        give_own(c, m);
        return m;
    }

    // A member that may learn abreast with another.
    Member relative(Case& c, const Member& other) {
        Member m = other;
        if (random_.chance(20)) {
            for (Named& layer : m.layers)
                for (const char* option : {"slope", "alpha", "epsilon"})
                    if (layer.has(option)) layer.options[option] *= 0.5;
            for (const char* option : {"delta", "label_smoothing", "margin"})
                if (m.loss.has(option)) m.loss.options[option] *= 0.5;
        }
        for (const char* option : {"beta1", "beta2", "rho", "eps", "initial", "lambda1", "momentum_decay"})
            if (m.optimizer.rule.has(option) && random_.chance(30)) m.optimizer.rule.options[option] *= 0.5;
        if (random_.chance(60)) give_rows(c, m, m.train.count, m.val.count);
        give_own(c, m);
        return m;
    }

    void give_rows(Case& c, Member& m, std::int64_t train, std::int64_t val) {
        const auto some = [&](std::int64_t count) {
            std::vector<std::int64_t> rows;
            for (std::int64_t i = 0; i < count; ++i) rows.push_back(random_.below(c.table.rows));
            c.rows.push_back(std::move(rows));
            return RowNumbers{c.rows.back().data(), count};
        };
        m.train = some(train);
        m.val = some(val);
    }

    // What members abreast need not have in common.
    void give_own(const Case& c, Member& m) {
        const auto seldom = [&](std::optional<double>& setting) {
            setting.reset();
            if (random_.chance(15)) setting = random_positive(random_);
        };
        m.schedule = random_schedule(random_);
        m.optimizer.l1 = random_.chance(20) ? random_fraction(random_) : 0.0;
        m.optimizer.l2 = random_.chance(20) ? random_fraction(random_) : 0.0;
        m.optimizer.weight_decay = random_.chance(20) ? random_fraction(random_) : 0.0;
        seldom(m.optimizer.clip_value);
        seldom(m.optimizer.clip_norm);
        seldom(m.optimizer.max_norm);
        m.lr = random_.pick({1e-12, 1e-3, 0.01, 0.1, 1.0, 1e6});
        m.min_delta = random_.chance(20) ? random_fraction(random_) : 0.0;
        m.patience.reset();
        if (random_.chance(30)) m.patience = random_.between(1, 3);
        m.keep_best = random_.chance(75);
        m.monitor = random_monitor(c.table.truth.kind);
        m.shuffle = random_.pick<const char*>({"full", "full", "none", "blocks:1", "blocks:3", "blocks:1000000"});
        m.seed = random_.next();
        if (c.trains) m.epochs = random_.between(1, bounds_.epochs);
        const auto numbers = [&](std::vector<double>& to, std::int64_t count, bool factors) {
            to.clear();
            for (std::int64_t i = 0; i < count; ++i) to.push_back(factors ? random_.share() + 0.5 : random_.real());
        };
        const std::int64_t targets = c.table.truth.kind == TargetKind::REGRESSION ? c.table.truth.outputs : 0;
        numbers(m.center, c.table.features, false);
        numbers(m.factor, c.table.features, true);
        numbers(m.fill, c.table.features, false);
        numbers(m.target_center, targets, false);
        numbers(m.target_factor, targets, true);
    }

    const char* random_monitor(TargetKind kind) {
        if (random_.chance(40)) return "loss";
        if (kind == TargetKind::REGRESSION)
            return random_.pick({"r2", "explained_variance", "rmse", "mse", "mae", "pinball"});
        if (kind == TargetKind::MULTILABEL)
            return random_.pick({"accuracy", "f1", "precision", "recall", "roc_auc", "average_precision", "log_loss"});
        const char* of_classes = random_.pick({"accuracy", "balanced_accuracy", "f1", "precision", "recall",
                                               "matthews_corrcoef", "roc_auc", "log_loss", "brier"});
        return kind == TargetKind::BINARY && random_.chance(10) ? "average_precision" : of_classes;
    }

    Random random_;
    const Bounds bounds_;
    std::int64_t classes_ = 2;
};

}  // namespace multilayer::fuzz
