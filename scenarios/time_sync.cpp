#include "scenarios/time_sync.hpp"

#include "scenarios/read_distribution.hpp"
#include "scenarios/read_params.hpp"
#include "sim/core/expect.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace driftstorm {

namespace {

template <class Variant>
struct Clients;
template <class... Client>
struct Clients<std::variant<Client...>> {
    static constexpr std::array<std::string_view, sizeof...(Client)> words{Client::client...};

    template <class Each>
    static void for_each(Each&& each) {
        (each(std::type_identity<Client>{}), ...);
    }
};
using All = Clients<TimeSync>;

/// Dispatchers' orders that a program understands; `restart` is everybody's.
bool understands(const TimeSync& sync, NetworkOrder order) {
    if (order == NetworkOrder::nothing || order == NetworkOrder::restart) return true;
    if (std::holds_alternative<ChronyWords>(sync)) return true;
    return std::holds_alternative<TimesyncdWords>(sync) && order == NetworkOrder::onoffline;
}

void check_program(const TimeSync& sync, const Node& node, const std::string& path,
                   Complaints& complaints) {
    const HostedWords* words = program_words(sync);
    if (words == nullptr) return;
    if (!understands(sync, words->on_network_change)) {
        const Node* at = node.find("on_network_change");
        const bool timesyncd = std::holds_alternative<TimesyncdWords>(sync);
        complaints.error(at != nullptr ? at->position() : node.position(),
                         timesyncd ? "timesyncd knows nothing, onoffline and restart alone"
                                   : "this client knows nothing and restart alone; burst and "
                                     "reset_sources are chrony's",
                         child_path(path, "on_network_change"));
    }
    try {
        program_plan(sync).make();
    } catch (const std::invalid_argument& error) {
        const Node* at = node.find("maxpoll");
        if (at == nullptr) at = node.find("minpoll");
        complaints.error(at != nullptr ? at->position() : node.position(), error.what(), path);
    }
}

}  // namespace

std::optional<TimeSync> read_time_sync(const Node& node, const std::string& path,
                                       Complaints& complaints) {
    if (node.is_null()) return std::nullopt;
    const Node* word = &node;
    if (!node.is_scalar()) {
        if (!node.is_map()) {
            complain_must_be(node, {"time_sync", path, {}, complaints},
                             "a time client, " +
                                 list_words({All::words.begin(), All::words.end()}) +
                                 ", or a map with 'client'");
            return std::nullopt;
        }
        word = node.find("client");
        if (word == nullptr) {
            complaints.error(
                node.position(),
                "'client' is missing; it is " + list_words({All::words.begin(), All::words.end()}),
                path);
            return std::nullopt;
        }
    }
    const std::size_t before = complaints.errors();
    const auto index = read_word(
        *word, {"client", node.is_map() ? child_path(path, "client") : path, {}, complaints},
        All::words);
    if (!index) return std::nullopt;
    const Node none = Node::map({}, node.position());
    const Node& keys = node.is_map() ? node : none;
    TimeSync made;
    std::size_t at = 0;
    All::for_each([&]<class Client>(std::type_identity<Client>) {
        if (at++ != *index) return;
        Client words{};
        if (!read_fields(keys, path, complaints, words, {{"client"}, nullptr}))
            add_note_of_keys(keys_of<Client>().own, complaints);
        made = std::move(words);
    });
    if (complaints.errors() != before) return std::nullopt;
    check_program(made, keys, path, complaints);
    return made;
}

Node time_sync_node(const TimeSync& sync) {
    return std::visit(
        [](const auto& words) {
            using Client = std::remove_cvref_t<decltype(words)>;
            std::vector<Node::Entry> keys{{"client", {}, text_node(std::string(Client::client))}};
            const Node fields = params_node(words);
            for (const Node::Entry& entry : fields.entries())
                if (!(entry.key == "server" && entry.value.is_scalar() &&
                      entry.value.text().empty()))
                    keys.push_back(entry);
            return Node::map(std::move(keys), {});
        },
        sync);
}

std::string time_sync_schema(SchemaWriter& writer) {
    std::vector<std::pair<std::string_view, std::vector<SchemaWriter::Property>>> clients;
    All::for_each([&]<class Client>(std::type_identity<Client>) {
        clients.emplace_back(Client::client, describe<Client>(writer));
    });
    const std::array<std::string, 2> forms{writer.words(All::words),
                                           writer.kinds("client", clients)};
    return writer.any_of(forms);
}

std::vector<SyncSource> sources_of(const TimeSync& sync) {
    return std::visit(
        [](const auto& words) -> std::vector<SyncSource> {
            using Client = std::remove_cvref_t<decltype(words)>;
            std::vector<SyncSource> sources;
            if constexpr (std::is_base_of_v<SntpParams, Client>)
                sources.emplace_back(static_cast<const SntpParams&>(words));
            if constexpr (std::is_base_of_v<NitzParams, Client>)
                sources.emplace_back(static_cast<const NitzParams&>(words));
            if constexpr (std::is_base_of_v<GnssParams, Client>)
                sources.emplace_back(static_cast<const GnssParams&>(words));
            if constexpr (requires { words.nitz; })
                if (words.nitz) sources.emplace_back(NitzParams{});
            return sources;
        },
        sync);
}

const HostedWords* program_words(const TimeSync& sync) {
    return std::visit(
        [](const auto& words) -> const HostedWords* {
            if constexpr (std::is_base_of_v<HostedWords, std::remove_cvref_t<decltype(words)>>)
                return &words;
            return nullptr;
        },
        sync);
}

std::string* server_of(TimeSync& sync) {
    return std::visit(
        [](auto& words) -> std::string* {
            if constexpr (requires { words.server; }) return &words.server;
            return nullptr;
        },
        sync);
}

ProgramClients::Plan program_plan(const TimeSync& sync) {
    const HostedWords* words = program_words(sync);
    DRIFTSTORM_EXPECT(words != nullptr);
    ProgramClients::Plan plan;
    plan.sources = words->sources;
    plan.on_network_change = words->on_network_change;
    // timesyncd's timers are CLOCK_BOOTTIME, those of the others stand still with the device.
    plan.timers =
        std::holds_alternative<TimesyncdWords>(sync) ? ClockKind::boot : ClockKind::monotonic;
    plan.rules.clamp_interval = words->pll_clamp;
    std::visit(
        [&plan](const auto& own) {
            using Client = std::remove_cvref_t<decltype(own)>;
            if constexpr (std::is_base_of_v<HostedWords, Client>)
                plan.make = [own] { return make_program(own); };
        },
        sync);
    return plan;
}

}  // namespace driftstorm
