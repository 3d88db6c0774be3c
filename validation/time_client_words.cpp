#include "validation/time_client_words.hpp"

#include "models/timesync/busybox_client.hpp"
#include "models/timesync/chrony_client.hpp"
#include "models/timesync/ntpd_client.hpp"
#include "models/timesync/timesyncd_client.hpp"

#include <charconv>
#include <cmath>
#include <set>
#include <stdexcept>

namespace driftstorm::validation {

namespace {

/// The words of a configuration line, told apart by blanks.
class Words {
  public:
    Words(std::string_view line, const std::string& what) : what_(what) {
        while (true) {
            const std::size_t from = line.find_first_not_of(" \t\r,;()");
            if (from == line.npos) return;
            line.remove_prefix(from);
            const std::size_t end = std::min(line.find_first_of(" \t\r,;()"), line.size());
            words_.emplace_back(line.substr(0, end));
            line.remove_prefix(end);
        }
    }

    bool at_end() const { return at_ >= words_.size(); }
    std::string next() {
        if (at_end()) fail("a word is missing after '" + (at_ == 0 ? "" : words_[at_ - 1]) + "'");
        return words_[at_++];
    }
    double number() {
        const std::string word = next();
        double value = 0;
        const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
        if (read.ec != std::errc() || read.ptr != word.data() + word.size() ||
            !std::isfinite(value))
            fail("'" + word + "' is no number");
        return value;
    }
    int whole() {
        const double value = number();
        if (value != std::floor(value) || std::abs(value) > 1e9)
            fail("'" + words_[at_ - 1] + "' is no whole number of a sensible size");
        return static_cast<int>(value);
    }
    [[noreturn]] void fail(const std::string& why) const {
        throw std::invalid_argument(what_ + ": " + why);
    }

  private:
    std::vector<std::string> words_;
    std::size_t at_ = 0;
    const std::string& what_;
};

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, std::min(end, text.find_first_of("#"))));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

unsigned node_of(const std::string& address, const Words& words) {
    constexpr std::string_view net = "192.168.123.";
    unsigned node = 0;
    const char* end = address.data() + address.size();
    if (address.compare(0, net.size(), net) != 0) words.fail("unknown server '" + address + "'");
    const auto read = std::from_chars(address.data() + net.size(), end, node);
    if (read.ec != std::errc() || read.ptr != end || node == 0)
        words.fail("unknown server '" + address + "'");
    return node;
}

NtpdServer read_ntpd_server(Words& words) {
    NtpdServer server;
    while (!words.at_end()) {
        const std::string word = words.next();
        if (word == "minpoll") {
            server.minpoll = words.whole();
        } else if (word == "maxpoll") {
            server.maxpoll = words.whole();
        } else if (word == "iburst") {
            server.iburst = true;
        } else if (word == "burst") {
            server.burst = true;
        } else if (word == "prefer") {
            server.prefer = true;
        } else if (word == "noselect") {
            server.noselect = true;
        } else if (word == "true") {
            server.truechimer = true;
        } else if (word == "version" || word == "key") {
            words.next();
        } else {
            words.fail("unknown word '" + word + "' of server");
        }
    }
    if (server.minpoll < 3 || server.maxpoll > 17 || server.minpoll > server.maxpoll)
        words.fail("minpoll and maxpoll must be within 3 .. 17, in order");
    return server;
}

void read_tinker(Words& words, NtpdClient::Options& options) {
    while (!words.at_end()) {
        const std::string word = words.next();
        if (word == "step") {
            options.discipline.step_s = words.number();
            if (options.discipline.step_s == 0 || options.discipline.step_s > 0.5)
                options.discipline.kernel = false;  // the kernel takes no more than 0.5 s
        } else if (word == "stepout") {
            options.discipline.stepout_s = std::max(300.0, words.number());
        } else if (word == "panic") {
            options.discipline.panic_s = words.number();
        } else if (word == "allan") {
            options.discipline.allan = words.whole();
        } else if (word == "dispersion") {
            options.dispersion_rate = words.number() * 1e-6;
        } else {
            words.fail("unknown word '" + word + "' of tinker");
        }
    }
}

void read_tos(Words& words, NtpdClient::Options& options) {
    while (!words.at_end()) {
        const std::string word = words.next();
        if (word == "minclock") {
            options.min_clock = words.whole();
        } else if (word == "minsane") {
            options.min_sane = words.whole();
        } else if (word == "maxdist") {
            options.max_distance_s = words.number();
        } else if (word == "mindist") {
            options.min_dispersion_s = words.number();
        } else if (word == "ceiling") {
            options.ceiling = words.whole();
        } else if (word == "floor") {
            options.floor = words.whole();
        } else {
            words.fail("unknown word '" + word + "' of tos");
        }
    }
}

TimeClient read_ntpd(std::string_view text, const std::string& what, bool ntpsec) {
    static const std::set<std::string> without_effect{"restrict",   "driftfile", "statsdir",
                                                      "statistics", "filegen",   "logfile",
                                                      "logconfig",  "leapfile"};
    NtpdClient::Options options;
    if (ntpsec) options.discipline.poll_gates = false;
    TimeClient client;
    for (const std::string_view line : lines_of(text)) {
        Words words(line, what);
        if (words.at_end()) continue;
        const std::string word = words.next();
        if (word == "server" || word == "pool") {
            client.servers.push_back(node_of(words.next(), words));
            options.servers.push_back(read_ntpd_server(words));
        } else if (word == "tinker") {
            read_tinker(words, options);
        } else if (word == "tos") {
            read_tos(words, options);
        } else if (word == "disable" || word == "enable") {
            while (!words.at_end()) {
                const std::string which = words.next();
                if (which == "kernel") {
                    options.discipline.kernel = word == "enable";
                } else if (which != "monitor" && which != "auth" && which != "stats") {
                    words.fail("unknown word '" + which + "' of " + word);
                }
            }
        } else if (without_effect.count(word) == 0) {
            words.fail("unknown word '" + word + "'");
        }
    }
    client.program = std::make_unique<NtpdClient>(options);
    return client;
}

ChronyServer read_chrony_server(Words& words) {
    ChronyServer server;
    while (!words.at_end()) {
        const std::string word = words.next();
        if (word == "minpoll") {
            server.minpoll = words.whole();
        } else if (word == "maxpoll") {
            server.maxpoll = words.whole();
        } else if (word == "iburst") {
            server.iburst = true;
        } else if (word == "polltarget") {
            server.polltarget = words.whole();
        } else if (word == "maxdelay") {
            server.maxdelay = words.number();
        } else if (word == "maxdelayratio") {
            server.maxdelayratio = words.number();
        } else if (word == "maxdelaydevratio") {
            server.maxdelaydevratio = words.number();
        } else if (word == "offset") {
            server.offset = words.number();
        } else if (word == "minsamples") {
            server.minsamples = words.whole();
        } else if (word == "maxsamples") {
            server.maxsamples = words.whole();
        } else if (word == "mindelay") {
            server.mindelay = words.number();
        } else {
            words.fail("unknown word '" + word + "' of server");
        }
    }
    if (server.minpoll < -6 || server.maxpoll > 24 || server.minpoll > server.maxpoll)
        words.fail("minpoll and maxpoll must be within -6 .. 24, in order");
    return server;
}

/// A line of chrony.conf that has one number in our units.
double* chrony_number(ChronyParams& params, const std::string& word) {
    if (word == "corrtimeratio") return &params.reference.corrtimeratio;
    if (word == "maxdistance") return &params.sources.maxdistance;
    if (word == "maxjitter") return &params.sources.maxjitter;
    if (word == "reselectdist") return &params.sources.reselectdist;
    if (word == "stratumweight") return &params.sources.stratumweight;
    if (word == "combinelimit") return &params.sources.combinelimit;
    return nullptr;
}

/// The same in parts per million.
double* chrony_ppm(ChronyParams& params, const std::string& word) {
    if (word == "maxupdateskew") return &params.reference.maxupdateskew;
    if (word == "maxclockerror") return &params.sources.maxclockerror;
    if (word == "maxdrift") return &params.clock.maxdrift;
    if (word == "maxslewrate") return &params.clock.maxslewrate;
    return nullptr;
}

TimeClient read_chrony(std::string_view text, const std::string& what) {
    static const std::set<std::string> without_effect{"driftfile", "rtcsync", "logdir",   "log",
                                                      "dumpdir",   "cmdport", "leapsectz"};
    ChronyParams params;
    TimeClient client;
    for (const std::string_view line : lines_of(text)) {
        Words words(line, what);
        if (words.at_end()) continue;
        const std::string word = words.next();
        if (word == "server" || word == "pool") {
            client.servers.push_back(node_of(words.next(), words));
            params.servers.push_back(read_chrony_server(words));
        } else if (word == "makestep") {
            params.reference.makestep_threshold = words.number();
            params.reference.makestep_updates = words.whole();
        } else if (word == "minsources") {
            params.sources.minsources = words.whole();
        } else if (double* const number = chrony_number(params, word)) {
            *number = words.number();
        } else if (double* const ppm = chrony_ppm(params, word)) {
            *ppm = words.number() * 1e-6;
        } else if (without_effect.count(word) == 0) {
            words.fail("unknown word '" + word + "'");
        }
    }
    client.program = std::make_unique<ChronyClient>(params);
    return client;
}

/// A command line: `busybox ntpd -n -d -p SERVER ...`.
TimeClient read_busybox(std::string_view text, const std::string& what) {
    TimeClient client;
    for (const std::string_view line : lines_of(text)) {
        Words words(line, what);
        while (!words.at_end()) {
            const std::string word = words.next();
            if (word == "-p") {
                client.servers.push_back(node_of(words.next(), words));
            } else if (word[0] == '-' && word != "-n" && word != "-d" && word != "-N") {
                words.fail("unknown option '" + word + "'");
            }
        }
    }
    BusyboxClient::Options options;
    options.servers = static_cast<unsigned>(client.servers.size());
    client.program = std::make_unique<BusyboxClient>(options);
    return client;
}

TimeClient read_timesyncd(std::string_view text, const std::string& what) {
    TimesyncdClient::Options options;
    TimeClient client;
    const auto setting = [](const std::string& word, std::string_view name, double& value) {
        if (word.compare(0, name.size(), name) != 0) return false;
        const char* end = word.data() + word.size();
        return std::from_chars(word.data() + name.size(), end, value).ptr == end;
    };
    for (const std::string_view line : lines_of(text)) {
        Words words(line, what);
        while (!words.at_end()) {
            const std::string word = words.next();
            if (word == "server") {
                client.servers.push_back(node_of(words.next(), words));
            } else if (word.find('=') != word.npos &&
                       !setting(word, "PollIntervalMinSec=", options.poll_min_s) &&
                       !setting(word, "PollIntervalMaxSec=", options.poll_max_s) &&
                       !setting(word, "RootDistanceMaxSec=", options.root_distance_max_s) &&
                       !setting(word, "ConnectionRetrySec=", options.connection_retry_s)) {
                words.fail("unknown setting '" + word + "'");
            }
        }
    }
    options.servers = static_cast<unsigned>(client.servers.size());
    // The reference's port sends its first request after two seconds and never changes the server.
    options.start_delay_s = 2;
    options.changes_server = false;
    client.program = std::make_unique<TimesyncdClient>(options);
    return client;
}

}  // namespace

TimeClient make_time_client(const std::string& program, std::string_view text,
                            const std::string& what) {
    TimeClient client;
    if (program == "chrony") {
        client = read_chrony(text, what);
    } else if (program == "ntpd" || program == "ntpsec") {
        client = read_ntpd(text, what, program == "ntpsec");
    } else if (program == "busybox") {
        client = read_busybox(text, what);
    } else if (program == "timesyncd") {
        client = read_timesyncd(text, what);
    } else {
        throw std::invalid_argument(what + ": unknown program '" + program + "'");
    }
    if (client.servers.empty()) throw std::invalid_argument(what + ": no server");
    return client;
}

}  // namespace driftstorm::validation
