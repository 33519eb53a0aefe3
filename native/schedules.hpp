// What multiplies the learning rate, as a function of time in epochs (docs/arithmetic.md, 5.14).
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "circle.hpp"
#include "named.hpp"
#include "scalar_functions.hpp"

namespace multilayer {

class Schedule {
public:
    // What reduce_on_plateau has learned: now, best and bad. Other schedules have learned nothing, and keep it so.
    using State = std::array<double, 3>;

    explicit Schedule(const Named& entry) : kind_(kind_of(entry.name)) {
        const auto read = [&](const char* option, double& value) {
            if (entry.has(option)) value = entry[option];
        };
        read("epochs", epochs_), read("every", epochs_);
        read("factor", factor_), read("gamma", factor_), read("decay", factor_);
        read("floor", floor_), read("start", start_), read("end", end_), read("peak", peak_);
        read("patience", patience_), read("threshold", threshold_), read("power", power_);
        for (const Named& next : entry.then) then_.emplace_back(next);
    }

    // At time = steps so far / steps per epoch.
    double factor(double time) const {
        switch (kind_) {
            case Kind::CONSTANT: return 1.0;
            case Kind::STEP: return multilayer::power(factor_, __builtin_floor(time / epochs_));
            case Kind::EXPONENTIAL: return multilayer::power(factor_, time);
            case Kind::INVERSE_TIME: return 1.0 / multilayer::power(1.0 + factor_ * time, power_);
            case Kind::COSINE: return between(1.0, floor_, share(time));
            case Kind::WARM_UP: return warm_up(time);
            case Kind::ONE_CYCLE: return one_cycle(share(time));
            case Kind::COSLOG4: return coslog4(share(time));
            case Kind::REDUCE_ON_PLATEAU: return now_;
        }
        return 1.0;
    }

    // The watched value at an epoch's end; less is better.
    void observe(double value) {
        for (Schedule& next : then_) next.observe(value);
        if (kind_ != Kind::REDUCE_ON_PLATEAU) return;
        const bool first = best_ == INFINITE || best_ == -INFINITE;
        if (value < (first ? best_ : best_ - threshold_ * absolute(best_))) {
            best_ = value;
            bad_ = 0.0;
            return;
        }
        bad_ += 1.0;
        if (bad_ > patience_) {
            now_ = std::max(now_ * factor_, floor_);
            bad_ = 0.0;
        }
    }

    State state() const { return then_.empty() ? State{now_, best_, bad_} : then_[0].state(); }
    void restore(const State& saved) {
        for (Schedule& next : then_) next.restore(saved);
        now_ = saved[0], best_ = saved[1], bad_ = saved[2];
    }

private:
    enum class Kind {
        CONSTANT, STEP, EXPONENTIAL, INVERSE_TIME, COSINE, WARM_UP, ONE_CYCLE, COSLOG4, REDUCE_ON_PLATEAU
    };

    static constexpr double INFINITE = std::numeric_limits<double>::infinity();
    static constexpr double PI = 0x1.921fb54442d18p+1;

    static Kind kind_of(const std::string& name) {
        static const std::array<const char*, 9> NAMES = {"constant", "step",      "exponential", "inverse_time",
                                                         "cosine",   "warm_up",   "one_cycle",   "coslog4",
                                                         "reduce_on_plateau"};
        const auto found = std::find(NAMES.begin(), NAMES.end(), name);
        if (found == NAMES.end()) throw std::invalid_argument("no schedule is called '" + name + "'");
        return Kind(found - NAMES.begin());
    }

    double share(double time) const { return std::min(std::max(time / epochs_, 0.0), 1.0); }

    static double between(double first, double last, double share) {
        return last + (first - last) * ((1.0 + multilayer::cos(PI * share)) / 2.0);
    }

    double warm_up(double time) const {
        if (time < epochs_) return start_ + (1.0 - start_) * (time / epochs_);
        return then_.empty() ? 1.0 : then_[0].factor(time - epochs_);
    }

    double one_cycle(double share) const {
        if (share < peak_) return between(start_, 1.0, share / peak_);
        return between(1.0, start_ * end_, (share - peak_) / (1.0 - peak_));
    }

    static double coslog4(double share) {
        const double cycles = multilayer::log2(1.0 + 15.0 * share);
        return (1.0 - multilayer::cos((2.0 * PI) * (cycles - __builtin_floor(cycles)))) / 2.0;
    }

    Kind kind_;
    double epochs_ = 1.0;  // `every` of step
    double factor_ = 1.0;  // `gamma` of exponential, `decay` of inverse_time
    double power_ = 1.0;  // of inverse_time
    double floor_ = 0.0, start_ = 0.0, end_ = 0.0, peak_ = 0.0, patience_ = 0.0, threshold_ = 0.0;
    double now_ = 1.0, best_ = INFINITE, bad_ = 0.0;
    std::vector<Schedule> then_;  // of a warm-up: one, or none
};

}  // namespace multilayer
