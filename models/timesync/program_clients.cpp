#include "models/timesync/program_clients.hpp"

#include "sim/core/expect.hpp"

#include <cmath>
#include <stdexcept>

namespace driftstorm {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::uint32_t kernel_timer = 1'000'000;  ///< the host's own, beyond any program's
constexpr unsigned program_timers = 20;  ///< more than any program has, with its sixteen sources

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
        catch_up();
    }
    /// What the program did to the clock takes effect as it lets go of it.
    ~Host() override {
        if (client_.kernel.changes_each_second()) arm_kernel();
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    ClockControl& clock() override { return *this; }
    double monotonic() const override {
        return Time{clocks_.read(client_.clock, timers(), context_.now()).ns}.seconds();
    }
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
        DRIFTSTORM_EXPECT(seconds == seconds && timer < program_timers);
        // A nanosecond later, so that the program's own arithmetic finds its time come.
        const double ns = std::ceil(std::fmax(seconds, 0) * 1e9) + 1;
        clocks_.arm_after(context_, client_.clock, timers(),
                          {static_cast<std::int64_t>(std::fmin(ns, 3e18))}, owner_.owner_, timer);
    }
    void cancel_timer(unsigned timer) override {
        clocks_.cancel(client_.clock, owner_.owner_, timer);
    }
    double uniform() override {
        return context_.uniform("time_program.client", client_.identity, ++client_.draws);
    }

    Reading read() const override {
        return clocks_.read(client_.clock, ClockKind::wall, context_.now());
    }
    void step(double seconds) override {
        client_.kernel.stepped();
        retune();
        clocks_.step(context_, client_.clock, as_q64(seconds), AdjustedBy::program);
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

  private:
    ClockKind timers() const { return owner_.plans_[client_.plan].timers; }
    std::int64_t kernel_seconds() const {
        return whole_seconds(clocks_.read(client_.clock, ClockKind::monotonic, context_.now()).ns);
    }
    void retune() {
        const Rate correction = Rate::fraction(client_.kernel.correction());
        if (correction == client_.rate) return;
        client_.rate = correction;
        clocks_.retune(context_, client_.clock, correction);
    }
    void arm_kernel() {
        if (clocks_.armed(client_.clock, owner_.owner_, kernel_timer)) return;
        clocks_.arm(context_, client_.clock, ClockKind::monotonic,
                    Reading{(kernel_seconds() + 1) * second_ns}, owner_.owner_, kernel_timer);
    }

    ProgramClients& owner_;
    DeviceClocks& clocks_;
    Context& context_;
    Client& client_;
};

ProgramClients::ProgramClients(DeviceClocks& clocks)
    : clocks_(clocks),
      owner_(clocks.add_owner([this](Context& context, Index device, std::uint32_t timer) {
          timer_fires(context, device, timer);
      })) {}

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
    client.seconds_done =
        whole_seconds(clocks_.read(client.clock, ClockKind::monotonic, context.now()).ns);
    Host host(*this, context, client);
    programs_.of[index]->start(host);
    if (plans_[client.plan].on_network_change == NetworkOrder::onoffline && !client.online)
        programs_.of[index]->on_network(host, NetworkOrder::onoffline, false);
}

void ProgramClients::timer_fires(Context& context, Index device, std::uint32_t timer) {
    const Index index = client_of_[device];
    Client& client = clients_[index];
    Host host(*this, context, client);
    if (timer != kernel_timer) programs_.of[index]->on_timer(host, timer);
}

void ProgramClients::on(const PacketArrives&, const Packet& packet, Index index, Context& context) {
    Client& client = clients_[index];
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
    const NetworkOrder order = plans_[client.plan].on_network_change;
    const bool online = connected_(client.clock);
    const bool was_online = client.online;
    client.online = online;
    if (!online && !was_online) return;
    if (order == NetworkOrder::restart) {
        if (!online) return;
        for (unsigned timer = 0; timer < program_timers; ++timer)
            clocks_.cancel(client.clock, owner_, timer);
        programs_.of[index] = plans_[client.plan].make();
        resolve(context, client);
        Host host(*this, context, client);
        programs_.of[index]->start(host);
        return;
    }
    Host host(*this, context, client);
    programs_.of[index]->on_network(host, order, online);
}

}  // namespace driftstorm
