// One vector of 64 bytes for every instruction set, with the operations that the arithmetic is written in.
//
// Vec<float> has 16 lanes and Vec<double> 8 on every machine; a machine with narrower registers keeps a vector in
// several. Each operation is one IEEE operation in every lane, so the lanes' bits depend neither on the machine nor on
// the compiler. The same operations exist for plain float and double: a function template over V serves one number,
// or a vector of them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE inline __attribute__((always_inline))

namespace multilayer {

#if defined(__AVX512F__)
constexpr int REGISTER_BYTES = 64;
#elif defined(__AVX2__)
constexpr int REGISTER_BYTES = 32;
#else
constexpr int REGISTER_BYTES = 16;
#endif
constexpr int VECTOR_BYTES = 64;
constexpr int PARTS = VECTOR_BYTES / REGISTER_BYTES;

// The signed integer of a number's size.
template <class T>
using IntegerOf = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class T>
struct alignas(VECTOR_BYTES) Vec {
    using Scalar = T;
    static constexpr int LANES = VECTOR_BYTES / sizeof(T);
    typedef T Part __attribute__((vector_size(REGISTER_BYTES)));

    Part part[PARTS];

    Vec() = default;
    INLINE Vec(T value) {
        for (auto& p : part) p = value - Part{};
    }
    INLINE T lane(int i) const { return part[i / (LANES / PARTS)][i % (LANES / PARTS)]; }
    INLINE void set_lane(int i, T value) { part[i / (LANES / PARTS)][i % (LANES / PARTS)] = value; }
};

template <class V>
struct ScalarOf {
    using type = typename V::Scalar;
};
template <>
struct ScalarOf<float> {
    using type = float;
};
template <>
struct ScalarOf<double> {
    using type = double;
};
template <>
struct ScalarOf<std::int32_t> {
    using type = std::int32_t;
};
template <>
struct ScalarOf<std::int64_t> {
    using type = std::int64_t;
};
template <class V>
using Scalar = typename ScalarOf<V>::type;

// The integers beside V, lane by lane; a comparison of V gives a Mask<V>, all bits set where true.
template <class V>
using Integers = std::conditional_t<std::is_arithmetic_v<V>, IntegerOf<Scalar<V>>, Vec<IntegerOf<Scalar<V>>>>;
template <class V>
using Mask = std::conditional_t<std::is_arithmetic_v<V>, bool, Vec<IntegerOf<Scalar<V>>>>;

#define MULTILAYER_BINARY(op)                                              \
    template <class T>                                                     \
    INLINE Vec<T> operator op(Vec<T> a, Vec<T> b) {                        \
        Vec<T> r;                                                          \
        for (int i = 0; i < PARTS; ++i) r.part[i] = a.part[i] op b.part[i]; \
        return r;                                                          \
    }                                                                      \
    template <class T>                                                     \
    INLINE Vec<T> operator op(Vec<T> a, std::type_identity_t<T> b) {       \
        return a op Vec<T>(b);                                             \
    }                                                                      \
    template <class T>                                                     \
    INLINE Vec<T> operator op(std::type_identity_t<T> a, Vec<T> b) {       \
        return Vec<T>(a) op b;                                             \
    }
MULTILAYER_BINARY(+)
MULTILAYER_BINARY(-)
MULTILAYER_BINARY(*)
MULTILAYER_BINARY(/)
MULTILAYER_BINARY(&)
MULTILAYER_BINARY(|)
MULTILAYER_BINARY(^)
#undef MULTILAYER_BINARY

#define MULTILAYER_COMPARISON(op)                                                                    \
    template <class T>                                                                               \
    INLINE Vec<IntegerOf<T>> operator op(Vec<T> a, Vec<T> b) {                                       \
        Vec<IntegerOf<T>> r;                                                                         \
        for (int i = 0; i < PARTS; ++i)                                                              \
            r.part[i] = (typename Vec<IntegerOf<T>>::Part)(a.part[i] op b.part[i]);                  \
        return r;                                                                                    \
    }                                                                                                \
    template <class T>                                                                               \
    INLINE Vec<IntegerOf<T>> operator op(Vec<T> a, std::type_identity_t<T> b) {                      \
        return a op Vec<T>(b);                                                                       \
    }
MULTILAYER_COMPARISON(<)
MULTILAYER_COMPARISON(<=)
MULTILAYER_COMPARISON(>)
MULTILAYER_COMPARISON(>=)
MULTILAYER_COMPARISON(==)
MULTILAYER_COMPARISON(!=)
#undef MULTILAYER_COMPARISON

template <class T>
INLINE Vec<T> operator-(Vec<T> a) {
    Vec<T> r;
    for (int i = 0; i < PARTS; ++i) r.part[i] = -a.part[i];
    return r;
}

template <class T>
INLINE Vec<T> operator>>(Vec<T> a, int count) {  // of integers, arithmetic
    Vec<T> r;
    for (int i = 0; i < PARTS; ++i) r.part[i] = a.part[i] >> count;
    return r;
}

template <class T>
INLINE Vec<T> operator<<(Vec<T> a, int count) {
    Vec<T> r;
    for (int i = 0; i < PARTS; ++i) r.part[i] = a.part[i] << count;
    return r;
}

// a b + c, rounded once.
INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <class T>
INLINE typename Vec<T>::Part fma_part(typename Vec<T>::Part a, typename Vec<T>::Part b, typename Vec<T>::Part c) {
    if constexpr (sizeof(T) == 4) {
#if defined(__AVX512F__)
        return (typename Vec<T>::Part)_mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
        return (typename Vec<T>::Part)_mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
        return (typename Vec<T>::Part)vfmaq_f32(c, a, b);
#endif
    } else {
#if defined(__AVX512F__)
        return (typename Vec<T>::Part)_mm512_fmadd_pd(a, b, c);
#elif defined(__AVX2__)
        return (typename Vec<T>::Part)_mm256_fmadd_pd(a, b, c);
#elif defined(__aarch64__)
        return (typename Vec<T>::Part)vfmaq_f64(c, a, b);
#endif
    }
}

template <class T>
INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
    Vec<T> r;
    for (int i = 0; i < PARTS; ++i) r.part[i] = fma_part<T>(a.part[i], b.part[i], c.part[i]);
    return r;
}
template <class T>
INLINE Vec<T> fma(Vec<T> a, std::type_identity_t<T> b, Vec<T> c) {
    return fma(a, Vec<T>(b), c);
}
template <class T>
INLINE Vec<T> fma(std::type_identity_t<T> a, Vec<T> b, Vec<T> c) {
    return fma(Vec<T>(a), b, c);
}
template <class T>
INLINE Vec<T> fma(Vec<T> a, Vec<T> b, std::type_identity_t<T> c) {
    return fma(a, b, Vec<T>(c));
}

INLINE float square_root(float a) { return __builtin_sqrtf(a); }
INLINE double square_root(double a) { return __builtin_sqrt(a); }
template <class T>
INLINE Vec<T> square_root(Vec<T> a) {
    Vec<T> r;
    for (int i = 0; i < PARTS; ++i) {
        if constexpr (sizeof(T) == 4) {
#if defined(__AVX512F__)
            r.part[i] = (typename Vec<T>::Part)_mm512_maskz_sqrt_ps(0xffff, a.part[i]);
#elif defined(__AVX2__)
            r.part[i] = (typename Vec<T>::Part)_mm256_sqrt_ps(a.part[i]);
#elif defined(__aarch64__)
            r.part[i] = (typename Vec<T>::Part)vsqrtq_f32(a.part[i]);
#endif
        } else {
#if defined(__AVX512F__)
            r.part[i] = (typename Vec<T>::Part)_mm512_maskz_sqrt_pd(0xff, a.part[i]);
#elif defined(__AVX2__)
            r.part[i] = (typename Vec<T>::Part)_mm256_sqrt_pd(a.part[i]);
#elif defined(__aarch64__)
            r.part[i] = (typename Vec<T>::Part)vsqrtq_f64(a.part[i]);
#endif
        }
    }
    return r;
}

// c ? a : b, in every lane. No lane's bits depend on what the other choice would have been.
template <class T>
    requires std::is_arithmetic_v<T>
INLINE T select(bool c, T a, std::type_identity_t<T> b) {
    return c ? a : b;
}
template <class T>
INLINE Vec<T> select(Vec<IntegerOf<T>> c, Vec<T> a, Vec<T> b) {
    Vec<T> r;
    for (int i = 0; i < PARTS; ++i) r.part[i] = c.part[i] ? a.part[i] : b.part[i];
    return r;
}
template <class T>
INLINE Vec<T> select(Vec<IntegerOf<T>> c, Vec<T> a, std::type_identity_t<T> b) {
    return select(c, a, Vec<T>(b));
}
template <class T>
INLINE Vec<T> select(Vec<IntegerOf<T>> c, std::type_identity_t<T> a, Vec<T> b) {
    return select(c, Vec<T>(a), b);
}

// b > a ? b : a and b < a ? b : a of a register: one instruction of x86, which compilers do not find.
#if defined(__AVX512F__)
INLINE auto greater_part(Vec<float>::Part b, Vec<float>::Part a) { return _mm512_maskz_max_ps(0xffff, b, a); }
INLINE auto greater_part(Vec<double>::Part b, Vec<double>::Part a) { return _mm512_maskz_max_pd(0xff, b, a); }
INLINE auto less_part(Vec<float>::Part b, Vec<float>::Part a) { return _mm512_maskz_min_ps(0xffff, b, a); }
INLINE auto less_part(Vec<double>::Part b, Vec<double>::Part a) { return _mm512_maskz_min_pd(0xff, b, a); }
#elif defined(__AVX2__)
INLINE auto greater_part(Vec<float>::Part b, Vec<float>::Part a) { return _mm256_max_ps(b, a); }
INLINE auto greater_part(Vec<double>::Part b, Vec<double>::Part a) { return _mm256_max_pd(b, a); }
INLINE auto less_part(Vec<float>::Part b, Vec<float>::Part a) { return _mm256_min_ps(b, a); }
INLINE auto less_part(Vec<double>::Part b, Vec<double>::Part a) { return _mm256_min_pd(b, a); }
#else
INLINE auto greater_part(auto b, auto a) { return b > a ? b : a; }
INLINE auto less_part(auto b, auto a) { return b < a ? b : a; }
#endif

// max and min of docs/arithmetic.md, section 5: b where it is greater (less), else a; NaN where either is NaN.
template <class V>
INLINE V maximum(V a, std::type_identity_t<V> b) {
    if constexpr (std::is_arithmetic_v<V>) {
        return b != b || b > a ? b : a;
    } else {
        V r;
        for (int i = 0; i < PARTS; ++i) r.part[i] = (typename V::Part)greater_part(b.part[i], a.part[i]);
        return select(b != b, b, r);
    }
}
template <class V>
INLINE V minimum(V a, std::type_identity_t<V> b) {
    if constexpr (std::is_arithmetic_v<V>) {
        return b != b || b < a ? b : a;
    } else {
        V r;
        for (int i = 0; i < PARTS; ++i) r.part[i] = (typename V::Part)less_part(b.part[i], a.part[i]);
        return select(b != b, b, r);
    }
}

// The bits of a number as an integer of its size, and back.
template <class V>
INLINE Integers<V> bits_of(V a) {
    return std::bit_cast<Integers<V>>(a);
}
template <class V>
INLINE V of_bits(Integers<V> a) {
    return std::bit_cast<V>(a);
}

template <class V>
INLINE V absolute(V a) {
    using I = Integers<V>;
    return of_bits<V>(bits_of(a) & I(std::bit_cast<Scalar<I>>(Scalar<V>(-0.0)) ^ Scalar<I>(-1)));
}
// |a| with the sign of b.
template <class V>
INLINE V with_sign(V a, V b) {
    using I = Integers<V>;
    const I sign(std::bit_cast<Scalar<I>>(Scalar<V>(-0.0)));
    return of_bits<V>((bits_of(a) & (sign ^ I(Scalar<I>(-1)))) | (bits_of(b) & sign));
}

// To the nearest whole number, ties to even; right for |a| below 2^22 (float) or 2^51 (double), NaN stays NaN.
template <class V>
INLINE V nearest(V a) {
    const V shift(Scalar<V>(sizeof(Scalar<V>) == 4 ? 0x1.8p23 : 0x1.8p52));
    return (a + shift) - shift;
}
// The same as an integer.
template <class V>
INLINE Integers<V> nearest_integer(V a) {
    const V shift(Scalar<V>(sizeof(Scalar<V>) == 4 ? 0x1.8p23 : 0x1.8p52));
    return bits_of(a + shift) - bits_of(shift);
}
// An integer of magnitude below 2^22 (2^51) as a number, exact.
template <class V>
INLINE V number_of(Integers<V> n) {
    const V shift(Scalar<V>(sizeof(Scalar<V>) == 4 ? 0x1.8p23 : 0x1.8p52));
    return of_bits<V>(n + bits_of(shift)) - shift;
}

// From and to memory of any alignment.
template <class V>
    requires std::is_arithmetic_v<V>
INLINE V load(const V* from) {
    return *from;
}
template <class V>
    requires(!std::is_arithmetic_v<V>)
INLINE V load(const Scalar<V>* from) {
    V r;
    for (int i = 0; i < PARTS; ++i) std::memcpy(&r.part[i], from + i * (V::LANES / PARTS), REGISTER_BYTES);
    return r;
}
template <class T>
    requires std::is_arithmetic_v<T>
INLINE void store(T* to, T value) {
    *to = value;
}
template <class T>
INLINE void store(T* to, Vec<T> value) {
    for (int i = 0; i < PARTS; ++i) std::memcpy(to + i * (Vec<T>::LANES / PARTS), &value.part[i], REGISTER_BYTES);
}
// The first n lanes only.
template <class T>
INLINE void store(T* to, Vec<T> value, int n) {
    if (n >= Vec<T>::LANES) return store(to, value);
#if defined(__AVX512F__)
    const unsigned first = (1u << n) - 1;
    if constexpr (std::is_same_v<T, float>) return _mm512_mask_storeu_ps(to, __mmask16(first), value.part[0]);
    if constexpr (std::is_same_v<T, double>) return _mm512_mask_storeu_pd(to, __mmask8(first), value.part[0]);
#endif
    std::memcpy(to, &value, sizeof(T) * n);
}

// Whether any lane is true.
INLINE bool any(bool c) { return c; }
template <class I>
INLINE bool any(Vec<I> c) {
    typename Vec<I>::Part joined = c.part[0];
    for (int i = 1; i < PARTS; ++i) joined |= c.part[i];
#if defined(__AVX512F__)
    return _mm512_test_epi32_mask((__m512i)joined, (__m512i)joined) != 0;
#elif defined(__AVX2__)
    return !_mm256_testz_si256((__m256i)joined, (__m256i)joined);
#else
    I lanes = 0;
    for (int i = 0; i < Vec<I>::LANES / PARTS; ++i) lanes |= joined[i];
    return lanes != 0;
#endif
}

}  // namespace multilayer
