// server/handlers/18_api_versions.cc: ApiVersions, versions 0–4.
// v3 flexible, client software, features (KIP-511, KIP-584)   v4 a feature's lowest version may be 0

#include "cluster/metadata_version.h"
#include "server/api_table.h"
#include "server/broker.h"
#include "server/handlers/handlers.h"

namespace tideline::server {

using protocol::ApiVersionsRequest;
using protocol::ApiVersionsResponse;
using runtime::Task;

namespace {

// Letters, digits and -. with a letter or digit at both ends (KIP-511).
bool is_legal_software_text(std::string_view text) {
    auto is_alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) {
        return false;
    }
    return std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

}  // namespace

Task<ApiVersionsResponse> handle_api_versions(RequestContext& context, ApiVersionsRequest& request) {
    ApiVersionsResponse response;
    if (context.version() >= 3) {
        if (!is_legal_software_text(request.client_software_name) || !is_legal_software_text(request.client_software_version)) {
            response.error_code = ErrorCode::invalid_request;
            co_return response;
        }
        context.connection.client_software_name = request.client_software_name;
        context.connection.client_software_version = request.client_software_version;
    }
    auto tell = [&response](const ApiRow& row) {
        response.api_keys.push_back({.api_key = static_cast<std::int16_t>(row.key),
                                     .min_version = row.advertised_min_version,
                                     .max_version = row.max_version});
    };
    std::ranges::for_each(served_apis(), tell);
    if (context.connection.client_software_name == kOwnSoftwareName) {
        std::ranges::for_each(own_apis(), tell);
    }
    const cluster::MetadataImage& image = *context.server.image();
    for (const cluster::SupportedFeature& each : cluster::supported_features()) {
        // Before version 4 a client takes a lowest version of 0 for malformed: such a feature is left out.
        if (each.range.min > 0 || context.version() >= 4) {
            response.supported_features.push_back(
                {.name = std::string(each.name), .min_version = each.range.min, .max_version = each.range.max});
        }
    }
    response.finalized_features_epoch = image.highest_offset();
    for (const auto& [name, level] : image.features()) {
        if (level > 0) {
            response.finalized_features.push_back({.name = name, .max_version_level = level, .min_version_level = level});
        }
    }
    co_return response;
}

}  // namespace tideline::server
