#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace driftstorm {

/// Follows the boundary between points that meet a condition and those that do not, on a lattice of
/// cells * 2^levels + 1 points along each of 1 to 3 axes. A first grid of `cells` a side is known
/// everywhere; then, level by level, each cell at whose corners or sides the answers differ is
/// halved, its neighbours too where the boundary turns out to enter them. What it asks next depends
/// on the answers alone, not on their order.
///
/// A boundary that no cell of the first grid sees (an island between its points) stays unseen.
class Refinement {
  public:
    /// Place on the lattice, 0 .. side() - 1 along each axis; unused axes are 0.
    using Place = std::vector<std::uint32_t>;

    Refinement(std::size_t axes, std::size_t cells, std::size_t levels);

    /// Points to be known next, in lattice order; none when the boundary is followed to its end.
    /// Until all of them are answered, the same points are asked for again.
    std::vector<Place> wanted();
    void answer(const Place& place, bool inside);
    /// The point does not exist (a constraint excludes it) or has no answer.
    void leave_out(const Place& place);

    std::uint32_t side() const { return side_; }  ///< points along an axis
    std::size_t known() const { return known_; }  ///< points answered

  private:
    enum class Answer : std::uint8_t { unknown, inside, outside, none };
    std::size_t number(const Place& place) const;
    Place place(std::size_t number) const;
    std::vector<std::size_t> stencil(const Place& corner, std::uint32_t size) const;
    void want_mixed_cells(std::uint32_t size, std::vector<std::size_t>& missing) const;

    std::size_t axes_;
    std::size_t levels_;
    std::uint32_t side_;
    std::size_t level_ = 0;  ///< cells of the first grid halved so often are looked at
    std::size_t known_ = 0;
    std::vector<Answer> answers_;
};

}  // namespace driftstorm
