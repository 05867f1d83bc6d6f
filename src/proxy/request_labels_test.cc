#include "proxy/request_labels.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace archestra::proxy {
namespace {

using Named = std::pair<std::string_view, std::string_view>;

/// "agent|run|session|user" of a head with these fields.
std::string labels_of(const std::vector<Named>& given) {
  http::Fields fields;
  for (const auto& [name, value] : given)
    EXPECT_TRUE(fields.try_add({.name = name, .value = value, .id = http::header_id(name)}));
  const call::RequestLabels labels = read_request_labels(fields);
  std::string text(labels.agent);
  for (const std::string_view label : {labels.run, labels.session, labels.user})
    text.append("|").append(label);
  return text;
}

TEST(RequestLabels, FromFieldsAndMeta) {
  struct Case {
    std::vector<Named> fields;
    std::string_view labels;
  };
  const std::vector<Case> cases{
      {{}, "|||"},
      {{{"Host", "a"}, {"X-Other-Agent-Id", "b"}}, "|||"},
      {{{"X-Archestra-Agent-Id", "a"},
        {"x-archestra-run-id", "r"},
        {"X-ARCHESTRA-SESSION-ID", "s"},
        {"X-Archestra-User-Id", "u"}},
       "a|r|s|u"},
      {{{"X-Archestra-Meta", "a/r/s"}}, "a|r|s|"},
      {{{"X-Archestra-Meta", " a / r / s "}}, "a|r|s|"},
      {{{"X-Archestra-Meta", "a"}}, "a|||"},
      {{{"X-Archestra-Meta", "a/"}}, "a|||"},
      {{{"X-Archestra-Meta", "a/r"}}, "a|r||"},
      {{{"X-Archestra-Meta", "//s"}}, "||s|"},
      {{{"X-Archestra-Meta", "/r/"}}, "|r||"},
      {{{"X-Archestra-Meta", "a/r/s/t"}}, "a|r|s/t|"},
      {{{"X-Archestra-Meta", ""}}, "|||"},
      // The field of its own wins, wherever it stands, unless it says nothing.
      {{{"X-Archestra-Meta", "a/r/s"}, {"X-Archestra-Run-Id", "mine"}}, "a|mine|s|"},
      {{{"X-Archestra-Run-Id", "mine"}, {"X-Archestra-Meta", "a/r/s"}}, "a|mine|s|"},
      {{{"X-Archestra-Run-Id", ""}, {"X-Archestra-Meta", "a/r/s"}}, "a|r|s|"},
      // The first of two wins.
      {{{"X-Archestra-User-Id", "u"}, {"X-Archestra-User-Id", "v"}}, "|||u"},
      {{{"X-Archestra-Meta", "a"}, {"X-Archestra-Meta", "b"}}, "a|||"},
      // Others of ours are none.
      {{{"X-Archestra-Agent", "a"}, {"X-Archestra-Agent-Id-2", "b"}}, "|||"},
  };
  for (const Case& one : cases) EXPECT_EQ(labels_of(one.fields), one.labels);
}

}  // namespace
}  // namespace archestra::proxy
