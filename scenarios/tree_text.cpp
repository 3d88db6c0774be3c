#include "scenarios/document.hpp"
#include "scenarios/quantity.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace driftstorm {
namespace {

/// Whether a text reads back as itself without quotes, in a block and in a flow.
bool is_plain(std::string_view text) {
    static constexpr std::string_view indicators = "-?:,[]{}#&*!|>'\"%@`";
    if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
    const bool begins_number =
        text.size() > 1 && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
    if (indicators.find(text[0]) != std::string_view::npos && !begins_number) return false;
    if (text == "---" || text == "..." || text == "<<" || text == "=" || text == "~") return false;
    if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos)
        return false;
    if (text.back() == ':') return false;
    return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 ||
               std::string_view("[]{},").find(c) != std::string_view::npos;
    });
}

bool is_number(std::string_view text) {
    const ParsedQuantity parsed = parse_quantity(text);
    return parsed.quantity && parsed.quantity->dimension() == Dimension::count;
}

/// Words that some readers of YAML take as something other than text.
bool is_special_word(std::string_view text) {
    static constexpr std::array<std::string_view, 9> words{"true", "false", "yes", "no",  "on",
                                                           "off",  "y",     "n",   "null"};
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return std::find(words.begin(), words.end(), lower) != words.end();
}

bool looks_like_digits(std::string_view text) {
    return text.find_first_not_of("0123456789_:.+-xob") == std::string_view::npos ||
           text.substr(0, 2) == "0x" || text[0] == '.';
}

std::string quoted_text(std::string_view text) {
    std::string out = json_string(text);
    return out;
}

std::string key_text(const std::string& key) {
    return is_plain(key) && key.find(':') == std::string::npos ? key : quoted_text(key);
}

std::string scalar_text(const Node& node) {
    const std::string& text = node.text();
    if (!is_plain(text)) return quoted_text(text);
    const bool means_more =
        is_number(text) || is_special_word(text) || looks_like_digits(text) || text[0] == '$';
    return node.quoted() && means_more ? quoted_text(text) : text;
}

void write_yaml(const Node& node, std::size_t indent, std::string& out) {
    const std::string margin(indent, ' ');
    bool first = true;
    for (const Node::Entry& entry : node.entries()) {
        if (!first || indent == 0 || out.empty() || out.back() == '\n') out += margin;
        first = false;
        out += node.is_map() ? key_text(entry.key) + ":" : "-";
        const Node& value = entry.value;
        if (value.is_scalar()) {
            out += " " + scalar_text(value) + "\n";
        } else if (value.entries().empty()) {
            out += value.is_map() ? " {}\n" : value.is_sequence() ? " []\n" : " null\n";
        } else if (node.is_sequence()) {
            out += " ";
            write_yaml(value, indent + 2, out);
        } else {
            out += "\n";
            write_yaml(value, indent + 2, out);
        }
    }
}

std::string json_scalar(const Node& node) {
    const std::string& text = node.text();
    const bool truth = text == "true" || text == "false";
    if (node.quoted() || !(truth || is_number(text))) return json_string(text);
    return text[0] == '+' ? text.substr(1) : text;
}

void write_json(const Node& node, std::string& out) {
    switch (node.kind()) {
        case NodeKind::null:
            out += "null";
            return;
        case NodeKind::scalar:
            out += json_scalar(node);
            return;
        case NodeKind::sequence:
        case NodeKind::map:
            break;
    }
    out += node.is_map() ? '{' : '[';
    bool first = true;
    for (const Node::Entry& entry : node.entries()) {
        if (!first) out += ", ";
        first = false;
        if (node.is_map()) out += json_string(entry.key) + ": ";
        write_json(entry.value, out);
    }
    out += node.is_map() ? '}' : ']';
}

}  // namespace

std::string yaml_text(const Node& node) {
    if (node.is_scalar()) return scalar_text(node) + "\n";
    if (node.entries().empty())
        return node.is_map() ? "{}\n" : node.is_sequence() ? "[]\n" : "null\n";
    std::string out;
    write_yaml(node, 0, out);
    return out;
}

std::string json_value(const Node& node) {
    std::string out;
    write_json(node, out);
    return out;
}

std::string json_text(const Node& node) { return json_value(node) + "\n"; }

}  // namespace driftstorm
