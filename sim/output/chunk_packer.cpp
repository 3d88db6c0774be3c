#include "sim/output/chunk_packer.hpp"

#include "sim/core/expect.hpp"

#include <libdeflate.h>
#include <algorithm>
#include <system_error>
#include <utility>

namespace driftstorm {

namespace {

/// Byte k of every value side by side, for k = 0, 1 ...: high bytes, mostly equal, become long
/// runs.
void shuffle(const std::vector<std::byte>& values, std::size_t value_size,
             std::vector<std::byte>& into) {
    const std::size_t count = values.size() / value_size;
    into.resize(values.size());
    for (std::size_t k = 0; k < value_size; ++k) {
        std::byte* out = into.data() + k * count;
        const std::byte* in = values.data() + k;
        for (std::size_t i = 0; i < count; ++i) out[i] = in[i * value_size];
    }
}

/// libdeflate's working memory, one per thread.
libdeflate_compressor* compressor() {
    struct Free {
        void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
    };
    thread_local const std::unique_ptr<libdeflate_compressor, Free> owned{
        libdeflate_alloc_compressor(1)};
    DRIFTSTORM_EXPECT(owned != nullptr);
    return owned.get();
}

}  // namespace

std::uint32_t fletcher32(const std::byte* bytes, std::size_t size) {
    std::uint32_t sum1 = 0;
    std::uint32_t sum2 = 0;
    const auto fold = [](std::uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
    const auto word = [](std::byte high, std::byte low) {
        return (std::to_integer<std::uint32_t>(high) << 8) | std::to_integer<std::uint32_t>(low);
    };
    for (std::size_t words = size / 2; words > 0;) {
        const std::size_t block = std::min<std::size_t>(words, 360);  // more would overflow sum2
        words -= block;
        for (std::size_t i = 0; i < block; ++i, bytes += 2) {
            sum1 += word(bytes[0], bytes[1]);
            sum2 += sum1;
        }
        sum1 = fold(sum1);
        sum2 = fold(sum2);
    }
    if (size % 2 != 0) {
        sum1 += word(bytes[0], std::byte{0});
        sum2 = fold(sum2 + sum1);
        sum1 = fold(sum1);
    }
    sum1 = fold(sum1);
    sum2 = fold(sum2);
    return (sum2 << 16) | sum1;
}

void pack(Chunk& chunk) {
    constexpr std::size_t checksum_size = 4;
    thread_local std::vector<std::byte> shuffled;
    const bool single_bytes = chunk.value_size == 1;
    if (!single_bytes) shuffle(chunk.values, chunk.value_size, shuffled);
    const std::vector<std::byte>& in = single_bytes ? chunk.values : shuffled;

    thread_local std::vector<std::byte> room;  // a new one for each chunk would be new pages, too
    if (room.size() < in.size()) room.resize(in.size());
    std::size_t size =
        libdeflate_zlib_compress(compressor(), in.data(), in.size(), room.data(), in.size());
    chunk.skipped = 0;
    const std::byte* packed = room.data();
    if (size == 0) {  // did not fit: not compressible
        packed = in.data();
        size = in.size();
        chunk.skipped = single_bytes ? 1u << 0 : 1u << 1;
    }
    chunk.packed.reserve(size + checksum_size);
    chunk.packed.assign(packed, packed + size);
    const std::uint32_t sum = fletcher32(chunk.packed.data(), size);
    for (std::size_t i = 0; i < checksum_size; ++i)
        chunk.packed.push_back(static_cast<std::byte>((sum >> (8 * i)) & 0xff));
}

std::string ChunkPacker::library_version() { return LIBDEFLATE_VERSION_STRING; }

ChunkPacker::ChunkPacker(std::size_t most_waiting) : most_waiting_(most_waiting) {
    try {
        thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {
        // No thread to be had: the submitter packs everything, to the same bytes.
    }
}

ChunkPacker::~ChunkPacker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void ChunkPacker::work() {
    std::unique_lock lock(mutex_);
    while (!stopping_)
        if (!pack_one(lock)) changed_.wait(lock);
}

bool ChunkPacker::pack_one(std::unique_lock<std::mutex>& lock) {
    for (const std::unique_ptr<Entry>& candidate : entries_) {
        if (candidate->state != State::waiting) continue;
        Entry* entry = candidate.get();
        entry->state = State::taken;
        lock.unlock();
        pack(entry->chunk);
        lock.lock();
        entry->state = State::packed;
        changed_.notify_all();
        return true;
    }
    return false;
}

void ChunkPacker::write_packed(std::unique_lock<std::mutex>& lock) {
    while (!entries_.empty() && entries_.front()->state == State::packed) {
        const std::unique_ptr<Entry> entry = std::move(entries_.front());
        entries_.pop_front();
        lock.unlock();
        entry->chunk.write(entry->chunk);
        lock.lock();
        entry->chunk.values.clear();
        if (spare_.size() < most_waiting_) spare_.push_back(std::move(entry->chunk.values));
    }
}

void ChunkPacker::submit(Chunk chunk) {
    std::unique_lock lock(mutex_);
    entries_.push_back(std::make_unique<Entry>(Entry{std::move(chunk)}));
    changed_.notify_all();
    write_packed(lock);
    while (entries_.size() > most_waiting_) {
        if (!pack_one(lock))
            changed_.wait(lock, [&] { return entries_.front()->state == State::packed; });
        write_packed(lock);
    }
}

void ChunkPacker::drain() {
    std::unique_lock lock(mutex_);
    while (!entries_.empty()) {
        if (!pack_one(lock))
            changed_.wait(lock, [&] { return entries_.front()->state == State::packed; });
        write_packed(lock);
    }
}

std::vector<std::byte> ChunkPacker::buffer() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return {};
    std::vector<std::byte> taken = std::move(spare_.back());
    spare_.pop_back();
    return taken;
}

}  // namespace driftstorm
