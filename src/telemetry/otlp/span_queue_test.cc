#include "telemetry/otlp/span_queue.h"

#include <gtest/gtest.h>

#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"

namespace archestra::telemetry::otlp {
namespace {

class SpanQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_record(sample_.request, ring_));
    ASSERT_TRUE(read_record(ring_.front(), request_));  // two spans
  }
  static std::size_t spans_in(const SpanBatch& batch) {
    return WireMessage(batch.body()).message(1).message(2).all(2).size();
  }

  const SampleCall sample_;
  base::ByteRing ring_{1 << 16};
  FinishedRequest request_;
  SpanBatch batch_;
};

TEST_F(SpanQueueTest, GivesBatchesOfItsLimit) {
  SpanQueue queue({}, {.queued_spans_max = 100, .batch_spans_max = 5});
  EXPECT_FALSE(queue.take_batch(batch_));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.add(request_));
  EXPECT_EQ(queue.spans(), 10u);
  for (const std::size_t expected : {4u, 4u, 2u}) {
    ASSERT_TRUE(queue.take_batch(batch_));
    EXPECT_EQ(batch_.spans, expected);
    EXPECT_EQ(spans_in(batch_), expected);
  }
  EXPECT_FALSE(queue.take_batch(batch_));
  EXPECT_EQ(queue.spans(), 0u);
}

TEST_F(SpanQueueTest, TellsWhenABatchIsFull) {
  SpanQueue queue({}, {.queued_spans_max = 100, .batch_spans_max = 4});
  ASSERT_TRUE(queue.add(request_));
  EXPECT_FALSE(queue.has_full_batch());
  ASSERT_TRUE(queue.add(request_));
  EXPECT_TRUE(queue.has_full_batch());
  ASSERT_TRUE(queue.add(request_));
  ASSERT_TRUE(queue.take_batch(batch_));
  EXPECT_EQ(batch_.spans, 4u);
  EXPECT_FALSE(queue.has_full_batch());
}

TEST_F(SpanQueueTest, MemoryThatCameBackIsUsedAgain) {
  SpanQueue queue({}, {.queued_spans_max = 100, .batch_spans_max = 2});
  std::string first;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(queue.add(request_));
    ASSERT_TRUE(queue.take_batch(batch_));
    if (i == 0) first = batch_.body();
    EXPECT_EQ(batch_.body(), first);  // nothing of what was there before
    const char* const memory = batch_.memory.data();
    queue.give_back(std::move(batch_));
    if (i < 3) continue;
    ASSERT_TRUE(queue.add(request_));
    ASSERT_TRUE(queue.add(request_));
    ASSERT_TRUE(queue.take_batch(batch_));
    SpanBatch second;
    ASSERT_TRUE(queue.take_batch(second));
    EXPECT_TRUE(batch_.memory.data() == memory || second.memory.data() == memory);
    queue.give_back(std::move(batch_));
    queue.give_back(std::move(second));
  }
}

TEST_F(SpanQueueTest, RefusesWhatDoesNotFit) {
  SpanQueue queue({}, {.queued_spans_max = 5, .batch_spans_max = 2});
  EXPECT_TRUE(queue.add(request_));
  EXPECT_TRUE(queue.add(request_));
  EXPECT_FALSE(queue.add(request_));
  EXPECT_EQ(queue.spans(), 4u);
  ASSERT_TRUE(queue.take_batch(batch_));
  EXPECT_TRUE(queue.add(request_));
}

}  // namespace
}  // namespace archestra::telemetry::otlp
