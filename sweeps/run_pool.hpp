#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace driftstorm {

/// Runs pieces of work in forked children, so that one which crashes takes nothing with it. A child
/// dies with this process, whatever kills it, and holds the locks that it has inherited until then.
///
/// Children must be forked from a process of one thread. While a pool exists SIGCHLD, SIGINT and
/// SIGTERM are blocked in this thread and answered by wait().
class RunPool {
  public:
    /// What a child does; the text it gives is what comes of it.
    using Work = std::function<std::string()>;
    struct Finished {
        std::size_t ticket = 0;
        bool crashed = false;
        std::string text;      ///< what Work gave
        std::string error;     ///< how it crashed, and the last it said on standard error
        bool refused = false;  ///< the machine would not write its files: no fault of the run
        double wall_s = 0;
    };

    explicit RunPool(std::size_t workers);
    ~RunPool();  ///< kills what still runs
    RunPool(const RunPool&) = delete;
    RunPool& operator=(const RunPool&) = delete;

    bool has_room() const { return running_.size() < workers_; }
    std::size_t running() const { return running_.size(); }
    /// @throws OutputError when the machine refuses another process
    void start(std::size_t ticket, const Work& work);
    /// Children that have ended, after waiting for the first of them up to `seconds`.
    std::vector<Finished> wait(double seconds);
    /// Whether SIGINT or SIGTERM came.
    bool interrupted() const { return interrupted_; }
    void kill_all();

  private:
    struct Child {
        std::size_t ticket;
        int result;
        int errors;
        std::chrono::steady_clock::time_point started;
    };
    bool reap(std::vector<Finished>& finished);

    std::size_t workers_;
    std::map<int, Child> running_;  ///< by process
    bool interrupted_ = false;
    std::vector<std::byte> old_mask_;
};

}  // namespace driftstorm
