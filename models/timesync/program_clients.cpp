#include "models/timesync/program_clients.hpp"

#include "sim/core/expect.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace driftstorm {

namespace {

constexpr std::uint32_t kernel_timer = 0;          // the programs' own come after it
constexpr std::uint32_t least_program_timers = 3;  // chrony has one more than sources
constexpr double slack_s = 1e-6;                   // a timer is late by this [s]
constexpr double tolerable_s = 20e-6;              // or by this, when the clock was retuned [s]
constexpr std::int64_t shortest_measurement_ns = second_ns / 2;

constexpr std::int64_t whole_seconds(std::int64_t ns) {
    return (ns - (ns % second_ns + second_ns) % second_ns) / second_ns;
}

Q64 as_q64(double seconds) { return static_cast<Q64>(std::floor(seconds * (1e9 * 0x1p64) + 0.5)); }

}  // namespace

/// The operating system that a program sees while it handles an event.
class ProgramClients::Host final : public ClientSystem, public ClockControl {
  public:
    Host(ProgramClients& owner, Context& context, Client& client)
        : owner_(owner), clocks_(owner.clocks_), context_(context), client_(client) {
        measure();
        catch_up();
    }
    /// What the program did to the clock takes effect as it lets go of it.
    ~Host() override {
        if (client_.kernel.changes_each_second()) arm_kernel();
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    ClockControl& clock() override { return *this; }
    double monotonic() const override { return Time{now(timers()).ns}.seconds(); }
    void send_request(unsigned source, int poll) override {
        const std::uint32_t request = client_.requests++;
        NtpBody body;
        body.originate = read();
        body.request = request;
        body.source = source;
        body.poll = static_cast<std::int8_t>(poll);
        body.precision = -24;
        body.leap = 3;
        Packet packet;
        packet.protocol = Protocol::time;
        packet.direction = Direction::up;
        packet.kind = ntp_mode_client;
        packet.device = client_.device;
        packet.server = owner_.node(client_, source);
        packet.bytes = ntp_packet_bytes;
        packet.subject = identity_of(client_.identity, source);
        packet.attempt = request;
        packet.write(body);
        owner_.door_up_(context_, Duration{}, packet);
    }
    void set_timer(unsigned timer, double seconds) override {
        DRIFTSTORM_EXPECT(seconds == seconds && timer + 1 < client_.timers);
        // A nanosecond later, so that the program's own arithmetic finds its time come.
        const double ns = std::ceil(std::fmax(seconds, 0) * 1e9) + 1;
        arm(timer + 1, now(timers()) + Duration{static_cast<std::int64_t>(std::fmin(ns, 3e18))});
    }
    void cancel_timer(unsigned timer) override {
        if (timer + 1 < client_.timers) disarm(timer + 1);
    }
    double uniform() override {
        return context_.uniform("time_program.client", client_.identity, ++client_.draws);
    }

    Reading read() const override { return now(ClockKind::wall); }
    void step(double seconds) override {
        client_.kernel.stepped();
        retune();
        clocks_.step(context_, client_.clock, as_q64(seconds), AdjustedBy::program);
        shown_.fill(unread);
    }
    void set_frequency(double rate) override {
        client_.kernel.set_frequency(rate);
        retune();
    }
    double frequency() const override { return client_.kernel.frequency(); }
    void slew_old(double seconds) override { client_.kernel.slew_old(seconds); }
    void pll_offset(double seconds, int constant, bool nano, bool hold_frequency) override {
        client_.kernel.pll_offset(seconds, constant, nano, hold_frequency);
        retune();
    }
    void stop_pll() override { client_.kernel.stop_pll(); }
    void announce_leap(std::uint8_t indicator) override {
        constexpr std::array kinds{LeapKind::none, LeapKind::insertion, LeapKind::deletion,
                                   LeapKind::none};
        clocks_.announce_leap(context_, client_.clock, kinds[indicator & 3u]);
    }

    /// Seconds that have passed since the kernel was last looked at.
    void catch_up() {
        const std::int64_t now = kernel_seconds();
        if (now == client_.seconds_done) return;
        if (!client_.kernel.changes_each_second()) {
            client_.kernel.idle_seconds(now - client_.seconds_done);
        } else {
            for (; client_.seconds_done < now; ++client_.seconds_done) client_.kernel.second();
            retune();
        }
        client_.seconds_done = now;
    }

    /// The timer's event has come. @return whether its clock has, too; if not it goes on waiting
    bool expired(std::uint32_t number) {
        Timer& timer = owner_.timers_[client_.first_timer + number];
        if (now(kind_of(number)) < timer.target) {
            timer.held = stands_still(number);
            if (!timer.held) schedule(number);
            return false;
        }
        timer.armed = false;
        return true;
    }
    /// The device is awake again.
    void release_timers() {
        for (std::uint32_t number = 0; number < client_.timers; ++number) {
            Timer& timer = owner_.timers_[client_.first_timer + number];
            if (timer.held) schedule(number);
            timer.held = false;
        }
    }
    void disarm(std::uint32_t number) {
        Timer& timer = owner_.timers_[client_.first_timer + number];
        timer.armed = false;
        timer.held = false;
        timer.generation = {++client_.generation.value};
    }
    /// The rate of the clock at the start, which nothing has measured yet.
    void begin() {
        client_.measured_at = context_.now();
        client_.measured = now(ClockKind::boot);
        const Time later = clocks_.when(client_.clock, ClockKind::boot,
                                        client_.measured + Duration{second_ns}, context_.now());
        client_.gain = 1.0 / std::fmax((later - context_.now()).seconds(), 0.5) - 1.0;
        client_.seconds_done = kernel_seconds();
    }

  private:
    ClockKind timers() const { return owner_.plans_[client_.plan].timers; }
    ClockKind kind_of(std::uint32_t number) const {
        return number == kernel_timer ? ClockKind::monotonic : timers();
    }
    bool stands_still(std::uint32_t number) const {
        return kind_of(number) == ClockKind::monotonic && clocks_.asleep(client_.clock);
    }
    /// A program looks at its clocks many times in an event, and nothing but itself moves them.
    Reading now(ClockKind kind) const {
        Reading& shown = shown_[static_cast<std::size_t>(kind)];
        if (shown == unread) shown = clocks_.read(client_.clock, kind, context_.now());
        return shown;
    }
    std::int64_t kernel_seconds() const { return whole_seconds(now(ClockKind::monotonic).ns); }

    void measure() {
        const Duration passed = context_.now() - client_.measured_at;
        if (passed.ns < shortest_measurement_ns) return;
        const Reading boot = now(ClockKind::boot);
        client_.gain = static_cast<double>((boot - client_.measured).ns - passed.ns) /
                       static_cast<double>(passed.ns);
        client_.measured_at = context_.now();
        client_.measured = boot;
    }
    void retune() {
        const Rate correction = Rate::fraction(client_.kernel.correction());
        if (correction == client_.rate) return;
        const double change =
            (1.0 + correction.as_fraction()) / (1.0 + client_.rate.as_fraction()) - 1.0;
        client_.rate = correction;
        clocks_.retune(context_, client_.clock, correction);
        shown_.fill(unread);
        client_.gain = (1.0 + client_.gain) * (1.0 + change) - 1.0;
        client_.measured_at = context_.now();
        client_.measured = now(ClockKind::boot);
        for (std::uint32_t number = 0; number < client_.timers; ++number) {
            const Timer& timer = owner_.timers_[client_.first_timer + number];
            if (!timer.armed || timer.held) continue;
            const double left = (timer.target - now(kind_of(number))).seconds();
            if (std::abs(change) * left > tolerable_s) schedule(number);
        }
    }
    void arm(std::uint32_t number, Reading target) {
        Timer& timer = owner_.timers_[client_.first_timer + number];
        timer.target = target;
        timer.armed = true;
        timer.held = stands_still(number);
        if (!timer.held) schedule(number);
    }
    void schedule(std::uint32_t number) {
        Timer& timer = owner_.timers_[client_.first_timer + number];
        timer.generation = {++client_.generation.value};
        const double left = (timer.target - now(kind_of(number))).seconds();
        const double wait = std::fmax(left, 0) / (1.0 + client_.gain) + slack_s;
        if (wait > 3e9) return;  // beyond any run
        context_.remind(owner_, owner_.client_of_[client_.clock],
                        Duration{static_cast<std::int64_t>(wait * 1e9)},
                        TimerDue{.timer = number, .generation = timer.generation});
    }
    void arm_kernel() {
        if (owner_.timers_[client_.first_timer + kernel_timer].armed) return;
        arm(kernel_timer, Reading{(kernel_seconds() + 1) * second_ns});
    }

    static constexpr Reading unread{INT64_MIN};

    ProgramClients& owner_;
    DeviceClocks& clocks_;
    Context& context_;
    Client& client_;
    mutable std::array<Reading, 3> shown_{unread, unread, unread};  ///< by ClockKind
};

ProgramClients::ProgramClients(DeviceClocks& clocks) : clocks_(clocks) {
    clocks.on_resume([this](Context& context, Index device) { resumed(context, device); });
    clocks.on_boot([this](Context& context, Index device) { booted(context, device); });
}

std::uint32_t ProgramClients::add_plan(Plan plan) {
    if (plan.nodes.empty() || plan.sources == 0)
        throw std::invalid_argument(
            "ProgramClients::add_plan: nodes and sources must not be "
            "empty: a time program needs servers to ask");
    plans_.push_back(std::move(plan));
    return static_cast<std::uint32_t>(plans_.size() - 1);
}

Index ProgramClients::add(std::uint32_t plan, std::uint64_t identity, Index clock,
                          EntityId device) {
    Client made;
    made.identity = identity;
    made.device = device;
    made.plan = plan;
    made.clock = clock;
    made.kernel = KernelClock(plans_[plan].rules);
    made.first_timer = static_cast<std::uint32_t>(timers_.size());
    made.timers = 1 + std::max(least_program_timers, plans_[plan].sources + 1);
    timers_.resize(timers_.size() + made.timers);
    const auto client = static_cast<Index>(clients_.size());
    if (client_of_.size() <= clock) client_of_.resize(clock + 1u, no_client);
    client_of_[clock] = client;
    clients_.push_back(made);
    programs_.of.push_back(plans_[plan].make());
    return client;
}

/// The pool's name is looked up: its addresses come in an order that starts anywhere.
void ProgramClients::resolve(Context& context, Client& client) {
    const double u = context.uniform("time_program.dns", client.identity, client.lives++);
    const auto nodes = static_cast<double>(plans_[client.plan].nodes.size());
    client.rotation = static_cast<std::uint32_t>(u * nodes);
    client.first_request = client.requests;
}

void ProgramClients::start(Context& context, Index index) {
    Client& client = clients_[index];
    resolve(context, client);
    client.online = connected_(client.clock);
    Host host(*this, context, client);
    host.begin();
    programs_.of[index]->start(host);
    if (plans_[client.plan].on_network_change == NetworkOrder::onoffline && !client.online)
        programs_.of[index]->on_network(host, NetworkOrder::onoffline, false);
}

void ProgramClients::on(const TimerDue& message, Index index, Context& context) {
    if (clocks_.off(clients_[index].clock)) return;
    Host host(*this, context, clients_[index]);
    if (!host.expired(message.timer)) return;
    // At the kernel's timer the host has already let the second pass.
    if (message.timer != kernel_timer) programs_.of[index]->on_timer(host, message.timer - 1);
}

void ProgramClients::resumed(Context& context, Index device) {
    if (device >= client_of_.size() || client_of_[device] == no_client) return;
    Client& client = clients_[client_of_[device]];
    // What the clocks did meanwhile tells nothing of their rate.
    client.measured_at = context.now();
    client.measured = clocks_.read(device, ClockKind::boot, context.now());
    Host(*this, context, client).release_timers();
}

/// The program begins anew and knows nothing of before; the kernel's clock stays as it is.
void ProgramClients::restart(Context& context, Index index) {
    Client& client = clients_[index];
    programs_.of[index] = plans_[client.plan].make();
    resolve(context, client);
    Host host(*this, context, client);
    for (std::uint32_t timer = kernel_timer + 1; timer < client.timers; ++timer) host.disarm(timer);
    programs_.of[index]->start(host);
}

/// The kernel is another one, too: nothing steers the clock until the program does, which has no
/// file in which its frequency would have outlived the old one.
void ProgramClients::booted(Context& context, Index device) {
    if (device >= client_of_.size() || client_of_[device] == no_client) return;
    const Index index = client_of_[device];
    Client& client = clients_[index];
    client.kernel = KernelClock(plans_[client.plan].rules);
    client.rate = Rate{};
    clocks_.retune(context, device, Rate{});
    {
        Host host(*this, context, client);
        host.disarm(kernel_timer);
        host.begin();
    }
    client.online = connected_(device);
    restart(context, index);
    if (plans_[client.plan].on_network_change == NetworkOrder::onoffline && !client.online) {
        Host host(*this, context, client);
        programs_.of[index]->on_network(host, NetworkOrder::onoffline, false);
    }
}

void ProgramClients::on(const PacketArrives&, const Packet& packet, Index index, Context& context) {
    Client& client = clients_[index];
    if (clocks_.off(client.clock)) return;
    const auto body = packet.read<NtpBody>();
    if (body.request < client.first_request) return;  // for an earlier life of the program
    NtpSample sample;
    sample.t1 = body.originate;
    sample.t2 = body.receive;
    sample.t3 = body.transmit;
    sample.t4 = clocks_.read(client.clock, ClockKind::wall, context.now());
    sample.leap = body.leap;
    sample.stratum = body.stratum;
    sample.poll = body.poll;
    sample.precision = body.precision;
    sample.root_delay = body.root_delay;
    sample.root_dispersion = body.root_dispersion;
    sample.reference_id = body.reference_id;
    ClockMeasured row;
    row.device = client.device;
    row.server = packet.server;
    row.offset_ns = static_cast<double>(ntp_offset(body, sample.t4)) * 0x1p-64;
    row.delay = ntp_delay(body, sample.t4);
    row.stratum = body.stratum;
    context.record(row);
    Host host(*this, context, client);
    programs_.of[index]->on_sample(host, body.source, sample);
}

void ProgramClients::on_network(Context& context, Index client) {
    // As an event of its own: the radio is in the middle of its change.
    if (plans_[clients_[client].plan].on_network_change != NetworkOrder::nothing)
        context.remind(*this, client, Duration{}, NetworkChanged{});
}

void ProgramClients::on(const NetworkChanged&, Index index, Context& context) {
    Client& client = clients_[index];
    if (clocks_.off(client.clock)) return;
    const NetworkOrder order = plans_[client.plan].on_network_change;
    const bool online = connected_(client.clock);
    const bool was_online = client.online;
    client.online = online;
    if (!online && !was_online) return;
    if (order == NetworkOrder::restart) {
        if (!online) return;
        restart(context, index);
        return;
    }
    Host host(*this, context, client);
    programs_.of[index]->on_network(host, order, online);
}

}  // namespace driftstorm
