#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace driftstorm {

/// An axis of a figure: numbers, or words at even distances.
struct FigureAxis {
    std::string label;           ///< with its unit
    std::vector<double> values;  ///< ascending, or empty when there are words
    std::vector<std::string> words;
    bool share = false;  ///< values are fractions, shown in %
    std::size_t size() const { return words.empty() ? values.size() : words.size(); }
};

/// A quantity over a plane: cells in colour, those without a value filled from their nearest
/// neighbour and not dotted.
struct PhaseMap {
    std::string title;
    std::string label;  ///< of the colours, with the unit
    FigureAxis x, y;
    std::vector<double> z;  ///< [y][x]; NaN: not run; infinite: shown as such
    bool share = false;     ///< z is a fraction, shown in %
    /// A line between cells of one side and their neighbours of the other.
    struct Boundary {
        std::string name;
        std::vector<std::int8_t> side;  ///< [y][x]: 1, 0, or -1: not known
    };
    std::vector<Boundary> boundaries;
    /// Cells whose interval holds the boundary's limit: hatched. [y][x], or empty.
    std::vector<bool> undecided;
    std::string undecided_name;
};

struct LineFigure {
    std::string title;
    std::string y_label;
    FigureAxis x;
    struct Line {
        std::string name;
        std::vector<double> x, y, low, high;  ///< low, high: a band; may be empty
        bool steps = false;
        bool dots = false;  ///< dots alone, no line
    };
    std::vector<Line> lines;
    bool share = false;
    bool from_zero = false;
};

struct BarFigure {
    std::string title;
    std::string x_label;
    struct Bar {
        std::string name;                      ///< of the group
        std::vector<double> value, low, high;  ///< one a series
    };
    std::vector<std::string> series;
    std::vector<Bar> bars;
};

/// Each as one self-contained SVG element, readable without the page round it.
std::string svg_of(const PhaseMap& figure);
std::string svg_of(const LineFigure& figure);
std::string svg_of(const BarFigure& figure);

}  // namespace driftstorm
