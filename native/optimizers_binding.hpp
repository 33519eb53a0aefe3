// Optimizers and schedules as Python's tests see them.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "norms.hpp"
#include "optimizers.hpp"
#include "schedules.hpp"
#include "wide.hpp"

namespace multilayer {

// A part of a recipe from its plain data; what is a word or none, such as `mode`, is left out.
inline Named named_in_python(const nanobind::dict& entry) {
    Named named;
    for (const auto& [key, value] : entry) {
        const auto option = nanobind::cast<std::string>(key);
        if (option == "name")
            named.name = nanobind::cast<std::string>(value);
        else if (nanobind::isinstance<nanobind::dict>(value))
            named.then.push_back(named_in_python(nanobind::cast<nanobind::dict>(value)));
        else if (!value.is_none() && !nanobind::isinstance<nanobind::str>(value))
            named.options[option] = nanobind::cast<double>(value);
    }
    return named;
}

// An optimizer's options and the settings beside them in one dictionary.
inline OptimizerSettings optimizer_settings_in_python(const nanobind::dict& entry) {
    OptimizerSettings settings{named_in_python(entry)};
    const auto number = [&](const char* name) { return settings.rule.has(name) ? settings.rule[name] : 0.0; };
    const auto limit = [&](const char* name) {
        return settings.rule.has(name) ? std::optional(settings.rule[name]) : std::nullopt;
    };
    settings.l1 = number("l1"), settings.l2 = number("l2"), settings.weight_decay = number("weight_decay");
    settings.clip_value = limit("clip_value"), settings.clip_norm = limit("clip_norm");
    settings.max_norm = limit("max_norm");
    return settings;
}

// A parameter among the flat ones: pieces, n_in, n_out, and whether it is a weight.
using ParameterShape = std::tuple<int, int, int, bool>;

// The steps of an optimizer over parameters that lie one after the other, of one member or of members abreast.
template <class T, bool ABREAST>
class OptimizerTrial {
public:
    OptimizerTrial(const std::vector<OptimizerSettings>& members, const std::vector<ParameterShape>& shapes,
                   const T* weights, std::size_t size)
        : members_(members), optimizer_(members), shapes_(shapes), size_(size), weights_(weights, weights + size),
          gradients_(size + L) {
        weights_.resize(size + L);
        states_.assign(optimizer_.arrays(), std::vector<T>(size + L));
        const std::vector<T*> states = states_from(0);
        optimizer_.start(weights_.data(), states.data(), size);
    }

    void step(const double* rates, const T* gradients) {
        std::copy(gradients, gradients + size_, gradients_.begin());
        optimizer_.begin_step(rates);
        if (optimizer_.clips_norm()) clip();
        each([&](std::size_t at, std::size_t count, int pieces, int n_in, int n_out, bool weight) {
            const std::vector<T*> states = states_from(at);
            optimizer_.update(weights_.data() + at, gradients_.data() + at, states.data(), count, weight);
            if (weight && optimizer_.limits_norm())
                max_norm<ABREAST>(weights_.data() + at, n_in, n_out, optimizer_.norm_limit(), pieces);
        });
    }

    // The optimizer made anew, as after this number of steps.
    void resume(std::int64_t steps) {
        optimizer_ = Optimizer<Vec<T>>(members_);
        optimizer_.resume(std::vector<std::int64_t>(members_.size(), steps).data());
    }

    // The weights, and behind them every array of state.
    std::vector<T> numbers() const {
        std::vector<T> all(weights_.begin(), weights_.begin() + size_);
        for (const std::vector<T>& state : states_) all.insert(all.end(), state.begin(), state.begin() + size_);
        return all;
    }

private:
    static constexpr int L = Vec<T>::LANES;

    template <class F>
    void each(const F& f) {
        std::size_t at = 0;
        for (const auto& [pieces, n_in, n_out, weight] : shapes_) {
            const std::size_t count = std::size_t(pieces) * n_in * n_out * (ABREAST ? L : 1);
            f(at, count, pieces, n_in, n_out, weight);
            at += count;
        }
    }

    void clip() {
        Wide<T> squares(0.0);
        double square = 0.0;
        each([&](std::size_t at, std::size_t count, int pieces, int n_in, int n_out, bool weight) {
            T* gradient = gradients_.data() + at;
            optimizer_.penalize(weights_.data() + at, gradient, count, weight);
            if constexpr (ABREAST)
                squares = squares + sums_of_squares(gradient, n_in, n_out, pieces);
            else
                square += sum_of_squares(gradient, n_in, n_out, pieces);
        });
        double of_member[L] = {square};
        if constexpr (ABREAST)
            for (int i = 0; i < L; ++i) of_member[i] = squares.lane(i);
        optimizer_.clip_by_norm(of_member);
    }

    std::vector<T*> states_from(std::size_t at) {
        std::vector<T*> from;
        for (std::vector<T>& state : states_) from.push_back(state.data() + at);
        return from;
    }

    std::vector<OptimizerSettings> members_;
    Optimizer<Vec<T>> optimizer_;
    std::vector<ParameterShape> shapes_;
    std::size_t size_;
    std::vector<T> weights_, gradients_;
    std::vector<std::vector<T>> states_;
};

template <class T>
using NumbersIn = nanobind::ndarray<const T, nanobind::c_contig, nanobind::device::cpu>;

template <class T, bool ABREAST>
auto run_optimizer(const std::vector<OptimizerSettings>& members, const std::vector<ParameterShape>& shapes,
                   const NumbersIn<T>& weights, const NumbersIn<T>& gradients, const NumbersIn<double>& rates) {
    const std::size_t size = weights.size();
    OptimizerTrial<T, ABREAST> trial(members, shapes, weights.data(), size);
    for (std::size_t step = 0; step < rates.shape(0); ++step) {
        if (step == rates.shape(0) / 2) trial.resume(step);
        trial.step(rates.data() + step * members.size(), gradients.data() + step * size);
    }
    auto* numbers = new std::vector<T>(trial.numbers());
    nanobind::capsule owner(numbers, [](void* memory) noexcept { delete static_cast<std::vector<T>*>(memory); });
    return nanobind::ndarray<nanobind::numpy, T>(numbers->data(), {numbers->size()}, owner);
}

// weights (n) of one member, or (n, LANES) of members abreast; gradients (steps, n[, LANES]); rates (steps, members).
template <class T>
auto optimizer_steps(const std::vector<nanobind::dict>& entries, const std::vector<ParameterShape>& shapes,
                     const NumbersIn<T>& weights, const NumbersIn<T>& gradients, const NumbersIn<double>& rates) {
    std::vector<OptimizerSettings> members;
    for (const nanobind::dict& entry : entries) members.push_back(optimizer_settings_in_python(entry));
    return weights.ndim() == 2 ? run_optimizer<T, true>(members, shapes, weights, gradients, rates)
                               : run_optimizer<T, false>(members, shapes, weights, gradients, rates);
}

inline std::vector<double> schedule_factors(const nanobind::dict& entry, const std::vector<double>& times) {
    const Schedule schedule(named_in_python(entry));
    std::vector<double> factors;
    for (const double time : times) factors.push_back(schedule.factor(time));
    return factors;
}

// The factor at `time` after each of the watched values; between any two the schedule is saved and made anew.
inline std::vector<double> schedule_watching(const nanobind::dict& entry, const std::vector<double>& values,
                                             double time) {
    const Named named = named_in_python(entry);
    std::vector<double> factors;
    Schedule::State state = Schedule(named).state();
    for (const double value : values) {
        Schedule schedule(named);
        schedule.restore(state);
        schedule.observe(value);
        factors.push_back(schedule.factor(time));
        state = schedule.state();
    }
    return factors;
}

inline void bind_optimizers(nanobind::module_& module) {
    using namespace nanobind::literals;
    module.def("schedule_factors", &schedule_factors, "entry"_a, "times"_a);
    module.def("schedule_watching", &schedule_watching, "entry"_a, "values"_a, "time"_a);
    module.def("optimizer_steps", &optimizer_steps<float>, "members"_a, "shapes"_a, "weights"_a.noconvert(),
               "gradients"_a.noconvert(), "rates"_a);
    module.def("optimizer_steps", &optimizer_steps<double>, "members"_a, "shapes"_a, "weights"_a.noconvert(),
               "gradients"_a.noconvert(), "rates"_a);
}

}  // namespace multilayer
