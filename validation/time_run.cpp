#include "validation/time_run.hpp"

#include "models/timesync/kernel_clock.hpp"
#include "sim/core/expect.hpp"
#include "sim/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace driftstorm::validation {

namespace {

std::int64_t whole_ns(double seconds) {
    return static_cast<std::int64_t>(std::floor(seconds * 1e9 + 0.5));
}

/// A number generator with the draws it takes.
struct Source {
    Generator generator;
    GeneratorDraws draws;
    double at(double time) { return generator(time, draws); }
};

/// A clock that nobody steers: its offset at the last change of rate, and the rate since.
struct FreeClock {
    double offset = 0;
    double rate = 0;
    std::int64_t since_ns = 0;
    std::optional<Source> rates;
    std::optional<Source> steps;

    double offset_at(std::int64_t now_ns) const {
        return offset + rate * static_cast<double>(now_ns - since_ns) * 1e-9;
    }
    void second(std::int64_t now_ns) {
        offset = offset_at(now_ns);
        since_ns = now_ns;
        const double time = static_cast<double>(now_ns) * 1e-9;
        if (rates) rate = rates->at(time);
        if (steps) offset += steps->at(time);
    }
    Reading read(std::int64_t now_ns) const { return {now_ns + whole_ns(offset_at(now_ns))}; }
};

struct Packet {
    std::int64_t arrival_ns = 0;
    unsigned source = 0;
    bool reply = false;
    NtpSample sample;
};

class Run final : public ClientSystem, public ClockControl {
  public:
    Run(TimeNetwork network, TimeClient client, std::uint64_t seed, std::uint64_t subject)
        : client_(std::move(client)),
          kernel_(KernelClockRules::clknetsim(network.clocks.at(network.client).clamp_pll)),
          seed_(seed),
          subject_(subject) {
        for (auto& [node, clock] : network.clocks) {
            FreeClock& made = clocks_[node];
            made.offset = clock.offset;
            if (clock.rate) made.rates = source(std::move(*clock.rate), node, 0);
            if (clock.step) made.steps = source(std::move(*clock.step), node, 1);
        }
        for (auto& [pair, delay] : network.delays)
            delays_.emplace(pair, source(std::move(delay), pair.first * 1000 + pair.second, 2));
        node_ = network.client;
        own_ = &clocks_.at(node_);
    }

    TimeRun run(double duration) {
        const auto seconds = static_cast<std::int64_t>(duration);
        result_.offset.reserve(static_cast<std::size_t>(seconds));
        result_.rate.reserve(static_cast<std::size_t>(seconds));
        result_.free_rate.reserve(static_cast<std::size_t>(seconds));
        whole_second();
        client_.program->start(*this);
        for (std::int64_t second = 1; second < seconds; ++second) {
            run_until(second * second_ns);
            advance(second * second_ns);
            whole_second();
        }
        run_until(seconds * second_ns);
        result_.steps = client_.program->steps();
        return std::move(result_);
    }

    // ClientSystem
    ClockControl& clock() override { return *this; }
    double monotonic() const override {
        return static_cast<double>(now_ns_) * 1e-9 + monotonic_offset_;
    }
    void send_request(unsigned to, int poll) override {
        result_.polls.push_back(static_cast<double>(now_ns_) * 1e-9);
        Packet packet;
        packet.source = to;
        packet.sample.t1 = read();
        packet.sample.poll = static_cast<std::int8_t>(poll);
        travel(std::move(packet), node_, client_.servers.at(to));
    }
    void set_timer(unsigned timer, double seconds) override {
        DRIFTSTORM_EXPECT(seconds == seconds);
        if (timer >= timers_.size()) timers_.resize(timer + 1, never);
        timers_[timer] = monotonic() + std::max(0.0, seconds);
    }
    void cancel_timer(unsigned timer) override {
        if (timer < timers_.size()) timers_[timer] = never;
    }
    double uniform() override {
        return draw_uniform(seed_, "validation.client", subject_, ++drawn_);
    }

    // ClockControl
    Reading read() const override { return {now_ns_ + whole_ns(offset_)}; }
    void step(double seconds) override {
        offset_ += seconds;
        kernel_.stepped();
        set_rate();
    }
    void set_frequency(double rate) override {
        kernel_.set_frequency(rate);
        set_rate();
    }
    double frequency() const override { return kernel_.frequency(); }
    void slew_old(double seconds) override { kernel_.slew_old(seconds); }
    void pll_offset(double seconds, int constant, bool nano, bool hold_frequency) override {
        kernel_.pll_offset(seconds, constant, nano, hold_frequency);
        set_rate();
    }
    void stop_pll() override { kernel_.stop_pll(); }

  private:
    static constexpr double never = std::numeric_limits<double>::infinity();

    Source source(Generator generator, unsigned number, unsigned kind) const {
        return {std::move(generator), {seed_, identity_of(identity_of(subject_, kind), number), 0}};
    }

    void set_rate() { rate_ = (1 + own_->rate) * (1 + kernel_.correction()) - 1; }

    void advance(std::int64_t to_ns) {
        const double moved = rate_ * static_cast<double>(to_ns - now_ns_) * 1e-9;
        offset_ += moved;
        monotonic_offset_ += moved;
        now_ns_ = to_ns;
    }

    /// Generators are evaluated, the kernel amortises, and the run is recorded.
    void whole_second() {
        if (now_ns_ == 0) offset_ = own_->offset;
        for (auto& [node, clock] : clocks_) {
            if (node != node_) clock.second(now_ns_);
        }
        const double time = static_cast<double>(now_ns_) * 1e-9;
        if (own_->rates) own_->rate = own_->rates->at(time);
        if (own_->steps) offset_ += own_->steps->at(time);
        if (now_ns_ > 0) kernel_.second();
        set_rate();
        result_.offset.push_back(offset_);
        result_.rate.push_back(rate_);
        result_.free_rate.push_back(own_->rate);
    }

    void run_until(std::int64_t end_ns) {
        for (;;) {
            std::int64_t next_ns = end_ns;
            std::size_t packet = packets_.size();
            for (std::size_t i = 0; i < packets_.size(); ++i)
                if (packets_[i].arrival_ns < next_ns) {
                    next_ns = packets_[i].arrival_ns;
                    packet = i;
                }
            std::size_t timer = timers_.size();
            for (std::size_t i = 0; i < timers_.size(); ++i) {
                if (timers_[i] == never) continue;
                const double wait = std::max(0.0, (timers_[i] - monotonic()) / (1 + rate_));
                if (wait > 2) continue;
                const std::int64_t due_ns = now_ns_ + static_cast<std::int64_t>(wait * 1e9 + 1);
                if (due_ns < next_ns) {
                    next_ns = due_ns;
                    timer = i;
                }
            }
            if (next_ns >= end_ns) return;
            advance(next_ns);
            if (timer < timers_.size()) {
                timers_[timer] = never;
                client_.program->on_timer(*this, static_cast<unsigned>(timer));
            } else {
                const Packet arrived = packets_[packet];
                packets_.erase(packets_.begin() + static_cast<std::ptrdiff_t>(packet));
                receive(arrived);
            }
        }
    }

    void travel(Packet packet, unsigned from, unsigned to) {
        const auto delay = delays_.find({from, to});
        if (delay == delays_.end()) return;
        const double seconds = delay->second.at(static_cast<double>(now_ns_) * 1e-9);
        if (seconds <= 0) return;
        packet.arrival_ns = now_ns_ + std::max<std::int64_t>(1, whole_ns(seconds));
        packets_.push_back(std::move(packet));
    }

    void receive(Packet packet) {
        if (packet.reply) {
            ++result_.replies;
            packet.sample.t4 = read();
            client_.program->on_sample(*this, packet.source, packet.sample);
            return;
        }
        const unsigned server = client_.servers[packet.source];
        packet.reply = true;
        packet.sample.t2 = packet.sample.t3 = clocks_.at(server).read(now_ns_);
        travel(std::move(packet), server, node_);
    }

    TimeClient client_;
    KernelClock kernel_;
    std::uint64_t seed_;
    std::uint64_t subject_;
    std::uint64_t drawn_ = 0;
    std::map<unsigned, FreeClock> clocks_;
    std::map<std::pair<unsigned, unsigned>, Source> delays_;
    unsigned node_ = 0;
    FreeClock* own_ = nullptr;

    std::int64_t now_ns_ = 0;
    double offset_ = 0;            ///< client's clock - true time [s]
    double monotonic_offset_ = 0;  ///< the same of its monotonic clock
    double rate_ = 0;
    std::vector<double> timers_;  ///< due by the monotonic clock [s]
    std::vector<Packet> packets_;
    TimeRun result_;
};

}  // namespace

void check_connected(const TimeNetwork& network, const TimeClient& client) {
    for (const unsigned server : client.servers) {
        const std::string name = "the client's server is node " + std::to_string(server);
        if (server == network.client)
            throw std::invalid_argument(name + ", which is the client: the highest node");
        if (network.clocks.count(server) == 0)
            throw std::invalid_argument(name + ", which does not exist");
        for (const auto& [from, to] : {std::pair(network.client, server), {server, network.client}})
            if (network.delays.count({from, to}) == 0)
                throw std::invalid_argument(name + ", but there is no node" + std::to_string(from) +
                                            "_delay" + std::to_string(to));
    }
}

TimeRun run_time_client(TimeNetwork network, TimeClient client, double duration, std::uint64_t seed,
                        std::uint64_t subject) {
    check_connected(network, client);
    return Run(std::move(network), std::move(client), seed, subject).run(duration);
}

}  // namespace driftstorm::validation
