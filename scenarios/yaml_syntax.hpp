#pragma once

#include "scenarios/complaints.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Where and why a text is no YAML, in words for its author: yaml-cpp tells where it stumbled,
/// which is often far from the fault, and in words of its own.
namespace driftstorm {

inline constexpr std::string_view collection_as_key = "a key must be a word, not a map or a list";

/// Offset of a position in the bytes of its file.
std::size_t offset_of(const Sources::File& file, const Position& at);
Position position_at(const Sources::File& file, std::uint32_t index, std::size_t offset);

/// Offset of the quote that closes the one `text` begins with, npos when there is none.
std::size_t closing_quote(std::string_view text);

/// A message of yaml-cpp in words of ours.
std::string in_plain_words(const std::string& message);

/// One complaint about file `index`, at the likeliest cause.
/// @param at  where the parser stumbled
/// @param message  what it said, in our words
void complain_of_syntax(std::uint32_t index, const Position& at, const std::string& message,
                        Complaints& complaints);

}  // namespace driftstorm
