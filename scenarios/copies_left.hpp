#pragma once

#include "models/messaging/apps.hpp"
#include "models/servers/relays.hpp"
#include "sim/core/kernel.hpp"

#include <vector>

namespace driftstorm {

/// Records a CopyRow for every copy that is not visible at the end of a run: held at its device,
/// under way or waiting at its conversation's home, still in its author's outbox, or given up by
/// its author.
/// @param relays   the instance that holds each relay node, by node number
/// @param devices  the entity of each device in Apps, by device number
void record_copies_left(Kernel& kernel, const Apps& apps, const std::vector<const Relays*>& relays,
                        const std::vector<EntityId>& devices);

}  // namespace driftstorm
