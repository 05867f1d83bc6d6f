// Recorded answers: a folder <provider>/<name>/ each, with meta.json (status, headers, response_file)
// and the body. Loaded whole at start, read-only afterwards.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "simulator/behaviour.h"
#include "simulator/body_source.h"

namespace archestra::simulator {

struct Recording {
  int status = 200;
  std::string content_type;
  std::string fields;  ///< the other kept headers, whole field lines with CRLF
  std::string body;    ///< exactly as recorded
  bool is_stream = false;
};

class Recordings {
 public:
  /// Reads every recording below `folder`. kInvalid with a text where there is none or one is broken.
  static base::Result<Recordings> load(const std::string& folder);
  /// By "provider/name", or null.
  const Recording* find(std::string_view name) const;

 private:
  std::map<std::string, Recording, std::less<>> by_name_;
};

/// A recording's body in the pieces asked for; all of them together are the body.
class RecordedBody final : public BodySource {
 public:
  RecordedBody(std::string_view body, Cut cut, std::uint64_t seed) : left_(body), cut_(cut), random_(seed) {}
  Piece next() override;

 private:
  std::string_view left_;
  const Cut cut_;
  base::Random random_;
};

}  // namespace archestra::simulator
