// The lanes of a vector in float64: losses, norms and the preparation of inputs are computed there.
#pragma once

#include "vector.hpp"

namespace multilayer {

// The lanes of a vector in float64: two vectors for float, one for double.
template <class T>
struct Wide {
    static constexpr int COUNT = sizeof(double) / sizeof(T);
    Vec<double> half[COUNT];

    Wide() = default;
    INLINE Wide(double value) {
        for (auto& h : half) h = Vec<double>(value);
    }
    INLINE double lane(int i) const { return half[i / 8].lane(i % 8); }
};

template <class T>
INLINE Wide<T> operator+(Wide<T> a, Wide<T> b) {
    Wide<T> r;
    for (int i = 0; i < Wide<T>::COUNT; ++i) r.half[i] = a.half[i] + b.half[i];
    return r;
}

// The lower and the upper half of a register of float as doubles, and back: compilers do not find these instructions
// for __builtin_convertvector.
using FloatPart = Vec<float>::Part;
using DoublePart = Vec<double>::Part;
#if defined(__AVX512F__)
INLINE DoublePart widen_low(FloatPart a) { return (DoublePart)_mm512_cvtps_pd(_mm512_castps512_ps256(a)); }
INLINE DoublePart widen_high(FloatPart a) { return (DoublePart)_mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)); }
INLINE FloatPart narrow_parts(DoublePart low, DoublePart high) {
    return (FloatPart)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
}
#elif defined(__AVX2__)
INLINE DoublePart widen_low(FloatPart a) { return (DoublePart)_mm256_cvtps_pd(_mm256_castps256_ps128(a)); }
INLINE DoublePart widen_high(FloatPart a) { return (DoublePart)_mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)); }
INLINE FloatPart narrow_parts(DoublePart low, DoublePart high) {
    return (FloatPart)_mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
}
#elif defined(__aarch64__)
INLINE DoublePart widen_low(FloatPart a) { return (DoublePart)vcvt_f64_f32(vget_low_f32((float32x4_t)a)); }
INLINE DoublePart widen_high(FloatPart a) { return (DoublePart)vcvt_high_f64_f32((float32x4_t)a); }
INLINE FloatPart narrow_parts(DoublePart low, DoublePart high) {
    return (FloatPart)vcvt_high_f32_f64(vcvt_f32_f64((float64x2_t)low), (float64x2_t)high);
}
#endif

INLINE Wide<double> widen(Vec<double> a) {
    Wide<double> r;
    r.half[0] = a;
    return r;
}
INLINE Wide<float> widen(Vec<float> a) {
    Wide<float> r;
    for (int i = 0; i < PARTS; ++i) {
        r.half[2 * i / PARTS].part[2 * i % PARTS] = widen_low(a.part[i]);
        r.half[(2 * i + 1) / PARTS].part[(2 * i + 1) % PARTS] = widen_high(a.part[i]);
    }
    return r;
}
// Back to T, rounded once.
INLINE Vec<double> narrow(Wide<double> a) { return a.half[0]; }
INLINE Vec<float> narrow(Wide<float> a) {
    Vec<float> r;
    for (int i = 0; i < PARTS; ++i)
        r.part[i] = narrow_parts(a.half[2 * i / PARTS].part[2 * i % PARTS],
                                 a.half[(2 * i + 1) / PARTS].part[(2 * i + 1) % PARTS]);
    return r;
}

}  // namespace multilayer
