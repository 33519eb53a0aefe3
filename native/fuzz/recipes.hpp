// Random recipes: layers, losses, optimizers and schedules with their options, and starting weights.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "../training.hpp"
#include "random.hpp"

namespace multilayer::fuzz {

// Widths about those where vectors, panels and tiles end.
inline int random_width(Random& random, int most) {
    const int width = random.pick({1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 49, 65, 80, 97});
    return width <= most ? width : int(random.between(1, most));
}

// In [0, 1), now and then so small that six decimals would not tell it from another, or nothing.
inline double random_fraction(Random& random) {
    const double share = random.share();
    const int kind = int(random.below(10));
    return kind == 0 ? 0.0 : kind == 1 ? share * 1e-7 : share;
}

inline double random_positive(Random& random) {
    const double scale = random.pick({1e-9, 1e-5, 0.01, 1.0, 1.0, 30.0});
    return (random.share() + 0x1p-30) * scale;
}

// An activation, or a layer that keeps the width it is given.
inline Named random_unit_layer(Random& random, bool trains) {
    Named layer;
    layer.name = random.pick<const char*>({"identity", "sigmoid", "tanh", "relu", "relu", "leaky_relu", "elu", "selu",
                                           "gelu", "silu", "mish", "softplus", "softsign", "ramp", "sine", "prelu",
                                           "softmax", "layer_norm", "batch_norm", "scale", "dropout", "step"});
    if (layer.name == "step" && trains) layer.name = "batch_norm";
    if (layer.name == "leaky_relu") layer.options["slope"] = random_fraction(random);
    if (layer.name == "elu") layer.options["alpha"] = random_positive(random);
    if (layer.name == "dropout") layer.options["p_drop"] = random_fraction(random);
    if (layer.name == "layer_norm" || layer.name == "batch_norm") layer.options["epsilon"] = random_positive(random);
    if (layer.name == "batch_norm") layer.options["momentum"] = random.pick({0.0, 0.1, 0.3, 1.0});
    if (layer.name == "prelu" || layer.name == "scale" || layer.name.find("norm") != std::string::npos)
        layer.options["frozen"] = random.chance(15);
    return layer;
}

inline Named random_dense_layer(Random& random, int units) {
    Named layer{random.chance(20) ? "maxout" : "linear", {{"units", units}}, {}};
    layer.options["frozen"] = random.chance(8);
    if (layer.name == "maxout")
        layer.options["pieces"] = double(random.between(1, 4));
    else
        layer.options["bias"] = random.chance(85);
    return layer;
}

inline std::vector<Named> random_layers(Random& random, int hidden, int width, int outputs, bool trains) {
    std::vector<Named> layers;
    const auto some_of_width = [&](int percent) {
        while (random.chance(percent)) layers.push_back(random_unit_layer(random, trains));
    };
    some_of_width(10);
    for (int i = 0; i < hidden; ++i) {
        layers.push_back(random_dense_layer(random, random_width(random, width)));
        some_of_width(55);
    }
    layers.push_back(random_dense_layer(random, outputs));
    some_of_width(8);
    return layers;
}

inline Named random_loss(Random& random, TargetKind kind, bool one_output) {
    const char* name;
    if (kind == TargetKind::REGRESSION)
        name = random.pick({"squared_error", "absolute_error", "huber", "quantile", "poisson", "gaussian_nll"});
    else if (kind == TargetKind::MULTILABEL || one_output)
        name = random.pick({"sigmoid_cross_entropy", "log", "hinge", "squared_hinge", "squared_error", "huber",
                            "absolute_error"});
    else if (kind == TargetKind::BINARY)
        name = random.pick({"cross_entropy", "max_margin"});
    else
        name = random.pick({"cross_entropy", "cross_entropy", "max_margin", "sigmoid_cross_entropy", "log", "hinge",
                            "squared_hinge", "squared_error", "absolute_error"});
    Named loss;
    loss.name = name;
    if (loss.name == "huber") loss.options["delta"] = random_positive(random);
    if (loss.name == "quantile") loss.options["q"] = random.share() + 0x1p-53;
    if (loss.name == "cross_entropy") loss.options["label_smoothing"] = random_fraction(random);
    if (loss.name.find("hinge") != std::string::npos || loss.name == "max_margin")
        loss.options["margin"] = random_positive(random);
    return loss;
}

inline Named random_optimizer(Random& random) {
    Named rule;
    rule.name = random.pick<const char*>({"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam",
                                          "adam", "adamw", "amsgrad", "adamax", "nadam", "lion", "ftrl"});
    const std::string& name = rule.name;
    auto& options = rule.options;
    const bool adam = name.find("adam") != std::string::npos || name == "amsgrad";
    if (name == "momentum" || name == "nesterov" || name == "rmsprop") options["momentum"] = random_fraction(random);
    if (name == "rmsprop") options["centered"] = random.chance(50);
    if (name == "rmsprop" || name == "adadelta") options["rho"] = random_fraction(random);
    if (name == "adagrad" || name == "ftrl") options["initial"] = random_fraction(random);
    if (adam || name == "lion") {
        options["beta1"] = random_fraction(random);
        options["beta2"] = random_fraction(random);
    }
    if (adam || name == "adagrad" || name == "rmsprop" || name == "adadelta")
        options["eps"] = random.pick({1e-300, 1e-8, 1e-6, 0.1});
    if (name == "nadam") options["momentum_decay"] = random_fraction(random);
    if (name == "ftrl") {
        options["beta"] = random_positive(random);
        options["lambda1"] = random_fraction(random);
        options["lambda2"] = random_fraction(random);
    }
    return rule;
}

inline Named random_schedule(Random& random, bool within = false) {
    Named schedule;
    schedule.name = random.pick<const char*>({"constant", "step", "exponential", "inverse_time", "cosine", "one_cycle",
                                              "coslog4", "reduce_on_plateau", "warm_up"});
    const std::string& name = schedule.name;
    auto& options = schedule.options;
    if (within && name == "warm_up") schedule.name = "constant";
    if (name == "step") options["every"] = random_positive(random);
    if (name == "step" || name == "reduce_on_plateau") options["factor"] = random_fraction(random);
    if (name == "exponential") options["gamma"] = random.share() + 0x1p-52;
    if (name == "inverse_time") options["decay"] = random_positive(random), options["power"] = random.chance(50) ? 1.0 : 0.5;
    if (name == "cosine" || name == "one_cycle" || name == "coslog4") options["epochs"] = double(random.between(1, 5));
    if (name == "cosine" || name == "reduce_on_plateau") options["floor"] = random_fraction(random);
    if (name == "one_cycle") options["peak"] = random_fraction(random);
    if (name == "one_cycle" || name == "warm_up") options["start"] = random_fraction(random);
    if (name == "one_cycle") options["end"] = random_fraction(random);
    if (name == "reduce_on_plateau") {
        options["patience"] = double(random.below(3));
        options["threshold"] = random_fraction(random);
    }
    if (name == "warm_up") {
        options["epochs"] = random_positive(random);
        if (random.chance(70)) schedule.then.push_back(random_schedule(random, true));
    }
    return schedule;
}

// Starting weights of the precision that T is: of any size now and then, else such as a training begins with.
template <class T>
std::vector<Array> random_weights(Random& random, const std::vector<Named>& layers, int features) {
    std::vector<Array> parameters, buffers;
    const double scale = random.chance(92) ? 0.5 : random.pick({0.0, 0x1p-140, 0x1p-60, 0x1p6, 0x1p100});
    int width = features;
    const auto add = [&](std::vector<Array>& to, std::size_t layer, const char* name, std::vector<std::int64_t> shape,
                         double middle, double spread) {
        std::size_t count = 1;
        for (const std::int64_t n : shape) count *= std::size_t(n);
        Array array{std::to_string(layer) + "." + name, shape, std::vector<char>(count * sizeof(T))};
        for (std::size_t i = 0; i < count; ++i) {
            const T value = T(middle + spread * random.real());
            std::memcpy(array.bytes.data() + i * sizeof(T), &value, sizeof(T));
        }
        to.push_back(array);
    };
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const Named& layer = layers[i];
        const std::int64_t n = width, units = layer.has("units") ? std::int64_t(layer["units"]) : n;
        if (layer.name == "linear") add(parameters, i, "W", {n, units}, 0, scale);
        if (layer.name == "linear" && layer["bias"] != 0) add(parameters, i, "b", {units}, 0, scale);
        if (layer.name == "maxout") {
            const auto pieces = std::int64_t(layer["pieces"]);
            add(parameters, i, "W", {pieces, n, units}, 0, scale);
            add(parameters, i, "b", {pieces, units}, 0, scale);
        }
        if (layer.name == "layer_norm" || layer.name == "batch_norm") {
            add(parameters, i, "gain", {n}, 1, scale);
            add(parameters, i, "shift", {n}, 0, scale);
        }
        if (layer.name == "batch_norm") {
            add(buffers, i, "running_mean", {n}, 0, scale);
            add(buffers, i, "running_var", {n}, 1, 1);
        }
        if (layer.name == "scale") add(parameters, i, "s", {n}, 1, scale);
        if (layer.name == "prelu") add(parameters, i, "slopes", {n}, 0.25, scale);
        width = int(units);
    }
    parameters.insert(parameters.end(), buffers.begin(), buffers.end());
    return parameters;
}

}  // namespace multilayer::fuzz
