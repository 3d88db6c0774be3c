#include "analysis/replay.hpp"

#include "sim/core/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm {

namespace {

constexpr std::size_t batch_rows = 8192;

/// First id of each kind: directory_of() numbers the entities through.
std::map<std::string, std::uint32_t> first_ids(const EntityDirectory& directory) {
    std::map<std::string, std::uint32_t> first;
    std::uint32_t next = 0;
    for (const EntityKind& kind : directory.kinds) {
        first[kind.name] = next;
        next += static_cast<std::uint32_t>(kind.names.size());
    }
    return first;
}

/// A column of a table in the file, and where it goes in the rows that are made up from it.
struct Source {
    std::string path;
    std::string kinds;  ///< dataset of the entities' kinds; empty: all of `first`
    std::uint32_t first = 0;
    std::vector<std::uint32_t> first_of_kind;
    ColumnKind kind = ColumnKind::int64;
    std::size_t offset = 0;
    std::vector<std::int64_t> integers;
    std::vector<double> reals;
    std::vector<std::int64_t> of_kind;
};

/// The rows of one table, in the order of the file.
class TableRows {
  public:
    TableRows(const ResultsReader& result, std::string table,
              const std::map<std::string, std::uint32_t>& first,
              const std::vector<std::pair<std::uint32_t, std::uint32_t>>& messages);

    bool more() const { return row_ < rows_; }
    /// Instant of the next row; never before that of the last.
    Time at();
    void give(TableSink& sink);
    const RowType& type() const { return type_; }

  private:
    void add(const std::string& name, const std::map<std::string, std::uint32_t>& first);
    void place(ColumnKind kind, std::string name, std::vector<std::string> words);
    void fill();
    std::int64_t integer(const Source& source) const { return source.integers[row_ - batch_]; }

    const ResultsReader& result_;
    std::string table_;
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& messages_;
    std::deque<std::vector<std::string>> words_;
    std::deque<std::vector<std::string_view>> word_views_;
    std::deque<Source> sources_;
    RowType type_;
    std::string time_;  ///< dataset that orders the rows
    std::string message_;
    std::size_t message_offset_ = 0;
    std::vector<std::int64_t> times_, message_rows_;
    std::vector<std::byte> bytes_;
    std::uint64_t rows_ = 0;
    std::uint64_t row_ = 0;
    std::uint64_t batch_ = 0;
    std::uint64_t batch_end_ = 0;
    Time last_ = no_time;
    const Source* self_ = nullptr;
};

/// The dataset that orders a table's rows: /messages come when they are composed, copies when they
/// end, all others at `time`.
std::string instants_of(const std::string& table) {
    std::string dataset = "/" + table;
    dataset += table == "messages" ? "/t_composed" : table == "copies" ? "/t_end" : "/time";
    return dataset;
}

TableRows::TableRows(const ResultsReader& result, std::string table,
                     const std::map<std::string, std::uint32_t>& first,
                     const std::vector<std::pair<std::uint32_t, std::uint32_t>>& messages)
    : result_(result),
      table_(std::move(table)),
      messages_(messages),
      type_{},
      time_(instants_of(table_)),
      rows_(result.rows(time_)) {
    type_.table = table_;
    type_.table_hash = stable_hash(table_);
    const std::string group = "/" + table_ + "/";
    const std::vector<std::string> names = result.datasets("/" + table_);
    for (const std::string& name : names) {
        const bool scale = name == "message" && table_ == "messages";
        if (scale || (name == "copy" && table_ == "copies")) continue;
        if (name == "device_order" || name == "device_ptr" || name == "device_bound")
            continue;  // ways to the rows, no columns of them
        if (name == "message") {
            message_ = group + name;
            place(ColumnKind::entity, "message_sender", {});
            message_offset_ = type_.columns.back().offset;
            place(ColumnKind::uint32, "message_count", {});
            continue;
        }
        if (name.ends_with("_kind") &&
            std::find(names.begin(), names.end(), name.substr(0, name.size() - 5)) != names.end() &&
            result.text_attribute(group + name.substr(0, name.size() - 5), "entities"))
            continue;  // read with the column it belongs to
        add(name, first);
    }
    bytes_.resize(type_.size);
}

void TableRows::place(ColumnKind kind, std::string name, std::vector<std::string> words) {
    const std::size_t width = size_of(kind);
    type_.size = (type_.size + width - 1) / width * width;
    Column column{std::move(name), "", "", kind, type_.size};
    if (!words.empty()) {
        words_.push_back(std::move(words));
        word_views_.emplace_back(words_.back().begin(), words_.back().end());
        column.words = word_views_.back();
    }
    type_.columns.push_back(std::move(column));
    type_.size += width;
}

void TableRows::add(const std::string& name, const std::map<std::string, std::uint32_t>& first) {
    Source source;
    source.path = "/" + table_ + "/" + name;
    std::vector<std::string> words = result_.words(source.path);
    const std::string units = result_.text_attribute(source.path, "units").value_or("");
    if (const auto entities = result_.text_attribute(source.path, "entities")) {
        source.kind = ColumnKind::entity;
        if (result_.has(source.path + "_kind")) {
            source.kinds = source.path + "_kind";
            for (const std::string& kind : result_.words(source.kinds)) {
                const auto found = first.find(kind);
                source.first_of_kind.push_back(found != first.end() ? found->second : 0);
            }
        } else {
            const auto found = first.find(entities->substr(entities->rfind('/') + 1));
            source.first = found != first.end() ? found->second : 0;
        }
    } else if (!words.empty()) {
        source.kind = ColumnKind::word;
    } else if (units.starts_with("nanoseconds since")) {
        source.kind = ColumnKind::time;
    } else {
        try {
            result_.integers(source.path, 0, 1);
        } catch (const OutputError&) {
            source.kind = ColumnKind::float64;
        }
    }
    place(source.kind, name, std::move(words));
    source.offset = type_.columns.back().offset;
    sources_.push_back(std::move(source));
    if (name == "entity") self_ = &sources_.back();
}

void TableRows::fill() {
    if (row_ < batch_end_) return;
    batch_ = row_;
    batch_end_ = std::min<std::uint64_t>(row_ + batch_rows, rows_);
    const std::uint64_t count = batch_end_ - batch_;
    times_ = result_.integers(time_, batch_, count);
    if (!message_.empty()) message_rows_ = result_.integers(message_, batch_, count);
    for (Source& source : sources_) {
        if (source.kind == ColumnKind::float64)
            source.reals = result_.reals(source.path, batch_, count);
        else
            source.integers = result_.integers(source.path, batch_, count);
        if (!source.kinds.empty()) source.of_kind = result_.integers(source.kinds, batch_, count);
    }
}

Time TableRows::at() {
    fill();
    return std::max(last_, Time{times_[row_ - batch_]});
}

void TableRows::give(TableSink& sink) {
    last_ = at();
    const std::size_t i = row_ - batch_;
    const auto put = [this](std::size_t offset, const auto& value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
    };
    const auto entity = [i](const Source& source) {
        const std::int64_t row = source.integers[i];
        if (row < 0) return no_entity;
        const std::uint32_t first =
            source.kinds.empty()
                ? source.first
                : source.first_of_kind[static_cast<std::size_t>(source.of_kind[i])];
        return static_cast<EntityId>(first + static_cast<std::uint32_t>(row));
    };
    for (const Source& source : sources_) {
        switch (source.kind) {
            case ColumnKind::entity:
                put(source.offset, entity(source));
                break;
            case ColumnKind::word:
                put(source.offset, static_cast<std::uint8_t>(source.integers[i]));
                break;
            case ColumnKind::float64:
                put(source.offset, source.reals[i]);
                break;
            default:
                put(source.offset, source.integers[i]);
                break;
        }
    }
    if (!message_.empty()) {
        const std::int64_t message = message_rows_[i];
        const bool known = message >= 0 && static_cast<std::size_t>(message) < messages_.size();
        const auto [sender, count] =
            known ? messages_[static_cast<std::size_t>(message)]
                  : std::pair{static_cast<std::uint32_t>(no_entity), std::uint32_t{0}};
        put(message_offset_, sender);
        put(message_offset_ + sizeof sender, count);
    }
    const EntityId self = self_ != nullptr ? entity(*self_) : no_entity;
    sink.row(type_, {EventKey{last_, 0}, self}, bytes_.data());
    ++row_;
}

/// Groups that hold the columns of a table: those with a scale of instants or of rows.
void collect_tables(const ResultsReader& result, const std::string& group,
                    std::vector<std::string>& tables) {
    for (const std::string& name : result.groups(group)) {
        std::string path = group == "/" ? "" : group;
        path.append("/").append(name);
        if (path == "/entities" || path == "/series" || path == "/metrics" ||
            path == "/provenance" || path == "/digests" || path == "/checks" || path == "/storms")
            continue;
        const std::vector<std::string> names = result.datasets(path);
        const auto holds = [&](const char* column) {
            return std::find(names.begin(), names.end(), column) != names.end();
        };
        if (holds("time") || path == "/messages" || path == "/copies")
            tables.push_back(path.substr(1));
        collect_tables(result, path, tables);
    }
}

/// A column of text, be it stored as such or as words of a small number.
std::vector<std::string> words_of(const ResultsReader& result, const std::string& dataset) {
    const std::vector<std::string> words = result.words(dataset);
    if (words.empty()) return result.texts(dataset);
    std::vector<std::string> made;
    for (const std::int64_t value : result.integers(dataset))
        made.push_back(static_cast<std::size_t>(value) < words.size()
                           ? words[static_cast<std::size_t>(value)]
                           : std::string());  // of none
    return made;
}

}  // namespace

EntityDirectory directory_of(const ResultsReader& result) {
    EntityDirectory made;
    if (!result.has("/entities")) return made;
    for (const std::string& name : result.groups("/entities")) {
        const std::string group = "/entities/" + name;
        EntityKind kind;
        kind.name = name;
        const auto number = static_cast<std::int16_t>(made.kinds.size());
        if (result.has(group + "/population"))
            kind.population = words_of(result, group + "/population");
        if (result.has(group + "/member")) kind.member = result.integers(group + "/member");
        std::string scale = group;
        scale.append("/").append(name);
        const std::uint64_t rows = result.has(scale) ? result.rows(scale) : 0;
        bool named = rows > 0;
        try {
            if (named) kind.names = result.texts(scale);
        } catch (const OutputError&) {
            named = false;  // too many to be named one by one: the scale is the row
        }
        for (std::uint64_t i = 0; !named && i < rows; ++i) {
            const bool member = i < kind.population.size() && i < kind.member.size();
            kind.names.push_back(member ? kind.population[i] + "[" +
                                              std::to_string(kind.member[i]) + "]"
                                        : name + "[" + std::to_string(i) + "]");
        }
        for (std::uint64_t i = 0; i < rows; ++i)
            made.places.push_back({number, static_cast<std::int32_t>(i)});
        made.kinds.push_back(std::move(kind));
    }
    return made;
}

void replay(const ResultsReader& result, TableSink& sink) {
    const auto first = first_ids(directory_of(result));
    // Who wrote each message, by row: copies refer to it.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> messages;
    if (result.has("/messages")) {
        const std::uint32_t first_device = first.count("device") == 1 ? first.at("device") : 0;
        const std::vector<std::int64_t> senders = result.integers("/messages/sender");
        const std::vector<std::int64_t> counts = result.integers("/messages/count");
        for (std::size_t i = 0; i < senders.size(); ++i)
            messages.emplace_back(first_device + static_cast<std::uint32_t>(senders[i]),
                                  static_cast<std::uint32_t>(counts[i]));
    }
    std::vector<std::string> names;
    collect_tables(result, "/", names);
    std::deque<TableRows> tables;
    for (const std::string& name : names) {
        TableRows& table = tables.emplace_back(result, name, first, messages);
        if (!sink.wants(table.type())) tables.pop_back();
    }
    using Head = std::pair<Time, std::size_t>;
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    for (std::size_t i = 0; i < tables.size(); ++i)
        if (tables[i].more()) heads.emplace(tables[i].at(), i);
    while (!heads.empty()) {
        const std::size_t table = heads.top().second;
        heads.pop();
        tables[table].give(sink);
        if (tables[table].more()) heads.emplace(tables[table].at(), table);
    }
}

}  // namespace driftstorm
