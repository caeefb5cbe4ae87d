#include "log/flush_plan.h"

#include <fmt/format.h>

#include <cerrno>
#include <map>

#include "runtime/writeback.h"

namespace tideline::log {

namespace {

class Flushes {
public:
    Flushes(runtime::FileSystem& files, std::span<FlushPlan* const> plans)
        : files_(files), plans_(plans), temporaries_(plans.size()), outcomes_(plans.size()) {}

    std::vector<Result<>> run() {
        take_step(&Flushes::write_replacements);
        start_writeback();
        take_step(&Flushes::sync_data);
        take_step(&Flushes::put_in_place);
        take_step(&Flushes::sync_directories);
        return std::move(outcomes_);
    }

private:
    using Files = std::vector<std::unique_ptr<runtime::File>>;

    void take_step(Result<> (Flushes::*step)(FlushPlan&, Files&)) {
        for (std::size_t at = 0; at < plans_.size(); ++at) {
            if (outcomes_[at]) {
                outcomes_[at] = (this->*step)(*plans_[at], temporaries_[at]);
            }
        }
    }

    static std::string temporary_path(const FlushPlan::Replace& file) { return fmt::format("{}.tmp", file.path); }

    Result<> write_replacements(FlushPlan& plan, Files& temporaries) {
        for (const FlushPlan::Replace& replace : plan.replace) {
            TL_TRY(file, files_.open(temporary_path(replace), runtime::OpenMode::create_or_truncate));
            TL_TRY_VOID(file->write_at(0, replace.content));
            temporaries.push_back(std::move(file));
        }
        return {};
    }

    void start_writeback() {
        if (plans_.size() == 1 && plans_[0]->data.size() + plans_[0]->snapshots.size() + plans_[0]->replace.size() <= 1) {
            return;  // the sync that follows begins as soon
        }
        for (std::size_t at = 0; at < plans_.size(); ++at) {
            for (const auto& file : plans_[at]->data) {
                runtime::start_writeback(*file);
            }
            for (const auto& file : plans_[at]->snapshots) {
                runtime::start_writeback(*file);
            }
            for (const auto& file : temporaries_[at]) {
                runtime::start_writeback(*file);
            }
        }
    }

    Result<> sync_data(FlushPlan& plan, Files& temporaries) {
        plan.has_begun = true;
        for (const auto& file : plan.data) {
            TL_TRY_VOID(file->sync_data());
        }
        for (const auto& file : plan.snapshots) {
            TL_TRY_VOID(file->sync_data());
        }
        for (const auto& file : temporaries) {
            TL_TRY_VOID(file->sync_data());
        }
        return {};
    }

    Result<> put_in_place(FlushPlan& plan, Files& temporaries) {
        temporaries.clear();
        for (const FlushPlan::Replace& replace : plan.replace) {
            TL_TRY_VOID(files_.rename(temporary_path(replace), replace.path));
        }
        return {};
    }

    Result<> sync_directories(FlushPlan& plan, Files&) {
        for (const std::string& directory : plan.directories) {
            auto [known, is_new] = synced_.try_emplace(directory);
            if (is_new) {
                known->second = files_.sync_dir(directory);
            }
            TL_TRY_VOID(known->second);
        }
        return {};
    }

    runtime::FileSystem& files_;
    std::span<FlushPlan* const> plans_;
    std::vector<Files> temporaries_;  // of each plan
    std::vector<Result<>> outcomes_;
    std::map<std::string, Result<>> synced_;
};

}  // namespace

Result<> run_flush(runtime::FileSystem& files, FlushPlan& plan) {
    FlushPlan* plans[] = {&plan};
    return run_flushes(files, plans).front();
}

std::vector<Result<>> run_flushes(runtime::FileSystem& files, std::span<FlushPlan* const> plans) {
    return Flushes(files, plans).run();
}

bool is_passing_shortage(const Error& error) {
    return error.detail == EMFILE || error.detail == ENFILE || error.detail == ENOMEM || error.detail == ENOSPC;
}

}  // namespace tideline::log
