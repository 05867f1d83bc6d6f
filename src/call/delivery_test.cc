#include "call/delivery.h"

#include <gtest/gtest.h>

namespace archestra::call {
namespace {

TEST(Delivery, TellsWhatOfTheOutputDidNotArrive) {
  struct Case {
    Delivery delivery;
    std::uint64_t output_tokens;
    std::uint64_t undelivered;
  };
  const Case cases[] = {
      // Relayed to its end.
      {{.is_complete = true}, 40, 0},
      {{.events = 10, .events_delivered = 10, .is_complete = true}, 40, 0},
      // Streams that broke off, upstream or at the client.
      {{.events = 10, .events_delivered = 10}, 40, 0},
      {{.events = 10, .events_delivered = 7}, 40, 12},
      {{.events = 3, .events_delivered = 2}, 10, 4},
      {{.events = 10}, 40, 40},
      {{.events = 10, .events_delivered = 3}, 0, 0},
      // A JSON document, or a stream that broke off before its first content.
      {{}, 40, 40},
      {{}, 0, 0},
      // Whatever a provider says.
      {{.events = 2}, UINT64_MAX, UINT64_MAX},
      {{.events = 2, .events_delivered = 1}, UINT64_MAX, UINT64_MAX / 2 + 1},
      {{.events = 4'000'000'000, .events_delivered = 1}, UINT64_MAX, UINT64_MAX - UINT64_MAX / 4'000'000'000},
  };
  for (const Case& c : cases)
    EXPECT_EQ(c.delivery.undelivered_of(c.output_tokens), c.undelivered)
        << c.delivery.events_delivered << " of " << c.delivery.events << ", " << c.output_tokens;
}

}  // namespace
}  // namespace archestra::call
