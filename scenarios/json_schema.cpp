#include "scenarios/json_schema.hpp"

#include "scenarios/read_params.hpp"

#include <algorithm>

namespace driftstorm {
namespace {

constexpr std::string_view number_regex = "[+-]?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?";
constexpr std::string_view parameter_regex = "[$][A-Za-z_][A-Za-z0-9_]*";
constexpr std::string_view ignored_keys = "\"patternProperties\": {\"^x-\": true}";

std::string escaped_for_regex(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("^$.*+?()[]{}|\\/").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string string_like(std::string_view regex) {
    return "{\"type\": \"string\", \"pattern\": " + json_string("^(" + std::string(regex) + ")$") +
           "}";
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
}

/// "15 min 30 s": from the greatest unit to the least, each once.
std::string compound_duration_regex() {
    static constexpr std::array<std::string_view, 7> falling{"(days?|d)", "h",  "min", "s",
                                                             "ms",        "us", "ns"};
    const std::string number(number_regex);
    const std::string_view unsigned_number = number_regex.substr(std::string_view("[+-]?").size());
    std::string all;
    for (std::size_t first = 0; first + 1 < falling.size(); ++first) {
        std::string one = number + " +" + std::string(falling[first]);
        for (std::size_t next = first + 1; next < falling.size(); ++next)
            one.append("( +")
                .append(unsigned_number)
                .append(" +")
                .append(falling[next])
                .append(")?");
        all += (all.empty() ? "" : "|") + one;
    }
    return all;
}

/// A schema with help text and default beside it; a $ref of draft 7 stands alone, so it is wrapped.
std::string with_help(const SchemaWriter::Property& property) {
    if (property.schema == "true") return property.schema;
    std::string help(property.help);
    if (!property.source.empty())
        help.append(help.empty() ? "default: " : "; default: ").append(property.source);
    std::vector<std::string> beside;
    if (!help.empty()) beside.push_back("\"description\": " + json_string(help));
    if (!property.fallback.empty()) beside.push_back("\"default\": " + property.fallback);
    if (beside.empty()) return property.schema;
    if (property.schema.find("\"$ref\"") == 1)
        return "{" + joined(beside) + ", \"allOf\": [" + property.schema + "]}";
    return "{" + joined(beside) + ", " + property.schema.substr(1);
}

/// A member of a JSON object.
std::string named(std::string_view name, const std::string& value) {
    std::string text = json_string(name);
    text.append(": ").append(value);
    return text;
}

std::string members(std::span<const SchemaWriter::Property> properties) {
    std::vector<std::string> parts;
    parts.reserve(properties.size());
    for (const SchemaWriter::Property& property : properties)
        parts.push_back(named(property.name, with_help(property)));
    return joined(parts);
}

}  // namespace

std::string quantity_regex(std::span<const std::string_view> units) {
    std::string names;
    for (const std::string_view unit : units)
        names += (names.empty() ? "" : "|") + escaped_for_regex(unit);
    return std::string(number_regex) + " +(" + names + ")";
}

std::string SchemaWriter::define(const std::string& name, const std::string& schema) {
    definitions_.emplace(name, schema);
    return reference(name);
}

std::string SchemaWriter::reference(const std::string& name) {
    return "{\"$ref\": " + json_string("#/$defs/" + name) + "}";
}

std::string SchemaWriter::definition_name(Dimension dimension) {
    std::string name(dimension_name(dimension));
    name = name.substr(name.find(' ') + 1);
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

std::string SchemaWriter::quantity(std::string_view unit) {
    const Dimension dimension = dimension_of(unit);
    if (dimension == Dimension::count) {
        return define("number", "{\"anyOf\": [{\"type\": \"number\"}, " +
                                    string_like(parameter_regex) + "]}");
    }
    const std::vector<std::string_view> units = units_of(dimension);
    std::string regex = quantity_regex(units);
    if (dimension == Dimension::duration) regex += "|" + compound_duration_regex();
    return define(definition_name(dimension),
                  string_like(regex + "|" + std::string(parameter_regex)));
}

std::string SchemaWriter::integer() {
    return define("integer",
                  "{\"anyOf\": [{\"type\": \"integer\"}, " + string_like(parameter_regex) + "]}");
}

std::string SchemaWriter::boolean() {
    return define("boolean",
                  "{\"anyOf\": [{\"type\": \"boolean\"}, " + string_like(parameter_regex) + "]}");
}

// A text like 2026 or true is a number or a truth to readers of JSON, and still a text to us.
std::string SchemaWriter::text() {
    return define("text", "{\"type\": [\"string\", \"number\", \"boolean\"]}");
}

std::string SchemaWriter::name() {
    return define("name", "{\"type\": [\"string\", \"number\", \"boolean\"], \"minLength\": 1}");
}

std::string SchemaWriter::words(std::span<const std::string_view> words) {
    std::vector<std::string> quoted;
    for (const std::string_view word : words) {
        quoted.push_back(json_string(word));
        if (word == "true" || word == "false") quoted.emplace_back(word);
    }
    return "{\"anyOf\": [{\"enum\": [" + joined(quoted) + "]}, " +
           define("parameter", string_like(parameter_regex)) + "]}";
}

std::string SchemaWriter::pattern(std::string_view regex) {
    return "{\"type\": \"string\", \"pattern\": " + json_string(regex) + "}";
}

std::string SchemaWriter::list(const std::string& item, std::size_t least, std::size_t most) {
    std::string array = "{\"type\": \"array\", \"items\": " + item;
    if (least > 0) array += ", \"minItems\": " + std::to_string(least);
    if (most != SIZE_MAX) array += ", \"maxItems\": " + std::to_string(most);
    array += "}";
    return "{\"anyOf\": [" + array +
           ", {\"type\": \"object\", \"properties\": {\"append\": {\"type\": \"array\", "
           "\"items\": " +
           item + "}}, \"required\": [\"append\"], " + std::string(ignored_keys) +
           ", \"additionalProperties\": false}]}";
}

std::string SchemaWriter::map(std::span<const Property> properties, Entry entry) {
    std::string own = members(properties);
    if (!own.empty()) own += ", ";
    if (entry == Entry::only_referred_to) own += "\"unused\": {\"const\": \"ok\"}, ";
    return "{\"type\": \"object\", \"properties\": {" + own + "\"extends\": " + name() + "}, " +
           std::string(ignored_keys) + ", \"additionalProperties\": false}";
}

std::string SchemaWriter::names_to(const std::string& value) {
    return "{\"type\": \"object\", " + std::string(ignored_keys) +
           ", \"additionalProperties\": " + value + "}";
}

std::string SchemaWriter::one_of_words(
    std::span<const std::pair<std::string_view, std::string>> kinds) {
    std::vector<std::string> parts;
    parts.reserve(kinds.size());
    for (const auto& [word, schema] : kinds) parts.push_back(named(word, schema));
    return "{\"type\": \"object\", \"properties\": {" + joined(parts) + "}, " +
           std::string(ignored_keys) + ", \"additionalProperties\": false, \"minProperties\": 1}";
}

std::string SchemaWriter::any_of(std::span<const std::string> forms) {
    return "{\"anyOf\": [" + joined({forms.begin(), forms.end()}) + "]}";
}

std::string SchemaWriter::kinds(
    std::string_view key, std::span<const std::pair<std::string_view, std::vector<Property>>> kinds,
    Entry entry) {
    std::vector<std::string> forms;
    for (const auto& [word, properties] : kinds) {
        std::vector<Property> all = properties;
        all.insert(all.begin(), {key, "", words(std::array{word})});
        forms.push_back(map(all, entry));
    }
    return any_of(forms);
}

std::string SchemaWriter::document(std::string_view title, std::span<const Property> sections) {
    const std::string any_quantity = "{\"type\": [\"string\", \"number\", \"boolean\"]}";
    const std::string parameter =
        "{\"type\": \"object\", \"properties\": {\"default\": " + any_quantity +
        ", \"range\": {\"type\": \"array\", \"items\": " + any_quantity +
        ", \"minItems\": 2, \"maxItems\": 2}, \"unused\": {\"const\": \"ok\"}, \"extends\": " +
        name() + "}, " + std::string(ignored_keys) + ", \"additionalProperties\": false}";
    std::vector<Property> all{
        {"schema", "language of this file", "{\"const\": \"scenario/1\"}"},
        {"include", "files that this one builds on, relative to it",
         "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "
         "\"string\"}}]}"},
        {"parameters", "the only values that --set and sweeps may change", names_to(parameter)}};
    all.insert(all.end(), sections.begin(), sections.end());
    return plain_document(title, all);
}

std::string SchemaWriter::plain_document(std::string_view title,
                                         std::span<const Property> properties) {
    std::vector<std::string> definitions;
    definitions.reserve(definitions_.size());
    for (const auto& [name, schema] : definitions_) definitions.push_back(named(name, schema));
    return "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"title\": " +
           json_string(title) + ", \"type\": \"object\", \"properties\": {" + members(properties) +
           "}, " + std::string(ignored_keys) + ", \"additionalProperties\": false, \"$defs\": {" +
           joined(definitions) + "}}\n";
}

std::string ValueForm<Limit>::schema(SchemaWriter& writer, const ValueShape&) {
    const std::string regex = "^ *(==|!=|<=|>=|<|>)? *[^ =<>!].*$";
    const std::array forms{writer.pattern(regex), std::string("{\"type\": \"number\"}")};
    return writer.any_of(forms);
}

std::string ValueForm<Timestamp>::schema(SchemaWriter& writer, const ValueShape&) {
    return writer.define("timestamp",
                         string_like("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                                     "([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})|" +
                                     std::string(parameter_regex)));
}

std::string ValueForm<WeightedChoice>::schema(SchemaWriter& writer, const ValueShape&) {
    static constexpr std::array<std::string_view, 1> rest{"rest"};
    const std::array share{writer.quantity("%"), writer.words(rest)};
    const std::vector<std::pair<std::string_view, std::string>> weighted{
        {"weighted", writer.names_to(writer.any_of(share))}};
    const std::array forms{writer.name(), writer.one_of_words(weighted)};
    return writer.define("weighted_choice", writer.any_of(forms));
}

}  // namespace driftstorm
