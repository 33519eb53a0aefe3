// Exactly rounded sums (docs/arithmetic.md, section 4): the sum of all values as a real number, rounded once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "vector.hpp"

namespace multilayer {

// A sum as two numbers that hold it exactly as long as no error is left of the sum of the errors.
template <class V>
struct SumWithError {
    V sum{0}, error{0};
    Integers<V> lost{0};  // the bits of all errors that were left

    INLINE void add(V value) {
        V rest, left;
        sum = two_sum(sum, value, rest);
        error = two_sum(error, rest, left);
        lost = lost | bits_of(left);
    }

    // -0 is no error; NaN, of sums that are not finite, is one.
    INLINE bool exact() const { return !any((lost << 1) != 0); }

private:
    // Section 3.
    static INLINE V two_sum(V a, V b, V& error) {
        const V s = a + b, t = s - a;
        error = (a - (s - t)) + (b - t);
        return s;
    }
};

// Whether two numbers hold the sum of n values, and these: most sums are such, those of whole numbers always.
inline bool exact_by_lanes(const double* values, std::int64_t n, double& sum, double& error) {
    using V = Vec<double>;
    SumWithError<V> lanes;
    SumWithError<double> all;
    const std::int64_t whole = n - n % V::LANES;
    for (std::int64_t i = 0; i < whole; i += V::LANES) lanes.add(load<V>(values + i));
    for (std::int64_t i = whole; i < n; ++i) all.add(values[i]);
    for (int i = 0; i < V::LANES; ++i) all.add(lanes.sum.lane(i));
    for (int i = 0; i < V::LANES; ++i) all.add(lanes.error.lane(i));
    sum = all.sum;
    error = all.error;
    return lanes.exact() && all.exact();
}

// So many values at a time are summed by lanes, or again one by one where that was not exact.
constexpr std::int64_t SUM_BLOCK = 1024;

// A sum of float64 numbers held exactly, as one fixed-point number whose digits have room for carries (Neal 2015, Fast
// exact summation using small and large superaccumulators, arXiv:1505.05571). There is room for 2^31 values.
class Total {
public:
    void add(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const int exponent = bits >> 52 & 0x7ff;
        std::uint64_t significand = bits & FRACTION;
        if (exponent == 0x7ff) {
            unbounded_ += value;
            return;
        }
        if (exponent != 0) significand |= FRACTION + 1;
        const int place = exponent - (exponent != 0);  // value = significand 2^(place - 1074)
        const std::uint64_t above = significand >> (32 - place % 32);
        const std::int64_t sign = -static_cast<std::int64_t>(bits >> 63);
        add_to(place / 32, significand << place % 32 & DIGIT, sign);
        add_to(place / 32 + 1, above & DIGIT, sign);
        add_to(place / 32 + 2, above >> 32, sign);
        lowest_ = std::min(lowest_, place / 32);
        highest_ = std::max(highest_, place / 32 + 2);
    }

    void add(const double* values, std::int64_t n) {
        for (std::int64_t i = 0; i < n; i += SUM_BLOCK) {
            const std::int64_t size = std::min(SUM_BLOCK, n - i);
            double sum, error;
            if (exact_by_lanes(values + i, size, sum, error)) {
                add(sum);
                add(error);
            } else {
                for (std::int64_t j = 0; j < size; ++j) add(values[i + j]);
            }
        }
    }

    // The sum rounded to float64; +0 where nothing is left, the sum of the infinities where there are any.
    double value() const {
        if (unbounded_ != 0) return unbounded_ == unbounded_ ? unbounded_ : std::numeric_limits<double>::quiet_NaN();
        if (highest_ < 0) return 0;
        std::int64_t digit[DIGITS];
        const int top = highest_ + 1;
        std::copy(digit_ + lowest_, digit_ + top + 1, digit + lowest_);
        carry(digit, lowest_, top);
        const bool negative = digit[top] < 0;
        if (negative) {
            for (int i = lowest_; i <= top; ++i) digit[i] = -digit[i];
            carry(digit, lowest_, top);
        }
        const double size = rounded(digit, lowest_, top);
        return negative ? -size : size;
    }

private:
    static constexpr std::uint64_t FRACTION = (std::uint64_t{1} << 52) - 1, DIGIT = 0xffffffff;
    static constexpr int DIGITS = 67;  // 2098 bits of float64, and a digit for what is carried out of them

    void add_to(int place, std::uint64_t part, std::int64_t sign) {
        digit_[place] += (static_cast<std::int64_t>(part) ^ sign) - sign;
    }

    // Brings every digit but the last into 0 ... 2^32 - 1.
    static void carry(std::int64_t* digit, int lowest, int top) {
        for (int i = lowest; i < top; ++i) {
            digit[i + 1] += digit[i] >> 32;
            digit[i] &= DIGIT;
        }
    }

    // The number of these digits, none negative, to nearest, ties to even.
    static double rounded(const std::int64_t* digit, int lowest, int top) {
        const auto at = [&](int i) { return i < lowest ? 0 : static_cast<std::uint64_t>(digit[i]); };
        while (top >= lowest && digit[top] == 0) --top;
        if (top < 2 && (at(1) << 32 | at(0)) <= 2 * FRACTION) return std::bit_cast<double>(at(1) << 32 | at(0));
        if (top < lowest) return 0;
        const int width = std::bit_width(at(top));
        const std::uint64_t leading = (at(top) << 32 | at(top - 1)) << (32 - width) | at(top - 2) >> width;
        std::uint64_t below = at(top - 2) & ((std::uint64_t{1} << width) - 1);
        for (int i = lowest; i < top - 2; ++i) below |= at(i);
        const int place = 32 * top + width - 53;  // of the last bit that is kept, in units of 2^-1074
        if (place > 2045) return std::numeric_limits<double>::infinity();
        const std::uint64_t kept = leading >> 11, rest = leading & 0x7ff;
        const bool up = rest > 0x400 || (rest == 0x400 && (below != 0 || kept % 2 == 1));
        return std::bit_cast<double>((static_cast<std::uint64_t>(place) << 52) + kept + up);
    }

    std::int64_t digit_[DIGITS] = {};  // of weight 2^(32 i - 1074)
    int lowest_ = DIGITS, highest_ = -1;
    double unbounded_ = 0;  // the sum of the values that are not finite
};

inline double total(const double* values, std::int64_t n) {
    double sum, error;
    if (n <= SUM_BLOCK && exact_by_lanes(values, n, sum, error)) return sum + error;
    Total whole;
    whole.add(values, n);
    return whole.value();
}

}  // namespace multilayer
