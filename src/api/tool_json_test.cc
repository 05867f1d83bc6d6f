#include "api/tool_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using ::testing::HasSubstr;

model::DeclaredTool declared(std::string name, std::string description = "", std::string parameters = "") {
  return {
      .name = std::move(name), .description = std::move(description), .parameters = std::move(parameters)};
}

TEST(ToolJson, ReadsWhatIsGiven) {
  model::ToolSettings settings;
  const auto apply = [&](std::string_view body) {
    const auto read = read_tool(body);
    ASSERT_TRUE(std::holds_alternative<ToolFields>(read)) << std::get<BodyFault>(read).message;
    std::get<ToolFields>(read).apply_to(settings);
  };
  apply(R"({"resultTreatment":"trusted"})");
  EXPECT_EQ(settings, (model::ToolSettings{.result_treatment = model::ResultTreatment::kTrusted}));
  apply(R"({"usableWithUntrustedData":true})");
  EXPECT_EQ(settings, (model::ToolSettings{.result_treatment = model::ResultTreatment::kTrusted,
                                           .usable_with_untrusted_data = true}));
  apply(R"({"resultTreatment":"untrusted","usableWithUntrustedData":false})");
  EXPECT_EQ(settings, model::ToolSettings{});
  for (const auto& [body, message] : {std::pair{R"({"name":"x"})", "\"name\" is no field of a tool"},
                                      {R"({"resultTreatment":"good"})", "must be one of trusted, untrusted."},
                                      {R"({"resultTreatment":true})", "must be a string, not a boolean"},
                                      {R"({"usableWithUntrustedData":"yes"})", "must be true or false"}}) {
    const auto read = read_tool(body);
    ASSERT_TRUE(std::holds_alternative<BodyFault>(read)) << body;
    EXPECT_THAT(std::get<BodyFault>(read).message, HasSubstr(message));
  }
}

TEST(ToolJson, ShowsParametersAsJsonWhereTheyAreWanted) {
  model::Tool tool;
  tool.declared = declared("a\"b", "d", R"({"type": "object"})");
  const auto shown = [&](ToolDetail detail) {
    std::string out;
    append_tool(out, tool, detail);
    return out;
  };
  EXPECT_THAT(shown(ToolDetail::kWhole),
              HasSubstr(R"("name":"a\"b","description":"d","parameters":{"type":"object"},)"
                        R"("resultTreatment":"untrusted","usableWithUntrustedData":false,)"));
  EXPECT_THAT(shown(ToolDetail::kShort), Not(HasSubstr("parameters")));
  for (const char* none : {"", "{", "{} x"}) {
    tool.declared.parameters = none;
    EXPECT_THAT(shown(ToolDetail::kWhole), HasSubstr(R"("parameters":null,)")) << none;
  }
}

TEST(ToolJson, CutsWhatIsTooLong) {
  std::vector<model::DeclaredTool> tools{
      declared(""),
      declared(std::string(257, 'n')),
      declared(std::string(256, 'n')),
      declared("d", std::string(kToolDescriptionBytesMax - 1, 'x') + "\u00fc"),
      declared("p", "", std::string(kToolParametersBytesMax, ' ')),
      declared("q", "", std::string(kToolParametersBytesMax + 1, ' '))};
  const std::size_t bytes = cut_declared(tools);
  ASSERT_EQ(tools.size(), 4u);
  EXPECT_EQ(tools[0].name.size(), 256u);
  EXPECT_EQ(tools[1].description, std::string(kToolDescriptionBytesMax - 1, 'x')) << "not within a character";
  EXPECT_EQ(tools[2].parameters.size(), kToolParametersBytesMax);
  EXPECT_EQ(tools[3].parameters, "");
  EXPECT_EQ(bytes, 256 + 3 + kToolDescriptionBytesMax - 1 + kToolParametersBytesMax);

  tools.assign(kToolsOfAgentMax + 1, declared("a"));
  EXPECT_EQ(cut_declared(tools), kToolsOfAgentMax);
  tools.assign(100, declared("a", "", std::string(60 << 10, ' ')));
  EXPECT_LE(cut_declared(tools), kDeclaredBytesMax);
  EXPECT_EQ(tools.size(), kDeclaredBytesMax / ((60 << 10) + 1));
}

TEST(ToolJson, LeavesOutWhatCannotBeShown) {
  std::vector<model::DeclaredTool> tools{declared("\xff"), declared("a", "\xff", R"({ "a" : [ 1 ] })"),
                                         declared("\u00fc", "\u00fc", "{"), declared("b", "", "{}{}")};
  clean_declared(tools);
  EXPECT_EQ(tools,
            (std::vector{declared("a", "", R"({"a":[1]})"), declared("\u00fc", "\u00fc"), declared("b")}));
}

}  // namespace
}  // namespace archestra::api
