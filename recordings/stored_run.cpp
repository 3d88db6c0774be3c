#include "recordings/stored_run.hpp"

#include "sim/output/output_error.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <sstream>
#include <string_view>

namespace driftstorm {

namespace {

std::string attribute(const ResultsReader& result, const std::string& object,
                      const std::string& name) {
    const auto text = result.text_attribute(object, name);
    if (!text) throw OutputError(result.path(), object + " has no attribute '" + name + "'");
    return *text;
}

/// Takes the parts of `driftstorm run FILE --seed N [--until "N ns"] [--set "NAME=VALUE"]...`;
/// false when the command is another one.
bool read_command(StoredRun& run) {
    constexpr std::string_view begin = "driftstorm run ";
    constexpr std::string_view seed_word = " --seed ";
    constexpr std::string_view until_word = " --until \"";
    constexpr std::string_view set_word = " --set \"";
    const std::string& text = run.command;
    const std::size_t seed = text.find(seed_word);
    if (text.rfind(begin, 0) != 0 || seed == std::string::npos) return false;
    run.scenario = text.substr(begin.size(), seed - begin.size());
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(text.data() + seed + seed_word.size(), end, run.seed);
    if (number.ec != std::errc{}) return false;
    std::string_view rest(number.ptr, static_cast<std::size_t>(end - number.ptr));
    while (!rest.empty()) {
        const bool until = rest.substr(0, until_word.size()) == until_word;
        if (!until && rest.substr(0, set_word.size()) != set_word) return false;
        rest.remove_prefix(until ? until_word.size() : set_word.size());
        // A value may hold quotes: it ends where the next option begins, or with the line.
        const std::size_t next = rest.find("\"" + std::string(set_word));
        const std::string value(
            rest.substr(0, next == std::string_view::npos ? rest.size() - 1 : next));
        rest.remove_prefix(std::min(rest.size(), value.size() + 1));
        if (!until) {
            run.set.push_back(value);
            continue;
        }
        std::int64_t ns = 0;
        if (std::from_chars(value.data(), value.data() + value.size(), ns).ec != std::errc{})
            return false;
        run.until = Duration{ns};
    }
    return true;
}

/// Files are kept by name without folders, a further one of a name as "NAME (i)", in the order in
/// which they were read.
ReadFile kept_files(const ResultsReader& result) {
    struct Kept {
        std::string name;
        std::string bytes;
        std::string given_to;  ///< full name that it was read under
    };
    auto kept = std::make_shared<std::vector<Kept>>();
    const std::vector<std::string> names = result.texts("/provenance/file_name");
    const std::vector<std::string> sources = result.texts("/provenance/scenario_source");
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string suffix = " (" + std::to_string(i) + ")";
        const bool again =
            names[i].size() > suffix.size() &&
            names[i].compare(names[i].size() - suffix.size(), suffix.size(), suffix) == 0;
        kept->push_back(
            {names[i].substr(0, names[i].size() - (again ? suffix.size() : 0)), sources[i], ""});
    }
    return [kept](const std::string& name, std::string& reason) -> std::optional<std::string> {
        const std::string base = name.substr(name.find_last_of('/') + 1);
        for (const Kept& one : *kept)
            if (one.given_to == name) return one.bytes;
        for (Kept& one : *kept)
            if (one.given_to.empty() && one.name == base) {
                one.given_to = name;
                return one.bytes;
            }
        reason = "the result does not hold it";
        return std::nullopt;
    };
}

}  // namespace

StoredRun stored_run(const ResultsReader& result) {
    StoredRun run;
    run.status = attribute(result, "/", "status");
    run.digest = attribute(result, "/", "digest");
    run.version = attribute(result, "/provenance", "version");
    run.command = attribute(result, "/provenance", "command");
    if (!read_command(run))
        throw OutputError(result.path(), "its command cannot be read: " + run.command);
    run.files = kept_files(result);
    if (const auto number = result.integer_attribute("/provenance", "replication"))
        run.replication = static_cast<std::uint32_t>(number->front());
    std::istringstream models(attribute(result, "/provenance", "model_versions"));
    for (std::string word; models >> word;) {
        const std::size_t equals = word.find('=');
        int version = 0;
        std::from_chars(word.data() + equals + 1, word.data() + word.size(), version);
        run.models.emplace_back(word.substr(0, equals), version);
    }
    return run;
}

}  // namespace driftstorm
