// Sine and cosine of docs/arithmetic.md, section 3.5: in double; those of a float are the double's, rounded.
#pragma once

#include "functions.hpp"
#include "wide.hpp"

namespace multilayer {

// Coefficients and the parts of pi/2.
struct CircleTable {
    static constexpr double FAR = 1e6;
    static constexpr double TWO_BY_PI = 0x1.45f306dc9c883p-1;
    static constexpr double HALF_PI[] = {0x1.921fb54400000p+0, 0x1.0b4611a600000p-34, 0x1.3198a2e000000p-69,
                                         0x1.b839a252049c1p-104};
    static constexpr double SIN[] = {
        -0x1.5555555555555p-3,  0x1.1111111111111p-7,  -0x1.a01a01a01a01ap-13, 0x1.71de3a556c734p-19,
        -0x1.ae64567f544e4p-26, 0x1.6124613a86d09p-33, -0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49,
    };
    static constexpr double COS[] = {
        0x1.5555555555555p-5,  -0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-16, -0x1.27e4fb7789f5cp-22,
        0x1.1eed8eff8d898p-29, -0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45, -0x1.6827863b97d97p-53,
    };
};

// A number below 2^64 in units of 2^-1216: the lowest word first, the last is what stands before the point.
struct Fixed {
    static constexpr int WORDS = 20, UNITS = 1216;
    std::uint64_t word[WORDS] = {};

    // Of 2^-1163 <= x < 2^64, exact.
    static Fixed of(double x) {
        const std::int64_t bits = bits_of(x), implicit_one = std::int64_t{1} << 52;
        const std::uint64_t significand = (bits & (implicit_one - 1)) | implicit_one;
        const int place = static_cast<int>(bits >> 52) - 1075 + UNITS, first = place / 64, up = place % 64;
        Fixed result;
        result.word[first] = significand << up;
        if (up > 0 && first + 1 < WORDS) result.word[first + 1] = significand >> (64 - up);
        return result;
    }

    bool operator>=(const Fixed& other) const {
        for (int i = WORDS - 1; i >= 0; --i)
            if (word[i] != other.word[i]) return word[i] > other.word[i];
        return true;
    }

    Fixed operator-(const Fixed& other) const {
        Fixed result;
        bool borrow = false;
        for (int i = 0; i < WORDS; ++i) {
            result.word[i] = word[i] - other.word[i] - borrow;
            borrow = word[i] < other.word[i] || (borrow && word[i] == other.word[i]);
        }
        return result;
    }

    // 2^up times as much, 0 <= up < 64.
    Fixed operator<<(int up) const {
        Fixed result;
        for (int i = WORDS - 1; i >= 0; --i)
            result.word[i] = word[i] << up | (i > 0 && up > 0 ? word[i - 1] >> (64 - up) : 0);
        return result;
    }

    // To the nearest double, ties to even.
    double rounded() const {
        int top = WORDS - 1;
        while (top > 0 && word[top] == 0) --top;
        if (word[top] == 0) return 0.0;
        const int up = std::countl_zero(word[top]);
        const Fixed normal = *this << up;
        bool more = false;
        for (int i = 0; i < top; ++i) more |= normal.word[i] != 0;
        // 64 bits and whether any are left round as all of them would.
        const double leading = static_cast<double>(normal.word[top] | std::uint64_t(more));
        return leading * power_of_two(-UNITS / 2) * power_of_two(64 * top - up - UNITS / 2);
    }

private:
    static double power_of_two(int n) { return of_bits<double>(std::int64_t(n + 1023) << 52); }
};

inline constexpr Fixed HALF_PI_FIXED = {{
    0x38c5e6ac410aa577, 0x06caba47b9475b2c, 0xd22c7f51fa499ebf, 0x31b4906c38aba734, 0x8400f97142c77e0b,
    0x9250cca3d9c8b67b, 0x5d3e4822f8963fcc, 0xdc70d7f6b5133f4b, 0x17feb96de80d6fdb, 0xe89885d34c6fdad6,
    0xc90b6aecc4bcfd8d, 0x9fc26adadaa3848b, 0x605614dbe4be286e, 0xdf2a33679a748636, 0xa29410f31c6809bb,
    0x04177d4c76273644, 0x52049c1114cf98e8, 0x898cc51701b839a2, 0x921fb54442d18469, 0x0000000000000001,
}};

// x = n pi/2 + r + t with |r| <= pi/4; of the integer, the two low bits are those of n.
template <class V>
struct QuarterTurns {
    Integers<V> n;
    V r, t;
};

// For finite |x| > FAR, by long division in binary. |x| = 2^shifts share with share < 1; what starts as share is
// doubled shifts times, and gives off pi/2 whenever it holds it.
__attribute__((noinline, cold)) inline QuarterTurns<double> far_quarter_turns(double x) {
    const std::int64_t bits = bits_of(absolute(x)), shifts = (bits >> 52) - 1022;
    Fixed rest = Fixed::of(of_bits<double>(bits - (shifts << 52)));
    std::int64_t n = 0;
    for (std::int64_t i = 0; i < shifts; ++i) {
        rest = rest << 1;
        const bool goes = rest >= HALF_PI_FIXED;
        if (goes) rest = rest - HALF_PI_FIXED;
        n = (2 * n + goes) & 3;
    }
    const bool above = (rest << 1) >= HALF_PI_FIXED;
    if (above) rest = HALF_PI_FIXED - rest;
    const double r = rest.rounded();
    const Fixed r_fixed = Fixed::of(r);
    const double t = rest >= r_fixed ? (rest - r_fixed).rounded() : -(r_fixed - rest).rounded();
    const bool negative = above != (x < 0);
    return {x < 0 ? -(n + above) : n + above, negative ? -r : r, negative ? -t : t};
}

// The same for |x| <= FAR; an infinity gives NaN. V is double or a vector of them.
template <class V>
INLINE QuarterTurns<V> near_quarter_turns(V x) {
    using C = CircleTable;
    const Whole<V> n = nearest_whole(x * C::TWO_BY_PI);
    const Pair<V> first = two_sum(x - n.number * C::HALF_PI[0], -(n.number * C::HALF_PI[1]));
    const Pair<V> second = two_sum(first.high, -(n.number * C::HALF_PI[2]));
    const Pair<V> r = fast_two_sum(second.high, (first.low + second.low) - n.number * C::HALF_PI[3]);
    return {n.low_bits, r.high, r.low};
}

// The sine of x + quarters pi/2.
template <class V>
INLINE V sine_of(QuarterTurns<V> x, int quarters) {
    using C = CircleTable;
    const V r = x.r, t = x.t, z = r * r, half = z * 0.5, w = 1.0 - half;
    const V sine = r + ((r * z) * horner(C::SIN, z) + t * w);
    const V cosine = w + (((1.0 - w) - half) + ((z * z) * horner(C::COS, z) - r * t));
    const Integers<V> quadrant = x.n + quarters;
    const V value = select((quadrant & 1) != 0, cosine, sine);
    return of_bits<V>(bits_of(value) ^ ((quadrant & 2) << 62));
}

template <class V>
INLINE Mask<V> is_far(V x) {
    const V size = absolute(x);
    return (size > CircleTable::FAR) & (size < std::numeric_limits<double>::infinity());
}

// The value with the lanes put right whose x is far.
__attribute__((noinline, cold)) inline Vec<double> with_far_lanes(Vec<double> value, Vec<double> x, int quarters) {
    for (int i = 0; i < Vec<double>::LANES; ++i)
        if (is_far(x.lane(i))) value.set_lane(i, sine_of(far_quarter_turns(x.lane(i)), quarters));
    return value;
}

// sin(x + quarters pi/2).
template <class V>
INLINE V sine_of_turned(V x, int quarters) {
    const V value = sine_of(near_quarter_turns(x), quarters);
    if (__builtin_expect(!any(is_far(x)), true)) return value;
    if constexpr (std::is_same_v<V, double>)
        return sine_of(far_quarter_turns(x), quarters);
    else
        return with_far_lanes(value, x, quarters);
}

template <class V>
INLINE V sin(V x) {
    if constexpr (std::is_same_v<V, float>) {
        return static_cast<float>(sin(static_cast<double>(x)));
    } else if constexpr (std::is_same_v<V, Vec<float>>) {
        Wide<float> wide = widen(x);
        wide.half[0] = sin(wide.half[0]);
        wide.half[1] = sin(wide.half[1]);
        return narrow(wide);
    } else {
        return select(x == 0.0, x, sine_of_turned(x, 0));
    }
}

template <class V>
INLINE V cos(V x) {
    if constexpr (std::is_same_v<V, float>) {
        return static_cast<float>(cos(static_cast<double>(x)));
    } else if constexpr (std::is_same_v<V, Vec<float>>) {
        Wide<float> wide = widen(x);
        wide.half[0] = cos(wide.half[0]);
        wide.half[1] = cos(wide.half[1]);
        return narrow(wide);
    } else {
        return sine_of_turned(x, 1);
    }
}

}  // namespace multilayer
