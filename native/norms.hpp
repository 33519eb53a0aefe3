// Sums of squares of gradients and the largest norm of weights (docs/arithmetic.md, 5.5, parts 4 and 8).
//
// An array (pieces, n_in, n_out) stands in panels as in products.hpp, piece after piece; one of a single axis is
// (1, 1, n). Members abreast have a vector in the place of every number. What follows goes by groups of outputs whose
// numbers fill a vector: a panel of one member, or one output of members abreast.
#pragma once

#include <algorithm>
#include <cstddef>

#include "vector.hpp"
#include "wide.hpp"

namespace multilayer {

// Input k of a group is the vector at from + k * step, of which `used` lanes count.
struct GroupPlace {
    std::ptrdiff_t from, step;
    int used;
};

template <class T, bool ABREAST>
INLINE GroupPlace place_of_group(int group, int n_in, int n_out) {
    constexpr int L = Vec<T>::LANES;
    const int panel = ABREAST ? group / L : group;
    const int width = std::min(L, n_out - panel * L);
    const std::ptrdiff_t first = std::ptrdiff_t(panel) * L * n_in;
    if constexpr (ABREAST)
        return {(first + group % L) * L, std::ptrdiff_t(width) * L, L};
    else
        return {first, width, width};
}

// f.template operator()<GROUPS>(first number, first group) over the groups of all pieces in their order; several at a
// time, so that the chains of one hide the latency of another's.
template <class T, bool ABREAST, int GROUPS, class F>
INLINE void each_groups(int n_in, int n_out, int pieces, const F& f) {
    constexpr int L = Vec<T>::LANES;
    const int groups = ABREAST ? n_out : (n_out + L - 1) / L;
    for (int piece = 0; piece < pieces; ++piece) {
        const std::ptrdiff_t start = std::ptrdiff_t(piece) * n_in * n_out * (ABREAST ? L : 1);
        int group = 0;
        for (; group + GROUPS <= groups; group += GROUPS) f.template operator()<GROUPS>(start, group);
        for (; group < groups; ++group) f.template operator()<1>(start, group);
    }
}

// add(squares of a group's outputs, how many of them count), group by group; one chain over the inputs for each output.
template <class T, bool ABREAST, class F>
INLINE void each_square(const T* g, int n_in, int n_out, int pieces, const F& add) {
    each_groups<T, ABREAST, 2>(n_in, n_out, pieces, [&]<int GROUPS>(std::ptrdiff_t start, int group) {
        GroupPlace place[GROUPS];
        Wide<T> squares[GROUPS];
        for (int q = 0; q < GROUPS; ++q) {
            place[q] = place_of_group<T, ABREAST>(group + q, n_in, n_out);
            squares[q] = Wide<T>(0.0);
        }
        for (int k = 0; k < n_in; ++k)
            for (int q = 0; q < GROUPS; ++q) {
                const Wide<T> value = widen(load<Vec<T>>(g + start + place[q].from + k * place[q].step));
                for (int h = 0; h < Wide<T>::COUNT; ++h)
                    squares[q].half[h] = fma(value.half[h], value.half[h], squares[q].half[h]);
            }
        for (int q = 0; q < GROUPS; ++q) add(squares[q], place[q].used);
    });
}

// P_k of one member's gradient.
template <class T>
double sum_of_squares(const T* g, int n_in, int n_out, int pieces = 1) {
    double total = 0.0;
    each_square<T, false>(g, n_in, n_out, pieces, [&](const Wide<T>& squares, int used) {
        for (int o = 0; o < used; ++o) total += squares.lane(o);
    });
    return total;
}

// P_k of members abreast.
template <class T>
Wide<T> sums_of_squares(const T* g, int n_in, int n_out, int pieces = 1) {
    Wide<T> total(0.0);
    each_square<T, true>(g, n_in, n_out, pieces, [&](const Wide<T>& squares, int) { total = total + squares; });
    return total;
}

// A group's weights times its outputs' factors.
template <class T>
INLINE void scale_group(T* w, const GroupPlace& place, int n_in, Vec<T> factors) {
    for (int k = 0; k < n_in; ++k, w += place.step) {
        if (place.used == Vec<T>::LANES)
            store(w, load<Vec<T>>(w) * factors);
        else
            for (int o = 0; o < place.used; ++o) w[o] = w[o] * factors.lane(o);
    }
}

// Part 8, with T(c) in every lane of `limit`, or that of each member abreast: infinity where one has none.
template <bool ABREAST = false, class T>
void max_norm(T* w, int n_in, int n_out, Vec<T> limit, int pieces = 1) {
    each_groups<T, ABREAST, 4>(n_in, n_out, pieces, [&]<int GROUPS>(std::ptrdiff_t start, int group) {
        GroupPlace place[GROUPS];
        Vec<T> squares[GROUPS];
        for (int q = 0; q < GROUPS; ++q) {
            place[q] = place_of_group<T, ABREAST>(group + q, n_in, n_out);
            squares[q] = Vec<T>(T(0));
        }
        for (int k = 0; k < n_in; ++k)
            for (int q = 0; q < GROUPS; ++q) {
                const Vec<T> weights = load<Vec<T>>(w + start + place[q].from + k * place[q].step);
                squares[q] = fma(weights, weights, squares[q]);
            }
        for (int q = 0; q < GROUPS; ++q) {
            const Vec<T> norms = square_root(squares[q]);
            const auto over = norms > limit;
            if (any(over))
                scale_group(w + start + place[q].from, place[q], n_in, select(over, limit / norms, Vec<T>(T(1))));
        }
    });
}

}  // namespace multilayer
