#pragma once

#include "scenarios/values.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// Builds the JSON Schema (draft 7) of the scenario language out of fields() tables. A piece of
/// schema is JSON text. What the reader accepts, the schema accepts; it rejects faults of
/// structure: unknown keys, wrong types, malformed or wrong-dimension units. `$name` is accepted
/// wherever a scalar is.
class SchemaWriter {
  public:
    struct Property {
        std::string_view name;
        std::string_view help;
        std::string schema;
        std::string fallback = {};     ///< the default as JSON; empty: none, or its members have
        std::string_view source = {};  ///< where the default comes from
    };

    /// A number with a unit of the dimension of `unit`; bare numbers for "".
    std::string quantity(std::string_view unit);
    std::string integer();
    std::string boolean();
    std::string text();
    /// A text that is a reference to a name.
    std::string name();
    std::string words(std::span<const std::string_view> words);
    std::string pattern(std::string_view regex);
    /// Any value at all.
    std::string anything() { return "true"; }

    /// A list of `item`, or `{ append: [...] }`.
    std::string list(const std::string& item, std::size_t least = 0, std::size_t most = SIZE_MAX);
    /// Whether a map is an entry of a section that exists only to be referred to (clocks, apps,
    /// mobility), which may say `unused: ok`.
    enum class Entry : std::uint8_t { any, only_referred_to };

    /// A map with these keys and no others (but `x-*`, and `extends`). Keys may be left out, since
    /// `include` and `extends` can provide them.
    std::string map(std::span<const Property> properties, Entry entry = Entry::any);
    /// A map of names to `value`.
    std::string names_to(const std::string& value);
    /// One-key map { word: schema }, for each pair.
    std::string one_of_words(std::span<const std::pair<std::string_view, std::string>> kinds);
    /// Any of several forms.
    std::string any_of(std::span<const std::string> forms);
    /// A map whose `key` (say "kind") says which of several sets of properties it has. Without that
    /// key (given by an included file) any set is accepted.
    std::string kinds(std::string_view key,
                      std::span<const std::pair<std::string_view, std::vector<Property>>> kinds,
                      Entry entry = Entry::any);
    /// Keeps a schema under $defs and gives the reference to it; the first definition stays.
    std::string define(const std::string& name, const std::string& schema);
    void redefine(const std::string& name, const std::string& schema) {
        definitions_[name] = schema;
    }
    static std::string reference(const std::string& name);
    /// "frequency_ratio"
    static std::string definition_name(Dimension dimension);
    bool is_defined(const std::string& name) const { return definitions_.count(name) > 0; }

    /// The whole document. `sections` are the top-level keys beyond schema, include and parameters.
    std::string document(std::string_view title, std::span<const Property> sections);
    /// A document of another kind, with these top-level keys alone.
    std::string plain_document(std::string_view title, std::span<const Property> properties);

  private:
    std::map<std::string, std::string> definitions_;
};

/// The regular expression (ECMA 262) of a quantity in one of these units, anchored.
std::string quantity_regex(std::span<const std::string_view> units);

}  // namespace driftstorm
