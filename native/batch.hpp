// One batch at work: its rows in the engine's layout, their targets, losses and slopes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gather.hpp"
#include "losses.hpp"
#include "network.hpp"
#include "optimizer_rules.hpp"
#include "team.hpp"
#include "wide.hpp"

namespace multilayer {

template <class T, bool ABREAST>
struct Batch {
    using Place = Layout<T, ABREAST>;

    Workspace<T> space;
    int rows = 0;

    Batch() = default;
    Batch(const Network<T, ABREAST>& network, const Loss& loss, int targets, int most_rows)
        : space(network.workspace(most_rows)),
          rows(most_rows),
          n_out_(network.n_out()),
          targets_(targets),
          terms_(loss.terms(network.n_out())),
          numbers_(most_rows),
          target_(std::size_t(Place::groups(most_rows)) * targets * LANES<T>),
          row_sums_(std::size_t(Place::groups(most_rows)) * LANES<T>),
          weights_(most_rows),
          factors_(std::size_t(Place::groups(most_rows)) * LANES<T>) {}

    // q of 5.10: the losses of a row.
    int terms_of_loss() const { return terms_; }
    // W: the sum of the rows' weights.
    double weight() const { return weight_; }
    // S: the weighted sum of the rows' losses.
    double sum(std::size_t lane) const { return sums_[lane]; }
    double value(std::size_t lane, bool mean) const {
        if (!mean) return sums_[lane];
        return weight_ != 0 ? sums_[lane] / (weight_ * terms_) : 0.0;
    }

    // Brings in the rows; numbers_of(lane, to) gives those of the member in a lane, by the table's numbers. Where the batch is
    // taken in several pieces, `whole` is the rows of all of them.
    template <class NumbersOf>
    void gather(Team& team, const std::vector<Gatherer<T>>& members, int whole, const NumbersOf& numbers_of) {
        weighted_ = members[0].weighted();
        for (int lane = 0; lane < Place::MEMBERS; ++lane) {  // those beyond the last member repeat it
            const Gatherer<T>& member = members[std::min<std::size_t>(lane, members.size() - 1)];
            if (lane < int(members.size())) numbers_of(std::size_t(lane), numbers_.data());
            team.each(rows, double(space.input.size()) / rows / Place::MEMBERS, [&](std::size_t begin, std::size_t end) {
                member.template inputs<ABREAST>(numbers_.data(), int(begin), int(end), space.input.data(), rows, lane);
            });
            member.template targets<ABREAST>(numbers_.data(), rows, target_.data(), lane);
        }
        if (!ABREAST && weighted_)
            for (int i = 0; i < rows; ++i) weights_[i] = members[0].weight(numbers_[i]);
        weigh(whole);
    }

    // The rows' losses for the outputs y; with slopes, those of the reduced loss by every output. `goes_on`: the sums of
    // an earlier piece are added to.
    void judge(Team& team, const Loss& loss, const T* y, bool mean, bool with_slopes, bool goes_on = false) {
        if (with_slopes) set_factors(mean);
        T* slopes = space.slopes[0].data();
        team.each(Place::groups(rows), LANES<T> * n_out_ * 2.0, [&](std::size_t begin, std::size_t end) {
            Vec<T>* const unit = room<T, 0>(Place::group_size(n_out_));
            Vec<T>* const slope = room<T, 1>(Place::group_size(n_out_));
            for (std::size_t g = begin; g < end; ++g) {
                Place::load_group(y, rows, int(g), n_out_, unit);
                const auto* target = reinterpret_cast<const Vec<T>*>(target_.data()) + g * targets_;
                Wide<T> sum;
                if (with_slopes) {
                    loss.evaluate(unit, target, slope, sum, n_out_);
                    const Vec<T> factor = load<Vec<T>>(factors_.data() + g * LANES<T>);
                    for (int j = 0; j < n_out_; ++j) {
                        slope[j] = rules::flush(factor * slope[j]);  // subnormal slopes would be slow all the way back
                        if (weighted_) slope[j] = select(factor == Vec<T>(T(0)), T(0), slope[j]);
                    }
                    Place::store_group(slopes, rows, int(g), n_out_, slope);
                } else {
                    loss.measure(unit, target, sum, n_out_);
                }
                for (int h = 0; h < Wide<T>::COUNT; ++h)
                    store(row_sums_.data() + g * LANES<T> + h * Vec<double>::LANES, sum.half[h]);
            }
        });
        add_up(goes_on);
    }

    // The outputs in float64, as to[lane][unit][start + row] of `all` rows.
    void copy_outputs(const T* y, int units, double* to, std::int64_t all, std::int64_t start,
                      std::size_t members) const {
        for (std::size_t lane = 0; lane < members; ++lane)
            for (int j = 0; j < units; ++j) {
                double* column = to + (std::int64_t(lane) * units + j) * all + start;
                const T* from = ABREAST ? y + std::ptrdiff_t(j) * rows * LANES<T> + lane
                                        : y + std::ptrdiff_t(j / LANES<T>) * rows * LANES<T> + j % LANES<T>;
                for (int i = 0; i < rows; ++i) column[i] = double(from[i * LANES<T>]);
            }
    }

private:
    // f(first, last) over the row blocks.
    template <class F>
    void in_blocks(const F& f) const {
        for (int block = 0; block < rows; block += ROW_BLOCK) f(block, std::min(rows, block + ROW_BLOCK));
    }

    void weigh(int whole) {
        weight_ = double(whole);
        if (!weighted_) return;
        in_blocks([&](int first, int last) {
            double sum = 0;
            for (int i = first; i < last; ++i) sum = sum + weights_[i];
            weight_ = first ? weight_ + sum : sum;
        });
    }

    // f_i of 5.10; 0 in rows of weight 0.
    void set_factors(bool mean) {
        const double share = mean ? weight_ * terms_ : 1.0;
        if (!weighted_) {
            const Vec<T> factor(T(1.0 / share));
            for (int g = 0; g < Place::groups(rows); ++g) store(factors_.data() + g * LANES<T>, factor);
            return;
        }
        for (int i = 0; i < rows; ++i) factors_[i] = weights_[i] != 0 ? T(mean ? weights_[i] / share : weights_[i]) : T(0);
    }

    void add_up(bool goes_on) {
        constexpr int LANES_ABREAST = Place::MEMBERS;
        in_blocks([&](int first, int last) {
            double sum[LANES_ABREAST];
            for (int lane = 0; lane < LANES_ABREAST; ++lane) sum[lane] = goes_on ? sums_[lane] : 0.0;
            for (int i = first; i < last; ++i)
                for (int lane = 0; lane < LANES_ABREAST; ++lane) {
                    const double own = row_sums_[i * LANES_ABREAST + lane];
                    if (!weighted_)
                        sum[lane] = sum[lane] + own;
                    else if (weights_[i] != 0)
                        sum[lane] = sum[lane] + weights_[i] * own;
                }
            for (int lane = 0; lane < LANES_ABREAST; ++lane)
                sums_[lane] = first ? sums_[lane] + sum[lane] : sum[lane];
        });
    }

    int n_out_ = 0, targets_ = 0, terms_ = 1;
    bool weighted_ = false;
    double weight_ = 0;
    double sums_[LANES<T>] = {};
    std::vector<std::int64_t> numbers_;  // of the rows, in the table
    Numbers<T> target_;
    Numbers<double> row_sums_;
    Numbers<double> weights_;
    Numbers<T> factors_;
};

}  // namespace multilayer
