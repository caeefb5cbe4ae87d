#include "cli/terminal.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tideline::cli::terminal {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int) {
    // A second Ctrl-C ends a command that does not come to an end.
    if (g_interrupted != 0) {
        ::_exit(130);
    }
    g_interrupted = 1;
}

}  // namespace

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

bool colour_wanted() {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return (no_colour == nullptr || *no_colour == '\0') && !(term != nullptr && std::string_view(term) == "dumb");
}

int width() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;  // without SA_RESTART: a read from a terminal must return
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
}

bool interrupted() { return g_interrupted != 0; }

bool out_reader_gone() {
    pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
    return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

bool confirm(const std::string& question) {
    std::fprintf(stderr, "%s [y/N] ", question.c_str());
    std::fflush(stderr);
    char line[16] = {};
    if (std::fgets(line, sizeof line, stdin) == nullptr) {
        return false;
    }
    std::string_view answer(line);
    answer = answer.substr(0, answer.find('\n'));
    return answer == "y" || answer == "Y" || answer == "yes";
}

std::int64_t wall_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

double steady_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::int64_t local_utc_offset(std::int64_t local_seconds) {
    auto as_if_utc = static_cast<std::time_t>(local_seconds);
    std::tm fields{};
    ::gmtime_r(&as_if_utc, &fields);
    fields.tm_isdst = -1;
    return local_seconds - std::int64_t{std::mktime(&fields)};
}

std::optional<Input> Input::open(const std::string& path, std::string& why_not) {
    if (path == "-") {
        return Input(::dup(STDIN_FILENO));
    }
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (descriptor >= 0 && ::fstat(descriptor, &about) == 0 && S_ISDIR(about.st_mode)) {
        ::close(descriptor);
        errno = EISDIR;
        descriptor = -1;
    }
    if (descriptor < 0) {
        why_not = std::strerror(errno);
        return std::nullopt;
    }
    return Input(descriptor);
}

Input::Input(Input&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Input::~Input() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

std::int64_t Input::read_into(std::string& buffer, std::size_t bytes_max, std::string& why) {
    std::size_t before = buffer.size();
    buffer.resize(before + bytes_max);
    ssize_t got = ::read(descriptor_, buffer.data() + before, bytes_max);
    int error = errno;
    buffer.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error == EINTR) {
        return 0;
    }
    if (got < 0) {
        why = std::strerror(error);
    }
    return got;
}

std::optional<std::int64_t> Input::size() const {
    struct stat about {};
    if (::fstat(descriptor_, &about) != 0 || !S_ISREG(about.st_mode)) {
        return std::nullopt;
    }
    return about.st_size;
}

}  // namespace tideline::cli::terminal
