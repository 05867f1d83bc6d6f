#include "telemetry/otlp/request_frame.h"

#include <gtest/gtest.h>

#include <string>

#include "telemetry/otlp/test_attributes.h"
#include "telemetry/proto_writer.h"
#include "telemetry/test_wire.h"

namespace archestra::telemetry::otlp {
namespace {

std::string framed(const RequestFrame& frame, std::string_view items) {
  return frame.prefix(items.size()).append(items).append(frame.suffix());
}

TEST(RequestFrame, FurtherAttributesWinOverAllButTheName) {
  const RequestFrame frame({.service_name = "gw",
                            .service_version = "9.8.7",
                            .service_instance_id = "me",
                            .attributes = {{"deployment.environment.name", "prod\xff"},
                                           {"service.name", "other"},
                                           {"service.instance.id", "pod-1"},
                                           {"telemetry.sdk.name", "other"},
                                           {"empty", ""}}});
  const std::string request = framed(frame, "");
  const WireMessage resource_spans = WireMessage(request).message(1);
  const Attributes resource = attributes_of(resource_spans.message(1), 1);
  EXPECT_EQ(resource.at("service.name"), "\"gw\"");
  EXPECT_EQ(resource.at("service.version"), "\"9.8.7\"");
  EXPECT_EQ(resource.at("service.instance.id"), "\"pod-1\"");
  EXPECT_EQ(resource.at("deployment.environment.name"), "\"prod\xef\xbf\xbd\"");
  EXPECT_EQ(resource.at("telemetry.sdk.name"), "\"archestra\"");
  EXPECT_EQ(resource.at("empty"), "\"\"");
  EXPECT_EQ(resource.size(), 8u);
}

TEST(RequestFrame, HoldsResourceScopeAndSpans) {
  const RequestFrame frame({.service_name = "gw", .service_version = "9.8.7", .service_instance_id = "me"});
  ProtoWriter out;
  for (int i = 0; i < 2; ++i) {
    const auto span = out.begin_message(2);
    out.string_field(5, std::string(1000, 'n'));
    out.end_message(span);
  }
  const std::string request = framed(frame, out.bytes());

  const WireMessage resource_spans = WireMessage(request).message(1);
  const Attributes resource = attributes_of(resource_spans.message(1), 1);
  EXPECT_EQ(resource.at("service.name"), "\"gw\"");
  EXPECT_EQ(resource.at("service.version"), "\"9.8.7\"");
  EXPECT_EQ(resource.at("service.instance.id"), "\"me\"");
  EXPECT_EQ(resource.at("telemetry.sdk.name"), "\"archestra\"");
  EXPECT_EQ(resource.at("telemetry.sdk.language"), "\"cpp\"");
  EXPECT_TRUE(resource.contains("telemetry.sdk.version"));
  const WireMessage scope_spans = resource_spans.message(2);
  EXPECT_EQ(scope_spans.message(1).bytes(1), "archestra");
  EXPECT_EQ(scope_spans.bytes(3), "https://opentelemetry.io/schemas/1.41.1");
  ASSERT_EQ(scope_spans.all(2).size(), 2u);
  EXPECT_EQ(WireMessage(scope_spans.all(2)[1].bytes).bytes(5), std::string(1000, 'n'));
}

TEST(RequestFrame, IsReadBackByAnotherProcess) {
  const RequestFrame frame({.service_name = std::string(300, 's'), .service_instance_id = "me"});
  const std::string packed = frame.packed();
  const auto read = RequestFrame::unpack(packed);
  ASSERT_TRUE(read);
  EXPECT_EQ(framed(*read, "items"), framed(frame, "items"));
  for (std::size_t i = 0; i < packed.size(); ++i)
    EXPECT_FALSE(RequestFrame::unpack(packed.substr(0, i))) << i;
  EXPECT_FALSE(RequestFrame::unpack(packed + "x"));
  EXPECT_FALSE(RequestFrame::unpack(std::string(40, '\xff')));
}

}  // namespace
}  // namespace archestra::telemetry::otlp
