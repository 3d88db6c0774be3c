#pragma once

#include "sim/core/expect.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace driftstorm {

/// A class that lists its whole mutable state once: `auto state() { return std::tie(a_, b_); }`.
template <class T>
concept Enumerable = requires(T& t) {
    t.state();
};

class Archive;
/// A class whose state cannot be listed by type, because it is behind an interface: hands its parts
/// to the archive itself.
template <class T>
concept ArchivesItself = requires(T& t, Archive& archive) {
    t.archive(archive);
};

/// Writes or reads state as bytes. State is numbers, trivially copyable structs, vectors and
/// strings of them, and classes with state(); no pointers.
class Archive {
  public:
    enum class Mode { save, load };

    Archive() = default;  ///< saves into bytes()
    explicit Archive(std::vector<std::byte> bytes) : mode_(Mode::load), bytes_(std::move(bytes)) {}

    Mode mode() const { return mode_; }
    const std::vector<std::byte>& bytes() const { return bytes_; }
    std::vector<std::byte> release() { return std::move(bytes_); }
    bool finished() const { return at_ == bytes_.size(); }

    /// Saves or restores `value`, by mode.
    template <class T>
    void item(T& value) {
        if constexpr (Enumerable<T>) {
            auto parts = value.state();
            std::apply([this](auto&... part) { (this->item(part), ...); }, parts);
        } else if constexpr (ArchivesItself<T>) {
            value.archive(*this);
        } else {
            static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
                          "state is plain values");
            raw(&value, sizeof value);
        }
    }
    template <class A, class B>
    void item(std::pair<A, B>& value) {
        item(value.first);
        item(value.second);
    }
    template <class T, class Allocator>
    void item(std::vector<T, Allocator>& values) {
        resize(values);
        if constexpr (std::is_trivially_copyable_v<T> && !Enumerable<T> && !ArchivesItself<T>) {
            raw(values.data(), values.size() * sizeof(T));
        } else {
            for (T& value : values) item(value);
        }
    }
    void item(std::vector<bool>& values) = delete;  // use std::vector<std::uint8_t>
    void item(std::string& text) {
        resize(text);
        raw(text.data(), text.size());
    }

  private:
    template <class Container>
    void resize(Container& values) {
        std::uint64_t size = values.size();
        raw(&size, sizeof size);
        if (mode_ == Mode::load) {
            DRIFTSTORM_EXPECT(size <= bytes_.size() * 64 + (1u << 20));
            values.resize(size);
        }
    }
    void raw(void* data, std::size_t size) {
        if (size == 0) return;
        if (mode_ == Mode::save) {
            const auto* from = static_cast<const std::byte*>(data);
            bytes_.insert(bytes_.end(), from, from + size);
        } else {
            DRIFTSTORM_EXPECT(at_ + size <= bytes_.size());
            std::memcpy(data, bytes_.data() + at_, size);
            at_ += size;
        }
    }

    Mode mode_ = Mode::save;
    std::vector<std::byte> bytes_;
    std::size_t at_ = 0;
};

}  // namespace driftstorm
