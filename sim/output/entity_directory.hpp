#pragma once

#include "sim/core/event.hpp"
#include "sim/output/memory_group.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace driftstorm {

/// All entities of one kind, in the order of their rows; written as the group /entities/<name>,
/// whose dimension and scale are called <name> too.
struct EntityKind {
    std::string name;                     ///< "device", "cell", "server" ...
    std::vector<std::string> names = {};  ///< shape (n), unique; the scale up to 10,000 members
    std::vector<std::string> population =
        {};                                  ///< shape (n), or empty when no member belongs to one
    std::vector<std::int64_t> member = {};   ///< number within its population; shape (n), or empty
    std::vector<MemoryColumn> columns = {};  ///< drawn or configured attributes, each of shape (n)
    /// Further dimensions of its group, for columns that name them: lists of each member, say.
    std::vector<MemoryColumn> dimensions = {};
};

/// Where each entity of the world is found in /entities. Ids of entities nobody wants to see (a
/// sampler's own) have no place and are written as missing.
struct EntityDirectory {
    struct Place {
        std::int16_t kind = -1;  ///< index into kinds
        std::int32_t row = -1;   ///< 0-based row of that kind
    };
    std::vector<EntityKind> kinds;
    std::vector<Place> places;  ///< by EntityId

    Place place_of(EntityId entity) const {
        const auto id = static_cast<std::size_t>(entity);
        return id < places.size() ? places[id] : Place{};
    }
    /// Index of the kind of that name, or -1.
    std::int16_t kind(std::string_view name) const {
        for (std::size_t i = 0; i < kinds.size(); ++i)
            if (kinds[i].name == name) return static_cast<std::int16_t>(i);
        return -1;
    }
};

}  // namespace driftstorm
