#include "sim/core/kernel.hpp"

#include <algorithm>
#include <stdexcept>

namespace driftstorm {

namespace detail {

namespace {
std::uint16_t models_so_far = 0;
std::uint16_t payloads_so_far = 0;
std::uint16_t rows_so_far = 0;
}  // namespace

std::uint16_t next_model_number() { return models_so_far++; }
std::uint16_t next_payload_number() { return payloads_so_far++; }
std::uint16_t next_row_number() { return rows_so_far++; }

Slot PayloadPool::put(const void* payload) {
    Slot slot;
    if (free.empty()) {
        slot = static_cast<Slot>(bytes.size() / size);
        bytes.resize(bytes.size() + size);
    } else {
        slot = free.back();
        free.pop_back();
    }
    std::memcpy(bytes.data() + std::size_t{slot} * size, payload, size);
    return slot;
}

void PayloadPool::take(Slot slot, void* into) {
    std::memcpy(into, bytes.data() + std::size_t{slot} * size, size);
    free.push_back(slot);
}

}  // namespace detail

namespace {
constexpr std::uint64_t most_events_at_an_instant = 10'000'000;
constexpr std::size_t prefetch_records = 12;
constexpr std::size_t prefetch_models = 6;
}  // namespace

detail::RowUse& Context::row_use(std::uint16_t number, const RowType& type) {
    if (row_uses_.size() <= number) row_uses_.resize(number + 1u);
    detail::RowUse& use = row_uses_[number];
    if (!use.known) {
        use.known = true;
        use.component = ladder_.component(type.component);
        for (const TableSink* sink : kernel_->sinks_) use.wanted = use.wanted || sink->wants(type);
    }
    return use;
}

void Context::keep_row(const RowType& type, const void* row) {
    rows_.push_back({{key_, self_}, &type, row_bytes_.size()});
    const auto* bytes = static_cast<const std::byte*>(row);
    row_bytes_.insert(row_bytes_.end(), bytes, bytes + type.size);
}

Kernel::Kernel(const Options& options) : options_(options) {
    if (options.partitions < 1 || options.partitions > 65535)
        throw std::invalid_argument("Kernel: partitions = " + std::to_string(options.partitions) +
                                    ", must be in 1 .. 65535");
    for (std::uint32_t p = 0; p < options.partitions; ++p) {
        contexts_.push_back(std::make_unique<Context>());
        Context& context = *contexts_.back();
        context.kernel_ = this;
        context.partition_ = p;
        context.events_component_ = context.ladder_.component("events");
        context.sample_component_ = context.ladder_.component("samples");
    }
}

void Kernel::set_lookahead(Duration lookahead) {
    if (lookahead.ns <= 0)
        throw std::invalid_argument("Kernel::set_lookahead: " + std::to_string(lookahead.ns) + " ns, must be > 0");
    lookahead_ = lookahead;
}

void Kernel::add_sink(TableSink& sink) { sinks_.push_back(&sink); }

Context& Kernel::as(EntityId entity) {
    Context& context = *contexts_[partition_of(entity)];
    for (const detail::EventType& type : types_) {
        if (type.payload_size == 0) continue;
        if (context.pools_.size() <= type.payload) context.pools_.resize(type.payload + 1u);
        detail::PayloadPool& pool = context.pools_[type.payload];
        if (pool.size != 0) continue;
        pool.size = type.payload_size;
        pool.bytes.resize(pool_offset_ * pool.size);
    }
    context.self_ = entity;
    context.now_ = now_;
    context.key_ = EventKey::of(now_, Phase::physics, entity, 0);
    return context;
}

void Kernel::run_until(Time end) {
    DRIFTSTORM_EXPECT(end >= now_ && end < end_of_time);
    DRIFTSTORM_EXPECT(contexts_.size() == 1 || lookahead_.ns > 0);
    if (!records_.empty())
        for (const auto& context : contexts_)
            for (const auto& ids : context->entities_)
                if (!ids.empty()) {
                    as(ids.front());  // makes its pools, also in a world without first messages
                    break;
                }
    exchange();
    hand_out_rows();
    const Time beyond = end + Duration{1};
    set_promise_context([](const void* self) { return static_cast<const Kernel*>(self)->describe_running(); }, this);
    if (contexts_.size() == 1) {
        // One partition: rows are handed out now and then, so that they need not all be kept.
        Context& context = *contexts_.front();
        while (context.queue_.next_time() < beyond) {
            const Time from = context.queue_.next_time();
            run_partition(context, std::min(beyond, from + Duration{1'000'000'000}));
            hand_out_rows();
        }
    } else {
        for (Time next = next_time(); next < beyond; next = next_time()) {
            const Time limit = std::min(beyond, next + lookahead_);
            for (const auto& context : contexts_) run_partition(*context, limit);
            exchange();
            hand_out_rows();
        }
    }
    set_promise_context(nullptr, nullptr);
    now_ = end;
}

void Kernel::run_partition(Context& context, Time limit) {
    running_ = &context;
    Event event;
    while (context.queue_.pop_before(limit, event)) {
        if (const Event* ahead = context.queue_.upcoming(prefetch_records))
            __builtin_prefetch(&records_[static_cast<std::size_t>(ahead->target)], 1);
        if (const Event* ahead = context.queue_.upcoming(prefetch_models)) {
            const detail::EventType& coming = types_[ahead->tag];
            if (coming.prefetch)
                coming.prefetch(context.models_[coming.model], records_[static_cast<std::size_t>(ahead->target)].local);
        }
        if (event.key.at != context.now_) {
            context.now_ = event.key.at;
            context.at_this_instant_ = 0;
        }
        context.last_tags_[context.at_this_instant_ % context.last_tags_.size()] = event.tag;
        if (++context.at_this_instant_ > most_events_at_an_instant) zero_time_loop(context);
        context.self_ = event.target;
        context.key_ = event.key;
        const detail::EventType& type = types_[event.tag];
        const Index local = records_[static_cast<std::size_t>(event.target)].local;
        if (type.deliver(context.models_[type.model], event, local, context)) ++context.delivered_;
    }
    running_ = nullptr;
}

void Kernel::exchange() {
    for (const auto& from : contexts_) {
        for (Context::Mail& mail : from->outgoing_) {
            Context& to = *contexts_[mail.to_partition];
            const detail::EventType& type = types_[mail.event.tag];
            if (type.payload_size != 0) {
                const Slot slot = to.pools_[type.payload].put(from->outgoing_payloads_.data() + mail.payload_at);
                std::memcpy(mail.event.message.data() + inline_bytes - sizeof slot, &slot, sizeof slot);
            }
            to.queue_.push(mail.event);
        }
        from->outgoing_.clear();
        from->outgoing_payloads_.clear();
    }
}

void Kernel::hand_out(const Context& context, std::size_t row) {
    const Context::StoredRow& stored = context.rows_[row];
    for (TableSink* sink : sinks_)
        if (sink->wants(*stored.type)) sink->row(*stored.type, stored.stamp, context.row_bytes_.data() + stored.at);
}

void Kernel::hand_out_rows() {
    if (sinks_.empty()) return;
    if (contexts_.size() == 1) {
        for (std::size_t i = 0; i < contexts_.front()->rows_.size(); ++i) hand_out(*contexts_.front(), i);
    } else {
        // A run is a sequence, not a sorted list: streams are merged by comparing their heads.
        std::vector<std::size_t> next(contexts_.size(), 0);
        for (;;) {
            std::size_t least = contexts_.size();
            for (std::size_t p = 0; p < contexts_.size(); ++p) {
                if (next[p] == contexts_[p]->rows_.size()) continue;
                if (least == contexts_.size() ||
                    contexts_[p]->rows_[next[p]].stamp.key < contexts_[least]->rows_[next[least]].stamp.key)
                    least = p;
            }
            if (least == contexts_.size()) break;
            hand_out(*contexts_[least], next[least]++);
        }
    }
    for (const auto& context : contexts_) {
        context->rows_.clear();
        context->row_bytes_.clear();
    }
}

Time Kernel::next_time() const {
    Time least = end_of_time;
    for (const auto& context : contexts_) least = std::min(least, context->queue_.next_time());
    return least;
}

std::uint64_t Kernel::delivered() const {
    std::uint64_t sum = 0;
    for (const auto& context : contexts_) sum += context->delivered_;
    return sum;
}

std::size_t Kernel::pending() const {
    std::size_t sum = 0;
    for (const auto& context : contexts_) sum += context->queue_.size() + context->outgoing_.size();
    return sum;
}

DigestLadder Kernel::ladder() const {
    DigestLadder whole;
    for (const auto& context : contexts_) whole.merge(context->ladder_);
    return whole;
}

std::vector<Kernel::ModelVersion> Kernel::model_versions() const {
    std::vector<ModelVersion> versions;
    for (const RegisteredModel& model : models_) versions.push_back({model.name, model.version});
    std::sort(versions.begin(), versions.end(),
              [](const ModelVersion& a, const ModelVersion& b) { return a.name < b.name; });
    return versions;
}

std::string Kernel::describe_running() const {
    if (running_ == nullptr) return "between events";
    const Context& context = *running_;
    const std::uint64_t last = context.at_this_instant_ == 0 ? 0 : context.at_this_instant_ - 1;
    const std::uint16_t tag = context.last_tags_[last % context.last_tags_.size()];
    std::string text = "at " + std::to_string(context.now_.ns) + " ns, event " + types_[tag].name + ", entity ";
    return text + (name_ ? name_(context.self_) : "identity " + hex(context.identity()));
}

void Kernel::zero_time_loop(const Context& context) const {
    std::string names;
    for (const std::uint16_t tag : context.last_tags_) names += "\n    " + types_[tag].name;
    const std::string promise =
        "fewer than 1e7 events at one instant (a zero-time loop); the last ten were:" + names;
    broken_promise("kernel", 0, promise.c_str());
}

void Kernel::archive(Archive& archive) {
    // Tags are numbers of this process; names identify event types in what is stored.
    std::vector<std::string> names;
    for (const detail::EventType& type : types_) names.push_back(type.name);
    const std::vector<std::string> own_names = names;
    std::uint64_t entities = records_.size();
    std::uint64_t partitions = contexts_.size();
    std::uint64_t seed = options_.seed;
    archive.item(entities);
    archive.item(partitions);
    archive.item(seed);
    if (entities != records_.size() || partitions != contexts_.size() || seed != options_.seed)
        throw std::invalid_argument("Kernel::restore: saved from a world of " + std::to_string(entities) +
                                    " entities, " + std::to_string(partitions) + " partitions and seed " +
                                    std::to_string(seed) + ", not this one");
    archive.item(names);
    std::vector<std::uint16_t> tag_of(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = std::find(own_names.begin(), own_names.end(), names[i]);
        if (found == own_names.end())
            throw std::invalid_argument("Kernel::restore: no event type '" + names[i] + "' in this world");
        tag_of[i] = static_cast<std::uint16_t>(found - own_names.begin());
    }
    archive.item(now_);
    for (detail::EntityRecord& record : records_) archive.item(record.sent);

    for (const auto& pointer : contexts_) {
        Context& context = *pointer;
        archive.item(context.now_);
        archive.item(context.delivered_);
        archive.item(context.at_this_instant_);
        archive.item(context.ladder_);
        context.events_component_ = context.ladder_.component("events");
        context.sample_component_ = context.ladder_.component("samples");
        for (detail::RowUse& use : context.row_uses_) use.known = false;

        // Payload pools by event type, since payload numbers are the process's own too.
        std::vector<std::uint16_t> done;
        for (const std::uint16_t tag : tag_of) {
            const detail::EventType& type = types_[tag];
            if (type.payload_size == 0 || std::find(done.begin(), done.end(), type.payload) != done.end()) continue;
            done.push_back(type.payload);
            if (context.pools_.size() <= type.payload) context.pools_.resize(type.payload + 1u);
            archive.item(context.pools_[type.payload]);
        }
        std::vector<Event> events;
        context.queue_.for_each([&](const Event& event) { events.push_back(event); });
        std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.key < b.key; });
        archive.item(events);
        if (archive.mode() == Archive::Mode::load) {
            context.queue_.clear();
            for (Event& event : events) {
                event.tag = tag_of[event.tag];
                context.queue_.push(event);
            }
        }
        for (const RegisteredModel& model : models_)
            if (model.number < context.models_.size() && context.models_[model.number] != nullptr)
                model.archive(context.models_[model.number], archive);
    }
}

std::vector<std::byte> Kernel::save() {
    if (!records_.empty()) as(EntityId{0});
    exchange();
    hand_out_rows();
    Archive out;
    archive(out);
    return out.release();
}

void Kernel::restore(const std::vector<std::byte>& saved) {
    for (const auto& context : contexts_) {
        context->outgoing_.clear();
        context->outgoing_payloads_.clear();
        context->rows_.clear();
        context->row_bytes_.clear();
    }
    Archive in(saved);
    archive(in);
    if (!in.finished()) throw std::invalid_argument("Kernel::restore: bytes left over: not saved by this version");
}

}  // namespace driftstorm
