#include "models/messaging/conversations.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>

namespace driftstorm {

void Conversations::add(std::uint64_t identity, std::uint32_t home, std::uint32_t history,
                        std::span<const Member> members) {
    const std::uint32_t number = size();
    entity_.push_back(no_entity);
    identity_.push_back(identity);
    home_.push_back(home);
    history_.push_back(history);
    members_.insert(members_.end(), members.begin(), members.end());
    conversation_of_.insert(conversation_of_.end(), members.size(), number);
    first_.push_back(memberships());
}

void Conversations::index(std::uint32_t devices) {
    device_first_.assign(devices + 1u, 0);
    for (const Member& member : members_) {
        DRIFTSTORM_EXPECT(member.device < devices);
        ++device_first_[member.device + 1];
    }
    for (std::uint32_t d = 0; d < devices; ++d) device_first_[d + 1] += device_first_[d];
    of_device_.resize(members_.size());
    std::vector<std::uint32_t> next(device_first_.begin(), device_first_.end() - 1);
    for (std::uint32_t m = 0; m < memberships(); ++m) of_device_[next[members_[m].device]++] = m;
}

std::uint32_t Conversations::membership(std::uint32_t conversation, std::uint32_t device) const {
    const std::span<const Member> all = members(conversation);
    const auto found =
        std::lower_bound(all.begin(), all.end(), device,
                         [](const Member& m, std::uint32_t number) { return m.device < number; });
    DRIFTSTORM_EXPECT(found != all.end() && found->device == device);
    return first_[conversation] + static_cast<std::uint32_t>(found - all.begin());
}

}  // namespace driftstorm
