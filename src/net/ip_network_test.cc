#include "net/ip_network.h"

#include <gtest/gtest.h>

namespace archestra::net {
namespace {

TEST(IpNetwork, ContainsWhatItsFirstBitsAre) {
  const struct {
    const char* network;
    const char* address;
    bool is_in;
  } cases[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"192.168.1.128/25", "192.168.1.129", true},
      {"192.168.1.128/25", "192.168.1.127", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "10.1.2.4", false},
      {"10.1.2.3/32", "10.1.2.3", true},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "10.0.0.1", true},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"2001:DB8::1", "2001:db8:0::1", true},
  };
  for (const auto& c : cases) {
    const auto network = IpNetwork::parse(c.network);
    const auto address = parse_ip_address(c.address);
    ASSERT_TRUE(network && address) << c.network << " " << c.address;
    EXPECT_EQ(network->contains(*address), c.is_in) << c.network << " " << c.address;
  }
}

TEST(IpNetwork, RefusesWhatIsNone) {
  for (const char* text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/4294967295", "10.0.0.0/8/8",
        "10.0.0/8", "10.0.0.0/ 8", "::/129", "[::1]", "::1%lo", "host", "10.0.0.1:80"})
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

}  // namespace
}  // namespace archestra::net
