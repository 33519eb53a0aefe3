// Persistent threads: a team divides the parts of one piece of work, and its leader, the calling thread, takes part.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace multilayer {

// Rounding to nearest, subnormal numbers kept; restores what it found (docs/arithmetic.md, 5.6).
class FloatingPointState {
public:
#if defined(__x86_64__)
    FloatingPointState() : found_(_mm_getcsr()) { _mm_setcsr(0x1f80); }
    ~FloatingPointState() { _mm_setcsr(found_); }

private:
    unsigned found_;
#elif defined(__aarch64__)
    FloatingPointState() {
        __asm__ volatile("mrs %0, fpcr" : "=r"(found_));
        __asm__ volatile("msr fpcr, %0" : : "r"(std::uint64_t{0}));
    }
    ~FloatingPointState() { __asm__ volatile("msr fpcr, %0" : : "r"(found_)); }

private:
    std::uint64_t found_ = 0;
#endif
public:
    FloatingPointState(const FloatingPointState&) = delete;
    FloatingPointState& operator=(const FloatingPointState&) = delete;
};

class Team {
public:
    explicit Team(int threads) {
        for (int place = 1; place < threads; ++place) workers_.emplace_back([this, place] { serve(place); });
    }
    ~Team() {
        command(nullptr);
        for (auto& worker : workers_) worker.join();
    }
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    int size() const { return static_cast<int>(workers_.size()) + 1; }

    // work(place) once on every thread, the leader being place 0; returns when all are done, and throws what one threw.
    void run(const std::function<void(int)>& work) {
        if (workers_.empty()) return work(0);
        busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
        thrown_ = nullptr;
        command(&work);
        attempt(work, 0);
        wait([this] { return busy_.load(std::memory_order_acquire) == 0; });
        if (thrown_) std::rethrow_exception(thrown_);
    }

    // f(begin, end) over the consecutive parts that 0 .. count-1 is divided into, one a thread; all at once where the
    // whole costs less than handing it out.
    template <class F>
    void each(std::size_t count, double cost_of_one, const F& f) {
        if (workers_.empty() || count < 2 || static_cast<double>(count) * cost_of_one < WORTH_SHARING) {
            if (count) f(std::size_t{0}, count);
            return;
        }
        const std::size_t parts = std::min<std::size_t>(count, size());
        run([&](int place) {
            const std::size_t begin = count * place / parts, end = count * (place + 1) / parts;
            if (static_cast<std::size_t>(place) < parts && begin < end) f(begin, end);
        });
    }

private:
    static constexpr double WORTH_SHARING = 50000;  // multiply-adds, about the time of two wake-ups of a spinning thread
    static constexpr int SPINS = 20000;             // some 200 microseconds, then a thread sleeps

    template <class Condition>
    static void wait(const Condition& met) {
        for (int spins = 0; !met(); ++spins) {
            if (spins > SPINS)
                std::this_thread::yield();
            else
                pause();
        }
    }
    static void pause() {
#if defined(__x86_64__)
        _mm_pause();
#else
        __asm__ volatile("yield");
#endif
    }

    void attempt(const std::function<void(int)>& work, int place) {
        try {
            work(place);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            thrown_ = std::current_exception();
        }
    }

    void command(const std::function<void(int)>* work) {
        {
            std::lock_guard lock(mutex_);
            work_ = work;
            round_.fetch_add(1, std::memory_order_release);
        }
        sleepers_.notify_all();
    }

    void serve(int place) {
        const FloatingPointState state;
        for (unsigned seen = 0;;) {
            for (int spins = 0; spins < SPINS && round_.load(std::memory_order_acquire) == seen; ++spins) pause();
            {
                std::unique_lock lock(mutex_);
                sleepers_.wait(lock, [&] { return round_.load(std::memory_order_relaxed) != seen; });
                seen = round_.load(std::memory_order_relaxed);
            }
            if (!work_) return;
            attempt(*work_, place);
            busy_.fetch_sub(1, std::memory_order_release);
        }
    }

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable sleepers_;
    const std::function<void(int)>* work_ = nullptr;
    std::atomic<unsigned> round_{0};
    std::atomic<int> busy_{0};
    std::exception_ptr thrown_;
};

}  // namespace multilayer
