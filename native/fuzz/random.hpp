// Random numbers that random cases are made of: integers until the last step, so the same on every machine.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace multilayer::fuzz {

// SplitMix64 (Steele, Lea & Flood 2014). Two draws never stand in one expression, whose order a compiler may choose.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    std::int64_t below(std::int64_t n) { return std::int64_t(next() % std::uint64_t(n)); }
    std::int64_t between(std::int64_t least, std::int64_t most) { return least + below(most - least + 1); }
    bool chance(int percent) { return below(100) < percent; }

    // Multiples of 2^-52 in [0, 1), and in [-1, 1).
    double share() { return double(next() >> 12) * 0x1p-52; }
    double real() { return 2 * share() - 1; }

    template <class T>
    T pick(std::initializer_list<T> some) {
        return some.begin()[below(std::int64_t(some.size()))];
    }

private:
    std::uint64_t state_;
};

}  // namespace multilayer::fuzz
