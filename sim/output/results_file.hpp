#pragma once

#include "sim/core/digest.hpp"
#include "sim/core/table.hpp"
#include "sim/core/time.hpp"
#include "sim/output/entity_directory.hpp"
#include "sim/output/memory_group.hpp"
#include "sim/output/output_error.hpp"
#include "sim/output/series_definition.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

struct ResultsOptions {
    std::string epoch;  ///< instant 0 in UTC, ISO 8601: "2026-03-02T06:30:00Z"
    /// Tables to keep, by name ("messages", "events/handover"); a trailing * stands for any rest.
    std::vector<std::string> keep = {"*"};
    /// Columns of kept tables to leave out: "copies/blame_user"; a trailing * stands for any rest.
    std::vector<std::string> leave_out = {};
    std::vector<SeriesDefinition> series = {};  ///< SeriesValue::series counts in this list
    std::vector<HistogramDefinition> histograms =
        {};  ///< HistogramCount::histogram counts in this list
    /// Of the root: title, run_id, digest ... (Conventions, format_name, format_version, status and
    /// exit_code come by themselves).
    std::vector<Attribute> attributes = {};
};

enum class ResultStatus : std::uint8_t { complete, partial, failed };

/// Writes a run's rows to a file of format driftstorm-result/1.0 while the run goes on.
///
/// A table "events/handover" becomes /events/handover with one dataset a column, `time` (of the
/// event that recorded the row) and `entity` (whose handler ran; left out if the row has a column
/// of that name). The tables "messages" and "copies" have no such two columns; their dimension is
/// the row number. A table "events/..." of devices gets device_ptr and device_order: the rows of
/// device d are device_order[device_ptr[d]] to before device_order[device_ptr[d + 1]].
///
/// Rows of "messages" have columns t_composed (the instant they are recorded at), sender and count
/// (the sender's own number of the message) and are put into the order of (t_composed, sender's
/// entity id, count). In any other table the columns message_sender (entity) and message_count
/// (uint32) are replaced by `message`: the row in /messages, -1 if there is none.
///
/// Everything goes to PATH.part; finish() gives it its name. Without finish() nothing stays behind.
/// Equal calls give equal bytes. Memory: one chunk (128 KiB) a column, the rows of one instant, and
/// 8 bytes a message; in finish() 4 bytes a row of the longest table of events. All HDF5 calls are
/// made on the calling thread; chunks are compressed on another.
///
/// All members throw OutputError when the machine refuses, std::invalid_argument for arguments that
/// make no file.
class ResultsFile : public TableSink {
  public:
    ResultsFile(std::string path, ResultsOptions options, EntityDirectory directory);
    ~ResultsFile() override;
    ResultsFile(const ResultsFile&) = delete;
    ResultsFile& operator=(const ResultsFile&) = delete;

    bool wants(const RowType& type) const override;
    void row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) override;

    /// A group known as a whole (/provenance, /checks, /storms); may be called until finish().
    void add(const MemoryGroup& group);
    /// Writes /digests: window (its start), component and digest [window, component].
    void add(const DigestLadder& ladder);
    /// An attribute of the root; the last value given counts.
    void set_attribute(Attribute attribute);

    /// Writes what is still buffered, then exit_code and status, and gives the file its final name:
    /// PATH, or for partial and failed runs NAME.partial.h5. `run_facts` (JSON: host, versions,
    /// wall time ...) goes to <final name>.run.json. Returns the final name.
    std::string finish(ResultStatus status, int exit_code, std::string_view run_facts);

    std::uint64_t rows() const;   ///< written so far, all tables
    std::uint64_t bytes() const;  ///< of chunks written so far, compressed

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Name and version of the libraries that write and pack the file.
std::vector<std::pair<std::string, std::string>> result_libraries();

/// What is already there under a name that a run wants to use.
struct ExistingResult {
    bool is_result =
        false;  ///< a driftstorm result that can be read; else run_id and status are empty
    std::string run_id;
    std::string status;  ///< complete, partial or failed
};

/// nullopt: nothing there.
std::optional<ExistingResult> inspect_result(const std::string& path);

/// Name under which an unfinished run is kept: "x.h5" -> "x.partial.h5".
std::string partial_name(const std::string& path);

}  // namespace driftstorm
