// The members of a training at work: which of them learn abreast, on which thread, and with how many.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "arrays.hpp"
#include "learner.hpp"
#include "member.hpp"
#include "pool.hpp"
#include "shape.hpp"
#include "training.hpp"

namespace multilayer {

// Asks a question of Python's now and then: often enough to be quick, seldom enough to cost nothing.
class Watch {
public:
    explicit Watch(const std::function<bool()>& interrupted) : interrupted_(interrupted) {}

    bool operator()() {
        if (++calls_ < calls_between_) return false;
        calls_ = 0;
        const auto now = std::chrono::steady_clock::now();
        calls_between_ = now - looked_ < std::chrono::milliseconds(1) ? calls_between_ * 2
                                                                      : std::max<std::int64_t>(1, calls_between_ / 2);
        looked_ = now;
        if (now - asked_ < std::chrono::milliseconds(20)) return false;
        asked_ = now;
        return interrupted_();
    }

private:
    const std::function<bool()>& interrupted_;
    std::int64_t calls_ = 0, calls_between_ = 1;
    std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now(), asked_ = looked_;
};

template <class T>
class Population final : public Training {
public:
    Population(const Data& table, std::vector<Member> members, const std::vector<std::vector<Array>>& weights,
               int threads)
        : table_(table), members_(std::move(members)), threads_(threads < 1 ? processors() : threads) {
        for (std::size_t m = 0; m < members_.size(); ++m) {
            const Member& member = members_[m];
            auto& shape = shapes_[shape_key(member)];
            if (!shape) shape = std::make_unique<Shape<T>>(member.layers, int(table_.features));
            shape_of_.push_back(shape.get());
            states_.emplace_back(member);
            MemberState<T>& state = states_.back();
            const Optimizer<Vec<T>> optimizer({member.optimizer});
            state.allocate(net(m).parameters(), net(m).buffers(), optimizer.arrays());
            set_weights(m, weights[m]);
            std::vector<T*> moments;
            for (auto& array : state.moments) moments.push_back(array.data());
            optimizer.start(state.parameters.data(), moments.data(), state.parameters.size());
            if (member.epochs == 0) state.progress.status = Status::COMPLETE;
            ready_of_.push_back(ready_for(m));
        }
    }

    bool advance(std::int64_t epochs, std::int64_t steps, const std::function<bool()>& interrupted) override {
        const std::vector<Crew> crews = assemble();
        if (crews.empty()) return true;
        Pool pool(threads_);
        Watch watch(interrupted);
        std::atomic<bool> halt{false};
        const std::function<bool()> leader = [&] {
            if (watch()) halt.store(true, std::memory_order_relaxed);
            return halt.load(std::memory_order_relaxed);
        };
        const std::function<bool()> follower = [&] { return halt.load(std::memory_order_relaxed); };
        if (crews.size() < std::size_t(pool.team().size())) {
            for (const Crew& crew : crews) train(crew, pool.team(), {epochs, steps, leader});
        } else {
            std::atomic<std::size_t> next{0};
            std::atomic<int> unfinished{pool.team().size()};
            pool.team().run([&](int place) {
                const Finally done([&] { unfinished.fetch_sub(1); });
                Team alone(1);
                for (std::size_t i; (i = next.fetch_add(1)) < crews.size();)
                    train(crews[i], alone, {epochs, steps, place == 0 ? leader : follower});
                if (place == 0)
                    while (unfinished.load() > 1) {  // the others work on: go on asking
                        leader();
                        std::this_thread::sleep_for(std::chrono::microseconds(200));
                    }
            });
        }
        return !halt.load();
    }

    void interrupt() override {
        for (MemberState<T>& state : states_)
            if (state.progress.status == Status::TRAINING) {
                state.progress.status = Status::INTERRUPTED;
                state.set_weights(state.remaining());
            }
    }

    const Progress& progress(std::size_t member) const override { return states_[member].progress; }
    const std::vector<double>& history(std::size_t member) const override { return states_[member].history; }
    int width(std::size_t member, int layer) const override {
        return layer < 0 ? net(member).n_in() : net(member).width(layer);
    }
    int depth(std::size_t member) const override { return net(member).depth(); }

    std::vector<Array> weights(std::size_t member) const override {
        return named_arrays(net(member).slots(), states_[member].weights());
    }

    void set_weights(std::size_t member, const std::vector<Array>& weights) override {
        states_[member].set_weights(flat_weights<T>(net(member).slots(), weights));
        states_[member].finite = states_[member].weights();
    }

    std::vector<char> outputs(std::size_t member, const Data& rows, int layer) const override {
        std::vector<char> bytes(std::size_t(rows.rows) * width(member, layer) * sizeof(T));
        infer(member, rows, layer, -1, reinterpret_cast<T*>(bytes.data()));
        return bytes;
    }

    std::vector<char> input_gradient(std::size_t member, const Data& rows, int output) const override {
        std::vector<char> bytes(std::size_t(rows.rows) * net(member).n_in() * sizeof(T));
        infer(member, rows, net(member).depth() - 1, output, reinterpret_cast<T*>(bytes.data()));
        return bytes;
    }

    std::vector<Array> state(std::size_t member) const override {
        const MemberState<T>& state = states_[member];
        std::vector<Array> all = {flat_array("parameters", state.parameters.data(), state.parameters.size()),
                                  flat_array("buffers", state.buffers.data(), state.buffers.size())};
        for (const auto& moments : state.moments)
            all.push_back(flat_array("moments", moments.data(), moments.size()));
        for (const Weights<T>* kept : {&state.finite, &state.best}) {
            all.push_back(flat_array("kept parameters", kept->parameters.data(), kept->parameters.size()));
            all.push_back(flat_array("kept buffers", kept->buffers.data(), kept->buffers.size()));
        }
        const Schedule::State schedule = state.schedule.state();
        all.push_back(flat_array("schedule", schedule.data(), schedule.size()));
        return all;
    }

    void restore(std::size_t member, const Progress& progress, const std::vector<double>& history,
                 const std::vector<Array>& arrays) override {
        const FloatingPointState floating_point;
        MemberState<T>& state = states_[member];
        if (arrays.size() != 7 + state.moments.size()) throw std::invalid_argument("The state has other arrays.");
        auto next = arrays.begin();
        read_flat(*next++, state.parameters.data(), state.parameters.size());
        read_flat(*next++, state.buffers.data(), state.buffers.size());
        for (auto& moments : state.moments) read_flat(*next++, moments.data(), moments.size());
        for (Weights<T>* kept : {&state.finite, &state.best})
            for (std::vector<T>* values : {&kept->parameters, &kept->buffers}) {
                values->resize(next->bytes.size() / sizeof(T));
                read_flat(*next++, values->data(), values->size());
            }
        Schedule::State schedule;
        read_flat(*next, schedule.data(), schedule.size());
        state.schedule.restore(schedule);
        state.progress = progress;
        state.history = history;
        state.optimizer_steps.resume(progress.steps);
    }

private:
    using Crew = std::vector<std::size_t>;  // members that learn abreast, or one

    const Network<T, false>& net(std::size_t member) const { return shape_of_[member]->alone; }

    // The table as a member sees it, made once for all who prepare it alike; none where that would take much memory.
    const Ready<T>* ready_for(std::size_t member) {
        constexpr std::int64_t MOST_NUMBERS = std::int64_t(1) << 20, MOST_TABLES = 16;
        const Gatherer<T> gatherer(table_, members_[member], Loss(members_[member].loss), net(member).n_out());
        if (table_.rows * (table_.features + gatherer.terms()) > MOST_NUMBERS) return nullptr;
        const std::string key = gatherer.preparation();
        const auto found = ready_.find(key);
        if (found != ready_.end()) return &found->second;
        return ready_.size() < MOST_TABLES ? &ready_.emplace(key, gatherer.prepare_table()).first->second : nullptr;
    }

    // The work of this call, the longest first.
    std::vector<Crew> assemble() {
        std::map<std::string, Crew> alike;
        std::vector<Crew> crews;
        for (std::size_t m = 0; m < members_.size(); ++m) {
            const Progress& progress = states_[m].progress;
            if (progress.status != Status::TRAINING) continue;
            if (table_.weight || !abreast_pays(members_[m], net(m).parameters()))
                crews.push_back({m});
            else
                alike[abreast_key(members_[m], progress)].push_back(m);
        }
        for (const auto& [key, all] : alike)
            for (std::size_t i = 0; i < all.size();) {
                const std::size_t count = all.size() - i >= LEAST_ABREAST<T>
                                              ? std::min<std::size_t>(LANES<T>, all.size() - i)
                                              : 1;
                crews.emplace_back(all.begin() + i, all.begin() + i + count);
                i += count;
            }
        const auto cost = [&](const Crew& crew) {
            const Member& member = members_[crew[0]];
            return double(net(crew[0]).parameters()) * member.train.count * (member.epochs - progress(crew[0]).epoch) *
                   (crew.size() > 1 ? LANES<T> / 2 : 1);
        };
        std::stable_sort(crews.begin(), crews.end(), [&](const Crew& a, const Crew& b) { return cost(a) > cost(b); });
        return crews;
    }

    void train(const Crew& crew, Team& team, const Leg& leg) {
        if (crew.size() > 1)
            Learner<T, true>(table_, shape_of_[crew[0]]->abreast(), seats<true>(crew), team).advance(leg);
        else
            Learner<T, false>(table_, shape_of_[crew[0]]->alone, seats<false>(crew), team).advance(leg);
    }

    template <bool ABREAST>
    std::vector<typename Learner<T, ABREAST>::Seat> seats(const Crew& crew) {
        std::vector<typename Learner<T, ABREAST>::Seat> all;
        for (const std::size_t m : crew) all.push_back({&members_[m], &states_[m], ready_of_[m]});
        return all;
    }

    // The outputs of a layer for rows of a table, or (with an output of the network) its derivatives by the inputs.
    void infer(std::size_t member, const Data& rows, int layer, int output, T* to) const {
        const Loss loss(members_[member].loss);
        const Gatherer<T> gatherer(rows, members_[member], loss, net(member).n_out());
        const int n = output < 0 ? width(member, layer) : net(member).n_in();
        const int most = int(std::min<std::int64_t>(rows.rows, ROW_BLOCK));
        const std::size_t chunks = std::size_t((rows.rows + ROW_BLOCK - 1) / ROW_BLOCK);
        Pool pool(chunks > 1 ? threads_ : 1);
        pool.team().each(chunks, double(most) * net(member).parameters(), [&](std::size_t begin, std::size_t end) {
            Workspace<T> space = net(member).workspace(most);
            Team alone(1);
            std::vector<std::int64_t> numbers(most);
            for (std::size_t chunk = begin; chunk < end; ++chunk) {
                const std::int64_t first = std::int64_t(chunk) * ROW_BLOCK;
                const int count = int(std::min<std::int64_t>(ROW_BLOCK, rows.rows - first));
                std::iota(numbers.begin(), numbers.end(), first);
                gatherer.template inputs<false>(numbers.data(), 0, count, space.input.data(), count, 0);
                const T* values = through(member, space, alone, count, layer, output);
                for (int i = 0; i < count; ++i)
                    for (int j = 0; j < n; ++j)
                        to[(first + i) * n + j] =
                            values[(std::ptrdiff_t(j / LANES<T>) * count + i) * LANES<T> + j % LANES<T>];
            }
        });
    }

    const T* through(std::size_t member, Workspace<T>& space, Team& team, int rows, int layer, int output) const {
        const MemberState<T>& state = states_[member];
        const Pass<T> pass{state.parameters.data(), nullptr, const_cast<T*>(state.buffers.data()), rows, false, 0, 0,
                           team};
        if (output < 0) return net(member).forward_to(pass, space, layer);
        std::vector<T> discarded(state.parameters.size() + SLACK);
        Pass<T> back = pass;
        back.gradients = discarded.data();
        net(member).forward(pass, space);
        T* slopes = space.slopes[0].data();
        std::fill(slopes, slopes + space.slopes[0].size(), T(0));
        for (int i = 0; i < rows; ++i)
            slopes[(std::ptrdiff_t(output / LANES<T>) * rows + i) * LANES<T> + output % LANES<T>] = T(1);
        return net(member).backward(back, space, true);
    }

    const Data table_;
    const std::vector<Member> members_;
    const int threads_;
    std::map<std::string, std::unique_ptr<Shape<T>>> shapes_;
    std::vector<Shape<T>*> shape_of_;
    std::vector<MemberState<T>> states_;
    std::map<std::string, Ready<T>> ready_;
    std::vector<const Ready<T>*> ready_of_;
};

}  // namespace multilayer
