#pragma once

#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace driftstorm {

/// A name in a folder of its own, which goes with all that is in it.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& name)
        : folder_(
              (std::filesystem::temp_directory_path() / "driftstorm-analysis-XXXXXX").string()) {
        if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder " + folder_);
        name_ = folder_ + "/" + name;
    }
    ~TemporaryFile() { std::filesystem::remove_all(folder_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::string& name() const { return name_; }

  private:
    std::string folder_;
    std::string name_;
};

}  // namespace driftstorm
