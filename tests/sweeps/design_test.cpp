#include "sweeps/design.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

using namespace driftstorm;

TEST_CASE("Sobol' points are those of Joe and Kuo") {
    // The first points in Gray code order, as published with new-joe-kuo-6 (dimensions 1 to 5).
    const std::vector<std::vector<double>> published{{0, 0, 0, 0, 0},
                                                     {0.5, 0.5, 0.5, 0.5, 0.5},
                                                     {0.75, 0.25, 0.25, 0.25, 0.75},
                                                     {0.25, 0.75, 0.75, 0.75, 0.25},
                                                     {0.375, 0.375, 0.625, 0.875, 0.375},
                                                     {0.875, 0.875, 0.125, 0.375, 0.875},
                                                     {0.625, 0.125, 0.875, 0.625, 0.625},
                                                     {0.125, 0.625, 0.375, 0.125, 0.125}};
    for (std::uint32_t i = 0; i < published.size(); ++i)
        for (std::size_t d = 0; d < 5; ++d) {
            CAPTURE(i);
            CAPTURE(d);
            CHECK(sobol_bits(i, d) * 0x1p-32 == published[i][d]);
        }
}

TEST_CASE("every dimension puts 2^m Sobol' points into 2^m slices, one each") {
    for (std::size_t d = 0; d < most_sobol_dimensions; ++d)
        for (const unsigned m : {4u, 10u}) {
            std::set<std::uint32_t> slices;
            for (std::uint32_t i = 0; i < (1u << m); ++i)
                slices.insert(sobol_bits(i, d) >> (32 - m));
            CAPTURE(d);
            CHECK(slices.size() == (1u << m));
        }
}

TEST_CASE("neighbouring dimensions fill the plane: 2^10 points integrate a product within 1 %") {
    for (std::size_t d = 0; d + 1 < most_sobol_dimensions; ++d) {
        double sum = 0;
        for (std::uint32_t i = 0; i < 1024; ++i)
            sum += (sobol_bits(i, d) * 0x1p-32) * (sobol_bits(i, d + 1) * 0x1p-32);
        CAPTURE(d);
        CHECK(sum / 1024 == doctest::Approx(0.25).epsilon(0.01));
    }
}

TEST_CASE("a Latin hypercube has each column once in each slice") {
    const auto points = latin_hypercube(50, {"a", "b", "c"}, 7);
    REQUIRE(points.size() == 50);
    for (std::size_t column = 0; column < 3; ++column) {
        std::set<int> slices;
        for (const auto& row : points) slices.insert(static_cast<int>(row[column] * 50));
        CHECK(slices.size() == 50);
    }
}

TEST_CASE("a further parameter moves no column of the others, further rows no earlier random row") {
    CHECK(random_points(10, {"a", "b"}, 3)[4][0] == random_points(30, {"a"}, 3)[4][0]);
    CHECK(latin_hypercube(10, {"a", "b"}, 3)[4][1] == latin_hypercube(10, {"b"}, 3)[4][0]);
}

TEST_CASE("blocks of Saltelli's design differ from A in one column of B") {
    const auto rows = saltelli_points(8, {"a", "b", "c"}, 1);
    REQUIRE(rows.size() == 8 * 5);
    for (std::size_t block = 0; block < 8; ++block) {
        const auto& a = rows[block * 5];
        const auto& b = rows[block * 5 + 1];
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t j = 0; j < 3; ++j)
                CHECK(rows[block * 5 + 2 + i][j] == (i == j ? b[j] : a[j]));
    }
}

TEST_CASE(
    "a trajectory of Morris changes one coordinate a step, by the same amount, within 0 to 1") {
    const auto rows = morris_points(20, 4, {"a", "b", "c"}, 5);
    REQUIRE(rows.size() == 20 * 4);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (const double x : rows[row]) {
            CHECK(x > -1e-12);
            CHECK(x < 1 + 1e-12);
        }
        if (row % 4 == 3) continue;
        int changed = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            const double step = std::abs(rows[row + 1][i] - rows[row][i]);
            if (step > 0) CHECK(step == doctest::Approx(2.0 / 3));
            changed += step > 0 ? 1 : 0;
        }
        CHECK(changed == 1);
    }
    std::set<std::size_t> first_changes;  // the order of the parameters is drawn, too
    for (std::size_t walk = 0; walk < 20; ++walk)
        for (std::size_t i = 0; i < 3; ++i)
            if (rows[walk * 4][i] != rows[walk * 4 + 1][i]) first_changes.insert(i);
    CHECK(first_changes.size() == 3);
}

TEST_CASE("values of a range are short texts within it") {
    const ValueRange outage{0, 600, false, 0};
    CHECK(at_share(outage, 0) == 0);
    CHECK(at_share(outage, 1) == 600);
    CHECK(at_share(outage, 1.0 / 3) == 200);
    CHECK(at_share(outage, 0.123456789) == 74.07);
    const ValueRange whole{10, 20, false, 1};
    CHECK(at_share(whole, 0.44) == 14);
    const ValueRange decades{0.001, 1000, true, 0};
    CHECK(at_share(decades, 0.5) == doctest::Approx(1));
    CHECK(at_share(decades, 1.0 / 6) == doctest::Approx(0.01));
    CHECK(share_of(decades, 10) == doctest::Approx(2.0 / 3));
    const ValueRange share{0, 0.3, false, 0.01};
    CHECK(at_share(share, 0.5) == 0.15);
}
