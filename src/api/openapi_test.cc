#include "api/openapi.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "api/routes.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;

class OpenApi : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string_view document = openapi_document();
    ASSERT_FALSE(parser_.parse(document.data(), document.size()).get(root_)) << "it is JSON";
  }
  dom::parser parser_;
  dom::element root_;
};

TEST_F(OpenApi, DescribesExactlyWhatIsServed) {
  std::set<std::string> served;
  for (const Route& route : routes()) {
    std::string path(route.path_template);
    if (const std::size_t at = path.find(":id"); at != std::string::npos) path.replace(at, 3, "{id}");
    for (const Method& method : route.methods) {
      std::string name(method.name);
      std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c | 0x20); });
      served.insert(name.append(" ").append(path));
    }
  }
  std::set<std::string> described;
  dom::object paths;
  ASSERT_FALSE(root_["paths"].get_object().get(paths));
  for (const auto& [path, methods] : paths)
    for (const auto& [name, operation] : methods.get_object().value_unsafe())
      if (name != "parameters") described.insert(std::string(name) + " " + std::string(path));
  EXPECT_EQ(described, served);
}

TEST_F(OpenApi, EveryReferenceLeadsSomewhere) {
  int references = 0;
  const std::function<void(dom::element)> walk = [&](dom::element element) {
    dom::object object;
    dom::array array;
    if (!element.get_object().get(object)) {
      for (const auto& [key, value] : object) {
        walk(value);
        if (key != "$ref") continue;
        ++references;
        std::string_view target;
        ASSERT_FALSE(value.get_string().get(target));
        ASSERT_TRUE(target.starts_with("#/"));
        EXPECT_FALSE(root_.at_pointer(target.substr(1)).error()) << target;
      }
    } else if (!element.get_array().get(array)) {
      for (const dom::element item : array) walk(item);
    }
  };
  walk(root_);
  EXPECT_GT(references, 20);
}

TEST(Routes, OfPaths) {
  EXPECT_EQ(template_of("/api/agents"), "/api/agents");
  EXPECT_EQ(template_of("/api/agents/labels/keys"), "/api/agents/labels/keys");
  EXPECT_EQ(template_of("/api/agents/labels/values"), "/api/agents/labels/values");
  EXPECT_EQ(template_of("/api/agents/labels"), "/api/agents/:id");
  EXPECT_EQ(template_of("/api/agents/0"), "/api/agents/:id");
  EXPECT_EQ(template_of("/api/openapi.json"), "/api/openapi.json");
  for (const char* path : {"/api", "/api/", "/api/agents/", "/api/agents/1/2", "/api/agent", "/api/Agents"})
    EXPECT_EQ(template_of(path), "/api/*") << path;
}

}  // namespace
}  // namespace archestra::api
