#include "sim/output/results_file.hpp"

#include "sim/core/expect.hpp"
#include "sim/output/chunk_packer.hpp"
#include "sim/output/hdf5_file.hpp"
#include "sim/output/labels.hpp"
#include "sim/output/message_order.hpp"
#include "sim/output/row_table.hpp"
#include "sim/output/series_group.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace driftstorm {

namespace {

std::string system_text(int error) { return std::generic_category().message(error); }

/// Refuses at once what would fail only when the run is over. The lock is a question, not a hold:
/// HDF5 takes its own, but only after it has emptied the file.
void probe(const std::string& path, const std::string& part) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::file_status there = fs::status(path, ignored);
    if (fs::is_directory(there)) throw OutputError(path, system_text(EISDIR));
    if (fs::exists(there) && !fs::is_regular_file(there))
        throw OutputError(path, "is not a regular file");
    const int file = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) throw OutputError(part, system_text(errno));
    const bool free = ::flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    int error = 0;
    if (free) {
        // A disk that is full already: the library cannot even close a file it failed to begin.
        const std::string page(65'536, '\0');
        for (std::size_t done = 0; done < page.size() && error == 0;) {
            const ssize_t written =
                ::pwrite(file, page.data() + done, page.size() - done, static_cast<off_t>(done));
            if (written > 0)
                done += static_cast<std::size_t>(written);
            else
                error = written == 0 ? ENOSPC : errno;
        }
    }
    ::close(file);
    if (!free) throw OutputError(part, "is in use by another run");
    if (error != 0) {
        std::remove(part.c_str());
        throw OutputError(part, system_text(error));
    }
}

/// Waits until a file, or the names in a folder, are on the disk. What cannot be synced (a pipe,
/// some network file systems) is let pass.
void sync_to_disk(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    const int error = ::fsync(file) == 0 ? 0 : errno;
    ::close(file);
    if (error != 0 && error != EINVAL && error != ENOTSUP && error != EROFS)
        throw OutputError(path, system_text(error));
}

/// The file under its final name, or not at all: also after a loss of power nobody finds a name
/// whose bytes had not been written yet.
void rename_to(const std::string& from, const std::string& to) {
    sync_to_disk(from);
    if (std::rename(from.c_str(), to.c_str()) != 0) throw OutputError(to, system_text(errno));
    const std::string folder = std::filesystem::path(to).parent_path().string();
    sync_to_disk(folder.empty() ? "." : folder);
}

void write_text_file(const std::string& path, std::string_view text) {
    const std::string part = path + ".part";
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) {
        const int error = errno;
        std::remove(part.c_str());
        throw OutputError(path, system_text(error != 0 ? error : EIO));
    }
    rename_to(part, path);
}

std::string_view word(ResultStatus status) {
    switch (status) {
        case ResultStatus::complete:
            return "complete";
        case ResultStatus::partial:
            return "partial";
        case ResultStatus::failed:
            break;
    }
    return "failed";
}

constexpr std::string_view result_format = "driftstorm-result";
constexpr std::string_view messages_table = "messages";

/// Tables whose dimension is the row, not the time.
std::string row_dimension(std::string_view table) {
    if (table == messages_table) return "message";
    if (table == "copies") return "copy";
    return {};
}

}  // namespace

struct ResultsFile::Parts {
    /// What to do with a row type.
    struct Use {
        const RowType* type = nullptr;
        bool kept = false;          ///< its rows are written
        bool counted = false;       ///< a histogram counts its rows
        bool wanted = false;        ///< kept, counted, or needed to number messages
        RowTable* table = nullptr;  ///< made at the first row, so that their order follows the rows
    };
    Parts(std::string final_path, ResultsOptions given, EntityDirectory entities);
    ~Parts();

    bool keeps(std::string_view table) const;
    std::size_t use_of(const RowType& type);
    RowTable& table_of(Use& use);
    void pass_instant();
    void finish_data();
    void write_attributes();
    std::uint64_t count_bytes() const;

    std::string path;
    ResultsOptions options;
    EntityDirectory directory;
    std::string time_units;
    std::optional<Hdf5File> file;
    ChunkPacker packer;
    std::optional<DeclaredSeries> series;
    std::deque<RowTable> tables;
    std::vector<Use> uses;
    std::size_t last_use = 0;
    Time now = no_time;
    std::optional<MessageOrder> messages;
    std::size_t messages_use = 0;
    /// The tables of the rows that refer to a message and wait until the messages of their instant
    /// are numbered, in the order of the rows.
    std::vector<RowTable*> held;
    std::uint64_t rows = 0;
    std::uint64_t finished_bytes = 0;  ///< when the tables are gone
};

ResultsFile::Parts::Parts(std::string final_path, ResultsOptions given, EntityDirectory entities)
    : path(std::move(final_path)),
      options(std::move(given)),
      directory(std::move(entities)),
      time_units(units_since(options.epoch)) {
    const std::string part = path + ".part";
    probe(path, part);
    try {
        file.emplace(Hdf5File::create(part));
    } catch (...) {
        std::remove(part.c_str());  // the probe made it
        throw;
    }
    try {
        for (const EntityKind& kind : directory.kinds) write_entities(*file, kind, time_units);
        if (!keeps(SeriesValue::table)) options.series.clear();
        if (!keeps(HistogramCount::table)) options.histograms.clear();
        series.emplace(*file, packer, directory, options.series, options.histograms);
    } catch (...) {
        file->abandon();
        throw;
    }
}

ResultsFile::Parts::~Parts() {
    if (file) file->abandon();  // closes the datasets too, when there is space again
}

namespace {

/// Whether a name is one of a list, in which a trailing * stands for any rest.
bool is_listed(std::string_view name, const std::vector<std::string>& list) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view one) {
        if (one.ends_with('*')) return name.starts_with(one.substr(0, one.size() - 1));
        return name == one;
    });
}

}  // namespace

bool ResultsFile::Parts::keeps(std::string_view table) const {
    return is_listed(table, options.keep);
}

std::size_t ResultsFile::Parts::use_of(const RowType& type) {
    if (last_use < uses.size() && uses[last_use].type == &type) return last_use;
    for (last_use = 0; last_use < uses.size(); ++last_use)
        if (uses[last_use].type == &type) return last_use;
    Use use{.type = &type, .kept = keeps(type.table)};
    if (type.table == SeriesValue::table) use.kept = !options.series.empty();
    if (type.table == HistogramCount::table) use.kept = !options.histograms.empty();
    use.counted = series->counts_rows_of(type.table);
    use.wanted = use.kept || use.counted;
    if (type.table == messages_table) {
        messages.emplace(type);
        messages_use = last_use;
        use.wanted = true;  // others may refer to messages, kept or not
    }
    uses.push_back(use);
    return last_use;
}

RowTable& ResultsFile::Parts::table_of(Use& use) {
    if (use.table == nullptr)
        use.table = &tables.emplace_back(
            *file, packer, directory, *use.type, row_dimension(use.type->table),
            [&](std::string_view column) {
                return is_listed(std::string(use.type->table) + "/" + std::string(column),
                                 options.leave_out);
            });
    return *use.table;
}

/// Every row of the instant `now` has come: its messages get their numbers, then who refers to them
/// is written.
void ResultsFile::Parts::pass_instant() {
    if (messages && messages->holding())
        messages->release([&](const RowStamp& stamp, const std::byte* bytes) {
            Use& use = uses[messages_use];
            if (!use.kept) return;
            table_of(use).take(stamp, bytes);
            table_of(use).append_oldest(-1);
            ++rows;
        });
    for (RowTable* table : held) {
        const std::byte* bytes = table->oldest();
        const auto sender = static_cast<EntityId>(integer_of(*table->message_sender(), bytes));
        const auto count = static_cast<std::uint32_t>(integer_of(*table->message_count(), bytes));
        table->append_oldest(messages ? messages->row_of(sender, count) : -1);
    }
    rows += held.size();
    held.clear();
}

void ResultsFile::Parts::finish_data() {
    pass_instant();
    for (RowTable& table : tables) table.finish();
    series->finish();
    packer.drain();
    for (RowTable& table : tables)
        if (table.path().starts_with("/events/")) table.add_device_slices();
    for (RowTable& table : tables) table.label_all(time_units);
    series->label_all(time_units);
}

void ResultsFile::Parts::write_attributes() {
    file->write_attribute("/", "Conventions", std::string("CF-1.10 driftstorm-result-1.0"));
    file->write_attribute("/", "format_name", std::string(result_format));
    file->write_attribute("/", "format_version", std::vector<std::int64_t>{1, 0});
    for (const Attribute& attribute : options.attributes)
        file->write_attribute("/", attribute.name, attribute.value);
}

std::uint64_t ResultsFile::Parts::count_bytes() const {
    std::uint64_t sum = finished_bytes + (series ? series->packed_bytes() : 0);
    for (const RowTable& table : tables) sum += table.packed_bytes();
    return sum;
}

// ---- the public face --------------------------------------------------------

ResultsFile::ResultsFile(std::string path, ResultsOptions options, EntityDirectory directory)
    : parts_(std::make_unique<Parts>(std::move(path), std::move(options), std::move(directory))) {}

ResultsFile::~ResultsFile() = default;

bool ResultsFile::wants(const RowType& type) const {
    return parts_->uses[parts_->use_of(type)].wanted;
}

void ResultsFile::row(const RowType& type, const RowStamp& stamp, const std::byte* bytes) {
    Parts& parts = *parts_;
    Parts::Use& use = parts.uses[parts.use_of(type)];
    if (!use.wanted) return;
    if (stamp.at() != parts.now) {
        DRIFTSTORM_EXPECT(stamp.at() > parts.now);  // rows come in merged event order
        parts.pass_instant();
        parts.now = stamp.at();
    }
    if (use.counted) parts.series->count_row(type, bytes, stamp.at());
    if (type.table == messages_table) {
        parts.messages->hold(stamp, bytes);
    } else if (type.table == SeriesValue::table) {
        SeriesValue value;
        std::memcpy(&value, bytes, sizeof value);
        parts.series->set(value, stamp.at());
        ++parts.rows;
    } else if (type.table == HistogramCount::table) {
        HistogramCount count;
        std::memcpy(&count, bytes, sizeof count);
        parts.series->count(count, stamp.at());
        ++parts.rows;
    } else if (use.kept) {
        RowTable& table = parts.table_of(use);
        table.take(stamp, bytes);
        if (table.message_sender() != nullptr) {
            parts.held.push_back(&table);
        } else {
            table.append_oldest(-1);
            ++parts.rows;
        }
    }
}

void ResultsFile::add(const MemoryGroup& group) {
    parts_->packer.drain();  // as for a table: the order of writing is the order of the calls
    write_group(*parts_->file, group, parts_->time_units);
}

void ResultsFile::add(const DigestLadder& ladder) {
    const std::vector<std::string> components = ladder.components();
    const std::vector<std::vector<std::uint64_t>> rungs = ladder.rungs();
    const std::size_t windows = rungs.empty() ? 0 : rungs.front().size();
    std::vector<std::int64_t> starts;
    std::vector<std::uint64_t> digests;
    for (std::size_t w = 0; w < windows; ++w) {
        starts.push_back(static_cast<std::int64_t>(w) * ladder.window().ns);
        for (const std::vector<std::uint64_t>& component : rungs) digests.push_back(component[w]);
    }
    add({.path = "/digests",
         .attributes = {{"window_length_ns", ladder.window().ns},
                        {"digest", hex(ladder.root())},
                        {"samples_digest", hex(ladder.samples())}},
         .dimensions = {{.name = "window",
                         .unit = "",
                         .help = "start of the window",
                         .values = starts,
                         .instant = true},
                        {.name = "component",
                         .unit = "",
                         .help = "group of tables, or all events",
                         .values = components}},
         .columns = {{.name = "digest",
                      .unit = "",
                      .help = "sum of the records' hashes, modulo 2^64",
                      .values = digests,
                      .dimensions = {"window", "component"}}}});
    set_attribute({"digest", hex(ladder.root())});
}

void ResultsFile::set_attribute(Attribute attribute) {
    std::vector<Attribute>& all = parts_->options.attributes;
    std::erase_if(all, [&](const Attribute& known) { return known.name == attribute.name; });
    all.push_back(std::move(attribute));
}

std::string ResultsFile::finish(ResultStatus status, int exit_code, std::string_view run_facts) {
    Parts& parts = *parts_;
    std::string name = status == ResultStatus::complete ? parts.path : partial_name(parts.path);
    const std::string part = parts.path + ".part";
    parts.finish_data();
    parts.write_attributes();
    parts.file->write_attribute("/", "exit_code", std::int64_t{exit_code});
    parts.file->flush();
    parts.file->write_attribute("/", "status", std::string(word(status)));
    parts.finished_bytes = parts.count_bytes();
    parts.series.reset();
    parts.tables.clear();
    parts.file->close();
    parts.file.reset();
    try {
        write_text_file(name + ".run.json", run_facts);
        rename_to(part, name);
    } catch (...) {
        std::remove(part.c_str());
        throw;
    }
    return name;
}

std::uint64_t ResultsFile::rows() const { return parts_->rows; }

std::uint64_t ResultsFile::bytes() const { return parts_->count_bytes(); }

std::vector<std::pair<std::string, std::string>> result_libraries() {
    return {{"hdf5", Hdf5File::library_version()}, {"libdeflate", ChunkPacker::library_version()}};
}

std::string partial_name(const std::string& path) {
    constexpr std::string_view ending = ".h5";
    const bool usual = path.size() > ending.size() && path.ends_with(ending);
    return (usual ? path.substr(0, path.size() - ending.size()) : path) + ".partial.h5";
}

std::optional<ExistingResult> inspect_result(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, ignored)))
        return std::nullopt;
    ExistingResult found;
    try {
        const Hdf5File file = Hdf5File::open(path);
        const auto text = [&](const char* name) -> std::string {
            const std::optional<AttributeValue> value = file.attribute("/", name);
            const auto* words = value ? std::get_if<std::string>(&*value) : nullptr;
            return words != nullptr ? *words : std::string();
        };
        if (text("format_name") != result_format) return found;
        found = {true, text("run_id"), text("status")};
    } catch (const OutputError&) {
        // Something that cannot be read is no result of ours.
    }
    return found;
}

}  // namespace driftstorm
