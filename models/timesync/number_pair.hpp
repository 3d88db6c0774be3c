#pragma once

#include <cstdint>
#include <cstring>

namespace driftstorm {

/// Two numbers side by side, on which the processor works at once. Each is rounded, and each sum
/// taken in order, as if it were alone: nothing depends on what the processor has of vectors.
using Pair = double __attribute__((vector_size(16)));
using PairOfIntegers = std::int64_t __attribute__((vector_size(16)));  ///< a comparison's: 0 or -1

inline Pair both(double value) { return Pair{value, value}; }
inline PairOfIntegers both(std::int64_t value) { return PairOfIntegers{value, value}; }

inline Pair load(const double* from) {
    Pair pair;
    std::memcpy(&pair, from, sizeof pair);
    return pair;
}
inline PairOfIntegers load(const std::int64_t* from) {
    PairOfIntegers pair;
    std::memcpy(&pair, from, sizeof pair);
    return pair;
}
inline void store(double* to, Pair pair) { std::memcpy(to, &pair, sizeof pair); }

/// Whole numbers as floating-point ones, exact for |whole| < 2^51: added to the bits of 1.5 * 2^52
/// they are the last digits of its significand.
inline constexpr std::int64_t pair_integer_limit = std::int64_t{1} << 51;
inline Pair as_double(PairOfIntegers whole) {
    const Pair shifted = both(0x1.8p52);
    return reinterpret_cast<Pair>(whole + reinterpret_cast<PairOfIntegers>(shifted)) - shifted;
}

/// `size` >= 0 with the signs of `of`.
inline Pair with_signs(double size, Pair of) {
    const PairOfIntegers sign = both(INT64_MIN);
    return reinterpret_cast<Pair>((reinterpret_cast<PairOfIntegers>(of) & sign) |
                                  reinterpret_cast<PairOfIntegers>(both(size)));
}

}  // namespace driftstorm
