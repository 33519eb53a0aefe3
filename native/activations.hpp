// The activations of docs/arithmetic.md, section 5.9: y = f(x), element by element, and dx from dy.
//
// A rule is one activation with its constants: `forward(x)` is y, and `backward(dy, kept)` is dx. What backward reads
// is x where the rule says READS_INPUT, else y: the same bits either way, and a layer that keeps y for the next
// product needs nothing else. V is a vector or a number. A rule is also what a product applies before it stores.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "circle.hpp"
#include "functions.hpp"
#include "named.hpp"
#include "vector.hpp"

namespace multilayer {

namespace activations {

template <class V>
struct Identity {
    static constexpr bool READS_INPUT = false;
    INLINE V forward(V x) const { return x; }
    INLINE V backward(V dy, V) const { return dy; }
};

template <class V>
struct Step {  // no gradient passes: refused in training
    INLINE V forward(V x) const { return select(x >= 0, V(1), select(x < 0, V(0), x)); }
};

template <class V>
struct Sigmoid {
    static constexpr bool READS_INPUT = false;
    INLINE V forward(V x) const { return sigmoid(x); }
    INLINE V backward(V dy, V y) const { return dy * (y * (1 - y)); }
};

template <class V>
struct Tanh {
    static constexpr bool READS_INPUT = false;
    INLINE V forward(V x) const { return tanh(x); }
    INLINE V backward(V dy, V y) const { return dy * fma(-y, y, V(1)); }
};

template <class V>
struct Relu {
    static constexpr bool READS_INPUT = false;  // y > 0 where x > 0
    INLINE V forward(V x) const { return select(x <= 0, V(0), x); }
    INLINE V backward(V dy, V y) const { return select(y > 0, dy, V(0)); }
};

template <class V>
struct LeakyRelu {
    V slope;  // at least 0, so that y > 0 where x > 0
    static constexpr bool READS_INPUT = false;
    INLINE V forward(V x) const { return select(x > 0, x, slope * x); }
    INLINE V backward(V dy, V y) const { return select(y > 0, dy, slope * dy); }
};

template <class V>
struct Elu {
    V alpha;  // above 0, so that y > 0 where x > 0, and y is E elsewhere
    static constexpr bool READS_INPUT = false;
    INLINE V forward(V x) const { return select(x > 0, x, alpha * expm1(minimum(x, V(0)))); }
    INLINE V backward(V dy, V y) const { return select(y > 0, dy, dy * (y + alpha)); }
};

template <class V>
struct Selu {  // y > 0 where x > 0, and y is E elsewhere
    using T = Scalar<V>;
    static constexpr T SCALE = T(0x1.0cfabd6a91132p+0), DEPTH = T(0x1.c212cc640f030p+0);
    static constexpr bool READS_INPUT = false;
    INLINE V forward(V x) const { return select(x > 0, SCALE * x, DEPTH * expm1(minimum(x, V(0)))); }
    INLINE V backward(V dy, V y) const { return dy * select(y > 0, V(SCALE), y + DEPTH); }
};

template <class V>
struct Gelu {
    using T = Scalar<V>;
    static constexpr T ROOT = T(0x1.6a09e667f3bcdp-1), DENSITY = T(0x1.9884533d43651p-2), HALF = T(0.5);
    static constexpr bool READS_INPUT = true;
    INLINE V share(V x) const { return HALF * (1 + erf(x * ROOT)); }
    INLINE V forward(V x) const { return x * share(x); }
    INLINE V backward(V dy, V x) const {
        const V c = minimum(maximum(x, V(-40)), V(40));
        const V density = exp_of_minus_size((HALF * c) * c) * DENSITY;
        return dy * fma(x, density, share(x));
    }
};

template <class V>
struct Silu {
    static constexpr bool READS_INPUT = true;
    INLINE V forward(V x) const { return x * sigmoid(x); }
    INLINE V backward(V dy, V x) const {
        const V s = sigmoid(x);
        return dy * (s * fma(x, 1 - s, V(1)));
    }
};

template <class V>
struct Mish {
    static constexpr bool READS_INPUT = true;
    INLINE V forward(V x) const { return x * tanh(softplus(x)); }
    INLINE V backward(V dy, V x) const {
        const V t = tanh(softplus(x));
        return dy * fma(x * fma(-t, t, V(1)), sigmoid(x), t);
    }
};

template <class V>
struct Softplus {
    static constexpr bool READS_INPUT = true;
    INLINE V forward(V x) const { return softplus(x); }
    INLINE V backward(V dy, V x) const { return dy * sigmoid(x); }
};

template <class V>
struct Softsign {
    static constexpr bool READS_INPUT = true;
    INLINE V forward(V x) const { return x / (1 + absolute(x)); }
    INLINE V backward(V dy, V x) const {
        const V s = 1 / (1 + absolute(x));
        return dy * (s * s);
    }
};

template <class V>
struct Ramp {
    static constexpr bool READS_INPUT = false;  // |y| < 1 where |x| < 1
    INLINE V forward(V x) const { return minimum(maximum(x, V(-1)), V(1)); }
    INLINE V backward(V dy, V y) const { return select(absolute(y) < 1, dy, V(0)); }
};

template <class V>
struct Sine {
    static constexpr bool READS_INPUT = true;
    INLINE V forward(V x) const { return sin(x); }
    INLINE V backward(V dy, V x) const { return dy * cos(x); }
};

}  // namespace activations

// An activation of a recipe by its name, with its option where it has one.
class Activation {
public:
    enum Kind {
        IDENTITY, STEP, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, SELU, GELU, SILU, MISH, SOFTPLUS, SOFTSIGN, RAMP, SINE
    };

    explicit Activation(const Named& named) : kind_(kind_of(named.name)) {
        if (kind_ == LEAKY_RELU) option_ = named["slope"];
        if (kind_ == ELU) option_ = named["alpha"];
    }

    // Whether a layer of this name works element by element and has no parameters: prelu and softmax are not here.
    static bool exists(const std::string& name) { return position(name) < COUNT; }

    Kind kind() const { return kind_; }
    bool trains() const { return kind_ != STEP; }

    // Whether the way back reads x; else it reads y, which may then take the place of x.
    bool reads_input() const;

    // f(rule) with the rule of this activation for V. What f holds is compiled once for each rule.
    template <class V, class F>
    INLINE decltype(auto) visit(F&& f) const;

private:
    static constexpr const char* NAMES[] = {"identity", "step", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu",
                                            "gelu", "silu", "mish", "softplus", "softsign", "ramp", "sine"};
    static constexpr int COUNT = std::size(NAMES);

    static int position(const std::string& name) {
        int i = 0;
        while (i < COUNT && name != NAMES[i]) ++i;
        return i;
    }
    static Kind kind_of(const std::string& name) {
        if (!exists(name)) throw std::invalid_argument("There is no activation '" + name + "'.");
        return Kind(position(name));
    }

    Kind kind_;
    double option_ = 0;
};

template <class V, class F>
INLINE decltype(auto) Activation::visit(F&& f) const {
    using namespace activations;
    const V option = V(Scalar<V>(option_));
    switch (kind_) {
        case IDENTITY: return f(Identity<V>{});
        case STEP: return f(Step<V>{});
        case SIGMOID: return f(Sigmoid<V>{});
        case TANH: return f(Tanh<V>{});
        case RELU: return f(Relu<V>{});
        case LEAKY_RELU: return f(LeakyRelu<V>{option});
        case ELU: return f(Elu<V>{option});
        case SELU: return f(Selu<V>{});
        case GELU: return f(Gelu<V>{});
        case SILU: return f(Silu<V>{});
        case MISH: return f(Mish<V>{});
        case SOFTPLUS: return f(Softplus<V>{});
        case SOFTSIGN: return f(Softsign<V>{});
        case RAMP: return f(Ramp<V>{});
        case SINE: return f(Sine<V>{});
    }
    __builtin_unreachable();
}

template <class Rule>
constexpr bool TRAINS = requires { Rule::READS_INPUT; };

inline bool Activation::reads_input() const {
    return visit<float>([]<class Rule>(Rule) {
        if constexpr (TRAINS<Rule>) return Rule::READS_INPUT;
        return false;
    });
}

// y = f(x), in place where y is x.
template <class V>
void activate(const Activation& activation, const V* x, V* y, std::size_t count) {
    activation.visit<V>([=](auto rule) {
        for (std::size_t i = 0; i < count; ++i) y[i] = rule.forward(x[i]);
    });
}

// dx from dy, in place where dx is dy. Of x and y only the one is read that `reads_input` tells.
template <class V>
void activate_backward(const Activation& activation, const V* x, const V* y, const V* dy, V* dx, std::size_t count) {
    activation.visit<V>([=]<class Rule>(Rule rule) {
        if constexpr (TRAINS<Rule>) {
            const V* kept = Rule::READS_INPUT ? x : y;
            for (std::size_t i = 0; i < count; ++i) dx[i] = rule.backward(dy[i], kept[i]);
        } else {
            throw std::logic_error("A step has no gradient.");
        }
    });
}

// PReLU of one column: y = x where x > 0, else slopes x. In place where y is x.
template <class V>
void prelu_forward(const V* x, V slopes, V* y, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) y[i] = select(x[i] > 0, x[i], slopes * x[i]);
}

// dx from dy, in place where dx is dy; the sum of the slopes' gradient over these rows, which are one row block.
template <class V>
V prelu_backward(const V* x, V slopes, const V* dy, V* dx, std::size_t rows) {
    V gradient(0);
    for (std::size_t i = 0; i < rows; ++i) {
        gradient = fma(select(x[i] > 0, V(0), x[i]), dy[i], gradient);
        dx[i] = select(x[i] > 0, dy[i], slopes * dy[i]);
    }
    return gradient;
}

// Softmax in place over n outputs, `stride` vectors apart, of as many rows as V has lanes (5.4). A NaN among the
// logits is in the sum, if not in the maximum, and so in every output.
template <class V>
void softmax_forward(V* x, std::size_t stride, int n) {
    V largest = x[0], sum(0);
    for (int j = 1; j < n; ++j) largest = select(x[j * stride] > largest, x[j * stride], largest);
    for (int j = 0; j < n; ++j) {
        x[j * stride] = exp_of_minus_size(largest - x[j * stride]);
        sum = sum + x[j * stride];
    }
    for (int j = 0; j < n; ++j) x[j * stride] = x[j * stride] / sum;
}

// dy becomes dx.
template <class V>
void softmax_backward(const V* y, V* dy, std::size_t stride, int n) {
    V sum(0);
    for (int j = 0; j < n; ++j) sum = fma(dy[j * stride], y[j * stride], sum);
    for (int j = 0; j < n; ++j) dy[j * stride] = y[j * stride] * (dy[j * stride] - sum);
}

}  // namespace multilayer
