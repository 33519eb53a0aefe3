// The engine outside Python, on random cases: fuzz <first seed> <count> <threads>.
//
// Prints a digest of the results' bits for every hundred cases and one of all, the same on every machine, by every
// compiler and with any number of threads. Fails where a member's bits depend on what it is trained beside, on how its
// training is cut into pieces, or on the state of the processor that it finds.
#include <cfenv>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "../predictor.hpp"
#include "cases.hpp"

namespace multilayer::fuzz {
namespace {

// FNV-1a of 64 bits.
class Digest {
public:
    void add(const void* bytes, std::size_t count) {
        const auto* const each = static_cast<const unsigned char*>(bytes);
        for (std::size_t i = 0; i < count; ++i) value_ = (value_ ^ each[i]) * PRIME;
    }
    void add(const std::string& text) { add(text.data(), text.size()); }
    void add(std::int64_t number) { add(&number, sizeof(number)); }
    // One NaN is as good as another.
    template <class T>
    void add_numbers(const void* bytes, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            T number;
            std::memcpy(&number, static_cast<const char*>(bytes) + i * sizeof(T), sizeof(T));
            if (number != number) number = T(0x1p99);
            add(&number, sizeof(T));
        }
    }
    void add(double number) { add_numbers<double>(&number, 1); }
    void add(const std::vector<double>& numbers) { add_numbers<double>(numbers.data(), numbers.size()); }
    void add(const std::vector<char>& bytes, bool single) {
        if (single)
            add_numbers<float>(bytes.data(), bytes.size() / sizeof(float));
        else
            add_numbers<double>(bytes.data(), bytes.size() / sizeof(double));
    }

    std::uint64_t value() const { return value_; }

private:
    static constexpr std::uint64_t PRIME = 0x100000001b3;
    std::uint64_t value_ = 0xcbf29ce484222325;
};

// While it lives, this thread rounds otherwise and flushes subnormal numbers, which no result may show.
class Disturbed {
public:
    explicit Disturbed(bool really) : found_(std::fegetround()) {
        if (!really) return;
        std::fesetround(FE_UPWARD);
        flush(true);
        set_ = true;
    }
    ~Disturbed() {
        if (!set_) return;
        if (std::fegetround() != FE_UPWARD) {
            std::puts("The engine has not restored the rounding that it found.");
            std::abort();
        }
        flush(false);
        std::fesetround(found_);
    }
    Disturbed(const Disturbed&) = delete;
    Disturbed& operator=(const Disturbed&) = delete;

private:
    static void flush(bool on) {
#if defined(__x86_64__)
        _mm_setcsr(on ? _mm_getcsr() | 0x8040u : _mm_getcsr() & ~0x8040u);
#elif defined(__aarch64__)
        constexpr std::uint64_t TO_ZERO = std::uint64_t{1} << 24;
        std::uint64_t state;
        __asm__ volatile("mrs %0, fpcr" : "=r"(state));
        __asm__ volatile("msr fpcr, %0" : : "r"(on ? state | TO_ZERO : state & ~TO_ZERO));
#endif
    }
    int found_;
    bool set_ = false;
};

std::unique_ptr<Training> start(const Case& c, const std::vector<Member>& members,
                                const std::vector<std::vector<Array>>& weights, int threads) {
    return (c.single ? single_training : double_training)(c.table, members, weights, threads);
}

// What remains of a member: how it ended, its history and its weights.
std::uint64_t result(const Training& training, std::size_t member, bool single) {
    Digest digest;
    const Progress& p = training.progress(member);
    for (const std::int64_t number : {std::int64_t(p.status), std::int64_t(p.cause), p.epoch, p.steps, p.best_epoch,
                                      p.stale, std::int64_t(p.started)})
        digest.add(number);
    for (const double number : {p.loss_sum, p.weight_sum, p.first_loss, p.last_loss, p.lr_used, p.best, p.mark})
        digest.add(number);
    digest.add(training.history(member));
    for (const Array& array : training.weights(member)) {
        digest.add(array.name);
        digest.add(array.bytes, single);
    }
    return digest.value();
}

// A case on its way through everything that a training can do.
class Run {
public:
    Run(std::uint64_t seed, int threads)
        : case_(Maker(seed).make()), random_(~seed), threads_(threads), disturbed_(random_.chance(25)) {
        const Disturbed state(disturbed_);
        training_ = start(case_, case_.members, case_.weights, threads);
    }

    std::uint64_t digest() {
        for (std::int64_t left = random_.below(5); left > 0; --left) act();
        if (random_.chance(12)) {
            training_->interrupt();
            touched_ = true;
        }
        advance(-1, -1);
        for (std::size_t m = 0; m < case_.members.size(); ++m)
            digest_.add(std::int64_t(result(*training_, m, case_.single)));
        look();
        if (!touched_) compare();
        return digest_.value();
    }

private:
    std::size_t any_member() { return std::size_t(random_.below(std::int64_t(case_.members.size()))); }

    void act() {
        switch (random_.below(7)) {
            case 0: return advance(random_.below(3), -1);
            case 1: return advance(-1, random_.below(8));
            case 2: return look();
            case 3: return move();
            case 4: return change();
            case 5: return predict();
            default: return slope();
        }
    }

    // To where it was to go, however often it is halted on the way.
    void advance(std::int64_t epochs, std::int64_t steps) {
        const Disturbed state(disturbed_);
        std::int64_t asked = 0, halted = 2;
        const auto halt = [&] {  // ever more rarely: each time all members are taken up anew
            if (++asked <= halted) return false;
            halted = 2 * asked;
            return true;
        };
        if (epochs >= 0 || steps >= 0) {
            training_->advance(epochs, steps, [] { return false; });
        } else {
            while (!training_->advance(epochs, steps, halt)) {}
        }
    }

    // Some rows of the table, maybe none.
    Data some_rows() {
        Data rows;
        rows.rows = random_.chance(15) ? 0 : random_.between(1, case_.table.rows);
        rows.features = case_.table.features;
        rows.x = case_.table.x;
        rows.x_single = case_.table.x_single;
        return rows;
    }

    void look() {
        const std::size_t m = any_member();
        const Data rows = some_rows();
        const int layer = int(random_.between(-1, training_->depth(m) - 1));
        const Disturbed state(disturbed_);
        const std::vector<char> outputs = training_->outputs(m, rows, layer);
        digest_.add(outputs, case_.single);
    }

    void slope() {
        const std::size_t m = any_member();
        const Data rows = some_rows();
        const int output = int(random_.below(training_->width(m, training_->depth(m) - 1)));
        const Disturbed state(disturbed_);
        try {
            digest_.add(training_->input_gradient(m, rows, output), case_.single);
        } catch (const std::logic_error& error) {  // of a step
            digest_.add(std::string(error.what()));
        }
    }

    void predict() {
        const std::size_t m = any_member();
        const Data rows = some_rows();
        const Disturbed state(disturbed_);
        const auto make = case_.single ? single_predictor : double_predictor;
        const auto predictor = make(case_.table, case_.members[m], training_->weights(m), threads_);
        std::vector<double> answers(std::size_t(rows.rows * predictor->columns()));
        digest_.add(std::int64_t(predictor->answers(rows, answers.data())));
        digest_.add(answers);
        const TargetKind kind = case_.table.truth.kind;
        if (kind != TargetKind::BINARY && kind != TargetKind::CLASSES) return;
        std::vector<std::int64_t> codes(std::size_t(rows.rows));
        predictor->decisions(rows, codes.data());
        for (const std::int64_t code : codes) digest_.add(code);
    }

    // Everything into another training, which goes on.
    void move() {
        const Disturbed state(disturbed_);
        auto other = start(case_, case_.members, case_.weights, threads_);
        for (std::size_t m = 0; m < case_.members.size(); ++m) {
            const std::vector<Array> arrays = training_->state(m);
            if (training_->progress(m).status == Status::TRAINING)
                for (const Array& array : arrays)
                    digest_.add(array.bytes, case_.single && array.name != "schedule");
            other->restore(m, training_->progress(m), training_->history(m), arrays);
        }
        training_ = std::move(other);
    }

    // Weights by hand: those of an array backwards.
    void change() {
        if (!random_.chance(30)) return;
        const std::size_t m = any_member();
        std::vector<Array> arrays = training_->weights(m);
        if (arrays.empty()) return;
        std::vector<char>& bytes = arrays[0].bytes;
        const std::size_t size = case_.single ? 4 : 8, count = bytes.size() / size;
        for (std::size_t i = 0; i < count / 2; ++i)
            std::swap_ranges(&bytes[i * size], &bytes[i * size] + size, &bytes[(count - 1 - i) * size]);
        training_->set_weights(m, arrays);
        touched_ = true;
    }

    // A member by itself and at one go, on one thread.
    void compare() {
        const std::size_t m = any_member();
        const auto alone = start(case_, {case_.members[m]}, {case_.weights[m]}, 1);
        alone->advance(-1, -1, [] { return false; });
        if (result(*alone, 0, case_.single) != result(*training_, m, case_.single))
            throw std::runtime_error("member " + std::to_string(m) + " is another one by itself");
    }

    const Case case_;
    Random random_;
    const int threads_;
    const bool disturbed_;
    bool touched_ = false;
    std::unique_ptr<Training> training_;
    Digest digest_;
};

int run(std::uint64_t first, std::uint64_t count, int threads) {
    Digest all, hundred;
    int failed = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t value = 0;
        try {
            value = Run(first + i, threads).digest();
        } catch (const std::exception& error) {
            std::printf("case %" PRIu64 ": %s\n", first + i, error.what());
            ++failed;
        }
        all.add(std::int64_t(value));
        hundred.add(std::int64_t(value));
        if ((i + 1) % 100 && i + 1 != count) continue;
        std::printf("%" PRIu64 " %016" PRIx64 "\n", first + i, hundred.value());
        std::fflush(stdout);
        hundred = Digest();
    }
    std::printf("all %016" PRIx64 "\n", all.value());
    return failed ? 1 : 0;
}

}  // namespace
}  // namespace multilayer::fuzz

int main(int count, char** arguments) {
    if (count != 4) {
        std::fputs("fuzz <first seed> <count> <threads>\n", stderr);
        return 2;
    }
    return multilayer::fuzz::run(std::strtoull(arguments[1], nullptr, 10), std::strtoull(arguments[2], nullptr, 10),
                                 std::atoi(arguments[3]));
}
