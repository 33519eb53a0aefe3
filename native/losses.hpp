// The losses of docs/arithmetic.md, section 5.10, for as many rows at a time as a vector has lanes.
//
// x are the k outputs of these rows, one vector each and `stride` vectors apart, and the slopes lie the same way. The
// targets t are vectors one after the other: numbers, bits or signs, one for each term, or a single one with the code
// of the class as a number. No lane's bits depend on another lane, so a lane without a row may hold anything.
#pragma once

#include <cstddef>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>

#include "activations.hpp"
#include "functions.hpp"
#include "named.hpp"
#include "vector.hpp"
#include "wide.hpp"

namespace multilayer {

namespace losses {

// A rule of one output: the derivative by it, and beside it the loss. What is not asked for is not computed.
template <class V>
struct SquaredError {
    INLINE V operator()(V x, V t, V& loss) const {
        const V e = x - t;
        loss = (Scalar<V>(0.5) * e) * e;
        return e;
    }
};

template <class V>
struct AbsoluteError {
    INLINE V operator()(V x, V t, V& loss) const {
        const V e = x - t;
        loss = absolute(e);
        return select(e > 0, V(1), select(e < 0, V(-1), loss));
    }
};

template <class V>
struct Huber {
    Scalar<V> delta;
    INLINE V operator()(V x, V t, V& loss) const {
        const V e = x - t, s = minimum(maximum(e, V(-delta)), V(delta));
        loss = s * (e - Scalar<V>(0.5) * s);
        return s;
    }
};

template <class V>
struct Quantile {
    Scalar<V> above, below;  // the slopes where the target is above the output, and where it is below: -q and 1 - q
    INLINE V operator()(V x, V t, V& loss) const {
        const V e = t - x, s = select(e == 0, V(0), select(e > 0, V(above), V(below)));
        loss = -s * e;
        return s;
    }
};

template <class V>
struct Log {  // t is c, the sign
    INLINE V operator()(V x, V t, V& loss) const {
        const V u = -t * x;
        loss = softplus(u);
        return -t * sigmoid(u);
    }
};

template <class V>
struct SigmoidCrossEntropy {
    INLINE V operator()(V x, V t, V& loss) const { return Log<V>{}(x, Scalar<V>(2) * t - 1, loss); }
};

template <class V>
struct Hinge {
    Scalar<V> margin;
    INLINE V operator()(V x, V t, V& loss) const {
        loss = maximum(V(0), margin - t * x);
        return select(loss > 0, -t, V(0));
    }
};

template <class V>
struct SquaredHinge {
    Scalar<V> margin;
    INLINE V operator()(V x, V t, V& loss) const {
        const V s = maximum(V(0), margin - t * x);
        loss = s * s;
        return (Scalar<V>(-2) * t) * s;
    }
};

template <class V>
struct Poisson {
    INLINE V operator()(V x, V t, V& loss) const {
        const V p = exp(x);
        loss = fma(-t, x, p);
        return p - t;
    }
};

// Where SLOPES is false, `slope` is neither read nor written.
template <bool SLOPES, class Rule, class T>
INLINE void each_output(Rule rule, const Vec<T>* x, const Vec<T>* t, Vec<T>* slope, Wide<T>& row_sum, int k,
                        std::size_t stride) {
    Wide<T> sum(0);
    const auto add = [&](int j) __attribute__((always_inline)) {
        Vec<T> loss;
        const Vec<T> derivative = rule(x[j * stride], t[j], loss);
        if constexpr (SLOPES) slope[j * stride] = derivative;
        sum = sum + widen(loss);
    };
    if (k == 1)  // without a loop no constants are laid out before it, which would cost as much as the loss
        add(0);
    else
        for (int j = 0; j < k; ++j) add(j);
    row_sum = sum;
}

// Half of the outputs are means, the other half the logarithms of the variances.
template <bool SLOPES, class T>
INLINE void gaussian_nll(const Vec<T>* x, const Vec<T>* t, Vec<T>* slope, Wide<T>& row_sum, int k,
                         std::size_t stride) {
    using V = Vec<T>;
    const std::size_t half = k / 2 * stride;
    Wide<T> sum(0);
    for (int j = 0; j < k / 2; ++j) {
        const V log_variance = x[half + j * stride];
        const V e = x[j * stride] - t[j], p = exp(-log_variance), z = (e * e) * p;
        if constexpr (SLOPES) {
            slope[j * stride] = e * p;
            slope[half + j * stride] = T(0.5) * (1 - z);
        }
        sum = sum + widen(T(0.5) * (log_variance + z));
    }
    row_sum = sum;
}

// A NaN among the logits is the highest or in the sum of the powers, and so in all that follows.
template <class T>
struct CrossEntropy {
    using V = Vec<T>;
    T own, other, own_complement, other_complement;  // t_j and n_j for the class of the row, and for the others
    bool smoothed;

    CrossEntropy(double smoothing, int k) : smoothed(smoothing != 0) {
        const double low = smoothing / k;
        own = T((1 - smoothing) + low);
        other = T(low);
        own_complement = T(smoothing - low);
        other_complement = T(1 - low);
    }

    template <bool SLOPES>
    INLINE V operator()(const V* x, V code, V* slope, int k, std::size_t stride) const {
        V highest = x[0], rest(0), number(0), own_below(0), own_power(0);
        for (int j = 1; j < k; ++j) highest = select(x[j * stride] > highest, x[j * stride], highest);
        V awaited = highest;  // NaN, which equals nothing, after the first of the highest has come
        for (int j = 0; j < k; ++j) {
            const V below = highest - x[j * stride], power = exp_of_minus_size(below);
            rest = select(x[j * stride] == awaited, rest, rest + power);
            awaited = select(x[j * stride] == awaited, V(std::numeric_limits<T>::quiet_NaN()), awaited);
            if constexpr (SLOPES) {
                slope[j * stride] = power;
                own_below = select(number == code, below, own_below);
                own_power = select(number == code, power, own_power);
                number = number + 1;
            }
        }
        if constexpr (SLOPES) {
            if (!smoothed) return finish<SLOPES, false>(x, code, slope, k, stride, highest, rest, own_below, own_power);
        }
        return finish<SLOPES, true>(x, code, slope, k, stride, highest, rest, own_below, own_power);
    }

private:
    // The loss; and slope holds the powers, then the slopes. Without smoothing t_j and n_j are 0 and 1, and the same
    // bits take one division for each output: p 1 - 0 (o / s) = p where j is not the class, and p 0 - 1 (o / s) =
    // e 0 - o / s where it is, NaN included.
    template <bool SLOPES, bool SMOOTHED>
    INLINE V finish(const V* x, V code, V* slope, int k, std::size_t stride, V highest, V rest, V own_below,
                    V own_power) const {
        const V total = 1 + rest, log_total = log1p(rest);
        const V own_slope = own_power * V(0) - select(own_below > 0, 1 + (rest - own_power), rest) / total;
        V loss(0), number(0);
        for (int j = 0; j < k; ++j) {
            const V below = highest - x[j * stride], share = select(number == code, V(own), V(other));
            loss = fma(share, below + log_total, loss);
            if constexpr (SLOPES && SMOOTHED) {
                const V power = slope[j * stride], others = select(below > 0, 1 + (rest - power), rest);
                const V complement = select(number == code, V(own_complement), V(other_complement));
                slope[j * stride] = (power / total) * complement - share * (others / total);
            } else if constexpr (SLOPES) {
                slope[j * stride] = select(number == code, own_slope, slope[j * stride] / total);
            }
            number = number + 1;
        }
        return loss;
    }
};

template <class T>
struct MaxMargin {
    using V = Vec<T>;
    T margin;

    template <bool SLOPES>
    INLINE V operator()(const V* x, V code, V* slope, int k, std::size_t stride) const {
        V rival = select(code == 0, x[stride], x[0]), position = select(code == 0, V(1), V(0));
        V own(0), number(0), poison(0);  // NaN where a logit is NaN, else 0
        for (int j = 0; j < k; ++j) {
            const V logit = x[j * stride];
            const auto is_own = number == code;
            own = select(is_own, logit, own);
            const V candidate = select(is_own, rival, logit);
            position = select(candidate > rival, number, position);
            rival = select(candidate > rival, candidate, rival);
            poison = select(logit != logit, logit, poison);
            number = number + 1;
        }
        const V short_of = maximum(V(0), (rival - own) + margin);
        if constexpr (SLOPES) {
            const V active = select(short_of > 0, V(1), V(0)) + poison;
            number = V(0);
            for (int j = 0; j < k; ++j) {
                slope[j * stride] = select(number == position, active, select(number == code, 0 - active, poison));
                number = number + 1;
            }
        }
        return short_of + poison;
    }
};

}  // namespace losses

// A loss of a recipe by its name, with its option where it has one. Weights and the reduction are left to the caller.
class Loss {
public:
    enum Kind {
        SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, LOG, SIGMOID_CROSS_ENTROPY, HINGE, SQUARED_HINGE, POISSON,
        GAUSSIAN_NLL, CROSS_ENTROPY, MAX_MARGIN
    };

    explicit Loss(const Named& named) : kind_(kind_of(named.name)) {
        if (const char* option = OPTIONS[kind_]) option_ = named[option];
    }

    Kind kind() const { return kind_; }
    bool takes_classes() const { return kind_ == CROSS_ENTROPY || kind_ == MAX_MARGIN; }

    // q of 5.10: how many losses a row of k outputs has, and (where it takes no classes) how many targets.
    int terms(int k) const { return takes_classes() ? 1 : kind_ == GAUSSIAN_NLL ? k / 2 : k; }

    // The sum R of each row's losses in float64, and the slopes of every output. The slopes do not overlap x or t.
    template <class T>
    void evaluate(const Vec<T>* x, const Vec<T>* t, Vec<T>* slope, Wide<T>& row_sum, int k,
                  std::size_t stride = 1) const {
        of_rows<true>(x, t, slope, row_sum, k, stride);
    }

    // The sums alone.
    template <class T>
    void measure(const Vec<T>* x, const Vec<T>* t, Wide<T>& row_sum, int k, std::size_t stride = 1) const {
        of_rows<false>(x, t, static_cast<Vec<T>*>(nullptr), row_sum, k, stride);
    }

private:
    static constexpr const char* NAMES[] = {"squared_error", "absolute_error", "huber", "quantile", "log",
                                            "sigmoid_cross_entropy", "hinge", "squared_hinge", "poisson",
                                            "gaussian_nll", "cross_entropy", "max_margin"};
    static constexpr const char* OPTIONS[] = {nullptr, nullptr, "delta", "q", nullptr, nullptr, "margin", "margin",
                                              nullptr, nullptr, "label_smoothing", "margin"};

    static Kind kind_of(const std::string& name) {
        for (std::size_t i = 0; i < std::size(NAMES); ++i)
            if (name == NAMES[i]) return Kind(i);
        throw std::invalid_argument("There is no loss '" + name + "'.");
    }

    template <bool SLOPES, class T>
    INLINE void of_rows(const Vec<T>* x, const Vec<T>* t, Vec<T>* slope, Wide<T>& row_sum, int k,
                        std::size_t stride) const {
        using namespace losses;
        using V = Vec<T>;
        const T option = T(option_);
        const auto each = [&](auto rule) { each_output<SLOPES>(rule, x, t, slope, row_sum, k, stride); };
        const auto row = [&](auto rule) {
            row_sum = Wide<T>(0) + widen(rule.template operator()<SLOPES>(x, t[0], slope, k, stride));
        };
        switch (kind_) {
            case SQUARED_ERROR: return each(SquaredError<V>{});
            case ABSOLUTE_ERROR: return each(AbsoluteError<V>{});
            case HUBER: return each(Huber<V>{option});
            case QUANTILE: return each(Quantile<V>{-option, T(1 - option_)});
            case LOG: return each(Log<V>{});
            case SIGMOID_CROSS_ENTROPY: return each(SigmoidCrossEntropy<V>{});
            case HINGE: return each(Hinge<V>{option});
            case SQUARED_HINGE: return each(SquaredHinge<V>{option});
            case POISSON: return each(Poisson<V>{});
            case GAUSSIAN_NLL: return gaussian_nll<SLOPES>(x, t, slope, row_sum, k, stride);
            case CROSS_ENTROPY: return row(CrossEntropy<T>(option_, k));
            case MAX_MARGIN: return row(MaxMargin<T>{option});
        }
    }

    Kind kind_;
    double option_ = 0;
};

}  // namespace multilayer
