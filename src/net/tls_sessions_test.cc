#include "net/tls_sessions.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/tls_context.h"

namespace archestra::net {
namespace {

// Sessions of their own, told apart by their address. What makes them of use in earnest, a ticket and a
// certificate, the end-to-end tests have.
struct Sessions : testing::Test {
  static TlsSession make() { return TlsSession(SSL_SESSION_new()); }
  static TlsPeer peer(const char* host, std::uint16_t port = 443, const TlsContext* context = nullptr) {
    return {.context = context, .host = host, .port = port};
  }
  TlsSessions kept;
};

TEST_F(Sessions, AreBoundedForOneServer) {
  for (std::size_t i = 0; i < 3 * TlsSessions::kPerPeerMax; ++i) kept.put(peer("a"), make());
  EXPECT_EQ(kept.size(), TlsSessions::kPerPeerMax);
}

TEST_F(Sessions, AreBoundedForAllServers) {
  for (std::size_t i = 0; i < 3 * TlsSessions::kMax; ++i)
    kept.put(peer("a", static_cast<std::uint16_t>(i)), make());
  EXPECT_EQ(kept.size(), TlsSessions::kMax);
}

TEST_F(Sessions, AreOfUseForTheSameServerAlone) {
  const auto context = TlsContext::make("");
  ASSERT_TRUE(context);
  kept.put(peer("a"), make());
  for (const TlsPeer& other : {peer("b"), peer("a", 444), peer("a", 443, context->get())}) {
    EXPECT_EQ(kept.take(other), nullptr);
    EXPECT_EQ(kept.size(), 1U);
  }
}

TEST_F(Sessions, ThatCannotBeResumedAreDropped) {
  kept.put(peer("a"), make());
  EXPECT_EQ(kept.take(peer("a")), nullptr);
  EXPECT_EQ(kept.size(), 0U);
}

}  // namespace
}  // namespace archestra::net
