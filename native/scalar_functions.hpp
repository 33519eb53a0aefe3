// log2, power and the normal quantile of docs/arithmetic.md, sections 3.3, 3.4 and 3.8, in double.
#pragma once

#include "functions.hpp"

namespace multilayer {

struct PairTable {
    static constexpr double THIRD = 0x1.5555555555555p-2, THIRD_LOW = 0x1.5555555555555p-56;
    static constexpr double INVERSE_LN2_LOW = 0x1.777d0ffda0d24p-56;
    static constexpr double ATANH[] = {
        0x1.999999999999ap-3, 0x1.2492492492492p-3, 0x1.c71c71c71c71cp-4, 0x1.745d1745d1746p-4,
        0x1.3b13b13b13b14p-4, 0x1.1111111111111p-4, 0x1.e1e1e1e1e1e1ep-5, 0x1.af286bca1af28p-5,
        0x1.8618618618618p-5, 0x1.642c8590b2164p-5, 0x1.47ae147ae147bp-5,
    };
};

// PPND16 of Wichura, Algorithm AS 241, Applied Statistics 37 (1988), 477.
struct QuantileTable {
    static constexpr double CENTER_TOP[] = {
        0x1.b18d91e9eef75p+1,  0x1.0a4888b1a436ep+7,  0x1.ece5d2213c0ccp+10, 0x1.ad1d8cd4ee71dp+13,
        0x1.66c3e869b752ap+15, 0x1.06c1c55b78f20p+16, 0x1.052d26b2e45e4p+15, 0x1.39a296f7d925ep+11,
    };
    static constexpr double CENTER_BOTTOM[] = {
        0x1.0000000000000p+0,  0x1.5281b386e1ab5p+5,  0x1.5797efdc8b3f7p+9,  0x1.512322e75c89fp+12,
        0x1.4b772d5d65266p+14, 0x1.3317caa64f4bep+15, 0x1.c0e457cb1ae76p+14, 0x1.46a7eca984b69p+12,
    };
    static constexpr double SIDE_TOP[] = {
        0x1.6c665fde9526ap+0, 0x1.2857748cab19bp+2, 0x1.713f71462256ap+2, 0x1.d2ecb1a3d02c4p+1,
        0x1.453cc085375b2p+0, 0x1.ef2abb9b85c37p-3, 0x1.744eb6c45ec67p-6, 0x1.9615ac0b7ace9p-11,
    };
    static constexpr double SIDE_BOTTOM[] = {
        0x1.0000000000000p+0, 0x1.06cefbb46a449p+1, 0x1.ad278e6526633p+0,  0x1.61292f23385c9p-1,
        0x1.2f5123394f040p-3, 0x1.f207a7eab17bfp-7, 0x1.1f18cbfdf2728p-11, 0x1.20d3f686439e4p-30,
    };
    static constexpr double FAR_TOP[] = {
        0x1.aa1b1c13ee526p+2, 0x1.5daea6e875003p+2,  0x1.c8ea6461fa445p+0,  0x1.2fad9315255cfp-2,
        0x1.b2b41193b4ee7p-6, 0x1.45c1908425345p-10, 0x1.c6ec6cc59e02ap-16, 0x1.afb74d693bf93p-23,
    };
    static constexpr double FAR_BOTTOM[] = {
        0x1.0000000000000p+0,  0x1.331d34fc7d77fp-1,  0x1.186eb183443fbp-3,  0x1.e76f93215462ap-7,
        0x1.9c8bc979dc5d7p-11, 0x1.35c2c496374bfp-16, 0x1.31446f740b9e0p-23, 0x1.269bff1f8c190p-49,
    };
};

// The rounded product and its error. Where a factor of the page's two_product is out of the range in which fma's error
// is the same number, no bit of log2 or power depends on it.
inline Pair<double> two_product(double a, double b) {
    const double p = a * b;
    return {p, fma(a, b, -p)};
}

// log(x) in two parts, for finite x > 0.
inline Pair<double> log_pair(double x) {
    using C = PairTable;
    const auto [k, m] = exponent(x);
    const double f = m - 1.0;
    const auto [d, dl] = two_sum(2.0, f);
    const double s = f / d;
    const auto [p, pe] = two_product(s, d);
    const double sl = (((f - p) - pe) - s * dl) / d;
    auto [z, zl] = two_product(s, s);
    zl = zl + 2.0 * s * sl;
    const auto [a, al] = two_product(z, C::THIRD);
    const double tail = z * z * horner(C::ATANH, z) + (al + (z * C::THIRD_LOW + zl * C::THIRD));
    const auto [u, ul] = fast_two_sum(a, tail);
    auto [b, bl] = two_product(2.0 * s, u);
    bl = bl + (2.0 * s * ul + 2.0 * sl * u);
    auto [h, l] = fast_two_sum(2.0 * s, b);
    l = l + (2.0 * sl + bl);
    const auto [g, gl] = two_sum(k * Table<double>::LN2_HIGH, h);
    return fast_two_sum(g, gl + (l + k * Table<double>::LN2_LOW));
}

inline double log2(double x) {
    if (!positive_and_finite(x)) return log_special(x);
    const auto [h, l] = log_pair(x);
    const auto [p, pe] = two_product(h, Table<double>::INVERSE_LN2);
    return p + (pe + (h * PairTable::INVERSE_LN2_LOW + l * Table<double>::INVERSE_LN2));
}

// x^y for x >= 0; either may be infinite.
inline double power_of_size(double x, double y) {
    using C = Table<double>;
    constexpr double INFINITE = std::numeric_limits<double>::infinity();
    if (x == 0.0 || x == INFINITE) return (x == 0.0) == (y < 0.0) ? INFINITE : 0.0;
    if (x == 1.0) return 1.0;
    const auto [h, l] = log_pair(x);
    y = minimum(maximum(y, -0x1p80), 0x1p80);
    const auto [p, pe] = two_product(h, y);
    if (p <= C::LOWEST) return 0.0;
    if (p >= C::HIGHEST) return INFINITE;
    const double q = pe + l * y;
    const Whole<double> n = nearest_whole(p * C::INVERSE_LN2);
    const double high = p - n.number * C::LN2_HIGH, low = n.number * C::LN2_LOW - q;
    const double r = high - low, rest = (high - r) - low;
    const double e = rest + (r * r) * horner(C::EXP, r);
    const auto [s, t] = two_sum(1.0, r);
    return scale(s + (t + e), n);
}

// x^n by squaring, from the highest binary digit of n.
inline double repeated_product(double x, unsigned n) {
    double v = 1.0;
    for (unsigned digit = std::bit_floor(n); digit != 0; digit >>= 1) {
        v = v * v;
        if (n & digit) v = v * x;
    }
    return v;
}

inline double power(double x, double y) {
    if (y == 0.0 || x == 1.0) return 1.0;
    if (x != x || y != y) return std::numeric_limits<double>::quiet_NaN();
    const double size = absolute(y);
    const bool integer = size >= 0x1p52 || double(std::int64_t(size)) == size;  // the infinite ones too
    if (integer && y > 0.0 && y <= 16.0) return repeated_product(x, unsigned(y));
    if (x < 0.0 && x != -std::numeric_limits<double>::infinity() && !integer)
        return std::numeric_limits<double>::quiet_NaN();
    const bool odd = integer && size < 0x1p53 && (std::int64_t(size) & 1) != 0;
    const double value = power_of_size(absolute(x), y);
    return odd ? with_sign(value, x) : value;
}

// The x below which a standard normal number falls with probability p. V is double or a vector of them.
template <class V>
INLINE V normal_quantile(V p) {
    using C = QuantileTable;
    using Limits = std::numeric_limits<double>;
    const V q = p - 0.5;
    const V r = square_root(-log(select(q < 0.0, p, 1.0 - p)));
    const Mask<V> center = absolute(q) <= 0.425, side = r <= 5.0;
    const V c = select(center, 0.180625 - q * q, r - select(side, V(1.6), 5.0));
    // Each lane takes the coefficients of its region: two polynomials and one division in place of six and three.
    const auto polynomial = [&](auto& in_center, auto& at_side, auto& far_out) {
        V value(0.0);
#pragma GCC unroll 8
        for (int i = 7; i >= 0; --i) {
            const V coefficient = select(center, V(in_center[i]), select(side, V(at_side[i]), far_out[i]));
            value = i == 7 ? coefficient : value * c + coefficient;
        }
        return value;
    };
    const V top = polynomial(C::CENTER_TOP, C::SIDE_TOP, C::FAR_TOP);
    const V bottom = polynomial(C::CENTER_BOTTOM, C::SIDE_BOTTOM, C::FAR_BOTTOM);
    const V quotient = select(center, q * top, top) / bottom;
    const V inside = select(center, quotient, with_sign(quotient, q));
    const V outside = select(p == 1.0, V(Limits::infinity()), Limits::quiet_NaN());
    return select((p > 0.0) & (p < 1.0), inside, select(p == 0.0, V(-Limits::infinity()), outside));
}

}  // namespace multilayer
