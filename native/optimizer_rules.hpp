// What each optimizer does to a vector of elements (docs/arithmetic.md, 5.11).
//
// A rule reads the step's constants, the weights w and the gradients g, moves its state s and returns the change of w.
// Constants are vectors: members abreast have their own, a member alone has the same in every lane.
#pragma once

#include <cstddef>

#include "vector.hpp"

namespace multilayer::rules {

// Constants of T. Those that change with every step come first; SHARE is 1 - beta, or 1 - rho.
enum Constant {
    MINUS_ETA, MINUS_A, ROOT_FACTOR, NOW, AHEAD, DECAY, STEP_CONSTANTS,
    NORM_FACTOR = STEP_CONSTANTS,
    L1, L2, CLIP_VALUE, MAX_NORM, EPS, MU, SHARE1, SHARE2, BETA2, CENTERED, INITIAL, BETA, LAMBDA1, LAMBDA2, CONSTANTS
};

template <class V>
INLINE V flush(V v) {
    return select(absolute(v) < Scalar<V>(0x1p-100), V(0), v);
}
template <class V>
INLINE V follow(V s, V g, V share) {
    return flush(fma(share, g - s, s));
}
template <class V>
INLINE V follow_square(V s, V g, V share) {
    return flush(fma(share, fma(g, g, -s), s));
}
template <class V>
INLINE V sign_of(V v) {
    return select(v > 0, V(1), select(v < 0, V(-1), select(v == V(0), V(0), v)));
}

struct Sgd {
    static constexpr int ARRAYS = 0;
    template <class V>
    static INLINE V change(const V* c, V, V g, V*) {
        return c[MINUS_ETA] * g;
    }
};

struct Momentum {
    static constexpr int ARRAYS = 1;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V& v = s[0];
        v = flush(fma(c[MU], v, g));
        return c[MINUS_ETA] * v;
    }
};

struct Nesterov {
    static constexpr int ARRAYS = 1;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V& v = s[0];
        v = flush(fma(c[MU], v, g));
        return c[MINUS_ETA] * fma(c[MU], v, g);
    }
};

struct Adagrad {
    static constexpr int ARRAYS = 1;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V& n = s[0];
        n = flush(fma(g, g, n));
        return (c[MINUS_ETA] * g) / (square_root(n) + c[EPS]);
    }
};

// CENTER and BALL: whether any member has `centered`, or a momentum above 0.
template <bool CENTER, bool BALL>
struct RmsProp {
    static constexpr int ARRAYS = 1 + CENTER + BALL;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V& n = s[0];
        n = follow_square(n, g, c[SHARE2]);
        V a = n;
        if constexpr (CENTER) {
            V& mean = s[1];
            mean = follow(mean, g, c[SHARE2]);
            a = select(c[CENTERED] != 0, maximum(fma(-mean, mean, n), V(0)), n);
        }
        V d = g / (square_root(a) + c[EPS]);
        if constexpr (BALL) {
            V& v = s[ARRAYS - 1];
            v = flush(fma(c[MU], v, d));
            d = select(c[MU] != 0, v, d);
        }
        return c[MINUS_ETA] * d;
    }
};

struct Adadelta {
    static constexpr int ARRAYS = 2;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V &n = s[0], &u = s[1];
        n = follow_square(n, g, c[SHARE2]);
        const V d = square_root((u + c[EPS]) / (n + c[EPS])) * g;
        u = follow_square(u, d, c[SHARE2]);
        return c[MINUS_ETA] * d;
    }
};

// The two running means of Adam and its kin.
template <class V>
INLINE void move_means(const V* c, V g, V& m, V& v) {
    m = follow(m, g, c[SHARE1]);
    v = follow_square(v, g, c[SHARE2]);
}
template <class V>
INLINE V root_of(const V* c, V v) {
    return fma(square_root(v), c[ROOT_FACTOR], c[EPS]);
}

struct Adam {
    static constexpr int ARRAYS = 2;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        move_means(c, g, s[0], s[1]);
        return c[MINUS_A] * (s[0] / root_of(c, s[1]));
    }
};

struct AmsGrad {
    static constexpr int ARRAYS = 3;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V& largest = s[2];
        move_means(c, g, s[0], s[1]);
        largest = maximum(largest, s[1]);
        return c[MINUS_A] * (s[0] / root_of(c, largest));
    }
};

struct Adamax {
    static constexpr int ARRAYS = 2;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V &m = s[0], &u = s[1];
        m = follow(m, g, c[SHARE1]);
        u = flush(maximum(c[BETA2] * u, absolute(g) + c[EPS]));
        return c[MINUS_A] * (m / u);
    }
};

struct NAdam {
    static constexpr int ARRAYS = 2;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        move_means(c, g, s[0], s[1]);
        return c[MINUS_ETA] * (fma(c[NOW], g, c[AHEAD] * s[0]) / root_of(c, s[1]));
    }
};

struct Lion {
    static constexpr int ARRAYS = 1;
    template <class V>
    static INLINE V change(const V* c, V, V g, V* s) {
        V& m = s[0];
        const V d = fma(c[SHARE1], g - m, m);
        m = follow(m, g, c[SHARE2]);
        return c[MINUS_ETA] * sign_of(d);
    }
};

struct Ftrl {
    static constexpr int ARRAYS = 4;
    static constexpr int LEADER = 3;  // starts from the weights
    template <class V>
    static INLINE V change(const V* c, V w, V g, V* s) {
        V &n = s[0], &z = s[1], &before = s[2], &leader = s[LEADER];
        const V eta = -c[MINUS_ETA];
        n = flush(fma(g, g, n));
        const V i = (c[BETA] + square_root(n)) / eta;
        V next = fma(-before, w - leader, z);
        next = flush(next + fma(-(i - before), w, g));
        const V d = next - minimum(maximum(next, -c[LAMBDA1]), c[LAMBDA1]);
        const V change = (-d) / (i + c[LAMBDA2]) - w;
        const auto still = eta == V(0);
        z = select(still, z, next);
        before = select(still, before, i);
        leader = select(still, leader, w + change);
        return select(still, V(0), change);
    }
};

}  // namespace multilayer::rules
