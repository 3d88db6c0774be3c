#include "models/people/people.hpp"

#include "sim/core/exact_math.hpp"
#include "sim/core/expect.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace driftstorm {

namespace {
constexpr std::int64_t hour_ns = 3'600'000'000'000;

Duration ns_of(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9 + 0.5)}; }
}  // namespace

People::People(Params params, std::vector<std::uint16_t> habits, const Conversations& conversations,
               Apps& apps)
    : params_(std::move(params)),
      habits_(std::move(habits)),
      conversations_(conversations),
      apps_(apps),
      people_(habits_.size()) {}

std::uint64_t People::identity(const Context& context, Index person) const {
    return context.identity_of(context.address_of(*this, person).id);
}

void People::start(Context& context, Index person) { schedule(context, person); }

Time People::when(const Writing& writing, double integrated) const {
    const Time from{writing.from.ns};
    if (writing.profile.empty()) return from + ns_of(integrated / writing.rate);
    // All days are alike: first whole ones, then hour by hour, within which the rate is constant.
    constexpr Duration day{24 * hour_ns};
    double area_of_day = 0;
    for (const double factor : writing.profile)
        area_of_day += writing.rate * factor * Duration{hour_ns}.seconds();
    if (area_of_day <= 0) return end_of_time;
    const double days = std::floor(integrated / area_of_day);
    if (days * day.seconds() >= writing.until.seconds()) return end_of_time;
    double left = std::max(integrated - days * area_of_day, 0.0);
    for (Time at = from + day * static_cast<std::int64_t>(days); at < Time{writing.until.ns};) {
        const std::int64_t since_midnight = (params_.epoch_unix_ns + at.ns) % (24 * hour_ns);
        const auto hour = static_cast<std::size_t>(since_midnight / hour_ns);
        const double rate = writing.rate * writing.profile[hour];
        const Duration rest{hour_ns - since_midnight % hour_ns};
        const double area = rate * rest.seconds();
        if (left < area) return at + ns_of(left / rate);
        left -= area;
        at = at + rest;
    }
    return end_of_time;
}

void People::schedule(Context& context, Index person) {
    const Writing& writing = habits_of(person).send;
    if (writing.rate <= 0 || conversations_.of_device(person).empty()) return;
    Person& p = people_[person];
    p.integrated -=
        exact::log(context.uniform("people.write", identity(context, person), p.written));
    const double longest = writing.until.seconds() * writing.rate * 1e3;
    if (p.integrated > longest) return;
    const Time at = std::max(when(writing, p.integrated), context.now());
    if (at >= Time{writing.until.ns}) return;
    context.remind(*this, person, at - context.now(), Write{});
}

std::uint32_t People::size_of_message(const Context& context, Index person,
                                      std::uint64_t subject) const {
    const double bytes = habits_of(person).size.sample(context.block("people.size", subject, 0));
    return static_cast<std::uint32_t>(std::clamp(bytes + 0.5, 1.0, 1e9));
}

/// Each of the person's conversations draws its rank for the message, so that one that is joined or
/// left changes only messages that go there, or went.
std::uint32_t People::conversation_of_message(const Context& context, Index person) const {
    const std::uint64_t self = identity(context, person);
    std::uint32_t chosen = 0;
    std::uint64_t least = UINT64_MAX;
    for (const std::uint32_t membership : conversations_.of_device(person)) {
        const std::uint32_t conversation = conversations_.conversation_of(membership);
        const Block rank =
            context.block("people.conversation",
                          driftstorm::identity_of(self, conversations_.identity(conversation)),
                          people_[person].written);
        const std::uint64_t bits = (std::uint64_t{rank[1]} << 32) | rank[0];
        if (bits > least) continue;
        least = bits;
        chosen = conversation;
    }
    return chosen;
}

void People::on(const Write&, Index person, Context& context) {
    Person& p = people_[person];
    const std::uint32_t conversation = conversation_of_message(context, person);
    ++p.written;
    const std::uint64_t subject = driftstorm::identity_of(identity(context, person), p.written);
    apps_.compose(context, person, conversation, size_of_message(context, person, subject), {});
    schedule(context, person);
}

void People::shown(Context& context, Index person, const MessageBody& message) {
    const Replying& replying = habits_of(person).reply;
    if (replying.probability <= 0 || message.is_reply) return;
    const std::uint64_t subject =
        driftstorm::identity_of(context.identity_of(message.sender), message.count);
    const std::uint64_t self = identity(context, person);
    if (context.uniform("people.replies", subject, self) >= replying.probability) return;
    const Duration gap =
        sample_duration(replying.gap, context.block("people.reply_gap", subject, self));
    context.send(gap, context.address_of(*this, person), Reply{},
                 MessageReply{{message.sender, message.count, message.local_composed},
                              message.conversation,
                              subject});
}

void People::on(const Reply&, const MessageReply& reply, Index person, Context& context) {
    if (context.now() >= Time{habits_of(person).send.until.ns}) return;
    const std::uint64_t subject = driftstorm::identity_of(reply.subject, identity(context, person));
    apps_.compose(context, person, reply.conversation, size_of_message(context, person, subject),
                  reply.to);
}

void People::failed(Context& context, Index person, std::uint32_t count) {
    const Persistence& persistence = habits_of(person).press_again;
    const OutboxMessage* message = apps_.outbox_message(person, count);
    DRIFTSTORM_EXPECT(message != nullptr);
    const std::uint64_t subject = message->identity;
    const std::uint32_t presses = message->presses;
    if (presses >= persistence.presses ||
        context.uniform("people.persists", subject, presses) >= persistence.probability) {
        apps_.give_up(context, person, count);
        return;
    }
    const Duration after =
        sample_duration(persistence.after, context.block("people.presses_after", subject, presses));
    context.remind(*this, person, after, PressAgain{count});
}

void People::on(const PressAgain& again, Index person, Context& context) {
    apps_.press_again(context, person, again.count);
}

}  // namespace driftstorm
