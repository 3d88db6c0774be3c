#pragma once

#include <string>
#include <string_view>

namespace driftstorm::cli {

/// Whether both names are of one file, which need not be there yet.
bool same_file(const std::string& a, const std::string& b);

/// Whether a regular file of that name holds something that does not begin with `beginning`, in
/// any case of letters: nothing of ours, so nothing to be written over.
bool holds_something_else(const std::string& name, std::string_view beginning);

}  // namespace driftstorm::cli
