#pragma once

#include "models/servers/finite_sources.hpp"
#include "models/servers/open_arrivals.hpp"
#include "models/servers/retrying_clients.hpp"
#include "models/servers/station.hpp"
#include "sim/core/kernel.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <vector>

namespace driftstorm {

constexpr Time second(double s) { return Time{static_cast<std::int64_t>(s * 1e9)}; }

/// Keeps the rows that server models record, in order.
class ServerRows : public TableSink {
  public:
    std::vector<StationLevel> levels;
    std::vector<ServiceEnd> ends;
    std::vector<AttemptSent> attempts;
    std::vector<RequestEnd> requests;

    void row(const RowType& type, const RowStamp&, const std::byte* bytes) override {
        keep(type, bytes, levels);
        keep(type, bytes, ends);
        keep(type, bytes, attempts);
        keep(type, bytes, requests);
    }

    std::size_t count(Service outcome) const {
        std::size_t n = 0;
        for (const ServiceEnd& end : ends) n += end.outcome == outcome ? 1 : 0;
        return n;
    }

  private:
    template <class R>
    static void keep(const RowType& type, const std::byte* bytes, std::vector<R>& rows) {
        if (type.table != R::table) return;
        R row;
        std::memcpy(static_cast<void*>(&row), bytes, sizeof row);
        rows.push_back(row);
    }
};

/// One partition's models and a kernel around them.
struct ServerWorld {
    explicit ServerWorld(std::uint64_t seed = 1, std::uint32_t partitions = 1)
        : kernel({.seed = seed, .partitions = partitions, .digest = true}),
          stations(partitions),
          arrivals(partitions),
          sources(partitions),
          clients(partitions) {
        for (std::uint32_t p = 0; p < partitions; ++p) {
            kernel.add_model(p, stations[p]);
            kernel.add_model(p, arrivals[p]);
            kernel.add_model(p, sources[p]);
            kernel.add_model(p, clients[p]);
        }
        kernel.add_sink(rows);
    }

    Address<Stations> add_station(const Stations::Params& params, std::string_view declared,
                                  AnswerDoor answers = {}, std::uint32_t partition = 0) {
        const Index index =
            stations[partition].add(params, stable_hash(declared), std::move(answers));
        const Address<Stations> station =
            kernel.add_entity<Stations>(partition, identity_of(declared));
        stations[partition].open(index, kernel.as(station.id));
        return station;
    }
    Address<OpenArrivals> add_arrivals(const OpenArrivals::Params& params,
                                       std::string_view declared, AskDoor door,
                                       std::uint32_t partition = 0) {
        const Index index = arrivals[partition].add(params, std::move(door));
        const Address<OpenArrivals> population =
            kernel.add_entity<OpenArrivals>(partition, identity_of(declared));
        arrivals[partition].open(index, kernel.as(population.id));
        return population;
    }
    Address<RetryingClients> add_clients(const RetryingClients::Params& params,
                                         std::string_view declared, AskDoor door,
                                         AnswerDoor answers = {}, std::uint32_t partition = 0) {
        clients[partition].add(params, stable_hash(declared), std::move(door), std::move(answers));
        return kernel.add_entity<RetryingClients>(partition, identity_of(declared));
    }

    Kernel kernel;
    std::vector<Stations> stations;
    std::vector<OpenArrivals> arrivals;
    std::vector<FiniteSources> sources;
    std::vector<RetryingClients> clients;
    ServerRows rows;
};

}  // namespace driftstorm
