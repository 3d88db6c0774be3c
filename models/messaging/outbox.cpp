#include "models/messaging/outbox.hpp"

#include <algorithm>

namespace driftstorm {

namespace {
template <class Messages>
auto position(Messages& messages, std::uint32_t count) {
    return std::find_if(messages.begin(), messages.end(), [count](const OutboxMessage& message) {
        return message.body.count == count;
    });
}
}  // namespace

OutboxMessage* Outbox::find(Index device, std::uint32_t count) {
    const auto found = position(waiting_[device], count);
    return found == waiting_[device].end() ? nullptr : &*found;
}

void Outbox::remove(Index device, std::uint32_t count) {
    const auto found = position(waiting_[device], count);
    if (found != waiting_[device].end()) waiting_[device].erase(found);
}

void Outbox::give_up(Index device, std::uint32_t count, Time now, Outcome outcome) {
    const auto found = position(waiting_[device], count);
    if (found == waiting_[device].end()) return;
    given_up_.push_back({*found, now, outcome});
    waiting_[device].erase(found);
}

bool Outbox::stale(Index device, std::uint32_t count, Generation generation) const {
    const auto found = position(waiting_[device], count);
    return found == waiting_[device].end() || found->generation != generation;
}

}  // namespace driftstorm
