#include "analysis/field_data/capture.hpp"
#include "analysis/field_data/chrony_logs.hpp"
#include "analysis/field_data/fragment.hpp"
#include "analysis/field_data/ntpd_logs.hpp"
#include "cli/verbs.hpp"
#include "sim/output/output_error.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace driftstorm::cli {

namespace {

using namespace field_data;

struct ImportOptions {
    std::string kind;
    std::vector<std::string> files;
    std::string source;
    std::string clock = "imported";
    std::string from = "wifi";
    std::string to = "time_pool";
    std::string output;
    bool json = false;
};

TextFile read_file(const std::string& path) {
    std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw OutputError(path, std::strerror(errno));
    TextFile read{path, {}};
    std::array<char, 1 << 16> some{};
    std::size_t count = 0;
    while ((count = std::fread(some.data(), 1, some.size(), file)) > 0)
        read.text.append(some.data(), count);
    const int failed = std::ferror(file) != 0 ? errno : 0;
    if (file != stdin) std::fclose(file);
    if (failed != 0) throw OutputError(path, std::strerror(failed));
    return read;
}

struct Imported {
    FieldLog log;
    FieldFit fit;
};

Imported fitted(FieldLog log, const std::string& files) {
    Imported imported{std::move(log), {}};
    try {
        imported.fit = fit_field_log(imported.log);
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(files + ": " + error.what());
    }
    return imported;
}

/// The logs do not tell which loop ntpd ran: the one that leaves less to noise did.
Imported import_ntpd(const std::vector<TextFile>& files, const std::string& source,
                     const std::string& names) {
    Imported kernel = fitted(read_ntpd(files, source, NtpdLoop::kernel), names);
    if (kernel.log.steering == Steering::unknown) return kernel;
    Imported daemon = fitted(read_ntpd(files, source, NtpdLoop::daemon), names);
    return daemon.fit.clock.minus_2_log_likelihood < kernel.fit.clock.minus_2_log_likelihood
               ? daemon
               : kernel;
}

Imported import_logs(const ImportOptions& options) {
    const std::string names = fmt::format("{}", fmt::join(options.files, ", "));
    if (options.kind == "pcap") {
        for (const std::string& path : options.files)
            if (path != "-" && !std::filesystem::exists(path))
                throw OutputError(path, std::strerror(ENOENT));
        return fitted(read_captures(options.files, options.source), names);
    }
    std::vector<TextFile> files;
    for (const std::string& path : options.files) files.push_back(read_file(path));
    return options.kind == "chrony" ? fitted(read_chrony(files, options.source), names)
                                    : import_ntpd(files, options.source, names);
}

/// The fragment is YAML: a name may not say more than a name.
std::string plain_name(const std::string& word) {
    const bool plain =
        !word.empty() && word.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
                             std::string::npos;
    return plain ? std::string() : "'" + word + "' is no name: letters, digits, '_', '.', '-'";
}

void write(const std::string& path, const std::string& text) {
    if (path.empty()) {
        fmt::print("{}", text);
        return;
    }
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) throw OutputError(path, std::strerror(errno));
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) != 0 || !written) throw OutputError(path, std::strerror(errno));
}

int import_of(const ImportOptions& options) {
    try {
        const Imported imported = import_logs(options);
        FragmentWords words;
        words.origin = options.kind;
        for (const std::string& path : options.files)
            words.origin += " " + std::filesystem::path(path).filename().string();
        words.clock = options.clock;
        words.from = options.from;
        words.to = options.to;
        write(options.output, options.json ? fit_json(imported.log, imported.fit)
                                           : scenario_fragment(imported.log, imported.fit, words));
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "driftstorm: {}\n", error.what());
        return static_cast<int>(Exit::usage);
    }
    return 0;
}

}  // namespace

void add_import(CLI::App& app, int& exit) {
    CLI::App* verb = app.add_subcommand(
        "import", "field logs -> a YAML fragment: a clock and a path, fitted with intervals");
    verb->footer(
        "chrony: measurements.log, with tracking.log for the unsteered clock; statistics.log is "
        "passed over\n"
        "loopstats: ntpd's loopstats and peerstats\n"
        "pcap: NTP packets captured on the client (pcap, pcapng)\n"
        "e.g. driftstorm import chrony measurements.log tracking.log -o phone.yaml, then in a "
        "scenario\n     include: [phone.yaml] and clock: imported. See docs/import.md.");
    auto options = std::make_shared<ImportOptions>();
    verb->add_option("KIND", options->kind, "chrony, loopstats or pcap")
        ->required()
        ->check(CLI::IsMember({"chrony", "loopstats", "pcap"}));
    verb->add_option("FILE", options->files, "logs of one client; - is stdin (not of pcap)")
        ->required();
    verb->add_option("--source", options->source,
                     "the server whose exchanges count (default: the one with most)");
    verb->add_option("--clock", options->clock, "name of the clock in the fragment")
        ->check(plain_name);
    verb->add_option("--from", options->from, "technology at the client's end of the path")
        ->check(plain_name);
    verb->add_option("--to", options->to, "server group at its other end")->check(plain_name);
    verb->add_option("-o,--output", options->output, "write there, not to stdout");
    verb->add_flag("--json", options->json, "the figures as one JSON document instead");
    verb->callback([&exit, options] { exit = import_of(*options); });
}

}  // namespace driftstorm::cli
