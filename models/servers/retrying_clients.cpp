#include "models/servers/retrying_clients.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace driftstorm {

Index RetryingClients::add(const Params& params, std::uint64_t name_hash, AskDoor door,
                           AnswerDoor answers) {
    if (params.backoff == RetryWait::law && !params.wait_law)
        throw std::invalid_argument("RetryingClients::add: backoff law needs a wait_law");
    setups_.push_back({params, name_hash, std::move(door), std::move(answers)});
    level_.push_back({params.budget_size, 0, 0});
    return static_cast<Index>(setups_.size() - 1);
}

void RetryingClients::on(const Ask&, const Customer& asker, Index group, Context& context) {
    const Params& params = setups_[group].params;
    Level& level = level_[group];
    if (params.budget) level.tokens = std::min(level.tokens + *params.budget, params.budget_size);
    ++level.open;
    // The upper layer's attempts are requests of their own here, each with its own luck.
    const std::uint64_t subject = identity_of(asker.subject, asker.attempt);
    const Slot ticket = requests_.put({asker, subject, context.now(), 0});
    if (ticket >= stamps_.size()) stamps_.resize(ticket + 1u, 0);
    record_level(group, context);
    attempt(ticket, group, context);
}

void RetryingClients::on(const Answer& message, const Customer& answered, Index group,
                         Context& context) {
    if (stamps_[answered.ticket] != answered.ticket_stamp.value) return;  // given up before
    if (message.outcome == Service::served) {
        finish(answered.ticket, Service::served, group, context);
    } else {
        failed(answered.ticket, message.outcome, group, context);
    }
}

void RetryingClients::on(const TimedOut& message, Index group, Context& context) {
    failed(message.ticket, Service::lost, group, context);
}

void RetryingClients::on(const Retry& message, Index group, Context& context) {
    --level_[group].orbit;
    record_level(group, context);
    attempt(message.ticket, group, context);
}

void RetryingClients::attempt(Slot ticket, Index group, Context& context) {
    const Setup& setup = setups_[group];
    const Request& request = requests_[ticket];
    Customer customer;
    customer.subject = request.subject;
    customer.attempt = request.attempt;
    customer.urgency = request.asker.urgency;
    customer.from = context.self();
    customer.ticket = ticket;
    customer.ticket_stamp = {++stamps_[ticket]};
    customer.sent = context.now();
    if (setup.params.timeout.ns > 0) {
        customer.deadline = context.now() + setup.params.timeout;
        context.remind(*this, group, setup.params.timeout,
                       TimedOut{ticket, customer.ticket_stamp, request.subject});
    }
    context.record(AttemptSent{context.now(), context.self(), request.subject, request.attempt});
    setup.door(context, customer);
}

void RetryingClients::failed(Slot ticket, Service why, Index group, Context& context) {
    const Setup& setup = setups_[group];
    Level& level = level_[group];
    Request& request = requests_[ticket];
    const bool may =
        request.attempt < setup.params.retries && (!setup.params.budget || level.tokens >= 1.0);
    if (!may) {
        finish(ticket, why, group, context);
        return;
    }
    if (setup.params.budget) level.tokens -= 1.0;
    ++request.attempt;
    ++stamps_[ticket];
    const Duration wait = wait_before(request, setup, context);
    if (wait.ns == 0) {
        attempt(ticket, group, context);
        return;
    }
    ++level.orbit;
    record_level(group, context);
    context.remind(*this, group, wait, Retry{ticket, request.subject});
}

void RetryingClients::finish(Slot ticket, Service outcome, Index group, Context& context) {
    const Setup& setup = setups_[group];
    ++stamps_[ticket];
    const Request request = requests_.take(ticket);
    --level_[group].open;
    context.record(RequestEnd{context.now(), context.self(), request.subject, request.created,
                              request.attempt + 1, outcome});
    record_level(group, context);
    if (setup.answers)
        setup.answers(context, outcome == Service::served ? Service::served : Service::failed,
                      request.asker);
}

Duration RetryingClients::wait_before(const Request& request, const Setup& setup,
                                      const Context& context) const {
    const Params& params = setup.params;
    const auto doubled = [&](std::uint32_t times) {  // min(wait 2^times, cap), without overflow
        if (times >= 62 || params.wait.ns > (params.wait_cap.ns >> times)) return params.wait_cap;
        return Duration{params.wait.ns << times};
    };
    if (params.backoff == RetryWait::none) return {};
    if (params.backoff == RetryWait::fixed) return params.wait;
    if (params.backoff == RetryWait::exponential) return doubled(request.attempt - 1);
    Customer coordinates;
    coordinates.attempt = request.attempt;
    const Block block =
        context.block("clients.wait", request.subject, coordinates.draw_number(setup.name_hash, 0));
    if (params.backoff == RetryWait::full_jitter)
        return unbiased_duration(doubled(request.attempt).seconds() * uniform_of(block),
                                 request.subject);
    return unbiased_duration(params.wait_law->sample(block), request.subject);
}

void RetryingClients::record_level(Index group, Context& context) {
    context.record(
        ClientLevel{context.now(), context.self(), level_[group].open, level_[group].orbit});
}

}  // namespace driftstorm
