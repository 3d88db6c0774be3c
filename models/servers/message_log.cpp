#include "models/servers/message_log.hpp"

namespace driftstorm {

std::uint32_t MessageLog::find(std::uint32_t conversation, EntityId sender, std::uint32_t count,
                               Time since) const {
    const std::vector<LogEntry>& entries = logs_[conversation];
    for (std::size_t i = entries.size(); i-- > 0;) {
        if (entries[i].sequenced < since) return 0;
        if (entries[i].message.sender == sender && entries[i].message.count == count)
            return static_cast<std::uint32_t>(i + 1);
    }
    return 0;
}

}  // namespace driftstorm
