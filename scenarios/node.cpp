#include "scenarios/node.hpp"

#include <algorithm>
#include <utility>

namespace driftstorm {

struct Node::Data {
    NodeKind kind = NodeKind::null;
    bool quoted = false;
    bool appends = false;
    Position at;
    Position origin;
    std::string text;
    std::string via;
    std::vector<Entry> entries;
    std::size_t weight = 1;
    std::size_t depth = 1;
};

Node::Node() : data_(std::make_shared<Data>()) {}

Node Node::scalar(std::string text, bool quoted, const Position& at) {
    auto data = std::make_shared<Data>();
    data->kind = NodeKind::scalar;
    data->quoted = quoted;
    data->at = data->origin = at;
    data->text = std::move(text);
    return Node(std::move(data));
}

Node Node::collection(NodeKind kind, std::vector<Entry> entries, const Position& at) {
    auto data = std::make_shared<Data>();
    data->kind = kind;
    data->at = data->origin = at;
    for (const Entry& entry : entries) {
        data->weight =
            std::min(data->weight + entry.value.weight(), 4 * most_nodes);  // never wraps
        data->depth = std::max(data->depth, entry.value.depth() + 1);
    }
    data->entries = std::move(entries);
    return Node(std::move(data));
}

Node Node::sequence(std::vector<Entry> items, const Position& at) {
    return collection(NodeKind::sequence, std::move(items), at);
}

Node Node::appending(std::vector<Entry> items, const Position& at) {
    const Node list = collection(NodeKind::sequence, std::move(items), at);
    auto data = std::make_shared<Data>(*list.data_);
    data->appends = true;
    return Node(std::move(data));
}

Node Node::map(std::vector<Entry> entries, const Position& at) {
    return collection(NodeKind::map, std::move(entries), at);
}

Node Node::null(const Position& at) {
    auto data = std::make_shared<Data>();
    data->at = data->origin = at;
    return Node(std::move(data));
}

NodeKind Node::kind() const { return data_->kind; }
const std::string& Node::text() const { return data_->text; }
bool Node::quoted() const { return data_->quoted; }
bool Node::appends() const { return data_->appends; }
const std::vector<Node::Entry>& Node::entries() const { return data_->entries; }
std::size_t Node::size() const { return data_->entries.size(); }
const Position& Node::position() const { return data_->at; }
const Position& Node::origin() const { return data_->origin; }
const std::string& Node::via() const { return data_->via; }
std::size_t Node::weight() const { return data_->weight; }
std::size_t Node::depth() const { return data_->depth; }

const Node::Entry* Node::find_entry(std::string_view key) const {
    if (!is_map()) return nullptr;
    for (const Entry& entry : data_->entries) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

const Node* Node::find(std::string_view key) const {
    const Entry* entry = find_entry(key);
    return entry ? &entry->value : nullptr;
}

Node Node::referred_from(const Position& at, std::string reference) const {
    auto data = std::make_shared<Data>(*data_);
    data->at = at;
    data->via = std::move(reference);
    return Node(std::move(data));
}

std::string Node::describe() const {
    switch (kind()) {
        case NodeKind::null:
            return "nothing";
        case NodeKind::sequence:
            return "a list";
        case NodeKind::map:
            return "a map";
        case NodeKind::scalar:
            break;
    }
    return via().empty() ? quote(text()) : quote(text()) + " (" + via() + ")";
}

}  // namespace driftstorm
