#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace driftstorm {

/// Wishes for pages of 2 MiB under `bytes` from `memory`; where the system has none, all is as
/// before.
void wish_for_large_pages(void* memory, std::size_t bytes);

/// Puts arrays of 1 MiB and more on pages of 2 MiB, where the system has them to give. An event
/// touches an entity at random; on pages of 4 KiB nearly every such access of a large world first
/// misses the table of pages, and fetching ahead waits for that too. Measured with 1e6 entities:
/// 260 ns per event without, 150 with.
template <class T>
struct HugePages {
    using value_type = T;

    HugePages() = default;
    template <class U>
    HugePages(const HugePages<U>&) {}

    T* allocate(std::size_t count) {
        if (!is_large(count)) return static_cast<T*>(::operator new(count * sizeof(T), alignment));
        void* memory = ::operator new(rounded(count), page);
        wish_for_large_pages(memory, rounded(count));
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) {
        ::operator delete(memory, is_large(count) ? page : alignment);
    }
    friend bool operator==(const HugePages&, const HugePages&) { return true; }

  private:
    static constexpr std::align_val_t page{std::size_t{2} << 20};
    static constexpr std::align_val_t alignment{alignof(T) > 16 ? alignof(T) : std::size_t{16}};
    static constexpr bool is_large(std::size_t count) {
        return count * sizeof(T) >= std::size_t{1} << 20;
    }
    static constexpr std::size_t rounded(std::size_t count) {
        constexpr auto size = static_cast<std::size_t>(page);
        return (count * sizeof(T) + size - 1) / size * size;
    }
};

/// What events touch of all entities of a model: a vector on large pages.
template <class T>
using HotColumn = std::vector<T, HugePages<T>>;

}  // namespace driftstorm
