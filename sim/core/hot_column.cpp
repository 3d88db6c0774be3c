#include "sim/core/hot_column.hpp"

#include <sys/mman.h>

namespace driftstorm {

void wish_for_large_pages(void* memory, std::size_t bytes) {
    madvise(memory, bytes, MADV_HUGEPAGE);
}

}  // namespace driftstorm
