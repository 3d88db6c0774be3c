#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace driftstorm {

/// One chunk of a dataset on its way through byte shuffle, deflate and Fletcher32.
struct Chunk {
    std::vector<std::byte> values = {};
    std::size_t value_size = 8;  ///< [B]; of one byte: no shuffle, as in Hdf5File
    std::vector<std::byte> packed = {};
    std::uint32_t skipped = 0;  ///< bit of the deflate filter, when deflate would make it larger
    std::function<void(const Chunk&)> write = {};
};

/// Checksum of HDF5's Fletcher32 filter: big-endian 16-bit words, an odd last byte in the upper
/// half.
std::uint32_t fletcher32(const std::byte* bytes, std::size_t size);

/// Fills chunk.packed with what HDF5's own shuffle, deflate (level 1) and Fletcher32 filters would
/// accept.
void pack(Chunk& chunk);

/// Packs chunks on a thread of its own and calls each one's write() on the submitting thread, in
/// the order of submission. At most `most_waiting` chunks wait; beyond that the submitter packs
/// too. An exception of write() comes out of submit() or drain(); after that only destruction is
/// allowed.
class ChunkPacker {
  public:
    explicit ChunkPacker(std::size_t most_waiting = 64);
    static std::string library_version();  ///< of libdeflate: "1.14"
    ~ChunkPacker();
    ChunkPacker(const ChunkPacker&) = delete;
    ChunkPacker& operator=(const ChunkPacker&) = delete;

    void submit(Chunk chunk);
    void drain();  ///< until everything is written
    std::vector<std::byte>
    buffer();  ///< an empty buffer that keeps the capacity of a written chunk

  private:
    enum class State : std::uint8_t { waiting, taken, packed };
    struct Entry {
        Chunk chunk;
        State state = State::waiting;
    };

    void work();
    bool pack_one(std::unique_lock<std::mutex>& lock);
    void write_packed(std::unique_lock<std::mutex>& lock);

    std::size_t most_waiting_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<Entry>> entries_;  ///< in order of submission
    std::vector<std::vector<std::byte>> spare_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace driftstorm
