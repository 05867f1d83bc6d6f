// OpenAI: chat/completions, models, and errors for the rest, with or without /v1 in front. It speaks on
// every path that no other dialect claims. Belongs to the simulator's thread.
#pragma once

#include "simulator/dialect.h"
#include "simulator/openai_request.h"

namespace archestra::simulator {

class OpenAiDialect final : public Dialect {
 public:
  bool speaks_on(std::string_view) const override { return true; }
  Reply answer(const DialectRequest& request) override;
  Reply error(int status, std::string_view message, const DialectRequest& request) override;

 private:
  Reply chat_completions(const DialectRequest& request);

  ChatRequestParser parser_;
};

}  // namespace archestra::simulator
