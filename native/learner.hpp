// The training of one member, or of members abreast: steps, epochs and what ends them (docs/arithmetic.md, 5.12).
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "batch.hpp"
#include "member.hpp"
#include "norms.hpp"
#include "wide.hpp"

namespace multilayer {

// How far to go, and whether to stop on the way.
struct Leg {
    std::int64_t epochs = -1, steps = -1;  // from here; below 0: to the end
    const std::function<bool()>& halted;
};

template <class T, bool ABREAST>
class Learner {
public:
    using Net = Network<T, ABREAST>;
    using Place = Layout<T, ABREAST>;
    struct Seat {
        const Member* member;
        MemberState<T>* state;
        const Ready<T>* ready;  // where the table is small enough
    };

    // All seats have the same layers, kind of loss and optimizer, numbers of rows, and stand at the same step.
    Learner(const Data& table, const Net& network, std::vector<Seat> seats, Team& team)
        : network_(network),
          seats_(std::move(seats)),
          team_(team),
          first_(*seats_[0].member),
          loss_(first_.loss),
          optimizer_(settings(seats_)),
          gradients_(network.parameters() * Place::MEMBERS),
          own_(first_) {
        for (const Seat& seat : seats_) {
            gatherers_.emplace_back(table, *seat.member, loss_, network.n_out(), seat.ready);
            metrics_.push_back(watched_metrics(*seat.member, table.truth.kind));
            samples_.emplace_back(table.truth, table.weight, seat.member->val.number, seat.member->val.count);
        }
        kind_ = table.truth.kind;
        steps_per_epoch_ = double(first_.steps_per_epoch());
        const int val = int(std::min<std::int64_t>(first_.val.count, ROW_BLOCK));
        batch_ = Batch<T, ABREAST>(network, loss_, gatherers_[0].terms(), first_.batch_rows());
        if (val) check_ = Batch<T, ABREAST>(network, loss_, gatherers_[0].terms(), val);
        piece_rows_ = rows_of_piece();
        values_.resize(std::size_t(network.n_out()) * first_.val.count * Place::MEMBERS);
        find_spans();
        sit_down();
    }

    void advance(const Leg& leg) {
        const std::int64_t last_epoch = leg.epochs < 0 ? ENDLESS : epoch_ + leg.epochs;
        const std::int64_t last_step = leg.steps < 0 ? ENDLESS : steps_ + leg.steps;
        while (learning() && epoch_ < last_epoch && steps_ < last_step && !leg.halted()) step();
        stand_up();
    }

private:
    static constexpr int MOST_MOMENTS = 4;
    static constexpr std::int64_t ENDLESS = std::numeric_limits<std::int64_t>::max();

    struct Span {  // parameters, one after the other, that are updated alike
        std::size_t offset, count;
        bool penalized;
    };

    static std::vector<OptimizerSettings> settings(const std::vector<Seat>& seats) {
        std::vector<OptimizerSettings> all;
        for (const Seat& seat : seats) all.push_back(seat.member->optimizer);
        return all;
    }

    bool learning() const {
        return std::any_of(seats_.begin(), seats_.end(),
                           [](const Seat& seat) { return seat.state->progress.status == Status::TRAINING; });
    }
    bool learning(std::size_t lane) const { return seats_[lane].state->progress.status == Status::TRAINING; }

    bool penalized(const Slot& slot) const { return slot.role == Role::WEIGHT || first_.penalize_biases; }

    void find_spans() {
        bool alike = true;  // whether no penalty tells parameters apart
        for (const Seat& seat : seats_) {
            const OptimizerSettings& own = seat.member->optimizer;
            alike = alike && own.l1 == 0 && own.l2 == 0 && own.weight_decay == 0;
        }
        for (const Slot& slot : network_.slots().parameters) {
            if (slot.frozen) continue;
            const bool on = !alike && penalized(slot);
            if (!spans_.empty() && spans_.back().penalized == on &&
                spans_.back().offset + spans_.back().count == slot.offset)
                spans_.back().count += slot.size();
            else
                spans_.push_back({slot.offset, slot.size(), on});
        }
    }

    // The members' arrays become the lanes of the learner's; a single member's are used where they are.
    void sit_down() {
        const Progress& progress = seats_[0].state->progress;
        epoch_ = progress.epoch, position_ = progress.position, steps_ = progress.steps;
        arrays_ = seats_[0].state->arrays();
        if constexpr (ABREAST) {
            own_.allocate(network_.parameters() * LANES<T>, network_.buffers() * LANES<T>, optimizer_.arrays());
            for (std::size_t lane = 0; lane < LANES<T>; ++lane) {
                const auto from = seats_[std::min(lane, seats_.size() - 1)].state->arrays();
                const auto to = own_.arrays();
                for (std::size_t a = 0; a < to.size(); ++a)
                    for (std::size_t i = 0; i < from[a]->size(); ++i) (*to[a])[i * LANES<T> + lane] = (*from[a])[i];
            }
            arrays_ = own_.arrays();
        }
        for (std::size_t i = 0; i < seats_.size(); ++i) optimizer_.adopt(i, seats_[i].state->optimizer_steps);
        for (auto& moments : own_or_first().moments) moments_.push_back(moments.data());
        orders_.resize(seats_.size());
        if (position_) order_rows();
    }

    MemberState<T>& own_or_first() { return ABREAST ? own_ : *seats_[0].state; }
    T* parameters() { return own_or_first().parameters.data(); }
    T* buffers() { return own_or_first().buffers.data(); }

    // Back to the members, those that have not ended on the way.
    void stand_up() {
        for (std::size_t lane = 0; lane < seats_.size(); ++lane) {
            MemberState<T>& state = *seats_[lane].state;
            state.optimizer_steps = optimizer_.of_member(lane);
            if (learning(lane)) leave(lane);
        }
    }

    // A member's arrays and place, as they are now, back to itself.
    void leave(std::size_t lane) {
        MemberState<T>& state = *seats_[lane].state;
        state.progress.position = position_;
        state.progress.steps = steps_;
        if constexpr (ABREAST) {
            const auto to = state.arrays(), from = own_.arrays();
            for (std::size_t a = 0; a < to.size(); ++a)
                for (std::size_t i = 0; i < to[a]->size(); ++i) (*to[a])[i] = (*from[a])[i * LANES<T> + lane];
        }
    }

    void order_rows() {
        for (std::size_t lane = 0; lane < seats_.size(); ++lane) {
            const Member& member = *seats_[lane].member;
            orders_[lane].resize(member.train.count);
            epoch_order(member.train.count, member.seed, std::uint32_t(epoch_), Shuffle(member.shuffle),
                        orders_[lane].data());
        }
    }

    Pass<T> pass(int rows, bool training) {
        return {parameters(), gradients_.data(), buffers(), rows, training, first_.seed, std::uint32_t(steps_), team_};
    }

    void step() {
        if (position_ == 0) order_rows();
        const int rows = int(std::min<std::int64_t>(first_.batch_rows(), first_.train.count - position_));
        const int piece = rows <= ROW_BLOCK ? std::min(rows, piece_rows_) : rows;
        for (int first = 0; first < rows; first += piece) learn(first, std::min(piece, rows - first), rows);
        update();
        position_ += rows;
        ++steps_;
        for (std::size_t lane = 0; lane < seats_.size(); ++lane)
            if (learning(lane)) count(lane);
        if (position_ >= first_.train.count) end_epoch();
    }

    // Gradients and losses of `count` rows from `first` on, of a batch of `rows`.
    void learn(int first, int count, int rows) {
        batch_.rows = count;
        batch_.gather(team_, gatherers_, rows, [&](std::size_t lane, std::int64_t* to) {
            const std::int64_t* train = seats_[lane].member->train.number;
            const std::int32_t* order = orders_[lane].data() + position_ + first;
            for (int i = 0; i < count; ++i) to[i] = train[order[i]];
        });
        if (first_.noise != 0 && !ABREAST)
            gatherers_[0].add_noise(batch_.space.input.data(), count, std::uint32_t(steps_), draws_);
        Pass<T> way = pass(count, true);
        way.goes_on = first > 0;
        const T* y = network_.forward(way, batch_.space);
        batch_.judge(team_, loss_, y, first_.mean, true, way.goes_on);
        network_.backward(way, batch_.space);
    }

    // Members abreast take a batch in pieces whose activations stay in a near cache; a batch that is one row
    // block, since a piece goes on with the chains of the one before.
    int rows_of_piece() const {
        constexpr double CACHE = 180e3;
        if (!ABREAST || network_.needs_whole_batches()) return first_.batch_rows();
        int units = network_.n_in();
        for (int i = 0; i < network_.depth(); ++i) units += 2 * network_.width(i);
        int rows = ROW_BLOCK;
        while (rows > 4 && double(rows) * units * sizeof(Vec<T>) > CACHE) rows /= 2;
        return rows;
    }

    // Parts 1 to 8 of 5.5.
    void update() {
        double rates[LANES<T>];
        for (std::size_t lane = 0; lane < seats_.size(); ++lane) {
            MemberState<T>& state = *seats_[lane].state;
            const double time = double(steps_) / steps_per_epoch_;
            rates[lane] = seats_[lane].member->lr * state.schedule.factor(time);
            if (learning(lane)) state.progress.lr_used = rates[lane];
        }
        optimizer_.begin_step(rates);
        if (optimizer_.clips_norm()) clip_by_norm();
        for (const Span& span : spans_) {
            const std::size_t offset = span.offset * Place::MEMBERS, count = span.count * Place::MEMBERS;
            team_.each((count + LANES<T> - 1) / LANES<T>, 8, [&](std::size_t begin, std::size_t end) {
                T* moments[MOST_MOMENTS];
                const std::size_t first = offset + begin * LANES<T>;
                for (std::size_t a = 0; a < moments_.size(); ++a) moments[a] = moments_[a] + first;
                const std::size_t some = std::min(count - begin * LANES<T>, (end - begin) * LANES<T>);
                optimizer_.update(parameters() + first, gradients_.data() + first, moments, some, span.penalized);
            });
        }
        if (optimizer_.limits_norm()) limit_norms();
    }

    void clip_by_norm() {
        for (const Span& span : spans_) {
            const std::size_t offset = span.offset * Place::MEMBERS, count = span.count * Place::MEMBERS;
            optimizer_.penalize(parameters() + offset, gradients_.data() + offset, count, span.penalized);
        }
        double squares[LANES<T>] = {};
        for (const Slot& slot : network_.slots().parameters) {
            if (slot.frozen) continue;
            const T* g = gradients_.data() + slot.offset * Place::MEMBERS;
            if constexpr (ABREAST) {
                const Wide<T> own = sums_of_squares(g, slot.n_in, slot.n_out, slot.pieces);
                for (int lane = 0; lane < LANES<T>; ++lane) squares[lane] = squares[lane] + own.lane(lane);
            } else {
                squares[0] = squares[0] + sum_of_squares(g, slot.n_in, slot.n_out, slot.pieces);
            }
        }
        optimizer_.clip_by_norm(squares);
    }

    void limit_norms() {
        for (const Slot& slot : network_.slots().parameters)
            if (!slot.frozen && slot.role == Role::WEIGHT)
                max_norm<ABREAST>(parameters() + slot.offset * Place::MEMBERS, slot.n_in, slot.n_out,
                                  optimizer_.norm_limit(), slot.pieces);
    }

    // The batch's loss into the epoch's sums, and the test for divergence.
    void count(std::size_t lane) {
        Progress& progress = seats_[lane].state->progress;
        progress.steps = steps_;
        progress.loss_sum += batch_.sum(lane) / batch_.terms_of_loss();
        progress.weight_sum += batch_.weight();
        if (progress.exploded(batch_.value(lane, first_.mean))) diverged(lane);
    }

    void end_epoch() {
        ++epoch_;
        position_ = 0;
        for (std::size_t lane = 0; lane < seats_.size(); ++lane)
            if (learning(lane) && !finite(lane)) {
                seats_[lane].state->progress.cause = Cause::WEIGHT_NOT_FINITE;
                diverged(lane);
            }
        if (!learning()) return;
        if (first_.val.count) validate();
        for (std::size_t lane = 0; lane < seats_.size(); ++lane)
            if (learning(lane)) end_epoch(lane);
    }

    void end_epoch(std::size_t lane) {
        const Member& member = *seats_[lane].member;
        MemberState<T>& state = *seats_[lane].state;
        Progress& progress = state.progress;
        const double loss = progress.weight_sum != 0 ? progress.loss_sum / progress.weight_sum : 0.0;
        state.history.insert(state.history.end(), {loss, progress.lr_used});
        double monitored = loss;
        bool greater = false;
        if (member.val.count) {
            state.history.push_back(check_losses_[lane]);
            if (member.monitor == "loss") monitored = check_losses_[lane];
            for (const Metric* metric : metrics_[lane]) {
                const double value = score_of(lane, *metric);
                state.history.push_back(value);
                if (member.monitor != metric->name) continue;
                monitored = value;
                greater = metric->greater_is_better;
            }
        }
        copy_out(lane, state.finite);
        progress.epoch = epoch_;
        progress.position = 0;
        progress.loss_sum = progress.weight_sum = 0;
        state.schedule.observe(greater ? -monitored : monitored);
        if (progress.judge(monitored, greater, member.min_delta, member.patience) && member.val.count &&
            member.keep_best)
            state.best = state.finite;
        if (progress.status == Status::TRAINING && progress.epoch >= member.epochs) progress.status = Status::COMPLETE;
        if (progress.status == Status::TRAINING) return;
        leave(lane);
        state.set_weights(state.remaining());
    }

    void validate() {
        check_losses_.assign(seats_.size(), 0.0);
        std::vector<double> sums(seats_.size(), 0.0);
        double weight = 0;
        const std::int64_t all = first_.val.count;
        for (std::int64_t start = 0; start < all; start += ROW_BLOCK) {
            check_.rows = int(std::min<std::int64_t>(ROW_BLOCK, all - start));
            check_.gather(team_, gatherers_, check_.rows, [&](std::size_t lane, std::int64_t* to) {
                std::copy_n(seats_[lane].member->val.number + start, check_.rows, to);
            });
            const T* y = network_.forward(pass(check_.rows, false), check_.space);
            check_.judge(team_, loss_, y, true, false);
            for (std::size_t lane = 0; lane < seats_.size(); ++lane)
                sums[lane] = start ? sums[lane] + check_.sum(lane) : check_.sum(lane);
            weight = start ? weight + check_.weight() : check_.weight();
            check_.copy_outputs(y, network_.n_out(), values_.data(), all, start, seats_.size());
        }
        for (std::size_t lane = 0; lane < seats_.size(); ++lane)
            check_losses_[lane] = weight != 0 ? sums[lane] / (weight * check_.terms_of_loss())
                                              : std::numeric_limits<double>::quiet_NaN();
    }

    double score_of(std::size_t lane, const Metric& metric) {
        const Member& member = *seats_[lane].member;
        const AnswerRule rule = answer_rule(kind_, member.loss.name, network_.n_out(), member.target_center.data(),
                                            member.target_factor.data());
        const Outputs outputs{values_.data() + lane * network_.n_out() * member.val.count, member.val.count, 1,
                              member.val.count};
        return score(metric, samples_[lane], answers(rule, outputs, metric.needs, answers_), scratch_);
    }

    void diverged(std::size_t lane) {
        MemberState<T>& state = *seats_[lane].state;
        leave(lane);
        state.progress.status = Status::DIVERGED;
        state.set_weights(state.remaining());
    }

    bool finite(std::size_t lane) {
        T unbounded = 0;  // NaN where a value is not finite
        each_number(lane, [&](T value) { unbounded = unbounded + (value - value); });
        return unbounded == 0;
    }

    template <class F>
    void each_number(std::size_t lane, const F& f) {
        for (const Numbers<T>* array : {&own_or_first().parameters, &own_or_first().buffers})
            for (std::size_t i = lane; i < array->size(); i += Place::MEMBERS) f((*array)[i]);
    }

    void copy_out(std::size_t lane, Weights<T>& to) {
        to.parameters.resize(network_.parameters());
        to.buffers.resize(network_.buffers());
        for (std::size_t i = 0; i < to.parameters.size(); ++i) to.parameters[i] = parameters()[i * Place::MEMBERS + lane];
        for (std::size_t i = 0; i < to.buffers.size(); ++i) to.buffers[i] = buffers()[i * Place::MEMBERS + lane];
    }

    const Net& network_;
    const std::vector<Seat> seats_;
    Team& team_;
    const Member& first_;
    const Loss loss_;
    Optimizer<Vec<T>> optimizer_;
    Numbers<T> gradients_;
    MemberState<T> own_;  // of members abreast
    std::vector<Numbers<T>*> arrays_;
    std::vector<T*> moments_;
    std::vector<Span> spans_;
    std::vector<Gatherer<T>> gatherers_;
    std::vector<std::vector<const Metric*>> metrics_;
    std::vector<Sample> samples_;
    std::vector<std::vector<std::int32_t>> orders_;
    Batch<T, ABREAST> batch_, check_;
    TargetKind kind_;
    std::int64_t epoch_ = 0, position_ = 0, steps_ = 0;
    double steps_per_epoch_;
    int piece_rows_;
    std::vector<double> values_, check_losses_, answers_, draws_;
    ScoreScratch scratch_;
};

}  // namespace multilayer
