#include "models/messaging/inbox.hpp"

#include <algorithm>

namespace driftstorm {

namespace {
bool before(const HeldCopy& copy, std::uint32_t number) { return copy.body.number < number; }
}  // namespace

const HeldCopy* Inbox::held(std::uint32_t membership, std::uint32_t number) const {
    const std::vector<HeldCopy>& copies = memberships_[membership].held;
    const auto found = std::lower_bound(copies.begin(), copies.end(), number, before);
    return found != copies.end() && found->body.number == number ? &*found : nullptr;
}

bool Inbox::shown(std::uint32_t membership, std::uint32_t number) const {
    const Membership& m = memberships_[membership];
    return number < m.expected || std::binary_search(m.seen.begin(), m.seen.end(), number);
}

bool Inbox::has(std::uint32_t membership, std::uint32_t number) const {
    return shown(membership, number) || held(membership, number) != nullptr;
}

void Inbox::hold(std::uint32_t membership, const HeldCopy& copy) {
    std::vector<HeldCopy>& copies = memberships_[membership].held;
    copies.insert(std::lower_bound(copies.begin(), copies.end(), copy.body.number, before), copy);
}

void Inbox::lose(std::uint32_t membership, std::uint32_t number, const Setback& setback) {
    for (LostCopy& copy : memberships_[membership].lost) {
        if (copy.number != number) continue;
        if (copy.setback.root == no_entity) copy.setback.root = setback.root;
        return;
    }
    memberships_[membership].lost.push_back({number, setback});
}

Setback Inbox::setback(std::uint32_t membership, std::uint32_t number) const {
    for (const LostCopy& copy : memberships_[membership].lost)
        if (copy.number == number) return copy.setback;
    return {};
}

void Inbox::arrive(std::uint32_t membership, std::uint32_t number) {
    std::vector<LostCopy>& lost = memberships_[membership].lost;
    lost.erase(std::remove_if(lost.begin(), lost.end(),
                              [&](const LostCopy& copy) { return copy.number == number; }),
               lost.end());
}

EntityId Inbox::root_of_gap(std::uint32_t membership) const {
    for (const LostCopy& copy : memberships_[membership].lost)
        if (copy.setback.root != no_entity) return copy.setback.root;
    return no_entity;
}

std::uint32_t Inbox::show(std::uint32_t membership, std::uint32_t number) {
    Membership& m = memberships_[membership];
    const auto at = std::lower_bound(m.seen.begin(), m.seen.end(), number);
    const auto later = static_cast<std::uint32_t>(m.seen.end() - at);
    m.seen.insert(at, number);
    std::size_t passed = 0;
    while (passed < m.seen.size() && m.seen[passed] == m.expected) {
        ++m.expected;
        ++passed;
    }
    m.seen.erase(m.seen.begin(), m.seen.begin() + static_cast<std::ptrdiff_t>(passed));
    m.next = std::max({m.next, number + 1, m.expected});
    return later;
}

std::uint32_t Inbox::show_stamp(std::uint32_t membership, Reading stamp) {
    std::vector<std::int64_t>& stamps = memberships_[membership].stamps;
    const auto at = std::upper_bound(stamps.begin(), stamps.end(), stamp.ns);
    const auto later = static_cast<std::uint32_t>(stamps.end() - at);
    stamps.insert(at, stamp.ns);
    return later;
}

}  // namespace driftstorm
