// A member's arrays as the world sees them: by name, unpadded, in C order; the engine keeps weights in panels.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "member.hpp"
#include "training.hpp"

namespace multilayer {

// f(place in C order, place in the engine's order) for every number of an array.
template <class T, class F>
void each_place(const Slot& slot, const F& f) {
    std::size_t plain = 0;
    for (int piece = 0; piece < slot.pieces; ++piece)
        for (int k = 0; k < slot.n_in; ++k)
            for (int o = 0; o < slot.n_out; ++o, ++plain) {
                const int panel = o / LANES<T>;
                const std::size_t within = std::size_t(panel) * LANES<T> * slot.n_in +
                                           std::size_t(k) * width_of<T>(panel, slot.n_out) + o % LANES<T>;
                f(plain, slot.offset + std::size_t(piece) * slot.n_in * slot.n_out + within);
            }
}

template <class T>
std::vector<Array> named_arrays(const Slots& slots, const Weights<T>& weights) {
    std::vector<Array> all;
    const auto add = [&](const std::vector<Slot>& some, const std::vector<T>& flat) {
        for (const Slot& slot : some) {
            Array array{slot.name, slot.shape, std::vector<char>(slot.size() * sizeof(T))};
            T* to = reinterpret_cast<T*>(array.bytes.data());
            each_place<T>(slot, [&](std::size_t plain, std::size_t place) { to[plain] = flat[place]; });
            all.push_back(std::move(array));
        }
    };
    add(slots.parameters, weights.parameters);
    add(slots.buffers, weights.buffers);
    return all;
}

// From arrays in the order of named_arrays.
template <class T>
Weights<T> flat_weights(const Slots& slots, const std::vector<Array>& arrays) {
    if (arrays.size() != slots.parameters.size() + slots.buffers.size())
        throw std::invalid_argument("The weights have another number of arrays than the network.");
    Weights<T> weights{std::vector<T>(Slots::size(slots.parameters)), std::vector<T>(Slots::size(slots.buffers))};
    auto next = arrays.begin();
    const auto read = [&](const std::vector<Slot>& some, std::vector<T>& flat) {
        for (const Slot& slot : some) {
            if (next->name != slot.name || next->bytes.size() != slot.size() * sizeof(T))
                throw std::invalid_argument("The weights '" + next->name + "' do not fit '" + slot.name + "'.");
            const T* from = reinterpret_cast<const T*>((next++)->bytes.data());
            each_place<T>(slot, [&](std::size_t plain, std::size_t place) { flat[place] = from[plain]; });
        }
    };
    read(slots.parameters, weights.parameters);
    read(slots.buffers, weights.buffers);
    return weights;
}

template <class Number>
Array flat_array(const char* name, const Number* values, std::size_t count) {
    Array array{name, {std::int64_t(count)}, std::vector<char>(count * sizeof(Number))};
    if (count) std::memcpy(array.bytes.data(), values, array.bytes.size());
    return array;
}

template <class Number>
void read_flat(const Array& array, Number* values, std::size_t count) {
    if (array.bytes.size() != count * sizeof(Number)) throw std::invalid_argument("The state has arrays of other sizes.");
    if (count) std::memcpy(values, array.bytes.data(), array.bytes.size());
}

}  // namespace multilayer
