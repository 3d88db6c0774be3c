#pragma once

#include "sim/core/expect.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace driftstorm {

/// Seconds that a tree of halvings spans: 2^32 (136 years).
inline constexpr std::int64_t dyadic_span = std::int64_t{1} << 32;

/// An interval of the tree: `length` seconds, a power of two, from `second`, a multiple of it.
template <class Point>
struct DyadicInterval {
    std::int64_t second = 0;
    std::int64_t length = 0;
    Point begin;
    Point end;
};

/// The way to the last second asked for, kept so that the next one along costs one draw on average,
/// and one some minutes or hours away only those between. Changes no value.
template <class Point>
struct DyadicPath {
    static constexpr int levels = 16;
    static constexpr int around_levels = 8;
    std::int64_t second = -1;  ///< -1: none yet
    /// Of the 2^16 s around it: the middles of its 1, 2 .. 16 halvings from the end, then both
    /// ends.
    std::array<Point, levels + 2> points{};
};

// A process at whole seconds whose points are drawn at the middle of ever smaller dyadic intervals,
// given their ends (a bridge): any second is reached in 32 halvings, in whatever order they are
// asked for. The process says what it is over the whole span (whole()) and at a middle (middle()).

/// The half of `of` that holds `second`.
template <class Point>
DyadicInterval<Point> half(const DyadicInterval<Point>& of, const Point& middle,
                           std::int64_t second) {
    const std::int64_t middle_second = of.second + of.length / 2;
    if (second < middle_second) return {of.second, of.length / 2, of.begin, middle};
    return {middle_second, of.length / 2, middle, of.end};
}

/// The interval of `length` seconds that holds `second`, 0 .. 2^32 - 1.
template <class Process, class Point>
DyadicInterval<Point> halved(const Process& process, DyadicInterval<Point> from,
                             std::int64_t second, std::int64_t length) {
    DRIFTSTORM_EXPECT(second >= from.second && second < from.second + from.length && length >= 1);
    while (from.length > length) from = half(from, process.middle(from), second);
    return from;
}

/// The second from `second` on, from where `path` has been before.
template <class Process, class Point>
DyadicInterval<Point> bridged_cell(const Process& process, std::int64_t second,
                                   DyadicPath<Point>& path) {
    using Path = DyadicPath<Point>;
    constexpr std::int64_t length = std::int64_t{1} << Path::levels;
    constexpr std::size_t begin = Path::levels;
    constexpr std::size_t end = Path::levels + 1;
    // The middle of an interval of 2^(i + 1) s is known when the old and the new second agree above
    // bit i.
    std::int64_t differs = second ^ path.second;
    if (path.second < 0 || differs >= length) {
        differs = length;
        const DyadicInterval<Point> around = halved(process, process.whole(), second, length);
        path.points[begin] = around.begin;
        path.points[end] = around.end;
    }
    std::int64_t from = second & ~(length - 1);
    const Point* left = &path.points[begin];
    const Point* right = &path.points[end];
    for (std::size_t i = Path::levels; i-- > 0;) {
        const std::int64_t rest = std::int64_t{1} << i;
        Point& middle = path.points[i];
        if (differs >> (i + 1) != 0) middle = process.middle({from, 2 * rest, *left, *right});
        const bool later = second >= from + rest;
        (later ? left : right) = &middle;
        from += later ? rest : 0;
    }
    path.second = second;
    return {second, 1, *left, *right};
}

/// The 256 s around `second`; draws nothing when `path` has been there.
template <class Process, class Point>
DyadicInterval<Point> bridged_around(const Process& process, std::int64_t second,
                                     DyadicPath<Point>& path) {
    using Path = DyadicPath<Point>;
    constexpr std::int64_t length = std::int64_t{1} << Path::levels;
    constexpr std::int64_t around = std::int64_t{1} << Path::around_levels;
    if (path.second < 0 || (second ^ path.second) >= around) bridged_cell(process, second, path);
    DyadicInterval<Point> at{second & ~(length - 1), length, path.points[Path::levels],
                             path.points[Path::levels + 1]};
    for (std::size_t i = Path::levels; at.length > around;) at = half(at, path.points[--i], second);
    return at;
}

}  // namespace driftstorm
