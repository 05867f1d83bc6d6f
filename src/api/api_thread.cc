#include "api/api_thread.h"

#include <utility>

#include "api/routes.h"
#include "base/thread_name.h"

namespace archestra::api {

ApiThread::~ApiThread() { stop(); }

void ApiThread::start(std::unique_ptr<Api> api) {
  api_ = std::move(api);
  thread_ = std::thread([this] {
    base::name_this_thread("api");
    run(*api_);
  });
}

void ApiThread::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  api_.reset();
}

std::string_view ApiThread::route_of(std::string_view path) const { return template_of(path); }

bool ApiThread::try_submit(http_io::ServiceRequest request, std::shared_ptr<http_io::AnswerSlot> slot) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || waiting_.size() >= kWaitingMax ||
        waiting_bytes_ + request.body.size() > kWaitingBytesMax)
      return false;
    waiting_bytes_ += request.body.size();
    under_way_.add(1);
    waiting_.push_back({.request = std::move(request), .slot = std::move(slot)});
  }
  changed_.notify_one();
  return true;
}

bool ApiThread::take(Entry& entry) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  if (waiting_.empty()) return false;
  entry = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= entry.request.body.size();
  return true;
}

void ApiThread::finish(Entry& entry) {
  entry = {};
  const std::scoped_lock lock(mutex_);
  under_way_.add(-1);
}

void ApiThread::run(Api& api) {
  Entry entry;
  while (take(entry)) {
    // Of a client that left while its request waited, nobody knows whether it still wants it done.
    if (!entry.slot->is_abandoned()) entry.slot->put(api.handle(entry.request));
    finish(entry);
  }
}

}  // namespace archestra::api
