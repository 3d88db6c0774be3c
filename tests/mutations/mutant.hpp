#pragma once

#include "sim/core/random.hpp"
#include "sim/core/time.hpp"

#include <cstdint>
#include <type_traits>

/// The switch of planted changes: sources with changes in them ask which one is on.
namespace mutant {

/// Number of the change that is on; 0: none.
inline int active = 0;

inline bool on(int number) { return active == number; }

inline driftstorm::Purpose purpose(int number, driftstorm::Purpose of) {
    if (on(number)) {
        of.name = "mutant.purpose";
        of.hash = driftstorm::stable_hash(of.name);
    }
    return of;
}
inline std::uint64_t coordinate(int number, std::uint64_t of) { return on(number) ? of + 1 : of; }

/// A delay as a coarser clock would have it.
inline driftstorm::Duration rounded(int number, driftstorm::Duration delay) {
    constexpr std::int64_t grain = 10'000;
    return on(number) ? driftstorm::Duration{(delay.ns + grain - 1) / grain * grain} : delay;
}

/// A parameter that is a little more; of a kind that cannot be more: the same.
template <class T>
decltype(auto) value(int number, const T& of) {
    if constexpr (std::is_same_v<T, bool>) {
        return on(number) ? !of : of;
    } else if constexpr (std::is_floating_point_v<T>) {
        return on(number) ? of * T(1.01) : of;
    } else if constexpr (std::is_integral_v<T>) {
        return on(number) ? static_cast<T>(of + 1) : of;
    } else if constexpr (std::is_same_v<T, driftstorm::Duration>) {
        return on(number) ? driftstorm::Duration{of.ns + of.ns / 100} : of;
    } else {
        return static_cast<const T&>(of);
    }
}

/// Comparisons that give a tie to the other side, or say the same the other way round.
template <class A, class B>
bool less(int tie, int rewritten, const A& a, const B& b) {
    return on(tie) ? a <= b : on(rewritten) ? !(b <= a) : a < b;
}
template <class A, class B>
bool at_most(int tie, int rewritten, const A& a, const B& b) {
    return on(tie) ? a < b : on(rewritten) ? !(b < a) : a <= b;
}
template <class A, class B>
bool more(int tie, int rewritten, const A& a, const B& b) {
    return on(tie) ? a >= b : on(rewritten) ? !(b >= a) : a > b;
}
template <class A, class B>
bool at_least(int tie, int rewritten, const A& a, const B& b) {
    return on(tie) ? a > b : on(rewritten) ? !(b > a) : a >= b;
}

inline void used(double) {}

}  // namespace mutant
