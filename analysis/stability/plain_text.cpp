#include "analysis/stability/plain_text.hpp"

#include <algorithm>
#include <stdexcept>

namespace driftstorm {

namespace {

struct Magic {
    std::string_view bytes;
    const char* kind;
};

constexpr Magic compressed[] = {{"\x1f\x8b", "gzip"},
                                {"BZh", "bzip2"},
                                {"\xfd"
                                 "7zXZ",
                                 "xz"},
                                {"\x28\xb5\x2f\xfd", "zstd"}};
constexpr std::size_t most_shown = 40;

bool begins(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

}  // namespace

std::string_view plain_text(std::string_view text, const std::string& name) {
    for (const Magic& magic : compressed)
        if (begins(text, magic.bytes))
            throw std::invalid_argument(name + ": compressed (" + magic.kind +
                                        "); wanted is its text: unpack it first");
    if (begins(text, "\xff\xfe") || begins(text, "\xfe\xff"))
        throw std::invalid_argument(name + ": text in UTF-16; wanted is ASCII or UTF-8");
    const std::size_t zero = text.find('\0');
    if (zero != std::string_view::npos)
        throw std::invalid_argument(
            name + ":" +
            std::to_string(1 + std::count(text.begin(),
                                          text.begin() + static_cast<std::ptrdiff_t>(zero), '\n')) +
            ": a byte that is 0: no text, or damaged; wanted is ASCII or UTF-8");
    if (begins(text, "\xef\xbb\xbf")) text.remove_prefix(3);
    return text;
}

std::string shown(std::string_view word) {
    std::string text(word.substr(0, most_shown));
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    return word.size() > most_shown ? text + "..." : text;
}

}  // namespace driftstorm
