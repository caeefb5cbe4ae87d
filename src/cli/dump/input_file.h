// cli/dump/input_file.h: a file that is read where one asks, through one buffer; it may be larger than memory.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "cli/failure.h"

namespace tideline::cli {

class InputFile {
public:
    static Outcome<InputFile> open(const std::string& path);
    InputFile(InputFile&& other) noexcept;
    InputFile& operator=(InputFile&&) = delete;
    ~InputFile();

    const std::string& path() const { return path_; }
    std::uint64_t size() const { return size_; }  // when it was opened

    // The bytes [position, position + wanted), fewer where the file ends. Valid until the next call.
    Outcome<base::ByteView> view(std::uint64_t position, std::size_t wanted);
    // The whole of a small file; refuses one above 256 MiB.
    Outcome<base::ByteView> all();

private:
    InputFile(std::string path, int descriptor, std::uint64_t size)
        : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

    std::string path_;
    int descriptor_;
    std::uint64_t size_;
    base::Bytes buffer_;
    std::uint64_t buffer_at_ = 0;
};

}  // namespace tideline::cli
