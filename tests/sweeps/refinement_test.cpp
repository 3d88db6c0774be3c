#include "sweeps/refinement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <vector>

using namespace driftstorm;

namespace {

using Place = Refinement::Place;

/// Follows the boundary of a region to the end; in what order the answers come is up to `reverse`.
void follow(Refinement& refinement, const std::function<bool(const Place&)>& inside,
            bool reverse = false) {
    for (std::vector<Place> places = refinement.wanted(); !places.empty();
         places = refinement.wanted()) {
        if (reverse) std::reverse(places.begin(), places.end());
        for (const Place& place : places) refinement.answer(place, inside(place));
    }
}

/// Whether every pair of lattice neighbours that differ was asked for: the boundary is known as
/// finely as on the whole grid.
bool knows_whole_boundary(std::uint32_t side, const std::function<bool(const Place&)>& inside,
                          const std::vector<std::vector<bool>>& asked) {
    for (std::uint32_t x = 0; x + 1 < side; ++x)
        for (std::uint32_t y = 0; y + 1 < side; ++y)
            for (const Place& to : {Place{x + 1, y}, Place{x, y + 1}})
                if (inside({x, y}) != inside(to) && !(asked[x][y] && asked[to[0]][to[1]]))
                    return false;
    return true;
}

}  // namespace

TEST_CASE("refining finds the boundary of the whole grid with at least 5 times fewer runs") {
    const std::vector<std::function<bool(const Place&)>> regions{
        [](const Place& p) { return 2 * p[0] + 3 * p[1] > 150; },  // a slanted line
        [](const Place& p) { return p[0] > 37; },                  // an upright one
        [](const Place& p) { return p[0] * p[1] > 1200; },         // a hyperbola
        [](const Place& p) {                                       // a disc
            const double x = p[0] - 30.3;
            const double y = p[1] - 33.7;
            return x * x + y * y < 400;
        }};
    for (std::size_t i = 0; i < regions.size(); ++i) {
        Refinement refinement(2, 4, 4);
        REQUIRE(refinement.side() == 65);
        std::vector<std::vector<bool>> asked(65, std::vector<bool>(65));
        std::size_t runs = 0;
        for (auto places = refinement.wanted(); !places.empty(); places = refinement.wanted())
            for (const Place& place : places) {
                refinement.answer(place, regions[i](place));
                asked[place[0]][place[1]] = true;
                ++runs;
            }
        CAPTURE(i);
        MESSAGE("boundary " << i << ": " << runs << " points instead of " << 65 * 65 << ", "
                            << 65.0 * 65.0 / static_cast<double>(runs) << " times fewer");
        CHECK(runs == refinement.known());
        CHECK(runs * 5 <= 65 * 65);
        CHECK(knows_whole_boundary(65, regions[i], asked));
    }
}

TEST_CASE("what is asked does not depend on the order of the answers") {
    const auto inside = [](const Place& p) { return 7 * p[0] + 2 * p[1] > 200; };
    Refinement forwards(2, 3, 3);
    Refinement backwards(2, 3, 3);
    follow(forwards, inside);
    follow(backwards, inside, true);
    CHECK(forwards.known() == backwards.known());
}

TEST_CASE("one axis is bisected, three are followed too, and nothing is asked twice") {
    Refinement line(1, 2, 10);
    follow(line, [](const Place& p) { return p[0] >= 777; });
    CHECK(line.side() == 2049);
    CHECK(line.known() == 3 + 10);
    Refinement space(3, 2, 3);
    follow(space, [](const Place& p) { return p[0] + p[1] + p[2] > 20; });
    CHECK(space.known() < 17 * 17 * 17 / 2);
    CHECK(space.wanted().empty());
}

TEST_CASE("without a boundary the first grid is all") {
    Refinement refinement(2, 4, 5);
    follow(refinement, [](const Place&) { return true; });
    CHECK(refinement.known() == 25);
}
