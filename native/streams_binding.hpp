// The random streams as NumPy arrays, for tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include "streams.hpp"

namespace multilayer {

// A new array of n numbers that fill(T*) writes; what is behind its end must stay as it is.
template <class T, class Fill>
nanobind::object drawn(std::size_t n, const Fill& fill) {
    constexpr std::size_t GUARDS = VECTOR_BYTES;
    constexpr unsigned char GUARD = 0xA5;
    auto* const values = new T[n + GUARDS];
    const nanobind::capsule owner(values, [](void* memory) noexcept { delete[] static_cast<T*>(memory); });
    auto* const guards = reinterpret_cast<unsigned char*>(values + n);
    std::fill_n(guards, GUARDS, GUARD);
    fill(values);
    if (!std::all_of(guards, guards + GUARDS, [](unsigned char byte) { return byte == GUARD; }))
        throw std::out_of_range("a draw wrote behind its end");
    return nanobind::cast(nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<1>>(values, {n}, owner));
}

template <class V>
void kept_by_vectors(Stream& stream, std::size_t n, double p_drop, std::uint8_t* to) {
    std::vector<std::uint32_t> words(n + V::LANES);
    stream.words(n, words.data());
    const Keep keep(p_drop);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t lane = i % V::LANES;
        to[i] = keep.template mask<V>(words.data() + (i - lane)).lane(static_cast<int>(lane)) != 0;
    }
}

// A function of a stream's name that draws `count` elements, the first of which begins with the word `skip`.
template <class T, class Draw>
void bind_draw(nanobind::module_& module, const char* name, const Draw& draw) {
    using namespace nanobind::literals;
    module.def(
        name,
        [draw](std::uint64_t seed, std::uint32_t use, std::uint32_t step, std::uint32_t place, std::size_t count,
               std::uint64_t skip) {
            Stream stream(seed, Use(use), step, place, skip);
            return drawn<T>(count, [&](T* to) { draw(stream, count, to); });
        },
        "seed"_a, "use"_a, "step"_a, "place"_a, "count"_a, "skip"_a = 0);
}

inline void bind_streams(nanobind::module_& module) {
    using namespace nanobind::literals;
    const auto permutation = [](Stream& s, std::size_t n, auto* to) { s.permutation(n, to); };
    bind_draw<std::uint32_t>(module, "words", [](Stream& s, std::size_t n, std::uint32_t* to) { s.words(n, to); });
    bind_draw<std::uint64_t>(module, "longs", [](Stream& s, std::size_t n, std::uint64_t* to) { s.longs(n, to); });
    bind_draw<double>(module, "uniform", [](Stream& s, std::size_t n, double* to) { s.uniform(n, to); });
    bind_draw<double>(module, "normal", [](Stream& s, std::size_t n, double* to) { s.normal(n, to); });
    bind_draw<std::int32_t>(module, "permutation", permutation);
    bind_draw<std::int64_t>(module, "long_permutation", permutation);
    module.def(
        "kept",
        [](std::uint64_t seed, std::uint32_t use, std::uint32_t step, std::uint32_t place, std::size_t count,
           double p_drop, std::uint64_t skip, int lanes) {
            Stream stream(seed, Use(use), step, place, skip);
            return drawn<std::uint8_t>(count, [&](std::uint8_t* to) {
                if (lanes == Vec<float>::LANES)
                    kept_by_vectors<Vec<float>>(stream, count, p_drop, to);
                else if (lanes == Vec<double>::LANES)
                    kept_by_vectors<Vec<double>>(stream, count, p_drop, to);
                else
                    stream.kept(count, p_drop, to);
            });
        },
        "seed"_a, "use"_a, "step"_a, "place"_a, "count"_a, "p_drop"_a, "skip"_a = 0, "lanes"_a = 1);
    module.def(
        "epoch_order",
        [](std::size_t n, std::uint64_t seed, std::uint32_t epoch, const std::string& shuffle) {
            using Index = std::int64_t;
            return drawn<Index>(n, [&](Index* to) { epoch_order(n, seed, epoch, Shuffle(shuffle), to); });
        },
        "n"_a, "seed"_a, "epoch"_a, "shuffle"_a = "full");
}

}  // namespace multilayer
