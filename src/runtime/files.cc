#include "runtime/files.h"

#include <fmt/format.h>

namespace tideline::runtime {

Result<base::Bytes> read_file(FileSystem& files, std::string_view path, std::uint64_t limit) {
    TL_TRY(file, files.open(path, OpenMode::read));
    TL_TRY(size, file->size());
    if (size > limit) {
        return base::fail(ErrorCode::kafka_storage_error, "file is larger than it may be", static_cast<std::int64_t>(size));
    }
    base::Bytes content(size);
    TL_TRY(got, file->read_at(0, content));
    content.resize(got);
    return std::move(content);
}

Result<> replace_file(FileSystem& files, std::string_view path, ByteView content) {
    std::string temporary = fmt::format("{}.tmp", path);
    {
        TL_TRY(file, files.open(temporary, OpenMode::create_or_truncate));
        TL_TRY_VOID(file->write_at(0, content));
        TL_TRY_VOID(file->sync_data());
    }
    TL_TRY_VOID(files.rename(temporary, path));
    return files.sync_dir(parent_of(path));
}

std::string_view parent_of(std::string_view path) {
    std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace tideline::runtime
