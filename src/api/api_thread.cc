#include "api/api_thread.h"

#include <utility>

#include "api/routes.h"
#include "api/tool_json.h"
#include "base/this_thread.h"

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

void ApiThread::reload_policies() {
  {
    const std::scoped_lock lock(mutex_);
    reload_wanted_ = true;
  }
  changed_.notify_one();
}

bool ApiThread::try_learn(const model::AgentRef& agent, std::vector<model::DeclaredTool> tools) {
  const std::size_t bytes = cut_declared(tools);
  if (tools.empty()) return true;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || declared_.size() >= kDeclaredMax || declared_bytes_ + bytes > kDeclaredQueueBytesMax)
      return false;
    declared_bytes_ += bytes;
    declared_.push_back({.agent = agent, .tools = std::move(tools)});
  }
  changed_.notify_one();
  return true;
}

// False where there is nothing to do any more.
bool ApiThread::take(Work& work) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!stopping_ && std::exchange(reload_wanted_, false)) {
      work.reload = true;
      return true;
    }
    if (!waiting_.empty()) {
      work.request = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= work.request->request.body.size();
      return true;
    }
    if (stopping_) return false;
    if (declared_.empty()) {
      changed_.wait(lock);
    } else if (base::monotonic_now() < learn_at_) {
      changed_.wait_until(lock, learn_at_);
    } else {
      work.declared = std::exchange(declared_, {});
      declared_bytes_ = 0;
      return true;
    }
  }
}

// Of a client that left while its request waited, nobody knows whether it still wants it done.
void ApiThread::answer(Api& api, Entry entry) {
  if (!entry.slot->is_abandoned()) entry.slot->put(api.handle(entry.request));
}

void ApiThread::run(Api& api) {
  for (Work work; take(work); work = {}) {
    if (work.request) {
      answer(api, *std::exchange(work.request, std::nullopt));
      const std::scoped_lock lock(mutex_);
      under_way_.add(-1);
    } else if (work.reload) {
      api.reload_policies();
    } else {
      const bool learned = api.try_learn(std::move(work.declared));
      learn_at_ = base::monotonic_now() + (learned ? kLearnInterval : kLearnPause);
    }
  }
}

}  // namespace archestra::api
