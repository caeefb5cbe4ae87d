// protocol/message.h: what every generated message header stands on.
//
// A message is a plain struct for all its versions. Fields keep the defaults of the schema; the comment beside a field
// names the versions that carry it.
//   decode  reads one version. Fields that the version lacks keep their defaults. Bytes after the message are left
//           unread, as Kafka leaves them: it ignores trailing bytes of a request. Who wants none checks in.at_end().
//   encode  writes one version, which must be one of kMinVersion..kMaxVersion. Fields that the version lacks are left
//           out, whatever their value: Java throws for some of these, here the caller decides what an old client can
//           do without. A null where the version knows no null is written as empty. Tagged fields are written only
//           when they differ from their default.
//   to_json what encode would write, with Kafka's field names, for people; records are shown as their size.
// A nullable struct is set by assignment, `cursor = Cursor{…}`: emplace() without arguments does not compile for a struct
// nested in another.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"
#include "protocol/api_key.h"
#include "protocol/records.h"

namespace tideline::protocol {

using base::Result;

class Reader;
class Writer;
struct MessageSchema;

inline constexpr std::int16_t kNeverFlexible = 32767;

}  // namespace tideline::protocol
