#include "sweeps/refinement.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>

namespace driftstorm {

Refinement::Refinement(std::size_t axes, std::size_t cells, std::size_t levels)
    : axes_(axes), levels_(levels), side_((static_cast<std::uint32_t>(cells) << levels) + 1) {
    DRIFTSTORM_EXPECT(axes >= 1 && axes <= 3 && cells >= 1 && levels <= 20);
    std::size_t points = 1;
    for (std::size_t i = 0; i < axes; ++i) points *= side_;
    answers_.assign(points, Answer::unknown);
}

std::size_t Refinement::number(const Place& place) const {
    std::size_t number = 0;
    for (std::size_t i = 0; i < axes_; ++i) number = number * side_ + place[i];
    return number;
}

Refinement::Place Refinement::place(std::size_t number) const {
    Place place(axes_);
    for (std::size_t i = axes_; i > 0; --i) {
        place[i - 1] = static_cast<std::uint32_t>(number % side_);
        number /= side_;
    }
    return place;
}

/// The 3^axes points of a cell: corners, middles of sides, centre.
std::vector<std::size_t> Refinement::stencil(const Place& corner, std::uint32_t size) const {
    std::vector<std::size_t> points;
    const std::uint32_t half = size / 2;
    const std::uint32_t last_y = axes_ > 1 ? 3 : 1;
    const std::uint32_t last_z = axes_ > 2 ? 3 : 1;
    for (std::uint32_t x = 0; x < 3; ++x)
        for (std::uint32_t y = 0; y < last_y; ++y)
            for (std::uint32_t z = 0; z < last_z; ++z) {
                Place point = corner;
                point[0] += x * half;
                if (axes_ > 1) point[1] += y * half;
                if (axes_ > 2) point[2] += z * half;
                points.push_back(number(point));
            }
    return points;
}

void Refinement::want_mixed_cells(std::uint32_t size, std::vector<std::size_t>& missing) const {
    const std::uint32_t cells = (side_ - 1) / size;
    std::size_t count = 1;
    for (std::size_t i = 0; i < axes_; ++i) count *= cells;
    for (std::size_t cell = 0; cell < count; ++cell) {
        Place corner(axes_);
        std::size_t rest = cell;
        for (std::size_t i = axes_; i > 0; --i) {
            corner[i - 1] = static_cast<std::uint32_t>(rest % cells) * size;
            rest /= cells;
        }
        const std::vector<std::size_t> points = stencil(corner, size);
        bool inside = false;
        bool outside = false;
        for (const std::size_t point : points) {
            inside = inside || answers_[point] == Answer::inside;
            outside = outside || answers_[point] == Answer::outside;
        }
        if (!inside || !outside) continue;
        for (const std::size_t point : points)
            if (answers_[point] == Answer::unknown) missing.push_back(point);
    }
}

std::vector<Refinement::Place> Refinement::wanted() {
    std::vector<std::size_t> missing;
    const std::uint32_t first = std::uint32_t{1} << levels_;
    for (std::size_t i = 0; i < answers_.size(); ++i) {
        if (answers_[i] != Answer::unknown) continue;
        const Place at = place(i);
        if (std::all_of(at.begin(), at.end(), [&](std::uint32_t x) { return x % first == 0; }))
            missing.push_back(i);
    }
    for (; missing.empty() && level_ < levels_; ++level_) {
        want_mixed_cells(first >> level_, missing);
        if (!missing.empty()) break;  // the answers may draw in neighbours of the same level
    }
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    std::vector<Place> places;
    places.reserve(missing.size());
    for (const std::size_t point : missing) places.push_back(place(point));
    return places;
}

void Refinement::answer(const Place& place, bool inside) {
    Answer& answer = answers_[number(place)];
    if (answer == Answer::unknown) ++known_;
    answer = inside ? Answer::inside : Answer::outside;
}

void Refinement::leave_out(const Place& place) { answers_[number(place)] = Answer::none; }

}  // namespace driftstorm
