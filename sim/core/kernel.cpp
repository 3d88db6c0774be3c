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
std::uint16_t model_count() { return models_so_far; }
std::uint16_t next_payload_number() { return payloads_so_far++; }
std::uint16_t next_row_number() { return rows_so_far++; }

}  // namespace detail

namespace {
constexpr std::int64_t names_of_a_loop = 10;
/// Up to here a core's own cache holds the world, and fetching ahead only costs.
constexpr std::size_t entities_in_cache = 4096;
/// How many events ahead in the queue's run an entity's record and then its model's hot line are
/// fetched: far enough for a cache miss of some 100 ns, near enough to be still there.
constexpr std::size_t records_ahead = 24;
constexpr std::size_t models_ahead = 12;
static_assert(models_ahead <= records_ahead && records_ahead <= EventQueue::sight);

}  // namespace

void Context::first_use(detail::RowUse& use, const RowType& type) {
    use.type = &type;
    use.component = ladder_.component(type.component);
    use.sinks = kernel_->sinks_for(type);
}

void Context::hand_on(std::uint16_t number, const void* row) {
    const auto* bytes = static_cast<const std::byte*>(row);
    const detail::RowUse& use = row_uses_[number];
    if (kernel_->contexts_.size() == 1 && kernel_->running_ != nullptr) {
        for (TableSink* sink : use.sinks) sink->row(*use.type, {event_->key, self_}, bytes);
        return;
    }
    rows_.push_back({{event_->key, self_}, number, row_bytes_.size()});
    row_bytes_.insert(row_bytes_.end(), bytes, bytes + use.type->size);
}

Context::Mail& Context::post(EventKey key, EntityId to) {
    // Before a run no partition is ahead of another, so any delay will do.
    DRIFTSTORM_EXPECT(kernel_->running_ == nullptr || key.at - now_ >= kernel_->lookahead_);
    Mail& mail = outgoing_.emplace_back();
    mail.event.key = key;
    mail.to_partition = kernel_->partition_of(to);
    return mail;
}

Kernel::Kernel(const Options& options)
    : options_(options), tag_base_(detail::model_count(), detail::no_tag) {
    if (options.partitions < 1 || options.partitions > 65535)
        throw std::invalid_argument("Kernel: partitions = " + std::to_string(options.partitions) +
                                    ", must be in 1 .. 65535");
    for (std::uint32_t p = 0; p < options.partitions; ++p) {
        contexts_.push_back(std::make_unique<Context>());
        Context& context = *contexts_.back();
        context.kernel_ = this;
        context.partition_ = p;
        context.alone_ = options.partitions == 1;
        context.digest_ = options.digest;
        context.tag_base_ = tag_base_.data();
        context.events_component_ = context.ladder_.component("events");
        context.sample_component_ = context.ladder_.component("samples");
    }
}

void Kernel::set_lookahead(Duration lookahead) {
    if (lookahead.ns <= 0)
        throw std::invalid_argument("Kernel::set_lookahead: " + std::to_string(lookahead.ns) +
                                    " ns, must be > 0");
    lookahead_ = lookahead;
}

void Kernel::expect_at_an_instant(std::int64_t events) {
    most_at_an_instant_ = std::max(most_at_an_instant_, events);
}

void Kernel::observe(RunObserver* observer) {
    DRIFTSTORM_EXPECT(options_.digest);  // an event is observed where it is digested
    for (const auto& context : contexts_) context->observer_ = observer;
}

std::string_view Context::model_name(std::uint32_t tag) const {
    const std::string_view name = kernel_->types_[tag].name;
    return name.substr(name.find('@') + 1);
}

void Kernel::add_sink(TableSink& sink) {
    sinks_.push_back(&sink);
    for (auto& [type, wanting] : wanting_) {
        if (!sink.wants(*type)) continue;
        wanting.push_back(&sink);
        for (const auto& context : contexts_)
            for (detail::RowUse& use : context->row_uses_)
                if (use.type == type) use.sinks = wanting;
    }
}

const std::vector<TableSink*>& Kernel::sinks_for(const RowType& type) {
    for (const auto& [known, wanting] : wanting_)
        if (known == &type) return wanting;
    std::vector<TableSink*> wanting;
    for (TableSink* sink : sinks_)
        if (sink->wants(type)) wanting.push_back(sink);
    wanting_.emplace_back(&type, std::move(wanting));
    return wanting_.back().second;
}

void Kernel::add_type(detail::EventType type) {
    for (const detail::EventType& known : types_) DRIFTSTORM_EXPECT(known.name != type.name);
    DRIFTSTORM_EXPECT(types_.size() < 65535);
    for (const auto& context : contexts_) make_pool(*context, type);
    types_.push_back(std::move(type));
}

void Kernel::make_pool(Context& context, const detail::EventType& type) const {
    if (type.payload_size == 0) return;
    if (context.pools_.size() <= type.payload) context.pools_.resize(type.payload + 1u);
    detail::PayloadPool& pool = context.pools_[type.payload];
    if (pool.size != 0) return;
    pool.size = type.payload_size;
    pool.bytes.resize(pool_offset_ * pool.size);
}

void Kernel::offset_pools(std::size_t count) {
    pool_offset_ = count;
    for (const auto& context : contexts_)
        for (detail::PayloadPool& pool : context->pools_) {
            DRIFTSTORM_EXPECT(pool.free.empty());
            pool.bytes.resize(count * pool.size);
        }
}

Context& Kernel::as(EntityId entity) {
    DRIFTSTORM_EXPECT(running_ == nullptr);
    DRIFTSTORM_EXPECT(static_cast<std::size_t>(entity) < records_.size());
    Context& context = *contexts_[partition_of(entity)];
    context.self_ = entity;
    context.now_ = now_;
    context.first_.key = EventKey::of(now_, Phase::physics, entity, 0);
    context.event_ = &context.first_;
    refresh(context);
    return context;
}

/// Entities may have been added since it last ran.
void Kernel::refresh(Context& context) {
    context.records_ = records_.data();
    context.record_count_ = records_.size();
}

void Kernel::run_until(Time end) {
    DRIFTSTORM_EXPECT(end >= now_ && end < end_of_time);
    DRIFTSTORM_EXPECT(contexts_.size() == 1 || lookahead_.ns > 0);
    exchange();
    hand_out_first_rows();
    for (const auto& context : contexts_) {
        refresh(*context);
        prepare(*context);
    }
    const Time beyond = end + Duration{1};
    set_promise_context(
        [](const void* self) { return static_cast<const Kernel*>(self)->describe_running(); },
        this);
    struct Ended {
        Kernel& kernel;
        ~Ended() {
            set_promise_context(nullptr, nullptr);
            kernel.running_ = nullptr;
        }
    } const ended{*this};  // also when a sink throws
    if (contexts_.size() == 1) {
        run_partition(*contexts_.front(), beyond);
    } else {
        for (Time next = next_time(); next < beyond; next = next_time()) {
            const Time limit = beyond - next > lookahead_ ? next + lookahead_ : beyond;
            for (const auto& context : contexts_)
                if (context->queue_.next_time() < limit) run_partition(*context, limit);
            exchange();
            hand_out_rows();
        }
    }
    now_ = end;
}

/// Looks up what the coming events need of their types.
void Kernel::prepare(Context& context) const {
    context.handlers_.clear();
    context.touched_.clear();
    for (const detail::EventType& type : types_) {
        void* model = type.model < context.models_.size() ? context.models_[type.model] : nullptr;
        context.handlers_.push_back({type.deliver, model});
        detail::Touched& touched = context.touched_.emplace_back();
        if (model != nullptr && type.hot != nullptr) touched.hot = type.hot(model);
        if (type.payload_size != 0) touched.pool = &context.pools_[type.payload];
    }
}

void Kernel::run_partition(Context& context, Time limit) {
    running_ = &context;
    if (records_.size() > entities_in_cache) {
        deliver_before<true>(context, limit);
    } else {
        deliver_before<false>(context, limit);
    }
    context.event_ = &context.first_;  // the queue has taken back the last one's place
    running_ = nullptr;
}

template <bool fetching>
void Kernel::deliver_before(Context& context, Time limit) {
    EventQueue& queue = context.queue_;
    const detail::EntityRecord* records = records_.data();
    const detail::Handler* handlers = context.handlers_.data();
    const detail::Touched* types = context.touched_.data();
    std::uint64_t run = 0;  // the last one whose first events were fetched
    const bool digest = options_.digest;
    const std::int64_t most = most_at_an_instant_;
    const std::int64_t crowd = most - names_of_a_loop;
    // Inlined, for g++ 12 drops calls of what only fetches.
    const auto fetch_records = [=](const Event* ahead) __attribute__((always_inline)) {
        __builtin_prefetch(&records[static_cast<std::size_t>(ahead->target)], 1);
        if (digest) __builtin_prefetch(&records[static_cast<std::size_t>(ahead->key.source())]);
    };
    const auto fetch_model = [=](const Event* ahead) __attribute__((always_inline)) {
        const detail::Touched& touched = types[ahead->tag];
        const Index local = records[static_cast<std::size_t>(ahead->target)].local;
        __builtin_prefetch(touched.hot.first + touched.hot.stride * local, 1);
        if (touched.pool != nullptr)
            __builtin_prefetch(touched.pool->bytes.data() +
                               detail::slot_of(*ahead) * touched.pool->size);
    };
    while (const Event* event = queue.pop_before(limit)) {
        context.event_ = event;
        context.self_ = event->target;
        if (event->key.at != context.now_) {
            context.now_ = event->key.at;
            context.at_instant_ = 1;
        } else if (++context.at_instant_ > crowd) [[unlikely]] {
            note_crowd(context, most);
        }

        // Each event of the run passes two marks: at the first its entity's records are fetched, at
        // the second, when these are here, what its handler will touch. Of a fresh run the first
        // events pass both at once.
        if constexpr (fetching) {
            if (queue.runs() != run) [[unlikely]] {
                run = queue.runs();
                for (std::size_t i = 0; i < records_ahead - 1; ++i)
                    fetch_records(queue.upcoming(i));
                for (std::size_t i = 0; i < models_ahead - 1; ++i) fetch_model(queue.upcoming(i));
            }
            fetch_records(queue.upcoming(records_ahead - 1));
            fetch_model(queue.upcoming(models_ahead - 1));
        }

        const detail::Handler& handler = handlers[event->tag];
        const Index local = records[static_cast<std::size_t>(event->target)].local;
        ++context.delivered_;  // a stale one takes it back
        handler.deliver(handler.model, *event, local, context);
    }
}

void Kernel::exchange() {
    for (const auto& from : contexts_) {
        for (Context::Mail& mail : from->outgoing_) {
            Context& to = *contexts_[mail.to_partition];
            const detail::EventType& type = types_[mail.event.tag];
            if (type.payload_size != 0) {
                const std::byte* payload = from->outgoing_payloads_.data() + mail.payload_at;
                detail::set_slot(mail.event,
                                 to.pools_[type.payload].put(payload, type.payload_size));
            }
            to.queue_.push(mail.event.key) = mail.event;
        }
        from->outgoing_.clear();
        from->outgoing_payloads_.clear();
    }
}

void Kernel::hand_out(const Context& context, std::size_t row) {
    const Context::StoredRow& stored = context.rows_[row];
    const detail::RowUse& use = context.row_uses_[stored.number];
    for (TableSink* sink : use.sinks)
        sink->row(*use.type, stored.stamp, context.row_bytes_.data() + stored.at);
}

void Kernel::hand_out_first_rows() {
    // Rows from as() come as the world was built; in order of entity they do not depend on the
    // partitions.
    for (const auto& context : contexts_)
        std::stable_sort(context->rows_.begin(), context->rows_.end(),
                         [](const auto& a, const auto& b) { return a.stamp.key < b.stamp.key; });
    hand_out_rows();
}

void Kernel::hand_out_rows() {
    // A run is a sequence, not a sorted list: streams are merged by comparing their heads.
    struct Stream {
        const Context* context;
        std::size_t next;
        const EventKey& key() const { return context->rows_[next].stamp.key; }
    };
    const auto later = [](const Stream& a, const Stream& b) { return a.key() > b.key(); };
    std::vector<Stream> streams;
    for (const auto& context : contexts_)
        if (!context->rows_.empty()) streams.push_back({context.get(), 0});
    std::make_heap(streams.begin(), streams.end(), later);
    while (!streams.empty()) {
        std::pop_heap(streams.begin(), streams.end(), later);
        Stream& least = streams.back();
        hand_out(*least.context, least.next);
        if (++least.next == least.context->rows_.size()) {
            streams.pop_back();
        } else {
            std::push_heap(streams.begin(), streams.end(), later);
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

std::size_t Kernel::pending_bytes() const {
    std::size_t sum = 0;
    for (const auto& context : contexts_)
        sum += context->queue_.bytes() + context->outgoing_.capacity() * sizeof(Context::Mail);
    return sum;
}

DigestLadder Kernel::ladder() const {
    DigestLadder whole;
    for (const auto& context : contexts_) whole.merge(context->ladder_);
    return whole;
}

std::vector<Kernel::ModelVersion> Kernel::model_versions() const {
    std::vector<ModelVersion> versions;
    for (const RegisteredModel& model : models_) {
        std::size_t entities = 0;
        for (const auto& context : contexts_)
            if (model.number < context->entities_.size())
                entities += context->entities_[model.number].size();
        versions.push_back({model.name, model.version, entities});
    }
    std::sort(versions.begin(), versions.end(),
              [](const ModelVersion& a, const ModelVersion& b) { return a.name < b.name; });
    return versions;
}

std::string Kernel::describe_running() const {
    if (running_ == nullptr) return "between events";
    const Context& context = *running_;
    std::string text = "at " + std::to_string(context.now_.ns) + " ns, event " +
                       types_[context.event_->tag].name + ", entity ";
    return text + (name_ ? name_(context.self_) : "identity " + hex(context.identity()));
}

void Kernel::note_crowd(Context& context, std::int64_t most) const {
    std::vector<std::uint32_t>& last = context.last_tags_;
    if (context.at_instant_ == most - names_of_a_loop + 1) last.clear();
    if (context.at_instant_ <= most) {
        last.push_back(context.event_->tag);
        return;
    }
    std::string text = "more than " + std::to_string(most) +
                       " events at one instant (a zero-time loop): " + describe_running() +
                       "; the last ten before it were:";
    for (const std::uint32_t tag : last) text += "\n    " + types_[tag].name;
    throw ZeroTimeLoop(text);
}

void Kernel::archive(Archive& archive) {
    std::uint64_t entities = records_.size();
    std::uint64_t partitions = contexts_.size();
    std::uint64_t seed = options_.seed;
    archive.item(entities);
    archive.item(partitions);
    archive.item(seed);
    if (entities != records_.size() || partitions != contexts_.size() || seed != options_.seed)
        throw std::invalid_argument("Kernel::restore: saved from a world of " +
                                    std::to_string(entities) + " entities, " +
                                    std::to_string(partitions) + " partitions and seed " +
                                    std::to_string(seed) + ", not this one");
    // Tags are numbers of this kernel; names identify event types in what is stored.
    std::vector<std::string> names;
    for (const detail::EventType& type : types_) names.push_back(type.name);
    const std::vector<std::string> own_names = names;
    archive.item(names);
    std::vector<std::uint32_t> tag_of(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = std::find(own_names.begin(), own_names.end(), names[i]);
        if (found == own_names.end())
            throw std::invalid_argument("Kernel::restore: no event type '" + names[i] +
                                        "' in this world");
        tag_of[i] = static_cast<std::uint32_t>(found - own_names.begin());
    }
    archive.item(now_);
    for (detail::EntityRecord& record : records_) archive.item(record.sent);
    for (const auto& context : contexts_) archive_partition(archive, *context, tag_of);
}

void Kernel::archive_partition(Archive& archive, Context& context,
                               const std::vector<std::uint32_t>& tag_of) {
    archive.item(context.now_);
    archive.item(context.delivered_);
    archive.item(context.at_instant_);
    archive.item(context.ladder_);
    context.events_component_ = context.ladder_.component("events");
    context.sample_component_ = context.ladder_.component("samples");
    for (detail::RowUse& use : context.row_uses_)
        if (use.type != nullptr) use.component = context.ladder_.component(use.type->component);

    // Payload pools by event type, since the numbers of payloads are this process's own.
    std::vector<std::uint16_t> done;
    for (const std::uint32_t tag : tag_of) {
        const detail::EventType& type = types_[tag];
        if (type.payload_size == 0 ||
            std::find(done.begin(), done.end(), type.payload) != done.end())
            continue;
        done.push_back(type.payload);
        archive.item(context.pools_[type.payload]);
        if (context.pools_[type.payload].size != type.payload_size)
            throw std::invalid_argument("Kernel::restore: '" + type.name +
                                        "' carries another payload in this world");
    }
    std::vector<Event> events;
    context.queue_.for_each([&](const Event& event) { events.push_back(event); });
    std::sort(events.begin(), events.end(),
              [](const Event& a, const Event& b) { return a.key < b.key; });
    archive.item(events);
    if (archive.mode() == Archive::Mode::load) {
        context.queue_.clear();
        for (Event& event : events) {
            event.tag = tag_of[event.tag];
            context.queue_.push(event.key) = event;
        }
    }
    for (const RegisteredModel& model : models_)
        if (model.number < context.models_.size() && context.models_[model.number] != nullptr)
            model.archive(context.models_[model.number], archive);
}

std::vector<std::byte> Kernel::save() {
    exchange();
    hand_out_first_rows();
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
    if (!in.finished())
        throw std::invalid_argument("Kernel::restore: bytes left over: not saved by this version");
}

}  // namespace driftstorm
