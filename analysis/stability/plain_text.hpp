#pragma once

#include <string>
#include <string_view>

namespace driftstorm {

/// A file's text without the mark of UTF-8 at its beginning.
/// @throws std::invalid_argument "name: ..." for what no line can be read from: compressed files,
/// UTF-16, other binary files
std::string_view plain_text(std::string_view text, const std::string& name);

/// A word as a complaint shows it: what is not printable as '?', a long one cut off.
std::string shown(std::string_view word);

}  // namespace driftstorm
