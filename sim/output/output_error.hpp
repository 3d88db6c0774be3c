#pragma once

#include <stdexcept>
#include <string>

namespace driftstorm {

/// The machine refused to read or write a file: a full disk, a folder that may not be written, a
/// file that is no result. what() is "<path>: <reason>", the reason in the system's words.
class OutputError : public std::runtime_error {
  public:
    OutputError(const std::string& path, const std::string& reason)
        : std::runtime_error(path + ": " + reason), path_(path), reason_(reason) {}

    const std::string& path() const { return path_; }
    const std::string& reason() const { return reason_; }

  private:
    std::string path_;
    std::string reason_;
};

}  // namespace driftstorm
