#include "providers/openai/declared_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/test_splits.h"

namespace archestra::providers::openai {
namespace {

using model::DeclaredTool;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<DeclaredTool> read(std::string_view body) {
  const http::ExactCopy exact(body);
  return declared_tools(exact.view(), 0);
}

TEST(DeclaredTools, ReadsThoseOfAChat) {
  EXPECT_THAT(read(R"({"tools":[
      {"type":"function","function":{"name":"f","description":"does \"f\"","parameters":{"type": "object"},"strict":true}},
      {"type":"function","function":{"name":"g"}},
      {"type":"custom","custom":{"name":"h","description":"x","format":{"type":"text"}}}],
      "functions":[{"name":"old","parameters":{}}]})"),
              ElementsAre(DeclaredTool{"f", "does \"f\"", R"({"type": "object"})"}, DeclaredTool{"g", "", ""},
                          DeclaredTool{"h", "x", ""}, DeclaredTool{"old", "", "{}"}));
}

TEST(DeclaredTools, ReadsThoseOfResponses) {
  EXPECT_THAT(read(R"({"tools":[
      {"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true},
      {"type":"custom","name":"g","description":null},
      {"type":"namespace","name":"n","tools":[{"type":"function","name":"inner"},{"type":"web_search","name":"no"}]},
      {"type":"web_search"},{"type":"file_search"},{"type":"code_interpreter"},{"type":"mcp","server_label":"x","name":"no"},
      {"type":"image_generation"},{"type":"computer_use_preview"},{"type":"local_shell"},{"type":"shell"},
      {"type":"shell","environment":{"type":"container_auto"}},{"type":"apply_patch"},
      {"type":"tool_search"},{"type":"tool_search","execution":"client"}]})"),
              ElementsAre(DeclaredTool{"f", "d", R"({"type":"object"})"}, DeclaredTool{"g", "", ""},
                          DeclaredTool{"inner", "", ""}, DeclaredTool{"computer", "", ""},
                          DeclaredTool{"local_shell", "", ""}, DeclaredTool{"shell", "", ""},
                          DeclaredTool{"apply_patch", "", ""}, DeclaredTool{"tool_search", "", ""}));
}

TEST(DeclaredTools, LeavesOutWhatMakesNoSense) {
  for (const std::string_view body :
       {"", "x", "[]", "{}", R"({"tools":null})", R"({"tools":{}})", R"({"tools":"x"})",
        R"({"tools":[],"tools":[]})", R"({"tools":[1,null,"f",[]]})", R"({"tools":[{"type":"function"}]})",
        R"({"tools":[{"type":"function","function":{"name":7}}]})",
        R"({"tools":[{"type":"function","name":""}]})",
        R"({"tools":[{"type":"function","function":{"name":"a","name":"b"}}]})",
        R"({"tools":[{"name":"f"}]})", R"({"functions":["f"]})",
        R"({"tools":[{"type":"namespace","tools":"x"}]})"})
    EXPECT_THAT(read(body), IsEmpty()) << body;
  EXPECT_THAT(read(R"({"tools":[1,{"type":"function","name":"f"}]})"),
              ElementsAre(DeclaredTool{"f", "", ""}));
}

}  // namespace
}  // namespace archestra::providers::openai
