// The process's threads: kept from one piece of work to the next, since starting some takes longer than many a fit.
#pragma once

#include <unistd.h>

#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "team.hpp"

namespace multilayer {

inline int processors() { return std::max(1, int(std::thread::hardware_concurrency())); }

// Runs something at the end of a scope.
template <class F>
struct Finally {
    F f;
    explicit Finally(F f) : f(std::move(f)) {}
    ~Finally() { f(); }
};

// A team for the time being: the kept one where it is free and of the right size, else one of its own.
class Pool {
public:
    explicit Pool(int threads) {
        if (threads > 1) {
            const std::lock_guard lock(kept().mutex);
            if (kept().process != getpid()) {  // a fork has none of its parent's threads
                (void)kept().team.release();
                kept().process = getpid();
            }
            if (kept().team && kept().team->size() == threads) team_ = std::move(kept().team);
        }
        if (!team_) team_ = std::make_unique<Team>(threads);
    }
    ~Pool() {
        if (team_->size() == 1) return;
        const std::lock_guard lock(kept().mutex);
        if (!kept().team) kept().team = std::move(team_);
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    Team& team() { return *team_; }

private:
    struct Kept {
        std::mutex mutex;
        pid_t process = getpid();
        std::unique_ptr<Team> team;
    };
    // Never destroyed: threads that sleep at the end of a process are the system's to clear away.
    static Kept& kept() {
        static Kept* const kept = new Kept;
        return *kept;
    }

    const FloatingPointState state_;
    std::unique_ptr<Team> team_;
};

}  // namespace multilayer
