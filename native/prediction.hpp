// Prediction: a network, its weights and its preparation, at work on a few rows or on millions.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

#include "arrays.hpp"
#include "class_scores.hpp"
#include "gather.hpp"
#include "network.hpp"
#include "pool.hpp"
#include "predictor.hpp"

namespace multilayer {

template <class T>
class Prediction final : public Predictor {
public:
    Prediction(const Data& shape, const Member& member, const std::vector<Array>& weights, int threads)
        : features_(shape.features),
          member_(member),
          loss_(member.loss),
          network_(member.layers, int(shape.features)),
          rule_(answer_rule(shape.truth.kind, member.loss.name, network_.n_out(), member_.target_center.data(),
                            member_.target_factor.data())),
          threads_(threads < 1 ? processors() : threads) {
        state_.allocate(network_.parameters(), network_.buffers(), 0);
        state_.set_weights(flat_weights<T>(network_.slots(), weights));
    }

    std::int64_t columns() const override { return rule_.units + rule_.complement; }

    bool answers(const Data& rows, double* to) const override {
        return in_chunks(rows, Purpose::VALUES, [&](const Answers& some, std::int64_t first, ScoreScratch&) {
            for (std::int64_t i = 0; i < some.rows; ++i)
                for (std::int64_t j = 0; j < some.columns; ++j)
                    to[(first + i) * some.columns + j] = some.column(j)[i];
        });
    }

    bool decisions(const Data& rows, std::int64_t* to) const override {
        return in_chunks(rows, Purpose::DECISIONS, [&](const Answers& some, std::int64_t first, ScoreScratch& scratch) {
            std::copy_n(decided_classes(some, scratch), some.rows, to + first);
        });
    }

private:
    static constexpr std::int64_t CHUNK = ROW_BLOCK;

    // What one chunk of rows needs; kept for the next.
    struct Desk {
        Workspace<T> space;
        std::vector<std::int64_t> numbers;
        std::vector<double> outputs, answers;
        ScoreScratch scratch;
        Team alone{1};
    };

    // f(answers, first row, scratch) for chunks of rows, on all threads where there are several.
    template <class F>
    bool in_chunks(const Data& rows, Purpose purpose, const F& f) const {
        const std::int64_t chunks = (rows.rows + CHUNK - 1) / CHUNK;
        if (chunks == 0) return true;
        std::atomic<bool> finite{true};
        Pool pool(chunks < 4 ? 1 : threads_);
        const double cost = double(std::min(rows.rows, CHUNK)) * double(network_.parameters());
        pool.team().each(std::size_t(chunks), cost, [&](std::size_t begin, std::size_t end) {
            std::unique_ptr<Desk> desk = take(int(std::min(rows.rows, CHUNK)));
            const Gatherer<T> gatherer(rows, member_, loss_, network_.n_out());
            for (auto chunk = std::int64_t(begin); chunk < std::int64_t(end); ++chunk) {
                const std::int64_t first = chunk * CHUNK;
                const int count = int(std::min(CHUNK, rows.rows - first));
                if (!finite_rows(rows, first, count)) finite.store(false);
                f(answers_of(*desk, gatherer, first, count, purpose), first, desk->scratch);
            }
            give_back(std::move(desk));
        });
        return finite.load();
    }

    Answers answers_of(Desk& desk, const Gatherer<T>& gatherer, std::int64_t first, int count, Purpose purpose) const {
        std::iota(desk.numbers.begin(), desk.numbers.begin() + count, first);
        gatherer.template inputs<false>(desk.numbers.data(), 0, count, desk.space.input.data(), count, 0);
        const Pass<T> pass{state_.parameters.data(), nullptr, const_cast<T*>(state_.buffers.data()), count, false, 0, 0,
                           desk.alone};
        const T* y = network_.forward(pass, desk.space);
        for (int j = 0; j < network_.n_out(); ++j) {
            const T* from = y + std::ptrdiff_t(j / LANES<T>) * count * LANES<T> + j % LANES<T>;
            for (int i = 0; i < count; ++i) desk.outputs[std::size_t(j) * count + i] = double(from[i * LANES<T>]);
        }
        return multilayer::answers(rule_, {desk.outputs.data(), count, 1, count}, purpose, desk.answers);
    }

    bool finite_rows(const Data& rows, std::int64_t first, int count) const {
        const std::int64_t from = first * features_, to = from + count * features_;
        const auto all_finite = [&](const auto* x) {
            auto unbounded = x[from] - x[from];
            for (std::int64_t i = from; i < to; ++i) unbounded = unbounded + (x[i] - x[i]);
            return unbounded == 0;
        };
        if (from == to) return true;
        return rows.x ? all_finite(rows.x) : all_finite(rows.x_single);
    }

    std::unique_ptr<Desk> take(int rows) const {
        {
            const std::lock_guard lock(mutex_);
            auto& kept = rows < CHUNK ? small_ : large_;
            if (!kept.empty() && int(kept.back()->numbers.size()) >= rows) {
                auto desk = std::move(kept.back());
                kept.pop_back();
                return desk;
            }
        }
        auto desk = std::make_unique<Desk>();
        desk->space = network_.workspace(rows);
        desk->numbers.resize(rows);
        desk->outputs.resize(std::size_t(rows) * network_.n_out());
        return desk;
    }
    void give_back(std::unique_ptr<Desk> desk) const {
        const std::lock_guard lock(mutex_);
        auto& kept = int(desk->numbers.size()) < CHUNK ? small_ : large_;
        if (kept.size() < std::size_t(threads_)) kept.push_back(std::move(desk));
    }

    const std::int64_t features_;
    const Member member_;
    const Loss loss_;
    const Network<T, false> network_;
    const AnswerRule rule_;
    const int threads_;
    MemberState<T> state_{member_};
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Desk>> small_, large_;  // desks for fewer rows than a chunk, and for a chunk
};

}  // namespace multilayer
