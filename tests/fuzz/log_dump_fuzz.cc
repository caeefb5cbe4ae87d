// `tideline log dump` of a file that nobody vouches for. Byte 0 is the kind of file, byte 1 holds --records and JSON.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/commands.h"
#include "cli/dump/file_kind.h"
#include "cli/test_console.h"
#include "input.h"

using namespace tideline;
using namespace tideline::cli;

namespace {

// The bytes under a path, in memory.
class MemoryFile {
public:
    explicit MemoryFile(base::ByteView bytes) : descriptor_(::memfd_create("dumped", MFD_CLOEXEC)) {
        TL_CHECK(descriptor_ >= 0);
        TL_CHECK(::write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

private:
    int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto kind = static_cast<FileKind>(input.byte() % (static_cast<int>(FileKind::quorum_state) + 1));
    const std::uint8_t how = input.byte();
    MemoryFile file(input.rest());
    TestConsole console;
    LogDumpOptions options{.output = {.json = (how & 2) != 0},
                           .files = {file.path()},
                           .kind = std::string(name_of(kind)),
                           .records = (how & 1) != 0};
    auto exit = run(options, console.console());
    TL_CHECK(exit && (*exit == ExitCode::ok || *exit == ExitCode::corrupt));
    TL_CHECK((*exit == ExitCode::corrupt) == !console.err().empty());
    return 0;
}
