// Random numbers that are the same everywhere: Philox 4x32-10, one named stream for every use.
//
// docs/arithmetic.md, section 2, holds the letter of every draw. The generator is of Salmon, Moraes, Dror & Shaw,
// Parallel random numbers: as easy as 1, 2, 3, SC'11.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "scalar_functions.hpp"
#include "vector.hpp"

namespace multilayer {

static_assert(std::endian::native == std::endian::little, "a draw of 64 bits is stored with its first word first");

using Longs = Vec<std::uint64_t>;

// 0, 1, ... 7
INLINE Longs lane_numbers() {
    constexpr std::uint64_t NUMBERS[Longs::LANES] = {0, 1, 2, 3, 4, 5, 6, 7};
    return load<Longs>(NUMBERS);
}

// The 64-bit products of the low halves of the lanes: one instruction, where a general product takes several.
INLINE Longs half_product(Longs a, Longs b) {
    Longs r;
    for (int i = 0; i < PARTS; ++i) {
#if defined(__AVX512F__)
        // The form with a mask, of all lanes, is the one that GCC 12 has no false warning for.
        r.part[i] = (Longs::Part)_mm512_maskz_mul_epu32(0xFF, (__m512i)a.part[i], (__m512i)b.part[i]);
#elif defined(__AVX2__)
        r.part[i] = (Longs::Part)_mm256_mul_epu32((__m256i)a.part[i], (__m256i)b.part[i]);
#elif defined(__aarch64__)
        r.part[i] = (Longs::Part)vmull_u32(vmovn_u64((uint64x2_t)a.part[i]), vmovn_u64((uint64x2_t)b.part[i]));
#endif
    }
    return r;
}

// floor(w high / 2^64) in every lane, for high below 2^32.
INLINE Longs scaled(Longs w, Longs high) {
    return (half_product(w >> 32, high) + (half_product(w, high) >> 32)) >> 32;
}

// a0 b0 a1 b1 ... a7 b7
template <int... k>
INLINE void interleave(Longs a, Longs b, Longs* r, std::integer_sequence<int, k...>) {
    constexpr int LANES = sizeof...(k);
    for (int i = 0; i < PARTS; ++i) {
        const auto x = a.part[i], y = b.part[i];
        r[2 * i / PARTS].part[2 * i % PARTS] = __builtin_shufflevector(x, y, (k / 2 + k % 2 * LANES)...);
        r[(2 * i + 1) / PARTS].part[(2 * i + 1) % PARTS] =
            __builtin_shufflevector(x, y, (LANES / 2 + k / 2 + k % 2 * LANES)...);
    }
}
INLINE void interleave(Longs a, Longs b, Longs* r) {
    interleave(a, b, r, std::make_integer_sequence<int, Longs::LANES / PARTS>());
}

// The blocks of one stream: Philox of the counters (block, step, place, use) under the key `seed`.
class Blocks {
public:
    static constexpr std::size_t WORDS = 4 * Longs::LANES;  // of one vector of blocks

    Blocks(std::uint64_t seed, std::uint32_t step, std::uint32_t place, std::uint32_t use)
        : step_(step), place_(place), use_(use) {
        for (std::uint32_t round = 0; round < ROUNDS; ++round) {
            key_[0][round] = static_cast<std::uint32_t>(seed) + round * 0x9E3779B9u;
            key_[1][round] = static_cast<std::uint32_t>(seed >> 32) + round * 0xBB67AE85u;
        }
    }

    // The words of the 8 N blocks from `first` on in sequence, as draws of 64 bits. A block has a lane of 64 bits; only
    // the low halves of the lanes count until the end, for neither products nor exclusive ors carry downwards.
    template <int N>
    INLINE void words(std::uint64_t first, Longs (&sequence)[2 * N]) const {
        Longs c0[N], c1[N], c2[N], c3[N];
        for (int i = 0; i < N; ++i) {
            c0[i] = lane_numbers() + (first + i * Longs::LANES);
            c1[i] = step_, c2[i] = place_, c3[i] = use_;
        }
#pragma GCC unroll 10  // unrolled, the arrays are registers
        for (int round = 0; round < ROUNDS; ++round) {
#pragma GCC unroll 4
            for (int i = 0; i < N; ++i) {
                const Longs p0 = half_product(c0[i], 0xD2511F53), p1 = half_product(c2[i], 0xCD9E8D57);
                c0[i] = (p1 >> 32) ^ c1[i] ^ key_[0][round];
                c1[i] = p1;
                c2[i] = (p0 >> 32) ^ c3[i] ^ key_[1][round];
                c3[i] = p0;
            }
        }
        const std::uint64_t low = 0xFFFFFFFF;
        for (int i = 0; i < N; ++i)
            interleave((c0[i] & low) | (c1[i] << 32), (c2[i] & low) | (c3[i] << 32), sequence + 2 * i);
    }

private:
    static constexpr int ROUNDS = 10;

    Longs step_, place_, use_;
    Longs key_[2][ROUNDS];
};

enum class Use : std::uint32_t { WEIGHTS = 1, SHUFFLE = 2, DROPOUT = 3, NOISE = 4, SPLIT = 5, DATA = 6 };

// Which elements dropout keeps: those whose word is at least floor(p_drop 2^32).
class Keep {
public:
    explicit Keep(double p_drop)
        : least_(static_cast<std::uint64_t>(p_drop * 0x1p32)), some_(least_ >> 32 ? 0 : -1) {}

    INLINE bool operator()(std::uint32_t word) const { return word >= least_; }

    // The mask of as many elements as V has lanes, from their words.
    template <class V>
    INLINE Mask<V> mask(const std::uint32_t* words) const {
        if constexpr (std::is_arithmetic_v<V>) {
            return (*this)(*words);
        } else if constexpr (sizeof(Scalar<V>) == 4) {
            const auto enough = load<Vec<std::uint32_t>>(words) >= static_cast<std::uint32_t>(least_);
            return enough & some_;
        } else {
            typedef std::uint32_t Half __attribute__((vector_size(REGISTER_BYTES / 2)));
            Mask<V> r;
            for (int i = 0; i < PARTS; ++i) {
                Half half;
                std::memcpy(&half, words + i * (V::LANES / PARTS), sizeof(Half));
                const auto wide = __builtin_convertvector(half, typename Mask<V>::Part);
                r.part[i] = wide >= static_cast<std::int64_t>(least_);
            }
            return r;
        }
    }

private:
    std::uint64_t least_;
    std::int32_t some_;  // no word is kept at p_drop = 1, whose least word has 33 bits
};

// The random words of one use, drawn in sequence from the word `position` on; a stream holds 2^34 words.
class Stream {
public:
    Stream(std::uint64_t seed, Use use, std::uint32_t step = 0, std::uint32_t place = 0, std::uint64_t position = 0)
        : blocks_(seed, step, place, static_cast<std::uint32_t>(use)), position_(position) {}

    // The word that the next draw begins with. Any part of a draw can be had by itself: element k of a draw that begins
    // with word p begins with word p + k when it is a word or a mask's element, else with word p + 2 k.
    std::uint64_t position() const { return position_; }
    void seek(std::uint64_t word) { position_ = word; }

    void words(std::size_t n, std::uint32_t* to) { draw(n, to); }
    void longs(std::size_t n, std::uint64_t* to) { draw(2 * n, to); }

    // Numbers uniform on the multiples of 2^-53 in [0, 1).
    void uniform(std::size_t n, double* to) {
        draw_numbers(n, to, [](Longs w) {
            const Longs last_bit = (w >> 11) & 1;
            return fraction(w) + as_numbers((Longs(0) - last_bit) & std::bit_cast<std::uint64_t>(0x1p-53));
        });
    }

    // Standard normal numbers.
    void normal(std::size_t n, double* to) {
        draw_numbers(n, to, [](Longs w) { return normal_quantile(fraction(w) + 0x1p-53); });
    }

    // 1 where an element is kept, else 0.
    void kept(std::size_t n, double p_drop, std::uint8_t* to) {
        const Keep keep(p_drop);
        alignas(VECTOR_BYTES) std::uint32_t some[SOME];
        for (std::size_t start = 0; start < n; start += SOME) {
            const std::size_t count = std::min(n - start, SOME);
            draw(count, some);
            for (std::size_t i = 0; i < count; ++i) to[start + i] = keep(some[i]);
        }
    }

    // A random order of first ... first + n - 1, for n below 2^32.
    template <class Index>
    void permutation(std::size_t n, Index* order, std::size_t first = 0) {
        for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<Index>(first + i);
        alignas(VECTOR_BYTES) std::uint64_t partners[SOME];
        Longs high = Longs(n) - lane_numbers();
        for (std::size_t left = n == 0 ? 0 : n - 1; left > 0;) {
            const std::size_t count = std::min(left, SOME);
            draw(2 * count, partners);
            for (std::size_t k = 0; k < count; k += Longs::LANES) {
                store(partners + k, scaled(load<Longs>(partners + k), high));
                high = high - Longs::LANES;
            }
            for (std::size_t k = 0; k < count; ++k, --left) std::swap(order[left], order[partners[k]]);
        }
    }

private:
    // Vectors of blocks at a time: the rounds are one chain of slow operations, and four registers hide its latency.
    static constexpr int IN_FLIGHT = 4 / PARTS;
    static constexpr std::size_t SOME = 512;  // draws at a time, so that they stay in the cache

    static INLINE Vec<double> as_numbers(Longs bits) { return std::bit_cast<Vec<double>>(bits); }

    // (w >> 12) 2^-52, exact: the fraction of a number in [1, 2).
    static INLINE Vec<double> fraction(Longs w) {
        return as_numbers((w >> 12) | std::bit_cast<std::uint64_t>(1.0)) - 1.0;
    }

    template <class Number>
    void draw_numbers(std::size_t n, double* to, Number number_of_draw) {
        alignas(VECTOR_BYTES) std::uint64_t some[SOME];
        for (std::size_t start = 0; start < n; start += SOME) {
            const std::size_t count = std::min(n - start, SOME);
            draw(2 * count, some);
            for (std::size_t i = 0; i < count; i += Longs::LANES)
                store(to + start + i, number_of_draw(load<Longs>(some + i)), static_cast<int>(count - i));
        }
    }

    // The next n words, wherever they stand in their blocks.
    INLINE void draw(std::size_t n, void* to) {
        auto* bytes = static_cast<std::byte*>(to);
        while (n > 0) {
            const bool few = position_ % 4 + n <= Blocks::WORDS;
            const std::size_t count = few ? piece<1>(n, bytes) : piece<IN_FLIGHT>(n, bytes);
            bytes += 4 * count;
            n -= count;
        }
    }

    // As many of the next n words as stand in the next 8 N blocks; gives their number.
    template <int N>
    INLINE std::size_t piece(std::size_t n, std::byte* to) {
        Longs sequence[2 * N];
        blocks_.words<N>(position_ / 4, sequence);
        const std::size_t skipped = position_ % 4, count = std::min(n, N * Blocks::WORDS - skipped);
        if (count == N * Blocks::WORDS)
            std::memcpy(to, sequence, sizeof(sequence));
        else
            std::memcpy(to, reinterpret_cast<const std::byte*>(sequence) + 4 * skipped, 4 * count);
        position_ += count;
        return count;
    }

    Blocks blocks_;
    std::uint64_t position_;
};

// How an epoch orders the training rows: "full", "blocks:N" or "none".
struct Shuffle {
    enum Kind { FULL, BLOCKS, NONE };

    Kind kind = FULL;
    std::size_t block = 0;

    explicit Shuffle(std::string_view name) {
        constexpr std::string_view PREFIX = "blocks:";
        if (name == "full") return;
        if (name == "none") {
            kind = NONE;
            return;
        }
        if (name.substr(0, PREFIX.size()) == PREFIX) {
            kind = BLOCKS;
            const char* const end = name.data() + name.size();
            const auto [stop, error] = std::from_chars(name.data() + PREFIX.size(), end, block);
            if (error == std::errc() && stop == end && block > 0) return;
        }
        throw std::invalid_argument("no such shuffle: " + std::string(name));
    }
};

// The positions of the n training rows in the order in which an epoch, counted from 0, visits them.
template <class Index>
void epoch_order(std::size_t n, std::uint64_t seed, std::uint32_t epoch, const Shuffle& shuffle, Index* order) {
    if (shuffle.kind == Shuffle::NONE) {
        for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<Index>(i);
        return;
    }
    if (shuffle.kind == Shuffle::FULL) return Stream(seed, Use::SHUFFLE, epoch).permutation(n, order);
    // The order of the blocks stands at the end of the array: no block is empty, so the rows written before block t is
    // read end before its place.
    const std::size_t size = std::min(shuffle.block, n), blocks = n == 0 ? 0 : (n - 1) / size + 1;
    Stream(seed, Use::SHUFFLE, epoch).permutation(blocks, order + (n - blocks));
    for (std::size_t t = 0, written = 0; t < blocks; ++t) {
        const auto block = static_cast<std::size_t>(order[n - blocks + t]);
        const std::size_t first = block * size, count = std::min(size, n - first);
        Stream(seed, Use::SHUFFLE, epoch, static_cast<std::uint32_t>(1 + block))
            .permutation(count, order + written, first);
        written += count;
    }
}

}  // namespace multilayer
