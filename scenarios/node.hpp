#pragma once

#include "scenarios/complaints.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };

/// A value of a scenario file, with the exact place where it stands. Immutable and shared: a copy
/// is a pointer. A sequence's items are entries with an empty key.
class Node {
  public:
    struct Entry;

    /// A null node that stands nowhere.
    Node();
    static Node scalar(std::string text, bool quoted, const Position& at);
    static Node sequence(std::vector<Entry> items, const Position& at);
    /// The list of an `{ append: [...] }`: what is read from it comes after the model's own
    /// default.
    static Node appending(std::vector<Entry> items, const Position& at);
    static Node map(std::vector<Entry> entries, const Position& at);
    static Node null(const Position& at);

    NodeKind kind() const;
    bool is_null() const { return kind() == NodeKind::null; }
    bool is_scalar() const { return kind() == NodeKind::scalar; }
    bool is_sequence() const { return kind() == NodeKind::sequence; }
    bool is_map() const { return kind() == NodeKind::map; }

    /// A scalar's text as YAML reads it (quotes and escapes gone); "" for the others.
    const std::string& text() const;
    /// Whether a scalar was written in quotes or as a block.
    bool quoted() const;
    /// Whether a sequence is to come after the default instead of in its place.
    bool appends() const;

    /// A map's or sequence's members in the order of the file; none for the others.
    const std::vector<Entry>& entries() const;
    std::size_t size() const;
    /// A map's value by key; nullptr when it has none. Linear: maps of parameters are short.
    const Node* find(std::string_view key) const;
    const Entry* find_entry(std::string_view key) const;

    /// Where the value stands: for a `$name` the place of the reference.
    const Position& position() const;
    /// Where the value comes from: for a `$name` the parameter's default or its --set.
    const Position& origin() const;
    /// The reference that the value came through ("$outage"), or "".
    const std::string& via() const;
    /// The same value seen through a `$name` that stands at `at`.
    Node referred_from(const Position& at, std::string reference) const;

    /// Whether both are the same node, not only equal ones.
    bool same_as(const Node& other) const { return data_ == other.data_; }

    /// Nodes below and including this one, shared ones counted as often as they are seen.
    std::size_t weight() const;
    /// Levels of nesting, 1 for a scalar.
    std::size_t depth() const;

    /// 'text' for a scalar, else "a map", "a list", "nothing"; for messages.
    std::string describe() const;

  private:
    struct Data;
    explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    static Node collection(NodeKind kind, std::vector<Entry> entries, const Position& at);
    std::shared_ptr<const Data> data_;
};

struct Node::Entry {
    std::string key;
    Position key_position;
    Node value;
};

/// Limits that keep a hostile or broken file from taking the machine with it.
inline constexpr std::size_t most_nodes = 2'000'000;  ///< of one scenario, aliases counted out
inline constexpr std::size_t deepest_nesting = 64;

}  // namespace driftstorm
