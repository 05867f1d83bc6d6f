#include "traffic/screen.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace archestra::traffic {
namespace {

constexpr std::uint64_t kSecondsPerLine = 5;

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number) {
  std::string digits = fmt::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string milliseconds(std::optional<base::Duration> duration) {
  if (!duration) return "-";
  const double ms = base::to_seconds(*duration) * 1000;
  return ms < 10 ? fmt::format("{:.2f} ms", ms) : fmt::format("{:.0f} ms", ms);
}

std::string tokens_text(const Snapshot& snapshot, double count) {
  return snapshot.tokens_known ? grouped(static_cast<std::uint64_t>(count)) : "-";
}

std::string errors_text(const Figures& figures) {
  std::string text;
  for (const auto& [what, count] : figures.errors())
    fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ", what, grouped(count));
  return text.empty() ? "none" : text;
}

void append_row(std::string& out, std::string_view name, const KindFigures& figures) {
  fmt::format_to(std::back_inserter(out), "  {:<22}{:>10}{:>12}{:>12}{:>16}\n", name, grouped(figures.calls),
                 milliseconds(figures.latency.quantile(0.5)), milliseconds(figures.latency.quantile(0.99)),
                 milliseconds(figures.first_token.quantile(0.5)));
}

}  // namespace

std::string table_text(const Snapshot& snapshot) {
  std::string out;
  auto to = std::back_inserter(out);
  const Figures& figures = snapshot.figures;
  fmt::format_to(to, "  {:<22}{:>10}{:>12}{:>12}{:>16}\n", "", "calls", "p50", "p99", "first token p50");
  for (std::size_t i = 0; i < kKinds; ++i)
    append_row(out, name_of(static_cast<Kind>(i)), figures.of(static_cast<Kind>(i)));
  append_row(out, "all", figures.all());
  fmt::format_to(to, "\n  {:<22}{:.1f}/s, {} in flight, {:.0f} s\n", "calls", snapshot.calls_per_second,
                 snapshot.in_flight, base::to_seconds(snapshot.running));
  fmt::format_to(to, "  {:<22}{} in, {} out (from the gateway's metrics)\n", "tokens",
                 tokens_text(snapshot, snapshot.tokens.input), tokens_text(snapshot, snapshot.tokens.output));
  fmt::format_to(to, "  {:<22}{}\n", "errors", errors_text(figures));
  fmt::format_to(to, "  {:<22}{} clients left, {} calls not sent (limit in flight)\n", "besides",
                 grouped(figures.aborted()), grouped(figures.unsent));
  return out;
}

std::string line_text(const Snapshot& snapshot) {
  const Figures& figures = snapshot.figures;
  return fmt::format(
      "{:>4.0f} s  {} calls, {:.1f}/s, {} in flight; tokens {} in, {} out; p50 {}, p99 {}; first token p50 "
      "{}; "
      "errors: {}\n",
      base::to_seconds(snapshot.running), grouped(figures.all().calls), snapshot.calls_per_second,
      snapshot.in_flight, tokens_text(snapshot, snapshot.tokens.input),
      tokens_text(snapshot, snapshot.tokens.output), milliseconds(figures.all().latency.quantile(0.5)),
      milliseconds(figures.all().latency.quantile(0.99)),
      milliseconds(figures.all().first_token.quantile(0.5)), errors_text(figures));
}

std::string Screen::in_place(const std::string& table) {
  std::string out;
  if (lines_drawn_ > 0) fmt::format_to(std::back_inserter(out), "\x1b[{}A", lines_drawn_);
  for (const char c : table) {
    if (c == '\n') out.append("\x1b[K");  // what an older, longer line left behind
    out.push_back(c);
  }
  lines_drawn_ = static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n'));
  return out;
}

std::string Screen::refresh(const Snapshot& snapshot) {
  ++refreshes_;
  if (mode_ == Mode::kTerminal) return in_place(table_text(snapshot));
  return refreshes_ % kSecondsPerLine == 0 ? line_text(snapshot) : "";
}

std::string Screen::finish(const Snapshot& snapshot) {
  return mode_ == Mode::kTerminal ? in_place(table_text(snapshot)) : table_text(snapshot);
}

}  // namespace archestra::traffic
