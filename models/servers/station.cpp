#include "models/servers/station.hpp"

#include <stdexcept>
#include <utility>

namespace driftstorm {

namespace {
/// What a draw made for a customer at a station is used for.
enum Use : std::uint32_t { service_use, patience_use, error_use };
}  // namespace

Index Stations::add(const Params& params, std::uint64_t name_hash, AnswerDoor answers) {
    if (params.up_time.has_value() != params.down_time.has_value())
        throw std::invalid_argument(
            "Stations::add: up_time and down_time belong together, only one is given");
    setups_.push_back({params, name_hash, std::move(answers)});
    condition_.push_back({});
    return queues_.add({params.workers, params.queue_limit, params.discipline});
}

void Stations::open(Index station, Context& context) {
    if (setups_[station].params.up_time) set_turn(0, station, context);
}

void Stations::on(const Ask&, const Customer& customer, Index station, Context& context) {
    const Setup& setup = setups_[station];
    if (!up(station) && setup.params.when_down != WhenDown::hold) {
        const bool silent = setup.params.when_down == WhenDown::lose;
        end(customer, silent ? Service::lost : Service::refused, {}, {}, station, context);
        return;
    }
    if (queues_.full(station)) {
        end(customer, setup.params.silent_when_full ? Service::lost : Service::refused, {}, {},
            station, context);
        return;
    }
    const Slot slot =
        queues_.join(station, {customer, context.now(), {}, {}, {}}, customer.urgency);
    serve(station, context);
    if (setup.params.patience && !queues_.is_served(slot)) {
        const Block block = context.block("station.patience", customer.subject,
                                          customer.draw_number(setup.name_hash, patience_use));
        const Duration patience =
            unbiased_duration(setup.params.patience->sample(block), customer.subject);
        context.remind(*this, station, patience,
                       PatienceEnds{slot, queues_.stamp(slot), customer.subject});
    }
    record_level(station, context);
}

void Stations::on(const ServiceDone& message, Index station, Context& context) {
    const Setup& setup = setups_[station];
    const Customer& customer = queues_[message.job].customer;
    Service outcome = Service::served;
    if (setup.params.error_share > 0.0 &&
        context.uniform("station.error", customer.subject,
                        customer.draw_number(setup.name_hash, error_use)) <
            setup.params.error_share)
        outcome = Service::failed;
    finish(message.job, outcome, station, context);
    serve(station, context);
    record_level(station, context);
}

void Stations::on(const PatienceEnds& message, Index station, Context& context) {
    finish(message.job, Service::abandoned, station, context);
    record_level(station, context);
}

void Stations::on(const Turn& message, Index station, Context& context) {
    const bool breaks_down = message.count % 2 == 0;
    if (breaks_down) {
        go_down(station, context);
    } else {
        come_up(station, context);
    }
    set_turn(message.count + 1, station, context);
}

void Stations::on(const SetDown& message, Index station, Context& context) {
    if (message.down) {
        go_down(station, context);
    } else {
        come_up(station, context);
    }
}

void Stations::on(const SetRate& message, Index station, Context&) {
    DRIFTSTORM_EXPECT(message.factor > 0.0);
    condition_[station].rate = message.factor;
}

void Stations::serve(Index station, Context& context) {
    const Setup& setup = setups_[station];
    for (Slot slot = queues_.start(station); slot != no_slot; slot = queues_.start(station)) {
        Job& job = queues_[slot];
        job.started = context.now();
        if (setup.params.cancel && job.customer.deadline < context.now()) {
            finish(slot, Service::expired, station, context);
            continue;
        }
        const Block block = context.block("station.service", job.customer.subject,
                                          job.customer.draw_number(setup.name_hash, service_use));
        const double seconds = setup.params.service_time.sample(block) / condition_[station].rate;
        const Duration service = unbiased_duration(seconds, job.customer.subject);
        job.ends = context.now() + service;
        context.remind(*this, station, service,
                       ServiceDone{slot, queues_.stamp(slot), job.customer.subject});
    }
}

void Stations::finish(Slot slot, Service outcome, Index station, Context& context) {
    const bool was_served = queues_.is_served(slot);
    const Job job = queues_.remove(slot);
    const Time end_of_wait = was_served ? job.started : context.now();
    end(job.customer, outcome, end_of_wait - job.arrived, context.now() - job.arrived, station,
        context);
}

void Stations::end(const Customer& customer, Service outcome, Duration waited, Duration stayed,
                   Index station, Context& context) {
    context.record(ServiceEnd{context.now(), context.self(), customer.subject, customer.attempt,
                              customer.urgency, outcome, waited, stayed});
    if (outcome != Service::lost && setups_[station].answers)
        setups_[station].answers(context, outcome, customer);
}

void Stations::go_down(Index station, Context& context) {
    if (++condition_[station].down > 1) return;
    queues_.pause(station,
                  [&](Slot slot) { queues_[slot].left = queues_[slot].ends - context.now(); });
    if (setups_[station].params.when_down != WhenDown::hold)
        for (Slot slot = queues_.any(station); slot != no_slot; slot = queues_.any(station))
            finish(slot, Service::lost, station, context);
    record_level(station, context);
}

void Stations::come_up(Index station, Context& context) {
    DRIFTSTORM_EXPECT(condition_[station].down > 0);
    if (--condition_[station].down > 0) return;
    queues_.resume(station, [&](Slot slot) {
        Job& job = queues_[slot];
        job.ends = context.now() + job.left;
        context.remind(*this, station, job.left,
                       ServiceDone{slot, queues_.stamp(slot), job.customer.subject});
    });
    serve(station, context);
    record_level(station, context);
}

void Stations::set_turn(std::uint32_t count, Index station, Context& context) {
    const Params& params = setups_[station].params;
    const Distribution& law = count % 2 == 0 ? *params.up_time : *params.down_time;
    const Block block = context.block("station.turn", context.identity(), count);
    context.remind(*this, station, sample_duration(law, block), Turn{count});
}

void Stations::record_level(Index station, Context& context) {
    context.record(StationLevel{context.now(), context.self(), queues_.waiting(station),
                                queues_.serving(station), up(station)});
}

}  // namespace driftstorm
