// The step of an optimizer over flat arrays of parameters (docs/arithmetic.md, 5.5 and 5.11).
//
// The parts of a step that go element by element are one pass: w, g and the state are read once and written once.
// A step is begin_step; where the gradients' norm is clipped, `penalize` over every parameter and clip_by_norm with
// the sums of norms.hpp; `update` over every parameter; max_norm of norms.hpp. `update` may run in many threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "named.hpp"
#include "optimizer_rules.hpp"
#include "scalar_functions.hpp"
#include "vector.hpp"

namespace multilayer {

struct OptimizerSettings {
    Named rule;
    double l1 = 0.0, l2 = 0.0, weight_decay = 0.0;
    std::optional<double> clip_value{}, clip_norm{}, max_norm{};
};

// The constants of one member's steps, in float64.
class MemberSteps {
public:
    using Values = std::array<double, rules::CONSTANTS>;

    explicit MemberSteps(const OptimizerSettings& settings) : settings_(settings) {
        beta1_ = option("beta1"), beta2_ = option("beta2"), nadam_ = settings.rule.name == "nadam";
        psi_ = option("momentum_decay");
    }

    // Those that never change.
    void fixed(Values& c) const {
        constexpr double INFINITE = std::numeric_limits<double>::infinity();
        const double least = settings_.rule.name == "adadelta" ? 0x1p-100 : 0x1p-50;
        const bool rho = settings_.rule.has("rho");
        c[rules::NORM_FACTOR] = 1.0;
        c[rules::L1] = settings_.l1;
        c[rules::L2] = settings_.l2;
        c[rules::CLIP_VALUE] = settings_.clip_value.value_or(INFINITE);
        c[rules::MAX_NORM] = settings_.max_norm.value_or(INFINITE);
        c[rules::EPS] = maximum(option("eps"), least);
        c[rules::MU] = option("momentum");
        c[rules::SHARE1] = 1.0 - beta1_;
        c[rules::SHARE2] = 1.0 - (rho ? option("rho") : beta2_);
        c[rules::BETA2] = beta2_;
        c[rules::CENTERED] = option("centered");
        c[rules::INITIAL] = option("initial");
        c[rules::BETA] = maximum(option("beta"), least);
        c[rules::LAMBDA1] = option("lambda1");
        c[rules::LAMBDA2] = option("lambda2");
    }

    // Those of the next step, whose learning rate is L.
    void next(double L, Values& c) {
        advance();
        c[rules::MINUS_ETA] = -L;
        c[rules::MINUS_A] = -(L / (1.0 - power1_));
        c[rules::ROOT_FACTOR] = 1.0 / square_root(1.0 - power2_);
        c[rules::DECAY] = L * settings_.weight_decay;
        c[rules::NOW] = c[rules::AHEAD] = 0.0;
        if (!nadam_) return;
        const double following = momentum_at(step_ + 1);
        c[rules::NOW] = (1.0 - momentum_) / (1.0 - product_);
        c[rules::AHEAD] = following / (1.0 - product_ * following);
    }

    // As after this number of steps.
    void resume(std::int64_t steps) {
        step_ = 0;
        power1_ = power2_ = product_ = 1.0;
        while (step_ < steps) advance();
    }

private:
    double option(const char* name) const { return settings_.rule.has(name) ? settings_.rule[name] : 0.0; }

    void advance() {
        step_ += 1;
        power1_ = power1_ * beta1_;
        power2_ = power2_ * beta2_;
        if (!nadam_) return;
        momentum_ = momentum_at(step_);
        product_ = product_ * momentum_;
    }

    double momentum_at(std::int64_t t) const {
        return beta1_ * (1.0 - 0.5 * multilayer::power(0.96, double(t) * psi_));
    }

    OptimizerSettings settings_;
    double beta1_, beta2_, psi_;
    bool nadam_;
    std::int64_t step_ = 0;
    double power1_ = 1.0, power2_ = 1.0;       // beta^t
    double momentum_ = 0.0, product_ = 1.0;  // mu_t and M of nadam
};

// V is Vec<float> or Vec<double>. Made from one member's settings, or from those of members abreast: the same rule with
// other numbers; lanes beyond them repeat the last. `count` is that of all numbers, the members' together.
template <class V>
class Optimizer {
public:
    using T = Scalar<V>;
    static constexpr int LANES = V::LANES;

    explicit Optimizer(const std::vector<OptimizerSettings>& members) {
        if (members.empty() || members.size() > LANES)
            throw std::invalid_argument("an optimizer has one member, or as many as there are lanes");
        for (const OptimizerSettings& settings : members) {
            if (settings.rule.name != members[0].rule.name)
                throw std::invalid_argument("members abreast have the same optimizer");
            note_parts(settings);
            members_.emplace_back(settings);
            norm_limits_.push_back(settings.clip_norm);
        }
        choose(members);
        for (std::size_t i = 0; i < members.size(); ++i) members_[i].fixed(values_[i]);
        spread(rules::STEP_CONSTANTS, rules::CONSTANTS);
    }

    // How many arrays of state stand beside each array of parameters.
    int arrays() const { return arrays_; }

    // The state before the first step.
    void start(const T* w, T* const* state, std::size_t count) const {
        for (int a = 0; a < arrays_; ++a)
            for (std::size_t i = 0; i < count; ++i) {
                const T initial = a == 0 ? constants_[rules::INITIAL].lane(i % LANES) : T(0);
                state[a][i] = a == leader_ ? w[i] : initial;
            }
    }

    // The constants of the next step; rates are L = lr x factor of each member.
    void begin_step(const double* rates) {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            members_[i].next(rates[i], values_[i]);
            values_[i][rules::NORM_FACTOR] = 1.0;
        }
        spread(0, rules::NORM_FACTOR + 1);
        penalized_ = scaled_ = false;
    }

    // As after these numbers of steps; the state's arrays are the caller's to bring back.
    void resume(const std::int64_t* steps) {
        for (std::size_t i = 0; i < members_.size(); ++i) members_[i].resume(steps[i]);
    }

    // The count of a member's steps, to go on from one that another optimizer kept, or to keep.
    void adopt(std::size_t member, const MemberSteps& steps) { members_[member] = steps; }
    const MemberSteps& of_member(std::size_t member) const { return members_[member]; }

    bool clips_norm() const { return clips_norm_; }

    // Parts 1 to 3, where a norm is to be taken after them. `penalized`: whether l1, l2 and decay act on this array.
    void penalize(const T* w, T* g, std::size_t count, bool penalized) const {
        const Parts parts = parts_of(penalized, false);
        if (!parts.l1 && !parts.l2 && !parts.clip) return;
        for (std::size_t i = 0; i < count; i += LANES) {
            const V slope = penalty(constants_.data(), parts, load<V>(w + i), load<V>(g + i));
            store(g + i, slope, int(std::min<std::size_t>(count - i, LANES)));
        }
    }

    // Part 4, after `penalize` over all parameters: P of each member.
    void clip_by_norm(const double* squares) {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            const double norm = square_root(squares[i]);
            if (!norm_limits_[i] || !(norm > *norm_limits_[i])) continue;
            values_[i][rules::NORM_FACTOR] = *norm_limits_[i] / norm;
            scaled_ = true;
        }
        spread(rules::NORM_FACTOR, rules::NORM_FACTOR + 1);
        penalized_ = true;
    }

    // Parts 1 to 7, without those that were done already.
    void update(T* w, const T* g, T* const* state, std::size_t count, bool penalized) const {
        const Parts parts = parts_of(penalized, penalized_);
        const bool plain = !(parts.l1 || parts.l2 || parts.clip || parts.scale || parts.decay);
        (plain ? plain_ : full_)(constants_.data(), parts, w, g, state, count);
    }

    // Part 8, for max_norm of norms.hpp; infinity where a member has none.
    bool limits_norm() const { return limits_norm_; }
    V norm_limit() const { return constants_[rules::MAX_NORM]; }

private:
    // Which parts of 5.5 act; what acts on one lane only leaves the others as they are.
    struct Parts {
        bool l1 = false, l2 = false, clip = false, scale = false, decay = false;
    };
    using Sweep = void (*)(const V*, Parts, T*, const T*, T* const*, std::size_t);

    static INLINE V penalty(const V* c, Parts parts, V w, V g) {
        if (parts.l1) g = select(c[rules::L1] != 0, g + c[rules::L1] * rules::sign_of(w), g);
        if (parts.l2) g = select(c[rules::L2] != 0, fma(c[rules::L2], w, g), g);
        if (parts.clip) g = minimum(maximum(g, -c[rules::CLIP_VALUE]), c[rules::CLIP_VALUE]);
        return g;
    }

    // The elements i .. i+n-1, n <= LANES.
    template <class Rule, bool PLAIN>
    static INLINE void move(const V* c, Parts parts, T* w, const T* g, T* const* state, std::size_t i, int n) {
        V memory[Rule::ARRAYS + 1];
        for (int a = 0; a < Rule::ARRAYS; ++a) memory[a] = load<V>(state[a] + i);
        const V weight = load<V>(w + i);
        V slope = load<V>(g + i);
        if constexpr (!PLAIN) {
            slope = penalty(c, parts, weight, slope);
            if (parts.scale) slope = slope * c[rules::NORM_FACTOR];
        }
        V change = Rule::change(c, weight, slope, memory);
        if constexpr (!PLAIN)
            if (parts.decay) change = select(c[rules::DECAY] != 0, change - c[rules::DECAY] * weight, change);
        store(w + i, weight + change, n);
        for (int a = 0; a < Rule::ARRAYS; ++a) store(state[a] + i, memory[a], n);
    }

    template <class Rule, bool PLAIN>
    static void sweep(const V* __restrict c, Parts parts, T* w, const T* g, T* const* state, std::size_t count) {
        T* arrays[Rule::ARRAYS + 1];
        for (int a = 0; a < Rule::ARRAYS; ++a) arrays[a] = state[a];
        for (std::size_t i = 0; i < count; i += LANES)
            move<Rule, PLAIN>(c, parts, w, g, arrays, i, int(std::min<std::size_t>(count - i, LANES)));
    }

    template <class Rule>
    void use() {
        arrays_ = Rule::ARRAYS, plain_ = sweep<Rule, true>, full_ = sweep<Rule, false>;
    }

    void choose(const std::vector<OptimizerSettings>& members) {
        const std::string& name = members[0].rule.name;
        if (name == "sgd") return use<rules::Sgd>();
        if (name == "momentum") return use<rules::Momentum>();
        if (name == "nesterov") return use<rules::Nesterov>();
        if (name == "adagrad") return use<rules::Adagrad>();
        if (name == "rmsprop") return choose_rms_prop(members);
        if (name == "adadelta") return use<rules::Adadelta>();
        if (name == "adam" || name == "adamw") return use<rules::Adam>();
        if (name == "amsgrad") return use<rules::AmsGrad>();
        if (name == "adamax") return use<rules::Adamax>();
        if (name == "nadam") return use<rules::NAdam>();
        if (name == "lion") return use<rules::Lion>();
        if (name != "ftrl") throw std::invalid_argument("no native optimizer is called '" + name + "'");
        leader_ = rules::Ftrl::LEADER;
        use<rules::Ftrl>();
    }

    void choose_rms_prop(const std::vector<OptimizerSettings>& members) {
        bool center = false, ball = false;
        for (const OptimizerSettings& settings : members) {
            center |= settings.rule["centered"] != 0.0;
            ball |= settings.rule["momentum"] > 0.0;
        }
        if (center) return ball ? use<rules::RmsProp<true, true>>() : use<rules::RmsProp<true, false>>();
        return ball ? use<rules::RmsProp<false, true>>() : use<rules::RmsProp<false, false>>();
    }

    void note_parts(const OptimizerSettings& settings) {
        asked_.l1 |= settings.l1 != 0.0;
        asked_.l2 |= settings.l2 != 0.0;
        asked_.clip |= settings.clip_value.has_value();
        asked_.decay |= settings.weight_decay != 0.0;
        clips_norm_ |= settings.clip_norm.has_value();
        limits_norm_ |= settings.max_norm.has_value();
    }

    Parts parts_of(bool penalized, bool done) const {
        Parts parts;
        parts.l1 = asked_.l1 && penalized && !done;
        parts.l2 = asked_.l2 && penalized && !done;
        parts.clip = asked_.clip && !done;
        parts.scale = scaled_;
        parts.decay = asked_.decay && penalized;
        return parts;
    }

    // The members' constants first .. last-1, rounded to T, into their lanes.
    void spread(int first, int last) {
        for (int k = first; k < last; ++k) {
            if (members_.size() == 1) {
                constants_[k] = V(T(values_[0][k]));
                continue;
            }
            T lanes[LANES];
            for (std::size_t i = 0; i < LANES; ++i) lanes[i] = T(values_[std::min(i, members_.size() - 1)][k]);
            constants_[k] = load<V>(lanes);
        }
    }

    std::vector<MemberSteps> members_;
    std::vector<std::optional<double>> norm_limits_;
    std::array<MemberSteps::Values, LANES> values_{};
    std::array<V, rules::CONSTANTS> constants_{};
    Parts asked_;
    bool clips_norm_ = false, limits_norm_ = false, penalized_ = false, scaled_ = false;
    int arrays_ = 0, leader_ = -1;
    Sweep plain_ = nullptr, full_ = nullptr;
};

}  // namespace multilayer
