// The elementary functions of docs/arithmetic.md, section 3: exp, log and their family, of a number or of every lane.
//
// Each is a template over V: float, double, or a vector of them. Float follows the rules of 3.7, with fused
// multiply-adds, and double those of 3.1, 3.2 and 3.6, without. A vector's code has no branches and no calls.
#pragma once

#include <limits>

#include "vector.hpp"

namespace multilayer {

template <class T>
struct Table;

template <>
struct Table<double> {
    static constexpr double LN2_HIGH = 0x1.62e42ff000000p-1, LN2_LOW = -0x1.718432a1b0e26p-35;
    static constexpr double INVERSE_LN2 = 0x1.71547652b82fep+0;
    static constexpr double LOWEST = -746, HIGHEST = 711;  // exp is 0 below and infinite above
    static constexpr double LEAST_GROWTH = -50;            // expm1 is -1 from here down
    static constexpr double TANH_END = 20, ERF_END = 6;    // both are 1 from here on
    static constexpr double ERF_SPLIT = 1;
    static constexpr double SQRT_HALF = 0x1.6a09e667f3bcdp-1;
    static constexpr double EXP[] = {
        0x1.0000000000000p-1,  0x1.5555555555555p-3,  0x1.5555555555555p-5,  0x1.1111111111111p-7,
        0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-16, 0x1.71de3a556c734p-19,
        0x1.27e4fb7789f5cp-22, 0x1.ae64567f544e4p-26, 0x1.1eed8eff8d898p-29, 0x1.6124613a86d09p-33,
    };
    static constexpr double LOG[] = {
        0x1.5555555555555p-1, 0x1.999999999999ap-2, 0x1.2492492492492p-2, 0x1.c71c71c71c71cp-3, 0x1.745d1745d1746p-3,
        0x1.3b13b13b13b14p-3, 0x1.1111111111111p-3, 0x1.e1e1e1e1e1e1ep-4, 0x1.af286bca1af28p-4, 0x1.8618618618618p-4,
    };
    static constexpr double ERF_NEAR[] = {
        0x1.06eba8214db69p-3,   -0x1.812746b0379e7p-2,  0x1.ce2f21a042bdep-4,   -0x1.b82ce312889c2p-6,
        0x1.565bcd0e65193p-8,   -0x1.c02db3fef019bp-11, 0x1.f9a326c2d9163p-14,  -0x1.f4d2562a12f74p-17,
        0x1.b9e6518dfbd62p-20,  -0x1.5f6d9cbe80794p-23, 0x1.fc43f04241ec2p-27,  -0x1.4e635ae2711d7p-30,
        0x1.7f171e46ae774p-34,  -0x1.29e14979e0115p-38,
    };
    static constexpr double ERF_FAR[] = {
        0x1.058671b52c776p-2,   -0x1.b57034efd3f74p-2,  0x1.eeea7dc8a787ep-3,   -0x1.437f0b68c05c1p-4,
        0x1.e947159804c86p-9,   0x1.ca95ed50ef5b9p-8,   -0x1.bc25a4be8218dp-11, -0x1.016b5b66517b7p-10,
        0x1.6d5f38a65a731p-15,  0x1.6da875eedcb8fp-13,  0x1.cdcced621eb5ap-16,  -0x1.ce5e738b39249p-16,
        -0x1.d56383a5e2f02p-17, 0x1.5821161acb38dp-20,  0x1.0c6f6f59f7480p-18,  0x1.68835e7e29ae6p-20,
        -0x1.3e2c5c660fc84p-20,
    };
};

template <>
struct Table<float> {
    static constexpr float LN2_HIGH = 0x1.62e430p-1f, LN2_LOW = -0x1.05c610p-29f, INVERSE_LN2 = 0x1.715476p+0f;
    static constexpr float LOWEST = -104, HIGHEST = 89, LEAST_GROWTH = -20, TANH_END = 10, ERF_END = 4;
    static constexpr float TANH_SPLIT = 0.5625f, ERF_SPLIT = 0.96875f;
    static constexpr float SATURATED = 17;  // from here on 1 + e^-x rounds to 1
    static constexpr float SQRT_HALF = 0x1.6a09e6p-1f;
    static constexpr float EXP[] = {0x1.000000p-1f, 0x1.555556p-3f,  0x1.555556p-5f,
                                    0x1.111112p-7f, 0x1.6c16c2p-10f, 0x1.a01a02p-13f};
    static constexpr float LOG[] = {0x1.555556p-1f, 0x1.99999ap-2f, 0x1.24924ap-2f, 0x1.c71c72p-3f};
    static constexpr float TANH_NEAR[] = {-0x1.555548p-2f, 0x1.110c72p-3f, -0x1.b90946p-5f, 0x1.582faap-6f,
                                          -0x1.94fffcp-8f};
    static constexpr float ERF_NEAR[] = {0x1.06eba8p-3f, -0x1.812746p-2f,  0x1.ce2f0ap-4f,  -0x1.b829d8p-6f,
                                         0x1.562b1ap-8f, -0x1.bcd7e0p-11f, 0x1.d8b892p-14f, -0x1.44cfc8p-17f};
    static constexpr float ERF_FAR[] = {0x1.058672p-2f, -0x1.b5703ep-2f, 0x1.eeea30p-3f,  -0x1.4374cap-4f,
                                        0x1.eb0edep-9f, 0x1.be9b98p-8f,  -0x1.e3f70ap-11f};
};

// C0 + x (C1 + x (C2 + ...)), the last coefficient first: fused in float, each product and sum rounded in double.
template <class V, std::size_t N>
INLINE V horner(const Scalar<V> (&coefficients)[N], V x) {
    V value(coefficients[N - 1]);
#pragma GCC unroll 32
    for (int i = int(N) - 2; i >= 0; --i) {
        if constexpr (std::is_same_v<Scalar<V>, float>)
            value = fma(value, x, coefficients[i]);
        else
            value = value * x + coefficients[i];
    }
    return value;
}

// A rounded result and what it lacks.
template <class V>
struct Pair {
    V high, low;
};

template <class V>
INLINE Pair<V> two_sum(V a, V b) {
    const V s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
}
template <class V>
INLINE Pair<V> fast_two_sum(V a, V b) {  // the same where |a| >= |b|
    const V s = a + b;
    return {s, b - (s - a)};
}

template <class T>
constexpr int FRACTION_BITS = std::numeric_limits<T>::digits - 1;
template <class T>
constexpr IntegerOf<T> ONE_BITS = std::bit_cast<IntegerOf<T>>(T(1));

// A whole number n, and an integer whose low bits are those of n: what a shift by FRACTION_BITS leaves is n's.
template <class V>
struct Whole {
    V number;
    Integers<V> low_bits;
};

template <class V>
INLINE Whole<V> nearest_whole(V a) {
    if constexpr (std::is_arithmetic_v<V>)
        if (a != a) return {a, 0};  // the arithmetic of a NaN's bits could overflow, which only a vector's may
    const V shift(Scalar<V>(sizeof(Scalar<V>) == 4 ? 0x1.8p23 : 0x1.8p52)), shifted = a + shift;
    return {shifted - shift, bits_of(shifted)};
}

// y 2^n, rounded once, for y of order 1 and n within twice the range of exponents. The page's two products are this.
template <class V>
INLINE V scale(V y, Whole<V> n) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<V, Vec<float>>) {
        y.part[0] = (typename V::Part)_mm512_maskz_scalef_ps(0xffff, y.part[0], n.number.part[0]);
        return y;
    }
    if constexpr (std::is_same_v<V, Vec<double>>) {
        y.part[0] = (typename V::Part)_mm512_maskz_scalef_pd(0xff, y.part[0], n.number.part[0]);
        return y;
    }
#endif
    using T = Scalar<V>;
    using I = IntegerOf<T>;
    constexpr int BITS = FRACTION_BITS<T>;
    const Integers<V> all = n.low_bits << BITS, half = (n.low_bits << (BITS - 1)) & Integers<V>(~I{0} << BITS);
    return (y * of_bits<V>(half + ONE_BITS<T>)) * of_bits<V>(all - half + ONE_BITS<T>);
}

// k and m with x = 2^k m and sqrt(1/2) <= m < sqrt(2), for a normal x > 0; k as a number.
template <class V>
struct Exponent {
    V k, m;
};

template <class V>
INLINE Exponent<V> exponent_of_normal(V x) {
    using T = Scalar<V>;
    using I = IntegerOf<T>;
    constexpr I ROOT = std::bit_cast<I>(Table<T>::SQRT_HALF), FRACTION = (I{1} << FRACTION_BITS<T>) - 1;
    const Integers<V> above = bits_of(x) - ROOT;
    return {number_of<V>(above >> FRACTION_BITS<T>), of_bits<V>((above & FRACTION) + ROOT)};
}

// The same for every finite x > 0.
template <class V>
INLINE Exponent<V> exponent(V x) {
    using T = Scalar<V>;
    constexpr int UP = FRACTION_BITS<T> + 2;
    const Mask<V> tiny = x < std::numeric_limits<T>::min();
    Exponent<V> e = exponent_of_normal(select(tiny, x * T(std::int64_t{1} << UP), x));
    e.k = e.k - select(tiny, V(T(UP)), T(0));
    return e;
}

// exp where LOWEST <= x <= HIGHEST, or x is NaN.
template <class V>
INLINE V exp_within(V x) {
    using C = Table<Scalar<V>>;
    const Whole<V> n = nearest_whole(x * C::INVERSE_LN2);
    if constexpr (std::is_same_v<Scalar<V>, float>) {
        const V r = fma(n.number, -C::LN2_LOW, fma(n.number, -C::LN2_HIGH, x));
        return scale(fma(r * r, horner(C::EXP, r), r) + 1.0f, n);
    } else {
        const V high = x - n.number * C::LN2_HIGH, low = n.number * C::LN2_LOW;
        const V r = high - low, rest = (high - r) - low;
        const V e = rest + (r * r) * horner(C::EXP, r);
        const Pair<V> sum = two_sum(V(1.0), r);
        return scale(sum.high + (sum.low + e), n);
    }
}

// expm1 where LEAST_GROWTH <= x <= HIGHEST, or x is NaN; +0 at both zeros.
template <class V>
INLINE V expm1_within(V x) {
    using T = Scalar<V>;
    using C = Table<T>;
    const Whole<V> n = nearest_whole(x * C::INVERSE_LN2);
    V r, e;
    if constexpr (std::is_same_v<T, float>) {
        const V high = fma(n.number, -C::LN2_HIGH, x);
        r = fma(n.number, -C::LN2_LOW, high);
        e = fma(r * r, horner(C::EXP, r), fma(n.number, -C::LN2_LOW, high - r));
    } else {
        const V high = x - n.number * C::LN2_HIGH, low = n.number * C::LN2_LOW;
        r = high - low;
        e = ((high - r) - low) + (r * r) * horner(C::EXP, r);
    }
    const Integers<V> power = Integers<V>(ONE_BITS<T>) - (n.low_bits << FRACTION_BITS<T>);
    const V missing = of_bits<V>(select(power < 0, Integers<V>(0), power));  // 2^-n; below the normal, 1 less it is 1
    const Pair<V> sum = two_sum(T(1) - missing, r);
    return scale(sum.high + (sum.low + e), n);
}

// log(2^k (1 + f)) + c.
template <class V>
INLINE V log_of(V k, V f, V c) {
    using T = Scalar<V>;
    using C = Table<T>;
    const V s = f / (f + T(2)), z = s * s;
    if constexpr (std::is_same_v<T, float>) {
        const V half = (f * 0.5f) * f;
        const V low = fma(s, fma(z, horner(C::LOG, z), half), fma(k, C::LN2_LOW, c));
        return fma(k, C::LN2_HIGH, f - (half - low));
    } else {
        const V half = (f * f) * 0.5;
        const V low = s * (half + z * horner(C::LOG, z)) + (k * C::LN2_LOW + c);
        return k * C::LN2_HIGH - ((half - low) - f);
    }
}

template <class V>
INLINE Mask<V> positive_and_finite(V x) {
    return (x > Scalar<V>(0)) & (x < std::numeric_limits<Scalar<V>>::infinity());
}

// What log is where x is not positive and finite.
template <class V>
INLINE V log_special(V x) {
    using Limits = std::numeric_limits<Scalar<V>>;
    return select(x > Scalar<V>(0), x, select(x == Scalar<V>(0), V(-Limits::infinity()), Limits::quiet_NaN()));
}

template <class V>
INLINE V exp(V x) {
    using C = Table<Scalar<V>>;
    return exp_within(minimum(maximum(x, V(C::LOWEST)), V(C::HIGHEST)));
}

template <class V>
INLINE V expm1(V x) {
    using T = Scalar<V>;
    using C = Table<T>;
    return select(x == T(0), x, expm1_within(minimum(maximum(x, V(C::LEAST_GROWTH)), V(C::HIGHEST))));
}

template <class V>
INLINE V log(V x) {
    using T = Scalar<V>;
    const Mask<V> usual = positive_and_finite(x);
    const Exponent<V> e = exponent(select(usual, x, T(1)));
    return select(usual, log_of(e.k, e.m - T(1), V(T(0))), log_special(x));
}

template <class V>
INLINE V log1p(V x) {
    using T = Scalar<V>;
    const Mask<V> usual = positive_and_finite(x + T(1));
    const Pair<V> u = two_sum(V(T(1)), select(usual, x, T(1)));
    const Exponent<V> e = exponent_of_normal(u.high);
    const Mask<V> near = e.k == T(0);
    const V value = log_of(e.k, select(near, x, e.m - T(1)), select(near, T(0), u.low / u.high));
    return select(x == T(0), x, select(usual, value, log_special(x + T(1))));
}

// In float, sigmoid, softplus and the far part of tanh use x once, in steps that never fall: so they never fall either.
template <class V>
INLINE V tanh(V x) {
    using C = Table<Scalar<V>>;
    const V a = minimum(absolute(x), V(C::TANH_END));
    if constexpr (std::is_same_v<Scalar<V>, float>) {
        const V z = a * a, near = fma(a * z, horner(C::TANH_NEAR, z), a);
        const V far = 1.0f - 2.0f / (exp_within(a + a) + 1.0f);
        return with_sign(select(a < C::TANH_SPLIT, near, far), x);
    } else {
        const V m = expm1_within(a + a);
        return with_sign(m / (m + 2.0), x);
    }
}

// exp(-|x|).
template <class V>
INLINE V exp_of_minus_size(V x) {
    return exp_within(maximum(-absolute(x), V(Table<Scalar<V>>::LOWEST)));
}

template <class V>
INLINE V sigmoid(V x) {
    using T = Scalar<V>;
    using C = Table<T>;
    if constexpr (std::is_same_v<T, float>) {
        const Mask<V> tail = x < -C::SATURATED;
        const V power = exp_within(maximum(select(tail, x, -x), V(C::LOWEST)));
        return select(tail, power, 1.0f / (power + 1.0f));
    } else {
        const V small = exp_of_minus_size(x);
        return select(x >= 0, V(1.0), small) / (small + 1.0);
    }
}

template <class V>
INLINE V softplus(V x) {
    using T = Scalar<V>;
    using C = Table<T>;
    if constexpr (std::is_same_v<T, float>)
        return select(x > C::SATURATED, x, log1p(exp(minimum(x, V(C::SATURATED)))));
    else
        return maximum(x, V(0.0)) + log1p(exp_of_minus_size(x));
}

template <class V>
INLINE V erf(V x) {
    using T = Scalar<V>;
    using C = Table<T>;
    const V a = minimum(absolute(x), V(C::ERF_END)), z = a * a;
    const V u = (a - T(2)) / (a + T(2)), decay = exp_within(-z);
    V near, far;
    if constexpr (std::is_same_v<T, float>) {
        near = fma(a, horner(C::ERF_NEAR, z), a);
        far = fma(-decay, horner(C::ERF_FAR, u), 1.0f);
    } else {
        near = a + a * horner(C::ERF_NEAR, z);
        far = 1.0 - decay * horner(C::ERF_FAR, u);
    }
    return with_sign(select(a < C::ERF_SPLIT, near, far), x);
}

}  // namespace multilayer
