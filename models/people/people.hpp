#pragma once

#include "models/messaging/apps.hpp"
#include "models/messaging/conversations.hpp"
#include "sim/core/distribution.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/kernel.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace driftstorm {

enum class WritingProcess : std::uint8_t { poisson };
template <>
inline constexpr std::array<std::string_view, 1> enum_words<WritingProcess>{"poisson"};

/// How often a person writes. A Poisson process whose rate follows the hours of the day (`profile`,
/// a factor for each from midnight UTC; none: constant), by inversion of the integrated rate, so
/// each message has its own draw.
struct Writing {
    static constexpr std::size_t hours = 24;

    WritingProcess process = WritingProcess::poisson;
    double rate = 0.0;
    Duration from{0};
    Duration until{36525ll * 86400 * 1'000'000'000};
    std::vector<double> profile{};

    static constexpr auto fields() {
        return FieldList{
            Field<Writing, WritingProcess>{"process", &Writing::process, "", "law of the instants"},
            Field<Writing, double>{"rate", &Writing::rate, "msg/s", "messages of one device", 0,
                                   1e4},
            Field<Writing, Duration>{"from", &Writing::from, "s", "nobody writes before", 0, 3.2e9},
            Field<Writing, Duration>{"until", &Writing::until, "s", "nobody begins a message after",
                                     0, 3.2e9},
            Field<Writing, std::vector<double>>{
                "profile", &Writing::profile, "",
                "factor of the rate in each hour of the day; 24 or none", 0, 1e3}};
    }
};

/// Answers: a shown message is answered with `probability` after `gap`. An answer is not answered.
struct Replying {
    double probability = 0.0;
    Distribution gap = Distribution::constant(10.0);

    static constexpr auto fields() {
        return FieldList{
            Field<Replying, double>{"probability", &Replying::probability, "%",
                                    "that a shown message is answered", 0, 1},
            Field<Replying, Distribution>{"gap", &Replying::gap, "s",
                                          "from shown to the press of 'send'", 0, 1e7}};
    }
};

/// What a person does when a message is shown as failed. Source of the form: repeated attempts with
/// persistence (teletraffic); no published figure for messaging was found, so these are to be
/// swept.
struct Persistence {
    double probability = 0.8;
    Distribution after = Distribution::constant(8.0);
    std::uint32_t presses = 5;

    static constexpr auto fields() {
        return FieldList{Field<Persistence, double>{"probability", &Persistence::probability, "%",
                                                    "of pressing 'send' again", 0, 1},
                         Field<Persistence, Distribution>{"after", &Persistence::after, "s",
                                                          "from the failure to the press", 0, 1e6},
                         Field<Persistence, std::uint32_t>{"presses", &Persistence::presses, "",
                                                           "most presses of one message", 1, 1e6}};
    }
};

/// What the people of one population do.
struct Habits {
    Writing send{};
    Distribution size = Distribution::constant(900.0);
    Replying reply{};
    Persistence press_again{};

    static constexpr auto fields() {
        return FieldList{
            Field<Habits, Writing>{"send", &Habits::send, "", "when they write"},
            Field<Habits, Distribution>{"size", &Habits::size, "B", "of a message", 1, 1e9},
            Field<Habits, Replying>{"reply", &Habits::reply, "", "whether they answer"},
            Field<Habits, Persistence>{"press_again", &Habits::press_again, "", "after a failure"}};
    }
};

/// An answer that will be written.
struct MessageReply {
    ReplyTo to{};
    std::uint32_t conversation = 0;
    std::uint64_t subject = 0;
    std::uint64_t identity() const { return subject; }
};

/// The person behind each device: writes, answers, presses "send" again or gives up.
class People {
  public:
    static constexpr std::string_view name = "people";
    static constexpr int version = 2;

    struct Params {
        std::vector<Habits> habits;      ///< by population
        std::int64_t epoch_unix_ns = 0;  ///< for the hours of the day
    };

    struct Write {
        static constexpr std::string_view name = "people.write";
        static constexpr Phase phase = Phase::protocol;
    };
    struct Reply {
        static constexpr std::string_view name = "people.reply";
        static constexpr Phase phase = Phase::protocol;
        using Payload = MessageReply;
    };
    struct PressAgain {
        static constexpr std::string_view name = "people.press_again";
        static constexpr Phase phase = Phase::protocol;
        std::uint32_t count = 0;
        static constexpr auto fields() {
            return FieldList{
                Field<PressAgain, std::uint32_t>{"count", &PressAgain::count, "", "message"}};
        }
    };
    using Messages = std::tuple<Write, Reply, PressAgain>;

    /// @param habits  number of each device's habits in params.habits, by device number
    People(Params params, std::vector<std::uint16_t> habits, const Conversations& conversations,
           Apps& apps);

    void on(const Write&, Index person, Context& context);
    void on(const Reply&, const MessageReply& reply, Index person, Context& context);
    void on(const PressAgain& again, Index person, Context& context);

    /// First message: to be called once per person before the run, in its context.
    void start(Context& context, Index person);
    /// A message of this person is shown as failed.
    void failed(Context& context, Index person, std::uint32_t count);
    /// A message is shown to this person.
    void shown(Context& context, Index person, const MessageBody& message);

    auto state() { return std::tie(people_); }

  private:
    struct Person {
        double integrated = 0.0;  ///< integral of the rate up to the next message
        std::uint32_t written = 0;
    };
    const Habits& habits_of(Index person) const { return params_.habits[habits_[person]]; }
    void schedule(Context& context, Index person);
    /// When the integral of the rate from `writing.from` on reaches `integrated`; end_of_time: not
    /// before `writing.until`.
    Time when(const Writing& writing, double integrated) const;
    /// @param subject  identity of the message: a press by its number, an answer by what it answers
    std::uint32_t size_of_message(const Context& context, Index person,
                                  std::uint64_t subject) const;
    std::uint32_t conversation_of_message(const Context& context, Index person) const;
    std::uint64_t identity(const Context& context, Index person) const;

    Params params_;
    std::vector<std::uint16_t> habits_;
    const Conversations& conversations_;
    Apps& apps_;
    std::vector<Person> people_;
};

}  // namespace driftstorm
