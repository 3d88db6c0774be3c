#include "validation/log_export.hpp"

#include "models/timesync/chrony_regression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace driftstorm::validation {

namespace {

constexpr std::string_view server_address = "192.168.123.";
constexpr int lines_to_banner = 32;

std::int64_t whole_seconds(Reading reading) {
    const std::int64_t down = reading.ns >= 0 ? 0 : second_ns - 1;
    return (reading.ns - down) / second_ns + export_epoch_s;
}

double since_epoch(Reading reading) { return static_cast<double>(reading.ns) * 1e-9; }

/// "2023-11-14 22:13:20"
std::string date_text(Reading reading) {
    const std::int64_t whole = whole_seconds(reading);
    const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{whole / 86400}}};
    const std::int64_t second = whole % 86400;
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(day.year()),
                       static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                       second / 3600, second / 60 % 60, second % 60);
}

/// "60262 80000.123": modified Julian day and second of the day.
std::string julian_text(Reading reading) {
    const std::int64_t ms = reading.ns / 1'000'000 + export_epoch_s * 1000;
    const std::int64_t day_ms = ms % 86'400'000;
    return fmt::format("{} {}.{:03}", ms / 86'400'000 + 40587, day_ms / 1000, day_ms % 1000);
}

std::string address(unsigned source) {
    return std::string(server_address) + std::to_string(source + 1);
}

/// Adds a line, and the names of the columns before every 32nd.
void add_line(std::string& log, int& lines, std::string_view names, const std::string& line) {
    if (lines++ % lines_to_banner == 0) {
        const std::string rule(names.size(), '=');
        log += rule + "\n" + std::string(names) + "\n" + rule + "\n";
    }
    log += line + "\n";
}

/// Passes everything on to a program; what it did is looked at from outside.
class LoggingChrony final : public ClientProgram {
  public:
    LoggingChrony(const ChronyParams& params, ChronyLogs& logs)
        : client_(params), logs_(logs), estimates_(params.servers.size()) {}

    void start(ClientSystem& system) override { client_.start(system); }
    void on_timer(ClientSystem& system, unsigned timer) override {
        client_.on_timer(system, timer);
    }
    std::uint64_t steps() const override { return client_.steps(); }
    void archive(Archive& archive) override { client_.archive(archive); }

    void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) override {
        const Reading raw = system.clock().read();
        const double correction = client_.clock().correction(raw);
        const Reading sent = client_.clock().corrected(sample.t1);
        const Reading arrived = client_.clock().corrected(sample.t4);
        const double before = frequency(system);
        const std::uint64_t refused = client_.refused();
        const int kept = client_.sources().at(source).statistics.samples();
        client_.on_sample(system, source, sample);

        const Duration elapsed = arrived - sent;
        const double delay = (elapsed - (sample.t3 - sample.t2)).seconds();
        const double offset = ((sample.t2 - sent) + (sample.t3 - arrived)).seconds() / 2;
        const Reading middle = sent + elapsed / 2;
        logs_.exchanges.push_back({since_epoch(middle), since_epoch(raw), correction});
        note_measurement(source, sample, middle, offset, delay, client_.refused() > refused);
        const int now_kept = client_.sources().at(source).statistics.samples();
        if (client_.refused() == refused) note_statistics(source, kept, now_kept);
        const Reading raw_after = system.clock().read();
        const double taken =
            (raw - raw_after).seconds() + correction - client_.clock().correction(raw_after);
        const double after = frequency(system);
        if (taken != 0 || after != before)
            note_tracking(source, client_.clock().corrected(raw_after), after, taken, correction);
    }

  private:
    /// What the clock would gain if it were left alone: of what the kernel was told, the slew's
    /// part is known by how the correction falls.
    double frequency(ClientSystem& system) const {
        const Duration long_time{1'000'000 * second_ns};
        const Reading raw = system.clock().read();
        const double slew =
            (client_.clock().correction(raw + long_time) - client_.clock().correction(raw)) /
            long_time.seconds();
        const double total = -system.clock().frequency();
        return total - slew * (1 - total);
    }

    void note_measurement(unsigned source, const NtpSample& sample, Reading at, double offset,
                          double delay, bool refused) {
        add_line(logs_.measurements, measurement_lines_,
                 "   Date (UTC) Time     IP Address   L St 123 567 ABCD  LP RP Score    Offset  "
                 "Peer del. Peer disp.  Root del. Root disp. Refid     MTxRx",
                 fmt::format("{} {:<15} N {:2} 111 111 {}  {:2} {:2} 0.00 {:10.3e} {:10.3e} "
                             "{:10.3e} {:10.3e} {:10.3e} 47505300 4B D D",
                             date_text(at), address(source), sample.stratum,
                             refused ? "1101" : "1111", client_.poll(source), sample.poll, offset,
                             delay, 1e-7, sample.root_delay, sample.root_dispersion));
    }

    void note_tracking(unsigned source, Reading at, double gain, double taken, double correction) {
        const ChronyEstimate& estimate = client_.sources().at(source).statistics.estimate();
        add_line(
            logs_.tracking, tracking_lines_,
            "   Date (UTC) Time     IP Address   St   Freq ppm   Skew ppm     Offset L Co  "
            "Offset sd Rem. corr. Root del. Root disp. Max. error",
            fmt::format("{} {:<15} {:2} {:10.3f} {:10.3f} {:10.3e} N {:2} {:10.3e} {:10.3e} "
                        "{:10.3e} {:10.3e} {:10.3e}",
                        date_text(at), address(source), client_.sources().at(source).stratum + 1,
                        gain * 1e6, client_.reference().skew() * 1e6, taken,
                        client_.sources().size(), estimate.offset_sd, correction,
                        client_.sources().at(source).statistics.root_delay(),
                        client_.sources().at(source).statistics.root_dispersion(),
                        estimate.offset_sd + estimate.sd));
    }

    void note_statistics(unsigned source, int before, int after) {
        ChronySourceStatistics statistics = client_.sources().at(source).statistics;
        if (!statistics.line_found()) return;
        const ChronyEstimate estimate = statistics.estimate();
        const ChronyEstimate last = std::exchange(estimates_[source], estimate);
        const std::vector<Reading>& times = std::get<0>(statistics.state());
        const std::vector<double>& offsets = std::get<1>(statistics.state());
        std::vector<double> residuals;
        for (auto i = times.size() - static_cast<std::size_t>(after); i < times.size(); ++i)
            residuals.push_back(offsets[i] - statistics.predicted_offset(times[i]));
        add_line(
            logs_.statistics, statistics_lines_,
            "   Date (UTC) Time     IP Address    Std dev'n Est offset  Offset sd  Diff freq   "
            "Est skew  Stress  Ns  Bs  Nr  Asym",
            fmt::format("{} {:<15} {:10.3e} {:10.3e} {:10.3e} {:10.3e} {:10.3e} {:7.1e} {:3} "
                        "{:3} {:3} {:5.2f}",
                        date_text(estimate.time), address(source), estimate.sd, estimate.offset,
                        estimate.offset_sd, estimate.frequency, estimate.skew,
                        std::abs(estimate.frequency - last.frequency) / last.skew, before + 1,
                        before + 1 - after, count_runs(residuals), statistics.asymmetry()));
    }

    ChronyClient client_;
    ChronyLogs& logs_;
    std::vector<ChronyEstimate> estimates_;
    int measurement_lines_ = 0;
    int tracking_lines_ = 0;
    int statistics_lines_ = 0;
};

/// A system that tells of every update of the kernel's loop.
class WatchedSystem final : public ClientSystem, public ClockControl {
  public:
    using Update = std::function<void(double offset, int constant)>;
    explicit WatchedSystem(Update update) : update_(std::move(update)) {}
    void watch(ClientSystem& system) { system_ = &system; }

    ClockControl& clock() override { return *this; }
    double monotonic() const override { return system_->monotonic(); }
    void send_request(unsigned source, int poll) override { system_->send_request(source, poll); }
    void set_timer(unsigned timer, double seconds) override { system_->set_timer(timer, seconds); }
    void cancel_timer(unsigned timer) override { system_->cancel_timer(timer); }
    double uniform() override { return system_->uniform(); }

    Reading read() const override { return system_->clock().read(); }
    void step(double seconds) override { system_->clock().step(seconds); }
    void set_frequency(double rate) override { system_->clock().set_frequency(rate); }
    double frequency() const override { return system_->clock().frequency(); }
    void slew_old(double seconds) override { system_->clock().slew_old(seconds); }
    void pll_offset(double seconds, int constant, bool nano, bool hold_frequency) override {
        system_->clock().pll_offset(seconds, constant, nano, hold_frequency);
        if (nano) update_(seconds, constant);
    }
    void stop_pll() override { system_->clock().stop_pll(); }

  private:
    ClientSystem* system_ = nullptr;
    Update update_;
};

class LoggingNtpd final : public ClientProgram {
  public:
    LoggingNtpd(const NtpdClient::Options& options, NtpdLogs& logs)
        : client_(options),
          logs_(logs),
          system_([this](double offset, int constant) { note_loop(offset, constant); }),
          epochs_(options.servers.size(), -1) {}

    void start(ClientSystem& system) override { client_.start(watched(system)); }
    void on_timer(ClientSystem& system, unsigned timer) override {
        client_.on_timer(watched(system), timer);
    }
    std::uint64_t steps() const override { return client_.steps(); }
    void archive(Archive& archive) override { client_.archive(archive); }

    void on_sample(ClientSystem& system, unsigned source, const NtpSample& sample) override {
        client_.on_sample(watched(system), source, sample);
        const auto& peer = std::get<1>(client_.state())[source];
        if (peer.reach == 0 || peer.epoch == epochs_[source]) return;
        epochs_[source] = peer.epoch;
        logs_.peerstats += fmt::format("{} {} {:x} {:.9f} {:.9f} {:.9f} {:.9f}\n",
                                       julian_text(system.clock().read()), address(source), 0x961a,
                                       peer.offset, peer.delay, peer.dispersion, peer.jitter);
    }

  private:
    ClientSystem& watched(ClientSystem& system) {
        system_.watch(system);
        return system_;
    }

    /// Jitter and wander are the averages of ntp_loopfilter.c, of the changes of offset and
    /// frequency.
    void note_loop(double offset, int constant) {
        constexpr double average = 4;
        const auto averaged = [](double rms, double change) {
            return std::sqrt(rms * rms + (change * change - rms * rms) / average);
        };
        const double frequency = system_.frequency();
        jitter_ = averaged(jitter_, offset - offset_);
        wander_ = averaged(wander_, frequency - frequency_);
        offset_ = offset;
        frequency_ = frequency;
        const Reading now = system_.read();
        logs_.loopstats += fmt::format("{} {:.9f} {:.3f} {:.9f} {:.6f} {}\n", julian_text(now),
                                       offset, frequency * 1e6, jitter_, wander_ * 1e6, constant);
        logs_.exchanges.push_back({since_epoch(now), since_epoch(now), 0});
    }

    NtpdClient client_;
    NtpdLogs& logs_;
    WatchedSystem system_;
    std::vector<std::int64_t> epochs_;
    double jitter_ = 0;
    double wander_ = 0;
    double offset_ = 0;
    double frequency_ = 0;
};

class CapturedClient final : public ClientProgram {
  public:
    CapturedClient(int poll, CaptureLog& log) : poll_(poll), log_(log) {
        for (const std::uint32_t word : {0xa1b23c4du, 0x00040002u, 0u, 0u, 65535u, 101u})
            put_little(word);
    }

    void start(ClientSystem& system) override { system.set_timer(0, 1); }
    void on_timer(ClientSystem& system, unsigned) override {
        system.set_timer(0, std::ldexp(1.0 + 0.02 * system.uniform(), poll_));
        const Reading now = system.clock().read();
        system.send_request(0, poll_);
        ++log_.requests;
        put_packet(now, 3, {0, 0}, {0, 0}, stamp(now));
    }
    void on_sample(ClientSystem&, unsigned, const NtpSample& sample) override {
        put_packet(sample.t4, 4, stamp(sample.t1), stamp(sample.t2), stamp(sample.t3));
        const double middle = (since_epoch(sample.t1) + since_epoch(sample.t4)) / 2;
        log_.exchanges.push_back({middle, since_epoch(sample.t4), 0});
    }
    std::uint64_t steps() const override { return 0; }
    void archive(Archive&) override {}

  private:
    using Stamp = std::pair<std::uint32_t, std::uint32_t>;  ///< seconds since 1900, fraction

    static Stamp stamp(Reading reading) {
        const std::int64_t second = whole_seconds(reading);
        const auto ns =
            static_cast<std::uint64_t>(reading.ns - (second - export_epoch_s) * second_ns);
        return {static_cast<std::uint32_t>(second + 2'208'988'800),
                static_cast<std::uint32_t>(((ns << 32) + second_ns / 2) / second_ns)};
    }
    void put_little(std::uint32_t word) {
        for (int shift = 0; shift < 32; shift += 8)
            log_.pcap += static_cast<char>((word >> shift) & 0xff);
    }
    void put(std::uint32_t word) {
        for (int shift = 24; shift >= 0; shift -= 8)
            log_.pcap += static_cast<char>((word >> shift) & 0xff);
    }
    void put(const Stamp& stamp) {
        put(stamp.first);
        put(stamp.second);
    }
    void put_packet(Reading at, unsigned mode, const Stamp& origin, const Stamp& receive,
                    const Stamp& transmit) {
        constexpr std::uint32_t bytes = 20 + 8 + 48;
        constexpr std::uint32_t client = 0xc0a87b0a;
        constexpr std::uint32_t server = 0xc0a87b01;
        const std::int64_t second = whole_seconds(at);
        put_little(static_cast<std::uint32_t>(second));
        put_little(static_cast<std::uint32_t>(at.ns - (second - export_epoch_s) * second_ns));
        put_little(bytes);
        put_little(bytes);
        const bool reply = mode == 4;
        put(0x45000000u | bytes);
        put(0);
        put(0x40110000u);
        put(reply ? server : client);
        put(reply ? client : server);
        put(reply ? 123u << 16 | 40000u : 40000u << 16 | 123u);
        put((8u + 48u) << 16);
        put((4u << 27) | (mode << 24) | (reply ? 1u << 16 : 0u) |
            static_cast<std::uint32_t>(poll_) << 8 | 0xe9u);
        for (int i = 0; i < 3; ++i) put(0u);  // root delay, root dispersion, reference
        put(reply ? receive : Stamp{0, 0});
        put(origin);
        put(receive);
        put(transmit);
    }

    int poll_;
    CaptureLog& log_;
};

}  // namespace

std::unique_ptr<ClientProgram> logging_chrony(const ChronyParams& params, ChronyLogs& logs) {
    return std::make_unique<LoggingChrony>(params, logs);
}
std::unique_ptr<ClientProgram> logging_ntpd(const NtpdClient::Options& options, NtpdLogs& logs) {
    return std::make_unique<LoggingNtpd>(options, logs);
}
std::unique_ptr<ClientProgram> captured_client(int poll, CaptureLog& log) {
    return std::make_unique<CapturedClient>(poll, log);
}

}  // namespace driftstorm::validation
