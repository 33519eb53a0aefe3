// Which of the engine's instruction sets this machine can run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace multilayer {

#if defined(__x86_64__)

// Asked from the processor itself: __builtin_cpu_supports needs a runtime library that clang-cl does not link.
class Processor {
public:
    // AVX2 with fused multiply-add, and an operating system that saves the 256-bit registers.
    bool avx2() const { return saves(0x6) && bit(leaf1_.ecx, 12) && bit(leaf7_.ebx, 5); }

    // AVX-512 F, DQ, BW and VL (every server since Skylake), and the 512-bit registers and masks saved.
    bool avx512() const {
        return avx2() && saves(0xe6) && bit(leaf7_.ebx, 16) && bit(leaf7_.ebx, 17) && bit(leaf7_.ebx, 30) &&
               bit(leaf7_.ebx, 31);
    }

private:
    struct Registers {
        unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    };

    static Registers cpuid(unsigned leaf) {
        Registers r;
        __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
        return r;
    }

    static bool bit(unsigned word, int position) { return (word >> position) & 1u; }

    // Whether the operating system saves these parts of the register file (XCR0, readable when OSXSAVE is set).
    bool saves(std::uint64_t parts) const {
        if (!bit(leaf1_.ecx, 27)) return false;
        std::uint32_t low, high;
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        return ((std::uint64_t{high} << 32 | low) & parts) == parts;
    }

    Registers leaf1_ = cpuid(1), leaf7_ = cpuid(7);
};

#endif

// The instruction sets of this machine that the engine is written for, the best first.
inline std::vector<std::string> supported_instruction_sets() {
    std::vector<std::string> names;
#if defined(__x86_64__)
    const Processor processor;
    if (processor.avx512()) names.emplace_back("avx512");
    if (processor.avx2()) names.emplace_back("avx2");
#elif defined(__aarch64__)
    names.emplace_back("neon");  // part of every 64-bit ARM
#endif
    return names;
}

}  // namespace multilayer
