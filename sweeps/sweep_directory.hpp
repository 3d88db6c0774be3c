#pragma once

#include "scenarios/complaints.hpp"
#include "sweeps/plan.hpp"
#include "sweeps/run_record.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace driftstorm {

/// A directory that cannot be used as asked: another sweep's, another build's, or in use.
class SweepRefused : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What a sweep depends on, as text: the sweep and the scenario with all they include, and the
/// points known from the start. It holds no path of a machine, no host and no time: file names are
/// relative to the sweep's folder.
struct FrozenPlan {
    std::uint64_t study =
        0;  ///< hash of the scenario, what is fixed for all points, and the version
    std::string sweep_name;                                  ///< without folders
    std::vector<std::pair<std::string, std::string>> files;  ///< name and bytes; the sweep first
    std::vector<std::string> points;                         ///< "id name=value ..."

    std::string text() const;
    /// Nothing when the text is damaged.
    static std::optional<FrozenPlan> parse(std::string_view text);
    /// Gives the files as they were when the plan was frozen.
    ReadFile reader() const;
};
FrozenPlan freeze(const Plan& plan, const Complaints& complaints, std::string_view version);

/// The directory of a sweep, of plain files:
///
///   plan               frozen: what is run
///   journal            append-only: one line a finished run; a torn last line is passed over
///   runs/XX/ID-R.run   one record a run; ID-R.h5 beside it, where the sweep keeps rows
///   lock               held by whoever runs the sweep and by its running children
///
/// Each file appears whole or not at all. With shards there is a journal and a lock for each.
/// Throws OutputError when the machine refuses.
class SweepDirectory {
  public:
    struct Shard {
        std::uint32_t number = 0;
        std::uint32_t of = 1;
        bool driver = false;  ///< makes no runs itself, but has shards made
        bool whole() const { return of == 1 && !driver; }
        bool has(std::uint64_t point) const { return point % of == number; }
    };

    explicit SweepDirectory(std::string path);
    ~SweepDirectory();
    SweepDirectory(const SweepDirectory&) = delete;
    SweepDirectory& operator=(const SweepDirectory&) = delete;

    const std::string& path() const { return path_; }

    /// Whether there is a plan. @throws OutputError when it is damaged
    std::optional<FrozenPlan> plan() const;

    /// Takes the lock, waiting up to `patience_s` for one who has just been killed to go, then
    /// freezes the plan or compares it with the one that is there.
    /// @param extend  another design of the same scenario takes the place of the one that is there
    /// @throws SweepRefused when another sweep or another plan is in the way
    void open(const FrozenPlan& plan, const Shard& shard, bool extend, double patience_s = 10);

    /// Records of all journals, by run; a damaged one is passed over, as if it had not been run.
    std::map<RunKey, RunRecord> records() const;

    /// Writes a run's record, then its line in the journal. @param wall_s  how long it took
    void keep(const RunRecord& record, double wall_s);
    /// Mean duration of the runs that all journals know [s]; 0: none.
    double mean_wall_s() const;

    /// Makes the folder that a run's files go to.
    void make_room(const RunKey& key) const;

    std::string record_path(const RunKey& key) const;
    std::string result_path(const RunKey& key) const;  ///< .h5

  private:
    std::vector<std::string> journals() const;

    std::string path_;
    int lock_ = -1;
    int shard_lock_ = -1;
    int journal_ = -1;
};

/// Writes a file under its name as a whole. @throws OutputError
void write_whole_file(const std::string& path, std::string_view text);
/// The bytes of a file; nothing when there is none. @throws OutputError
std::optional<std::string> read_whole_file(const std::string& path);

/// Fingerprint of the running program's bytes.
std::string program_fingerprint();

}  // namespace driftstorm
