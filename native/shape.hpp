// Which members are of one shape, and which of them may learn abreast.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "member.hpp"
#include "network.hpp"

namespace multilayer {

// A network's layers as members share them; those for members abreast are made when they are first needed.
template <class T>
struct Shape {
    Network<T, false> alone;

    Shape(const std::vector<Named>& layers, int n_in) : alone(layers, n_in), layers_(layers), n_in_(n_in) {}

    const Network<T, true>& abreast() {
        const std::lock_guard lock(mutex_);
        if (!abreast_) abreast_ = std::make_unique<Network<T, true>>(layers_, n_in_);
        return *abreast_;
    }

private:
    std::vector<Named> layers_;
    int n_in_;
    std::mutex mutex_;
    std::unique_ptr<Network<T, true>> abreast_;
};

inline std::string key_of(const Named& named) {
    std::string key = named.name + "(";
    for (const auto& [name, value] : named.options) {
        char digits[40];  // all of them, in hexadecimal
        std::snprintf(digits, sizeof digits, "%a", value);
        key += name + "=" + digits + ",";
    }
    return key + ")";
}

inline std::string shape_key(const Member& member) {
    std::string key;
    for (const Named& layer : member.layers) key += key_of(layer);
    return key;
}

// Members with the same key take every step together.
inline std::string abreast_key(const Member& member, const Progress& progress) {
    const Named& rule = member.optimizer.rule;
    std::string key = shape_key(member) + key_of(member.loss) + rule.name;
    if (rule.name == "rmsprop") key += rule["centered"] != 0 ? "c" : "", key += rule["momentum"] > 0 ? "m" : "";
    for (const std::int64_t number :
         {member.batch_size, member.train.count, member.val.count, progress.epoch, progress.position, progress.steps,
          std::int64_t(member.mean), std::int64_t(member.penalize_biases)})
        key += "," + std::to_string(number);
    return key;
}

// Few enough members waste the lanes that stay empty.
template <class T>
constexpr std::size_t LEAST_ABREAST = LANES<T> * 3 / 4;

// Whether a member is better off in a lane than alone: a small network, and nothing that is drawn for each member by
// itself.
inline bool abreast_pays(const Member& member, std::size_t parameters) {
    constexpr std::size_t MOST_PARAMETERS = 1500;
    if (parameters > MOST_PARAMETERS || member.noise != 0) return false;
    for (const Named& layer : member.layers)
        if (layer.name == "dropout") return false;
    return true;
}

}  // namespace multilayer
